/// `countries`: in every country first satisfaction, only then revenue; never revenue alone.
public struct Countries: View {
  public static let name = "countries"
  public static let version = 1
  public static let question =
    "How do we stand in each country: satisfaction first, then orders and help, then revenue?"
  public static let definition = ViewDefinition(
    formula: """
      By the country of the events. csat and nps as in `satisfaction`; perfect_rate of perfect_n orders due as in \
      `perfect-orders`; resolve_p50: resolve_full_p50 of `service` over all kinds of cases; complaints_per_100_orders: cases \
      of kind complaint opened per 100 orders placed; revenue of the orders placed, one row for each currency.
      """,
    unit: "as in those views; money of the row's currency", anchor: "as in those views; order.placed; case.opened",
    exclusions: "nothing", groupings: ["country"], defaultGrouping: "country",
    keys: [
      "country", "csat", "csat_n", "nps", "nps_n", "perfect_rate", "perfect_n", "resolve_p50",
      "complaints_per_100_orders", "currency", "revenue",
    ])

  /// An order or a complaint.
  public struct Sale: BitwiseCopyable, Sendable {
    var time: Int64
    var revenue: Int64
    var country: UInt32
    /// 0 for a complaint.
    var currency: UInt16
    var isComplaint: Bool
  }

  public init() {}

  public let kinds: EventKindSet = [.orderPlaced, .caseOpened]
  public let columns = ColumnSet(.amount, .currency, .country, .code)

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Sale]) {
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .orderPlaced:
        records.append(
          Sale(
            time: event.time, revenue: event.amount, country: event.country, currency: event.currency,
            isComplaint: false))
      case .caseOpened where event.code == 3:
        records.append(Sale(time: event.time, revenue: 0, country: event.country, currency: 0, isComplaint: true))
      default: continue
      }
    }
  }

  public func digest(_ sale: Sale, into hasher: inout DigestHasher) {
    hasher.add(values: sale.time, sale.revenue, sale.currency)
    hasher.add(name: sale.country)
    hasher.add(sale.isComplaint)
  }

  struct Sales {
    var orders = 0, complaints = 0
    var revenue: [UInt16: Int128] = [:]
  }

  public struct Tally {
    var sales = Groups(Sales())
    /// By country, then by key.
    var borrowed: [String?: [String: ViewRow.Cell]] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public static func parts(for query: ViewQuery) -> [ViewPart] {
    [
      ViewPart(Satisfaction.name, by: "country"), ViewPart(PerfectOrders.name, by: "country"),
      ViewPart(ServiceQuality.name, by: "country", lumpingKinds: true),
    ]
  }

  public func add(_ answer: ViewAnswer, to tally: inout Tally) {
    for row in answer.rows.rows {
      let country = row.group
      switch (answer.view, row["kind"]) {
      case (Satisfaction.name, .text(let kind)?) where kind == "csat" || kind == "nps":
        // Surveys that were sent and not answered make no row.
        if case .count(0)? = row["n"] { continue }
        tally.borrowed[country, default: [:]][kind] = row["value"]
        tally.borrowed[country, default: [:]][kind + "_n"] = row["n"]
      case (PerfectOrders.name, _):
        tally.borrowed[country, default: [:]]["perfect_rate"] = row["perfect_rate"]
        tally.borrowed[country, default: [:]]["perfect_n"] = row["due"]
      case (ServiceQuality.name, _): tally.borrowed[country, default: [:]]["resolve_p50"] = row["resolve_full_p50"]
      default: continue
      }
    }
  }

  public func add(_ sales: Span<Sale>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in sales.indices where query.includes(sales[index].time) {
      let sale = sales[index]
      let group = Group.name(orAbsent: sale.country)
      if sale.isComplaint {
        tally.sales.update(group) { $0.complaints += 1 }
      } else {
        tally.sales.update(group) {
          $0.orders += 1
          $0.revenue[sale.currency, default: 0] += Int128(sale.revenue)
        }
      }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    var sales: [String?: Sales] = [:]
    for (group, value) in tally.sales.entries { sales[try group.text(names)] = value }
    var rows: [ViewRow] = []
    for country in Set(sales.keys).union(tally.borrowed.keys).sorted(by: { keyPrecedes($0, $1) }) {
      let own = sales[country] ?? Sales()
      let others = tally.borrowed[country] ?? [:]
      let revenue = own.revenue.map { (Currency.text($0.key), $0.value) }.sorted { $0.0 < $1.0 }
      let money: [(ViewRow.Cell, ViewRow.Cell)] =
        revenue.isEmpty ? [(.none, .none)] : revenue.map { (.text($0.0), .money($0.1)) }
      for (currency, amount) in money {
        rows.append(
          ViewRow([
            "country": .text(orNone: country), "csat": others["csat"] ?? .none, "csat_n": others["csat_n"] ?? .count(0),
            "nps": others["nps"] ?? .none, "nps_n": others["nps_n"] ?? .count(0),
            "perfect_rate": others["perfect_rate"] ?? .none, "perfect_n": others["perfect_n"] ?? .count(0),
            "resolve_p50": others["resolve_p50"] ?? .none,
            "complaints_per_100_orders": .per(100, part: own.complaints, whole: own.orders), "currency": currency,
            "revenue": amount,
          ]))
      }
    }
    return ViewRows(rows)
  }
}
