import Testing

@testable import RapportLedger

/// What commutes gives the same in any order as in canonical order.
@Suite("Streaming")
struct StreamingTests {
  /// The definition alone: the same projection without its streaming.
  private struct ByHistory: Projection {
    static let name = "by-history"
    static let version = 1
    let totals = CardTotals()
    var kinds: EventKindSet { totals.kinds }
    var columns: ColumnSet { totals.columns }
    func fold(_ history: borrowing History, scratch: inout Void, into records: inout [CardTotals.Totals]) {
      totals.fold(history, scratch: &scratch, into: &records)
    }
    func digest(_ record: CardTotals.Totals, into hasher: inout DigestHasher) { totals.digest(record, into: &hasher) }
  }

  private func expectEqual(_ ledger: TestLedger, _ limits: ReplayLimits = ReplayLimits(), threads: Int = 2) throws {
    try ledger.ledger.read { snapshot in
      let replay = Replay(limits: limits, threads: threads)
      let streamed = try table(replay.run(CardTotals(), over: snapshot), snapshot)
      let folded = try table(replay.run(ByHistory(), over: snapshot), snapshot)
      #expect(streamed == folded)
      #expect(!folded.isEmpty)
    }
  }

  private func table<Record: BitwiseCopyable & Sendable>(
    _ outcomes: Outcomes<Record>, _ snapshot: borrowing Snapshot
  ) throws -> [String: [Record]] {
    var table: [String: [Record]] = [:]
    var start = 0
    for person in outcomes.people {
      let subject = try snapshot.subject(person.customer)
      #expect(table[subject] == nil, "everybody once")
      table[subject] = Array(outcomes.records[start..<person.end])
      start = person.end
    }
    return table
  }

  @Test(arguments: [1, 2, 3, 8])
  func `generated histories, at any time and position`(threads: Int) throws {
    let ledger = try TestLedger(height: 6)
    var random = SeededGenerator(state: 5)
    try ledger.record(generatedLines(600).shuffled(using: &random), commits: [50, 7])
    try expectEqual(ledger, threads: threads)
    try expectEqual(ledger, ReplayLimits(time: instant("2025-02-10")), threads: threads)
    try expectEqual(ledger, ReplayLimits(position: 333), threads: threads)
  }

  /// Of few events: their rows are chosen before they are read.
  private struct Amounts: StreamingProjection {
    static let name = "amounts"
    static let version = 1
    let kinds: EventKindSet = [.orderPlaced, .orderRefunded]
    let columns = ColumnSet(.amount)

    struct Sum: BitwiseCopyable, Sendable, Equatable {
      var count = 0
      var amount: Int64 = 0
      var last = Int64.min
    }

    var initialState: Sum { Sum() }
    func apply(_ event: History.Event, to sum: inout Sum) {
      sum.count += 1
      sum.amount &+= event.amount
      sum.last = max(sum.last, event.time)
    }
    func finish(_ sum: Sum, into sums: inout [Sum]) { sums.append(sum) }
    func fold(_ history: borrowing History, scratch: inout Void, into sums: inout [Sum]) {
      var sum = Sum()
      for index in history.events.indices { apply(history.events[index], to: &sum) }
      sums.append(sum)
    }
    func digest(_ sum: Sum, into hasher: inout DigestHasher) {
      hasher.add(values: Int64(sum.count), sum.amount, sum.last)
    }
  }

  @Test(arguments: [1, 3])
  func `few of the events`(threads: Int) throws {
    let ledger = try TestLedger(height: 12)
    try ledger.record(generatedLines(6_000), commits: [5_000])
    try ledger.ledger.read { snapshot in
      let fold = Fold(Amounts())
      try Replay(threads: threads).run([fold], over: snapshot)
      let streamed = try table(Replay(threads: threads).run(Amounts(), over: snapshot), snapshot)
      #expect(try streamed == table(fold.outcomes(), snapshot))
      #expect(streamed.values.reduce(0) { $0 + $1[0].count } > 100)
    }
  }

  @Test(arguments: 1...8)
  func `merged and corrected people are folded by their histories`(seed: Int) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(IdentitySoup.lines(seed: UInt64(seed)), commits: [20])
    try expectEqual(ledger)
    try expectEqual(ledger, ReplayLimits(time: instant("2025-01-06"), position: 130))
  }

  @Test func `two answers at one instant, two currencies and sums that do not fit are decided by the history`() throws {
    let ledger = try given {
      answered("csat", "2025-01-01", score: 4).with("sequence", 2)
      answered("csat", "2025-01-01", score: 2).with("sequence", 1)
      order("o1").placed("2025-01-01").saying("revenue", "5.00").of("A")
      order("o2", currency: "CHF").placed("2025-01-02").saying("revenue", "6.00").of("A")
      order("o3").placed("2025-01-01").saying("revenue", "900000000000000").of("B")
      order("o4").placed("2025-01-02").saying("revenue", "900000000000000").of("B")
    }.ledger
    try expectEqual(ledger)
    try ledger.ledger.read { snapshot in
      let found = try table(Replay(threads: 1).run(CardTotals(), over: snapshot), snapshot)
      #expect(found["C1"]?.map(\.satisfaction) == [4_000_000])
      #expect(found["A"]?.map(\.revenue) == [50_000, 60_000])
      #expect(found["B"]?.map(\.revenue) == [.max])
    }
  }
}
