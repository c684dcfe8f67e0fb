import OwnViews
import RapportLedger

/// How long the orders of a single customer take: gathered anew from the log, and taken from the stored state.
struct Latency {
  private let ledger: Ledger
  private let wanted: Int
  private let rounds: Int

  /// - Parameters:
  ///   - events: asked for are the customers whose number of events is closest to this.
  ///   - rounds: how many questions.
  init(_ ledger: Ledger, events: Int, rounds: Int) {
    self.ledger = ledger
    wanted = events
    self.rounds = rounds
  }

  /// - Returns: events of these customers, then median and 99th percentile, in milliseconds.
  func run() throws -> String {
    let totals = try ledger.read { try Replay().run(CardTotals(), over: $0) }
    var all: [(customer: UInt32, events: Int)] = []
    totals.forEach { customer, records in all.append((customer, Int(records[0].events))) }
    all.sort { abs($0.events - wanted) < abs($1.events - wanted) }
    let some = all.prefix(Self.customers)
    guard !some.isEmpty else { fail("a ledger without customers") }
    _ = try ledger.replay(views: ["perfect-orders"])
    let fromLog = try measure(OrderCounts(), some.map(\.customer))
    let stored = try measure(PerfectOrders(), some.map(\.customer))
    let events = some.map(\.events)
    return "\(events.min()!)…\(events.max()!) events: \(fromLog) from the log, \(stored) with a stored state"
  }

  /// Many, so that it is not always the same bytes that are in the processor's cache.
  private static let customers = 200

  private func measure(_ projection: some Projection, _ customers: [UInt32]) throws -> String {
    let single = Replay(threads: 1)
    var times: [Double] = []
    for round in 0..<rounds {
      let began = Clock.monotonic
      _ = try ledger.read {
        try single.run(projection, over: $0, customer: customers[round % customers.count]).records.count
      }
      times.append(Double(Clock.monotonic - began) / 1e6)
    }
    times.sort()
    func milliseconds(_ time: Double) -> Double { (time * 1000).rounded() / 1000 }
    return "\(milliseconds(times[times.count / 2])) ms, p99 \(milliseconds(times[times.count * 99 / 100])) ms"
  }
}
