import Testing

@testable import RapportLedger

/// The law of the ledger: the state of a customer is a function of the set of events, not of the order in which they
/// arrived, nor of how they were cut into commits, nor of the size of segments.
@Suite("The law of order")
struct LawTests {
  static let lines = generatedLines(700)

  /// The state that every test compares with: one commit, in order of time, no segment sealed.
  static func wanted() throws -> [String: String] {
    let ledger = try TestLedger(height: 16)
    try ledger.record(lines)
    return try ledger.digests()
  }

  @Test("any permutation gives equal digests at every height", arguments: [4, 8, 16], [UInt64](1...3))
  func permutations(height: Int, seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let ledger = try TestLedger(height: height)
    let summary = try ledger.record(Self.lines.shuffled(using: &random), commits: [1, 100, 7, 300, 50])
    #expect(summary.accepted == Self.lines.count)
    #expect(try ledger.digests() == Self.wanted())
  }

  @Test("the number of threads does not matter", arguments: [1, 2, 3, 8])
  func threads(count: Int) throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(Self.lines, commits: [90])
    #expect(try ledger.digests(threads: count) == Self.wanted())
  }

  @Test("the cut into commits does not matter", arguments: [[1], [16], [17], [3, 64, 5]])
  func commits(sizes: [Int]) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines, commits: sizes)
    #expect(try ledger.digests() == Self.wanted())
  }

  @Test("the same stream twice changes nothing")
  func twice() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines, commits: [33])
    let before = try ledger.digests()
    let again = try ledger.record(Self.lines, commits: [100])
    #expect(again.accepted == 0)
    #expect(again.duplicates == Self.lines.count)
    #expect(try ledger.digests() == before)
  }

  @Test("what the log prints makes an equal ledger")
  func reingested() throws {
    let first = try TestLedger(height: 4)
    try first.record(Self.lines, commits: [33])
    let second = try TestLedger(height: 8)
    let summary = try second.record(try first.log())
    #expect(summary.accepted == Self.lines.count)
    #expect(try second.digests() == Self.wanted())
  }

  @Test("sealing and merging change no event and no position", arguments: [[1], [5], [40]])
  func sealing(sizes: [Int]) throws {
    let small = try TestLedger(height: 4)
    try small.record(Self.lines, commits: sizes)
    let large = try TestLedger(height: 16)
    try large.record(Self.lines)
    #expect(try small.log() == large.log())
  }

  @Test("the tail never has more blocks than its height asks for")
  func tail() throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(Array(Self.lines.prefix(255)), commits: [1])
    let counts = try ledger.ledger.read { snapshot in snapshot.blocks.map(\.count) }
    #expect(counts.count <= 9)
    #expect(counts.reduce(0, +) == 255)
  }
}
