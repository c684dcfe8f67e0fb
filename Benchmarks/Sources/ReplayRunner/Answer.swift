import OwnViews
import RapportLedger

/// Answers as files of rows of numbers in order of customers, the same from every engine, so that equal answers are
/// equal bytes. A time that is not there is 0.
extension Question {
  /// - Throws: `LedgerError`, also of a person with several records: two currencies, which nothing here adds up.
  func writeAnswer(of ledger: Ledger, to path: String) throws {
    let replay = Replay()
    switch self {
    case .totals:
      try Self.write(try ledger.read { try replay.run(CardTotals(), over: $0) }, to: path) { TotalsRow($0, $1) }
    case .ownTotals:
      try Self.write(try ledger.read { try replay.run(OwnCardTotals(), over: $0) }, to: path) { TotalsRow($0, $1) }
    case .orders:
      try Self.write(try ledger.read { try replay.run(OrderCounts(), over: $0) }, to: path) { OrdersRow($0, $1) }
    case .narrow:
      try Self.write(try ledger.read { try replay.run(SurveyTotals(), over: $0) }, to: path) { NarrowRow($0, $1) }
    default: fail("\(rawValue) has no answer that other engines give, too")
    }
  }

  private static func write<Record, Row: BitwiseCopyable>(
    _ outcomes: Outcomes<Record>, to path: String, _ make: (UInt32, Record) -> Row?
  ) throws {
    var rows: [(customer: UInt32, row: Row)] = []
    rows.reserveCapacity(outcomes.people.count)
    outcomes.forEach { customer, records in
      guard records.count == 1 else { fail("a customer with amounts in two currencies: other events, please") }
      if let row = make(customer, records[0]) { rows.append((customer, row)) }
    }
    rows.sort { $0.customer < $1.customer }
    let file = RowFile(path)
    for (_, row) in rows { file.append(row) }
    file.close()
  }
}

private struct TotalsRow: BitwiseCopyable {
  var (firstIn, lastIn, firstOut, lastOut): (Int64, Int64, Int64, Int64)
  var (revenue, refunds, cost): (Int64, Int64, Int64)
  var (satisfactionTime, satisfaction): (Int64, Int64)
  var (customer, events, outbound, orders, deliveries, returns): (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

  private static func known(_ time: Int64) -> Int64 { time == .min || time == .max ? 0 : time }

  init(_ customer: UInt32, _ totals: some NumericCard) {
    (firstIn, lastIn) = (Self.known(totals.firstIn), Self.known(totals.lastIn))
    (firstOut, lastOut) = (Self.known(totals.firstOut), Self.known(totals.lastOut))
    (revenue, refunds, cost) = (totals.revenue, totals.refunds, totals.cost)
    (satisfactionTime, satisfaction) = (Self.known(totals.satisfactionTime), totals.satisfaction)
    self.customer = customer
    (events, outbound, orders) = (totals.events, totals.outbound, totals.orders)
    (deliveries, returns) = (totals.deliveries, totals.returns)
  }
}

/// What the built-in projection and the one from outside say alike.
private protocol NumericCard {
  var firstIn: Int64 { get }
  var lastIn: Int64 { get }
  var firstOut: Int64 { get }
  var lastOut: Int64 { get }
  var revenue: Int64 { get }
  var refunds: Int64 { get }
  var cost: Int64 { get }
  var satisfactionTime: Int64 { get }
  var satisfaction: Int64 { get }
  var events: UInt32 { get }
  var outbound: UInt32 { get }
  var orders: UInt32 { get }
  var deliveries: UInt32 { get }
  var returns: UInt32 { get }
}

extension CardTotals.Totals: NumericCard {}
extension OwnCardTotals.Totals: NumericCard {}

private struct OrdersRow: BitwiseCopyable {
  var customer: UInt32
  var counts: OrderCounts.Counts

  /// - Returns: nil for somebody who only complained about an order.
  init?(_ customer: UInt32, _ counts: OrderCounts.Counts) {
    guard counts.placed > 0 else { return nil }
    self.customer = customer
    self.counts = counts
  }
}

private struct NarrowRow: BitwiseCopyable {
  var score: Int64
  var (customer, sent, answered, scored, reviews): (UInt32, UInt32, UInt32, UInt32, UInt32)
  /// The row has no bytes without a value.
  var nothing: UInt32 = 0

  init(_ customer: UInt32, _ totals: SurveyTotals.Totals) {
    score = totals.score
    (self.customer, sent, answered) = (customer, totals.sent, totals.answered)
    (scored, reviews) = (totals.scored, totals.reviews)
  }
}
