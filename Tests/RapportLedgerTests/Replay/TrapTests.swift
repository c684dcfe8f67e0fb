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

  private static func stream(_ ledger: TestLedger) throws {
    _ = try ledger.ledger.read { try Replay(threads: 2).run(Superstitious(), over: $0) }
  }

  private func errors(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test func `a history that a projection breaks on is named, with the position`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "13", "7"])
      Replay.nameTraps()
      try Self.fold(Superstitious(), ledger)
    }
    #expect(
      errors(result).contains("rapport: superstitious broke on the history of customer number 2, at position 4\n"))
  }

  @Test func `an event of a stream that a projection breaks on is named, with the position`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "13", "7"])
      Replay.nameTraps()
      try Self.stream(ledger)
    }
    #expect(
      errors(result).contains("rapport: superstitious broke on the history of customer number 2, at position 4\n"))
  }

  @Test func `a customer whose outcome a projection breaks on is named`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "60", "1"])
      Replay.nameTraps()
      try Self.stream(ledger)
    }
    #expect(errors(result).contains("rapport: superstitious broke on the history of customer number 2\n"))
  }

  @Test func `a position is told in a segment and behind corrections, too`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ledger = try TestLedger(height: 2)
      var lines = (0..<9).map { number in
        #"{"specversion":"1.0","id":"m\#(number)","source":"/t","type":"order.placed","subject":"C\#(9 - number)","#
          + #""time":"2025-03-0\#(9 - number)T00:00:00Z","data":{"order":"o\#(number)","revenue":\#(number),"currency":"EUR"}}"#
      }
      lines.append(lines[5].replacing("\"m5\"", with: "\"m9\"").replacing("\"revenue\":5", with: "\"revenue\":13"))
      try ledger.record(lines, commits: [3])
      Replay.nameTraps()
      try Self.fold(Superstitious(), ledger)
    }
    // The sixth customer that was seen.
    #expect(
      errors(result).contains("rapport: superstitious broke on the history of customer number 6, at position 10\n"))
  }

  @Test func `a trap outside of projections ends the process as ever`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Replay.nameTraps()
      let numbers: [Int] = []
      _ = numbers[0]
    }
    #expect(!errors(result).contains("broke on"))
  }

  @Test(arguments: [SIGILL, SIGTRAP])
  func `a signal that was sent from elsewhere ends the process as ever`(number: Int32) async {
    await #expect(processExitsWith: .signal(number)) { [number] in
      signal(number, SIG_DFL)
      Replay.nameTraps()
      kill(getpid(), number)
      while true { pause() }
    }
  }

  @Test func `another program can go on, and learns what broke`() async throws {
    let result = await #expect(processExitsWith: .exitCode(7), observing: [\.standardErrorContent]) {
      let ledger = try Self.orders(["5", "13", "7"])
      Replay.onTrap(become: "/bin/sh", ["sh", "-c", "echo \"learned: $0\" >&2; exit 7"])
      try Self.fold(Superstitious(), ledger)
    }
    #expect(errors(result).contains("learned: superstitious:2:4\n"))
    let trap = try #require(FoldTrap("superstitious:2:4"))
    #expect(trap.projection == "superstitious" && trap.customer == 2 && trap.position == 4)
    #expect(FoldTrap("card:0:0")?.position == nil)
    for text in ["", "card", "card:1", ":1:2", "card:x:1", "card:1:2:3"] { #expect(FoldTrap(text) == nil) }
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
