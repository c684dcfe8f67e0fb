/// `priorities`: the five “before” – the customer before self-interest, advocacy before advertising, useful content
/// before ads, existing customers before new ones, the individual before the standard.
public struct Priorities: View, PackedProjection {
  public static let name = "priorities"
  public static let version = 3
  public static let question = "What comes first: the customer or we, advocacy or advertising, old or new customers?"
  public static let definition = ViewDefinition(
    formula: """
      share = front / (front + rear); met if at least 0.5. customer: actions taken for the customer's benefit against the \
      company's; both counts half on each side. advocacy: people first registered by referral against by ad. content: content \
      sent against ads shown and campaigns of kind ad. existing: costs of retention against acquisition and advertising, one \
      row per currency where there are several; where none are booked, touches out to customers with a delivered order \
      before against those to others. individual: messages sent and offers made that are personalised against those that \
      are not. By month months_met: the months of the window in which that priority is met.
      """,
    unit: "events; money for costs", anchor: "each event", exclusions: "nothing", groupings: ["month"],
    keys: ["priority", "front", "rear", "share", "met"],
    variants: [ViewVariant("--by month", ["month", "priority", "front", "rear", "share", "met", "months_met"])])

  static let names = ["customer", "advocacy", "content", "existing", "individual"]

  /// What the `code` of a fact says: which priority it counts for – an index in `names`, or a touch, which stands for
  /// `existing` where no costs are booked – and on which side, or on both with half each. Of a cost `name` is the
  /// currency and `number` the amount.
  private enum Act {
    static let priority: UInt8 = 0b111
    static let cost: UInt8 = 3
    static let touch: UInt8 = 5
    static let isFront: UInt8 = 1 << 3
    static let isRear: UInt8 = 1 << 4
  }

  public init() {}

  public let kinds = EventKindSet.interactions.union([.actionTaken])
  public let columns = ColumnSet(.code, .code2, .marks, .amount, .currency, .direction)
  public let readsFirm = true

  public func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    var touch = Act.touch | Act.isRear
    var isRegistered = false
    for index in history.events.indices {
      let event = history.events[index]
      let code = isRegistered && event.kind == .customerRegistered ? 0 : Self.code(event)
      if event.kind == .customerRegistered { isRegistered = true }
      if code != 0 {
        var fact = PackedFact(time: event.time, code: code)
        if code & Act.priority == Act.cost {
          fact.name = UInt32(event.currency)
          fact.number = event.amount
        }
        facts.append(fact)
      }
      if event.touch == .out { facts.append(PackedFact(time: event.time, code: touch)) }
      if event.kind == .orderDelivered { touch = Act.touch | Act.isFront }
    }
  }

  /// Zero for what counts for none.
  private static func code(_ event: History.Event) -> UInt8 {
    func side(_ isFront: Bool) -> UInt8 { isFront ? Act.isFront : Act.isRear }
    switch event.kind {
    // Benefit: customer, company, both.
    case .actionTaken where event.code == 3: return Act.isFront | Act.isRear
    case .actionTaken where event.code == 1 || event.code == 2: return side(event.code == 1)
    // Acquired: referral, ad.
    case .customerRegistered where event.code2 == 1 || event.code2 == 2: return 1 | side(event.code2 == 1)
    case .contentSent: return 2 | Act.isFront
    case .adShown: return 2 | Act.isRear
    case .campaignSent where event.code == 1: return 2 | Act.isRear
    // Purpose: acquisition 5, retention 6, advertising 7.
    case .costBooked where (5...7).contains(event.code): return Act.cost | side(event.code == 6)
    case .messageSent, .offerMade: return 4 | side(event.flagA == true)
    default: return 0
    }
  }

  public func digest(_ fact: PackedFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.time, fact.code, fact.name, fact.number)
  }

  struct Balance {
    var front: Int128 = 0, rear: Int128 = 0

    mutating func add(_ amount: Int64, _ isFront: Bool, _ isRear: Bool) {
      if isFront { front += Int128(amount) }
      if isRear { rear += Int128(amount) }
    }

    var share: Double? { front + rear == 0 ? nil : Double(front) / Double(front + rear) }
    var isMet: Bool? { share.map { $0 >= 0.5 } }
  }

  public struct Counts {
    var balances: [Balance] = Array(repeating: Balance(), count: 6)
    var costs: [UInt16: Balance] = [:]

    /// Rows of a group: costs by currency if there are any.
    ///
    /// - Parameter namesCurrencies: there are several in the answer, of which this group may have one.
    func lines(namesCurrencies: Bool) -> [(priority: String, balance: Balance, unit: Double)] {
      var lines: [(String, Balance, Double)] = []
      for (index, name) in Priorities.names.enumerated() {
        if index == Act.cost, !costs.isEmpty {
          let sorted = costs.map { (Currency.text($0.key), $0.value) }.sorted { $0.0 < $1.0 }
          for (currency, balance) in sorted {
            lines.append((!namesCurrencies ? name : "\(name) \(currency)", balance, 10_000))
          }
        } else {
          lines.append((name, balances[index == Act.cost ? Int(Act.touch) : index], 2))
        }
      }
      return lines
    }
  }

  public func makeTally() -> Groups<Counts> { Groups(Counts()) }

  public func add(
    _ records: Span<UInt8>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery
  ) {
    let byMonth = query.grouping == "month"
    var facts = FactReader(records)
    while let fact = facts.next() {
      guard query.includes(fact.time) else { continue }
      groups.update(byMonth ? .month(query.month(of: fact.time)) : .all) { count(fact, &$0) }
    }
  }

  private func count(_ fact: PackedFact, _ counts: inout Counts) {
    let priority = fact.code & Act.priority
    let (isFront, isRear) = (fact.code & Act.isFront != 0, fact.code & Act.isRear != 0)
    if priority == Act.cost {
      let currency = UInt16(truncatingIfNeeded: fact.name)
      counts.costs[currency, default: Balance()].add(fact.number, isFront, isRear)
    } else {
      // In halves.
      counts.balances[Int(priority)].add(isFront && isRear ? 1 : 2, isFront, isRear)
    }
  }

  public func rows(_ groups: Groups<Counts>, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let currencies = groups.entries.reduce(into: Set<UInt16>()) { $0.formUnion($1.value.costs.keys) }
    let namesCurrencies = currencies.count > 1
    guard query.grouping == "month" else {
      return ViewRows(groups[.all].lines(namesCurrencies: namesCurrencies).map { row($0) })
    }
    let months = try groups.sorted(names).map { ($0.group, $0.value.lines(namesCurrencies: namesCurrencies)) }
    var met: [String: Int] = [:]
    for (_, lines) in months {
      for line in lines where line.balance.isMet == true { met[line.priority, default: 0] += 1 }
    }
    var rows: [ViewRow] = []
    for (month, lines) in months {
      for line in lines {
        var row = ViewRow()
        row.set("month", try month.cell(names))
        row.cells += self.row(line).cells
        row.set("months_met", .count(met[line.priority] ?? 0))
        rows.append(row)
      }
    }
    return ViewRows(rows)
  }

  private func row(_ line: (priority: String, balance: Balance, unit: Double)) -> ViewRow {
    ViewRow([
      "priority": .text(line.priority), "front": .number(Double(line.balance.front) / line.unit),
      "rear": .number(Double(line.balance.rear) / line.unit), "share": .number(orNone: line.balance.share),
      "met": line.balance.isMet.map { .bool($0) } ?? .none,
    ])
  }
}
