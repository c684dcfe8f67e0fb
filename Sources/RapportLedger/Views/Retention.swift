/// `retention`: existing customers before the hunt for new ones.
///
/// Cohorts by the month of the first order; recency, frequency and spend for each customer (`--rfm`); the probability
/// that a customer is still one (`--alive`); customers who have fallen silent (`--quiet`).
public struct Retention: View {
  public static let name = "retention"
  public static let version = 1
  public static let question = "Do customers come back, who is slipping away, and who has fallen silent?"
  public static let definition = ViewDefinition(
    formula: """
      cohort: month of the first order. active[k]: customers of the cohort who order in the k-th month after it, each k by \
      itself; active[0] = size; up to the month of as_of.
      --rfm, per customer and currency: x = distinct days of purchase − 1, t_x = (last − first)/7 and t = (date of as_of − \
      first)/7 in weeks, m = mean spend of the days after the first, 0 if there are none; orders of zero value count.
      --alive adds p_alive_est, an estimate by BG/NBD (Fader, Hardie and Lee 2005): 1 if x = 0, else 1/(1 + a/(b + x − 1) \
      · ((alpha + t)/(alpha + t_x))^(r + x)).
      --quiet: customers whose last inbound touch is further back than twice the median of their own intervals between \
      inbound touches, of which there are at least 3.
      """,
    unit: "people; weeks; days, rounded down; money of the row's currency",
    anchor: "the first order; --quiet: the last inbound touch",
    exclusions: "nothing", groupings: ["cohort"], defaultGrouping: "cohort", keys: ["cohort", "size", "active"],
    options: [
      ViewOption("rfm", "Recency, frequency and spend of every customer."),
      ViewOption("alive", "The probability that each customer is still one, an estimate."),
      ViewOption("quiet", "Customers who are silent for longer than is their habit."),
      ViewOption("r", .number(default: 0.243), "Parameter r of BG/NBD."),
      ViewOption("alpha", .number(default: 4.414), "Parameter alpha of BG/NBD."),
      ViewOption("a", .number(default: 0.793), "Parameter a of BG/NBD."),
      ViewOption("b", .number(default: 2.426), "Parameter b of BG/NBD."),
    ],
    variants: [
      ViewVariant("--alive", ["customer", "currency", "x", "t_x", "t", "m", "p_alive_est"]),
      ViewVariant("--rfm", ["customer", "currency", "x", "t_x", "t", "m"]),
      ViewVariant("--quiet", ["customer", "last_inbound", "days", "days_interval_p50"]),
    ])

  /// An order, or in the end of a person's records when they were last heard of and how often that was usual.
  public struct Mark: BitwiseCopyable, Sendable {
    var time: Int64
    /// Of an order its revenue; of the last inbound touch the median interval before it, nanoseconds.
    var amount: Int64
    var currency: UInt16 = 0
    var isOrder: Bool
  }

