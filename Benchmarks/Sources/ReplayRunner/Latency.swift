import OwnViews
import RapportLedger

/// How long the orders and the satisfaction of a single customer take, found anew in the log each time.
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
    let some = all.prefix(20)
    guard !some.isEmpty else { fail("a ledger without customers") }
    let single = Replay(threads: 1)
    var times: [Double] = []
    for round in 0..<rounds {
      let customer = some[round % some.count].customer
      let began = Clock.monotonic
      _ = try ledger.read { try single.run(OrderCounts(), over: $0, customer: customer).records.count }
      times.append(Double(Clock.monotonic - began) / 1e6)
    }
    times.sort()
    let events = some.map { $0.events }
    return
      "\(events.min()!)…\(events.max()!) events: \(times[times.count / 2]) ms, p99 \(times[times.count * 99 / 100]) ms"
  }
}
