/// `value`: worth it for both sides.
///
/// For the company revenue (every order placed, cancelled or not) − refunds − booked cost, per currency. For the
/// customer what they reached and gave beyond money. Side by side, never converted into each other.
public struct Value: View {
  public static let name = "value"
  public static let version = 2
  public static let question = "What is the relationship worth, to the company and to its customers?"
  public static let definition = ViewDefinition(
    formula: """
      revenue: of every order placed, cancelled or not; where the order does not say it, Σ quantity × price − discount. \
      refunds: of order.refunded. cost: of cost.booked, whatever its purpose. contribution = revenue − refunds − cost. \
      customers: people with a booking in the currency. unprofitable: those whose contribution is below zero. Amounts of \
      different currencies are never added. By customer also what is not money: ideas (feedback of kind idea), referrals, \
      reviews, goals achieved, solutions that the customer confirmed; never converted into money.
      """,
    unit: "money of the row's currency; people; events", anchor: "each booking and each contribution",
    exclusions: "not_a_customer: ideas, reviews and confirmations by employees, bots or the paid",
    groupings: ["currency", "customer"], defaultGrouping: "currency",
    keys: ["currency", "revenue", "refunds", "cost", "contribution", "customers", "unprofitable"],
    variants: [
      ViewVariant(
        "--by customer",
        [
          "customer", "currency", "revenue", "refunds", "cost", "contribution", "customers", "unprofitable", "ideas",
          "referrals", "reviews", "goals_achieved", "confirmed_solutions",
        ])
    ])

  /// A booking, or something that is not money.
  public struct Entry: BitwiseCopyable, Sendable {
    var time: Int64
    var amount: Int64
    var currency: UInt16
    var what: What

    enum What: UInt8, BitwiseCopyable {
      case revenue, refund, cost, idea, referral, review, goal, solution, staff
    }
  }

  public init() {}

  public let kinds: EventKindSet = [
    .orderPlaced, .orderRefunded, .costBooked, .feedbackReceived, .referralMade, .reviewPublished, .goalAchieved,
    .resolutionConfirmed,
  ]
  public let columns = ColumnSet(.amount, .currency, .code, .actor)

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Entry]) {
    for index in history.events.indices {
      let event = history.events[index]
      guard let what = Self.what(event) else { continue }
      let isMoney = what.rawValue <= Entry.What.cost.rawValue
      records.append(
        Entry(time: event.time, amount: isMoney ? event.amount : 0, currency: isMoney ? event.currency : 0, what: what))
    }
  }

  private static func what(_ event: History.Event) -> Entry.What? {
    switch event.kind {
    case .orderPlaced: .revenue
    case .orderRefunded: .refund
    case .costBooked: .cost
    // Kind 2 is an idea.
    case .feedbackReceived: event.code == 2 ? (event.isStaff ? .staff : .idea) : nil
    case .referralMade: .referral
    case .reviewPublished: event.isStaff ? .staff : .review
    case .goalAchieved: .goal
    case .resolutionConfirmed: event.isStaff ? .staff : .solution
    default: nil
    }
  }

  public func digest(_ entry: Entry, into hasher: inout DigestHasher) {
    hasher.add(values: entry.time, entry.amount, entry.currency, entry.what.rawValue)
  }

  struct Account: Mergeable {
    var revenue: Int128 = 0, refunds: Int128 = 0, cost: Int128 = 0
    var contribution: Int128 { revenue - refunds - cost }
    var customers = 0, unprofitable = 0

    mutating func merge(_ later: Account) {
      revenue += later.revenue
      refunds += later.refunds
      cost += later.cost
      customers += later.customers
      unprofitable += later.unprofitable
    }
  }

  /// A customer's account in a currency, and what they gave that is not money.
  struct Customer: Sendable {
    var customer: UInt32
    var currency: UInt16 = 0
    var account: Account?
    var gifts: Gifts
  }

  /// Counted by what they are: ideas, referrals, reviews, goals achieved, confirmed solutions.
  typealias Gifts = [5 of Int]

  public struct Tally: Mergeable {
    var currencies = Groups(Account())
    /// Of each customer one for each currency, one without an account for those who never bought.
    var customers: [Customer] = []
    var staff = 0

    mutating func merge(_ later: Tally) {
      merge(later, \.currencies, \.staff)
      customers += later.customers
    }
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ entries: Span<Entry>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    // One currency is the rule: a list is faster than a table.
    var accounts: [(currency: UInt16, account: Account)] = []
    var gifts = Gifts(repeating: 0)
    for index in entries.indices where query.includes(entries[index].time) {
      let entry = entries[index]
      guard entry.what.rawValue <= Entry.What.cost.rawValue else {
        if entry.what == .staff { tally.staff += 1 } else { gifts[Int(entry.what.rawValue) - 3] += 1 }
        continue
      }
      let place = accounts.firstIndex { $0.currency == entry.currency } ?? accounts.count
      if place == accounts.count { accounts.append((entry.currency, Account())) }
      switch entry.what {
      case .revenue: accounts[place].account.revenue += Int128(entry.amount)
      case .refund: accounts[place].account.refunds += Int128(entry.amount)
      default: accounts[place].account.cost += Int128(entry.amount)
      }
    }
    for index in accounts.indices {
      accounts[index].account.customers = 1
      accounts[index].account.unprofitable = accounts[index].account.contribution < 0 ? 1 : 0
    }
    if query.grouping == "customer" {
      for (currency, account) in accounts {
        tally.customers.append(Customer(customer: person, currency: currency, account: account, gifts: gifts))
      }
      // Who never bought still has a row: what they gave is not money.
      if accounts.isEmpty, gifts.indices.contains(where: { gifts[$0] > 0 }) {
        tally.customers.append(Customer(customer: person, gifts: gifts))
      }
      return
    }
    for (currency, account) in accounts {
      tally.currencies[.currency(currency)].merge(account)
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    if query.grouping == "customer" {
      return ViewRows(try customerRows(tally, names), leftOut: ["not_a_customer": tally.staff])
    }
    let rows = try tally.currencies.rows(by: "currency", names) { Self.cells($0) }
    return ViewRows(rows, leftOut: ["not_a_customer": tally.staff])
  }

  private static func cells(_ account: Account) -> KeyValuePairs<String, ViewRow.Cell> {
    [
      "revenue": .money(account.revenue), "refunds": .money(account.refunds), "cost": .money(account.cost),
      "contribution": .money(account.contribution), "customers": .count(account.customers),
      "unprofitable": .count(account.unprofitable),
    ]
  }

  private func customerRows(_ tally: Tally, _ names: borrowing Snapshot) throws -> ViewRows.Rows {
    @Sendable func currency(_ entry: Customer) -> String? { entry.account == nil ? nil : Currency.text(entry.currency) }
    return try .byCustomer(tally.customers, names, { $0.customer }, then: currency) { customer, entry in
      var row = ViewRow(["customer": .text(customer), "currency": .text(orNone: currency(entry))])
      if let account = entry.account {
        row.cells += ViewRow(Self.cells(account)).cells
      } else {
        for key in ["revenue", "refunds", "cost", "contribution"] { row.set(key, .none) }
        row.set("customers", .count(1))
        row.set("unprofitable", .count(0))
      }
      let gifts = ["ideas", "referrals", "reviews", "goals_achieved", "confirmed_solutions"]
      for (index, key) in gifts.enumerated() { row.set(key, .count(entry.gifts[index])) }
      return row
    }
  }
}