  /// Everything that can be an inbound touch: any type can say so.
  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.amount, .currency, .direction)

  public struct Scratch { var intervals = Percentiles() }

  public func makeScratch(firm: Span<Mark>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Mark]) {
    scratch.intervals.removeAll()
    var lastInbound: Int64?
    for index in history.events.indices {
      let event = history.events[index]
      if event.kind == .orderPlaced {
        records.append(Mark(time: event.time, amount: event.amount, currency: event.currency, isOrder: true))
      }
      guard event.touch == .in else { continue }
      if let lastInbound { scratch.intervals.add(elapsed(from: lastInbound, to: event.time)) }
      lastInbound = event.time
    }
    if let lastInbound, scratch.intervals.count >= 3, let median = scratch.intervals(50) {
      records.append(Mark(time: lastInbound, amount: median, isOrder: false))
    }
  }

  public func digest(_ mark: Mark, into hasher: inout DigestHasher) {
    hasher.add(values: mark.time, mark.amount, mark.currency)
    hasher.add(mark.isOrder)
  }

  struct Customer: Sendable {
    var person: UInt32
    var currency: UInt16 = 0
    /// Days of the first and the last purchase, and how many days there are.
    var first: Int32 = 0, last: Int32 = 0, days = 0
    /// Of the days after the first.
    var spent: Int128 = 0
  }

  public struct Tally {
    /// By month of the first order: customers who order so many months later.
    var cohorts: [Int32: [Int]] = [:]
    var customers: [Customer] = []
    var quiet: [(person: UInt32, last: Int64, interval: Int64)] = []
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ marks: Span<Mark>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    if query.has("quiet") {
      guard !marks.isEmpty, !marks[marks.count - 1].isOrder else { return }
      let mark = marks[marks.count - 1]
      guard query.includes(mark.time), Int128(query.asOf) - Int128(mark.time) > 2 * Int128(mark.amount) else { return }
      tally.quiet.append((person, mark.time, mark.amount))
      return
    }
    guard !marks.isEmpty, marks[0].isOrder, query.includes(marks[0].time) else { return }
    if query.has("rfm") || query.has("alive") {
      addCustomer(marks, person, &tally, query)
    } else {
      addToCohort(marks, &tally, query)
    }
  }

  private func addToCohort(_ marks: Span<Mark>, _ tally: inout Tally, _ query: ViewQuery) {
    let cohort = query.month(of: marks[0].time).index
    let count = Int(query.month(of: query.asOf).index - cohort) + 1
    guard count > 0 else { return }
    var active = tally.cohorts[cohort] ?? Array(repeating: 0, count: count)
    var last = -1
    for index in marks.indices where marks[index].isOrder {
      let month = Int(query.month(of: marks[index].time).index - cohort)
      if month > last, month < count {
        active[month] += 1
        last = month
      }
    }
    tally.cohorts[cohort] = active
  }

  private func addCustomer(_ marks: Span<Mark>, _ person: UInt32, _ tally: inout Tally, _ query: ViewQuery) {
    let start = tally.customers.count
    for index in marks.indices where marks[index].isOrder {
      let mark = marks[index]
      let day = query.day(of: mark.time).days
      let known = tally.customers[start...].firstIndex { $0.currency == mark.currency }
      let place = known ?? tally.customers.count
      if known == nil {
        tally.customers.append(Customer(person: person, currency: mark.currency, first: day, last: day, days: 1))
      } else if day != tally.customers[place].last {
        tally.customers[place].last = day
        tally.customers[place].days += 1
      }
      if day != tally.customers[place].first { tally.customers[place].spent += Int128(mark.amount) }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    if query.has("quiet") { return ViewRows(try quietRows(tally, query, names)) }
    if query.has("rfm") || query.has("alive") { return ViewRows(try customerRows(tally, query, names)) }
    return ViewRows(
      tally.cohorts.sorted { $0.key < $1.key }.map { cohort, active in
        ViewRow([
          "cohort": .text(CivilMonth(index: cohort).description), "size": .count(active[0]),
          "active": .list(active.map { .count($0) }),
        ])
      })
  }

  private func quietRows(_ tally: Tally, _ query: ViewQuery, _ names: borrowing Snapshot) throws -> ViewRows.Rows {
    let asOf = query.asOf
    return try .byCustomer(tally.quiet, names, { $0.person }) { customer, quiet in
      ViewRow([
        "customer": .text(customer), "last_inbound": .time(quiet.last),
        "days": .count(Int(elapsed(from: quiet.last, to: asOf) / nanosecondsPerDay)),
        "days_interval_p50": .count(Int(quiet.interval / nanosecondsPerDay)),
      ])
    }
  }

  private func customerRows(_ tally: Tally, _ query: ViewQuery, _ names: borrowing Snapshot) throws -> ViewRows.Rows {
    let end = query.day(of: query.asOf).days
    let model = query.has("alive") ? PurchaseModel(query) : nil
    return try .byCustomer(
      tally.customers, names, { $0.person }, then: { Currency.text($0.currency) }
    ) { id, customer in
      let x = customer.days - 1
      let recency = Double(customer.last - customer.first) / 7
      let age = Double(end - customer.first) / 7
      var row = ViewRow([
        "customer": .text(id), "currency": .text(Currency.text(customer.currency)), "x": .count(x),
        "t_x": .number(recency),
        "t": .number(age), "m": .money(x == 0 ? 0 : rounded(customer.spent, over: Int128(x))),
      ])
      if let model { row.set("p_alive_est", .number(model.alive(x: x, recency: recency, age: age))) }
      return row
    }
  }
}
