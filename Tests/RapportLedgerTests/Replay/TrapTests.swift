import Testing

@testable import RapportLedger

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A trap ends the process, but not without a word.
@Suite("Traps")
struct TrapTests {
  /// Cannot bear amounts of 13.
  private struct Superstitious: StreamingProjection {
    static let name = "superstitious"
    static let version = 1
    let kinds: EventKindSet = [.orderPlaced]
    let columns = ColumnSet(.amount)
    let initialState: Int64 = 0

    func apply(_ event: History.Event, to sum: inout Int64) {
      precondition(event.amount != 130_000)
      sum += event.amount
    }
    func finish(_ sum: Int64, into sums: inout [Int64]) {
      precondition(sum != 660_000)
      sums.append(sum)
    }
    func fold(_ history: borrowing History, scratch: inout Void, into sums: inout [Int64]) {
      var sum: Int64 = 0
      for index in history.events.indices { apply(history.events[index], to: &sum) }
      finish(sum, into: &sums)
    }
    func digest(_ sum: Int64, into hasher: inout DigestHasher) { hasher.add(sum) }
  }

  /// Position 4 is of customer B, and the second of their orders in time.
  private static func orders(_ amounts: [String]) throws -> TestLedger {
    try given {
      order("o1").placed("2025-03-01").saying("revenue", "1").of("A")
      order("o2").placed("2025-03-05").saying("revenue", .string(amounts[0])).of("B")
      Event("message.received", "2025-03-02").of("B")
      order("o3").placed("2025-03-03").saying("revenue", .string(amounts[1])).of("B")
      order("o4").placed("2025-03-02").saying("revenue", .string(amounts[2])).of("B")
    }.ledger
  }

  /// Not by the stream.
  private static func fold(_ projection: some Projection, _ ledger: TestLedger) throws {
    _ = try ledger.ledger.read { try Replay(threads: 2).run(projection, over: $0) }
  }

  private static func sayTraps() {
    RapportLedger.Replay.reportTraps { trap in
      let text = Array("\(trap)\n".utf8)
      _ = write(2, text, text.count)
      _exit(70)
    }
  }

  private func expect(_ said: String, _ result: ExitTest.Result?) {
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains(said), "\(text)")
  }

  @Test func `a history that a projection breaks on is named, with the position`() async {
    let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "13", "7"])
      Self.sayTraps()
      try Self.fold(Superstitious(), ledger)
    }
    expect("superstitious broke on the history of customer B, at position 4\n", result)
  }

  @Test func `an event of a stream that a projection breaks on is named, with the position`() async {
    let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "13", "7"])
      Self.sayTraps()
      _ = try ledger.ledger.read { try Replay(threads: 2).run(Superstitious(), over: $0) }
    }
    expect("superstitious broke on the history of customer B, at position 4\n", result)
  }

  @Test func `a customer whose outcome a projection breaks on is named`() async {
    let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "60", "1"])
      Self.sayTraps()
      _ = try ledger.ledger.read { try Replay(threads: 2).run(Superstitious(), over: $0) }
    }
    expect("superstitious broke on the history of customer B\n", result)
  }

  @Test func `a trap outside of projections ends the process as ever`() async {
    await #expect(processExitsWith: .failure) {
      Self.sayTraps()
      let numbers: [Int] = []
      _ = numbers[0]
    }
  }

  @Test func `stored states survive a projection that breaks`() async throws {
    let ledger = try Self.orders(["5", "13", "7"])
    let before = try ledger.ledger.replay(views: ["card", "value"])
    _ = await #expect(processExitsWith: .failure) { [path = ledger.path as String] in
      let ledger = try Ledger(at: path, for: .reading)
      _ = try ledger.read { try Replay().run(Superstitious(), over: $0) }
    }
    #expect(try ledger.ledger.replay(views: ["card", "value"], check: true).differences == [])
    #expect(ledger.ledger.checkpoints()["value"]?.digest == before.views.first { $0.view == "value" }?.digest)
  }
}
