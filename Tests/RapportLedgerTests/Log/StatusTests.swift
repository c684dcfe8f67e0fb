import Testing

@testable import RapportLedger

@Suite("Status")
struct StatusTests {
  @Test(
    "events by type and people who count are those of the lines, whatever the blocks",
    arguments: [[1_000], [1, 7, 30]])
  func counts(commits: [Int]) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(generatedLines(150), commits: commits)
    let status = try ledger.ledger.status()
    var types: [String: Int] = [:]
    var people: Set<String> = []
    try ledger.ledger.read { snapshot in
      try snapshot.log { event in
        types[event.type, default: 0] += 1
        let isCounted = EventKindSet.interactions.contains(Vocabulary.kind(ofType: event.type))
        if isCounted, let subject = event.subject { people.insert(subject) }
        return true
      }
    }
    #expect(Dictionary(uniqueKeysWithValues: status.types) == types)
    #expect(status.types.map(\.type) == types.keys.sorted())
    #expect(status.customers == people.count)
    #expect(status.events == 150)
  }

  /// How far a reader is behind is told by its commit, counted back from the last.
  @Test("the position before so many commits is found across blocks and segments")
  func commitsBack() throws {
    let ledger = try TestLedger(height: 4)
    let sizes = [1, 20, 3, 1, 1, 40, 2, 2, 16, 64]
    try ledger.record(generatedLines(150), commits: sizes)
    var ends: [UInt64] = [0]
    for size in sizes { ends.append(ends[ends.count - 1] + UInt64(size)) }
    #expect(ends.last == 150)
    try ledger.ledger.read { snapshot in
      #expect(snapshot.blocks.count > 3)
      for back in 0...sizes.count {
        let shown = try snapshot.position(commitsBack: back)
        #expect(shown == ends[sizes.count - back], "\(back) commits back")
      }
      let first = try snapshot.position(commitsBack: 1_000)
      #expect(first == 0)
    }
  }
}
