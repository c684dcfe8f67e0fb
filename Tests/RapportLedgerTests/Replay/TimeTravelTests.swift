import LMDB
import Testing

@testable import RapportLedger

/// The past is what a ledger says that was fed only with the past.
@Suite("Time travel and checkpoints")
struct TimeTravelTests {
  static let lines = generatedLines(500, seed: 3)

  private func digests(_ ledger: TestLedger, _ limits: ReplayLimits) throws -> [String] {
    try ledger.ledger.read { snapshot in
      let folds = Catalogue.projections.map { Self.fold($0) }
      try Replay(limits: limits, threads: 2).run(folds, over: snapshot)
      return folds.map { "\($0.name) \($0.peopleCount) \($0.digest)" }
    }
  }

  private static func fold(_ projection: some Projection) -> any AnyFold { Fold(projection, digests: true) }

  /// Shuffled, so that time and position say different things.
  private func shuffled() throws -> (ledger: TestLedger, lines: [String]) {
    var random = SeededGenerator(state: 11)
    let lines = Self.lines.shuffled(using: &random)
    let ledger = try TestLedger(height: 4)
    try ledger.record(lines, commits: [3, 90, 11])
    return (ledger, lines)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 100, 255, 499, 500, 10_000])
  func `as known at a position`(position: Int) throws {
    let (ledger, lines) = try shuffled()
    let small = try TestLedger(height: 4)
    try small.record(Array(lines.prefix(position)))
    let wanted = try digests(small, ReplayLimits())
    #expect(try digests(ledger, ReplayLimits(position: UInt64(position))) == wanted)
    let report = try ledger.ledger.replay(threads: 1, upTo: UInt64(position))
    #expect(report.views.map { "\($0.view) \($0.customers) \($0.digest)" } == wanted)
    #expect(report.position == UInt64(min(position, 500)))
  }

  @Test(arguments: ["2025-01-01", "2025-01-20", "2025-02-14T12:34:56Z", "2025-03-20", "2026-01-01"])
  func `as of a time`(time: String) throws {
    let (ledger, lines) = try shuffled()
    let small = try TestLedger(height: 8)
    try small.record(
      try lines.filter { line in instant(try JSON(reading: line)["time"]!.text!) <= instant(time) })
    #expect(try digests(ledger, ReplayLimits(time: instant(time))) == digests(small, ReplayLimits()))
  }

  @Test func `the instant itself belongs to the past`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(["time": "2025-03-01T00:00:00.000000001Z"])])
    let empty = try digests(TestLedger(), ReplayLimits())
    #expect(try digests(ledger, ReplayLimits(time: instant("2025-03-01T00:00:00Z"))) == empty)
    #expect(try digests(ledger, ReplayLimits(time: instant("2025-03-01T00:00:00.000000001Z"))) != empty)
  }

  @Test func `time and position together`() throws {
    let (ledger, lines) = try shuffled()
    let small = try TestLedger(height: 8)
    try small.record(
      try lines.prefix(200).filter { instant(try JSON(reading: $0)["time"]!.text!) <= instant("2025-02-10") })
    let limits = ReplayLimits(time: instant("2025-02-10"), position: 200)
    #expect(try digests(ledger, limits) == digests(small, ReplayLimits()))
  }

  @Test func `the position of a ledger time`() throws {
    let ledger = try TestLedger(height: 4)
    let lines = (0..<20).map { envelope(["id": .string("\($0)")]) }
    try ledger.record(lines, commits: [1])
    try ledger.ledger.read { snapshot in
      var times: [Int64] = []
      try snapshot.log { event in
        times.append(event.ledgerTime)
        return true
      }
      #expect(times == times.sorted())
      for time in Set(times) {
        #expect(try snapshot.position(recordedBy: time) == UInt64(times.lastIndex(of: time)! + 1))
        #expect(try snapshot.position(recordedBy: time - 1) == UInt64(times.firstIndex(of: time)!))
      }
    }
  }

  // MARK: Checkpoints

  @Test func `a replay stores how far each view got, and the check agrees, also later`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Array(Self.lines.prefix(100)))
    let report = try ledger.ledger.replay(threads: 1)
    #expect(ledger.ledger.checkpoints() == Dictionary(uniqueKeysWithValues: report.views.map { ($0.view, $0) }))
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
    try ledger.record(Array(Self.lines.dropFirst(100)))
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
    #expect(ledger.ledger.checkpoints().values.allSatisfy { $0.position == 100 }, "a check changes nothing")
  }

  @Test func `a replay to a position stores nothing`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines)
    _ = try ledger.ledger.replay(threads: 1, upTo: 100)
    #expect(ledger.ledger.checkpoints().isEmpty)
  }

  @Test func `one view alone can be replayed`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines)
    let all = try ledger.ledger.replay(threads: 1)
    let one = try ledger.ledger.replay(views: ["satisfaction"], threads: 1)
    #expect(one.views == all.views.filter { $0.view == "satisfaction" })
    #expect(throws: LedgerError.self) { _ = try ledger.ledger.replay(views: ["no-such-view"]) }
  }

  @Test(arguments: ["card", "perfect-orders", "satisfaction"])
  func `the check finds a stored digest that is not that of the log`(view: String) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines)
    var stored = try #require(try ledger.ledger.replay(threads: 1).views.first { $0.view == view })
    stored.digest = ViewDigest(low: 1, high: 2)
    try ledger.ledger.store(stored)
    let differences = try ledger.ledger.replay(check: true).differences
    #expect(differences.count == 1)
    #expect(differences.first?.hasPrefix("\(view): ") == true)
  }

  @Test func `the check finds a stored state beyond the end of the log`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines)
    var stored = try #require(try ledger.ledger.replay(threads: 1).views.first)
    stored.position += 1
    try ledger.ledger.store(stored)
    #expect(try ledger.ledger.replay(check: true).differences.count == 1)
  }

  @Test func `a checkpoint whose bytes were changed counts as absent`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines)
    _ = try ledger.ledger.replay(threads: 1)
    do {
      let views = try Environment(at: ledger.path + "/views", options: .init(access: .readWrite))
      let database = try #require(try views.openDatabase(named: "checkpoints", keys: String.self, create: false))
      var bytes = try Self.bytes(of: "card", in: database, of: views)
      bytes[30] ^= 1
      var transaction = try views.write()
      try transaction.put("card", bytes.span.bytes, in: database)
      try transaction.commit()
    }
    #expect(ledger.ledger.checkpoints().keys.sorted() == Catalogue.infos.map(\.name))
  }

  private static func bytes(
    of key: String, in database: Database<String>, of environment: Environment
  ) throws -> [UInt8] {
    let transaction = try environment.read()
    return try transaction.get(key, in: database)?.withUnsafeBytes { [UInt8]($0) } ?? []
  }
}
