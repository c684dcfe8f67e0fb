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

  @Test("customers are people with at least one event that counts, as in replay")
  func people() throws {
    let story = try given {
      Event("note.added", "2025-03-01").of("C1")
      Event("note.added", "2025-03-01").of("C2")
      Event("customer.merged", "2025-03-02", ["into": "C1"]).of("C2")
      // Nothing counts of either: a merge into an id that has no events.
      Event("customer.merged", "2025-03-02", ["into": "C4"]).of("C3")
      Event("note.added", "2025-03-01").of("C5").id("wrong")
      Event("event.retracted", "2025-03-02", ["source": "/spec", "id": "wrong", "reason": "another customer's"]).of(
        "C5")
      // As many retractions as events, but of one of them.
      for name in ["a", "b"] { Event("note.added", "2025-03-01").of("C8").id(name) }
      for reason in ["twice", "wrong"] {
        Event("event.retracted", "2025-03-02", ["source": "/spec", "id": "a", "reason": .string(reason)]).of("C8")
      }
      Event("note.added", "2025-03-01").of("C6")
      Event("customer.merged", "2025-03-02", ["into": "C7"]).of("C6")
      Event("customer.unmerged", "2025-03-03", ["from": "C7"]).of("C6")
      Event("note.added", "2025-03-01").of("C7")
      Event("journey.walked", "2025-03-01", ["by": "e1", "role": "lead", "journey": "return"]).ofTheFirm()
    }
    #expect(try story.ledger.ledger.status().customers == 4)
  }

  @Test("over wild histories customers are those of a replay of the card", arguments: 1...3 as ClosedRange<UInt64>)
  func peopleOfReplay(seed: UInt64) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(IdentitySoup.lines(seed: seed, events: 40), commits: [7])
    let replayed = try ledger.ledger.replay(views: ["card"], threads: 1)
    #expect(try ledger.ledger.status().customers == replayed.views[0].customers)
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
