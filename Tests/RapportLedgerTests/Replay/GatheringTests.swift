import Synchronization
import Testing

@testable import RapportLedger

/// What a projection is shown: the kinds that it names, the firm first, cases across subjects.
@Suite("Gathering")
struct GatheringTests {
  @Test(arguments: [1, 3])
  func `progress goes up to the events of the log, with people and cases alike`(threads: Int) throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(generatedLines(600))
    for views in [["card"], ["seams"], ["satisfaction", "seams"], nil] {
      let told = Mutex<[Int]>([])
      _ = try ledger.ledger.replay(
        views: views, threads: threads, upTo: 600, onProgress: { events in told.withLock { $0.append(events) } })
      let steps = told.withLock { $0 }
      #expect(steps.max() == 600 && steps.allSatisfy { $0 > 0 })
    }
  }

  @Test func `a history has the kinds of its projection only, also beside others`() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(generatedLines(300), commits: [40])
    let narrow = HistoryProbe(kinds: [.orderPlaced, .productViewed])
    let alone = try ledger.digest(narrow)
    try ledger.ledger.read { snapshot in
      let folds = [Fold(narrow, digests: true), Fold(HistoryProbe())]
      try Replay(threads: 2).run(folds, over: snapshot)
      #expect(folds[0].digest.description == alone)
      #expect(
        Set(folds[0].outcomes().records.map(\.kind)) == [
          EventKind.orderPlaced.rawValue, EventKind.productViewed.rawValue,
        ])
    }
  }

  @Test func `the firm's history comes first, and the others know what it gave`() throws {
    let ledger = try given {
      Event("note.added", "2025-01-01")
      Event("target.set", "2025-02-01", ["metric": "m", "value": 1, "owner": "o"]).ofTheFirm()
      Event("target.set", "2025-01-01", ["metric": "n", "value": 1, "owner": "o"]).ofTheFirm()
    }.ledger
    try ledger.ledger.read { snapshot in
      for customer in [nil, try snapshot.customer("C1")] {
        let outcomes = try Replay(threads: 1).run(HistoryProbe(readsFirm: true), over: snapshot, customer: customer)
        #expect(outcomes.people.map(\.customer) == [0, 1])
        #expect(outcomes.records.map(\.firmCount) == [0, 0, 2])
        #expect(outcomes.records.map(\.time) == ["2025-01-01", "2025-02-01", "2025-01-01"].map(instant))
      }
      let without = try Replay(threads: 1).run(HistoryProbe(), over: snapshot)
      #expect(without.people.map(\.customer) == [1])
    }
  }

  @Test func `a case is followed across subjects, by its field or the correlation`() throws {
    let ledger = try given {
      Event("case.opened", "2025-01-01", ["case": "k", "kind": "concern"]).of("A")
      Event("note.added", "2025-01-02").of("B").with("correlationid", "k")
      Event("thing.happened", "2025-01-03").ofTheFirm().with("correlationid", "k")
      Event("case.closed", "2025-01-04", ["case": "k"]).of("C").with("correlationid", "other")
      Event("answer.given", "2025-01-05", ["answer": "x", "by": "human", "case": "k"]).of("A")
      Event("note.added", "2025-01-02").of("A")
      Event("customer.merged", "2025-01-09", ["into": "Z"]).of("A")
    }.ledger
    #expect(
      try ledger.histories(HistoryProbe(gathering: .cases)) == [
        [
          "Z: 2025-01-01T00:00:00Z case.opened (A)", "Z: 2025-01-02T00:00:00Z note.added (B)",
          "Z: 2025-01-03T00:00:00Z other ()", "Z: 2025-01-04T00:00:00Z case.closed (C)",
          "Z: 2025-01-05T00:00:00Z answer.given (A)",
        ]
      ])
    #expect(try ledger.histories(HistoryProbe(gathering: .cases), of: "A").count == 1)
    #expect(try ledger.histories(HistoryProbe(gathering: .cases), of: "B").count == 0)
  }

  @Test func `a name can be asked for before it is known, and means the same afterwards`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(["channel": "web"])])
    try ledger.ledger.read { snapshot in
      let number = try snapshot.number(ofName: "unheard-of")
      #expect(try snapshot.number(ofName: "unheard-of") == number)
      #expect(try snapshot.number(ofName: "another") != number)
      #expect(try snapshot.name(number) == "unheard-of")
      #expect(try snapshot.number(ofName: "web") == snapshot.name("web"))
      #expect(try snapshot.name("unheard-of") == nil, "the log still does not know it")
    }
  }
}

/// The engine against the naive one: identity, corrections, retractions, both clocks, people and cases.
@Suite("A second opinion on histories")
struct HistorySecondOpinionTests {
  @Test(arguments: 1...24)
  func `histories agree at every time and position`(seed: Int) throws {
    let lines = IdentitySoup.lines(seed: UInt64(seed))
    let ledger = try TestLedger(height: seed % 2 == 0 ? 4 : 8)
    let summary = try ledger.record(lines, commits: [7, 30, 11])
    try #require(summary.accepted == lines.count)
    for gathering in [Gathering.people, .cases] {
      for (end, count) in [
        ("2026-01-01T00:00:00Z", lines.count), ("2025-01-05T01:00:00Z", lines.count), ("2026-01-01T00:00:00Z", 90),
        ("2025-01-06T00:00:00Z", 120),
      ] {
        let wanted = try NaiveHistories.histories(lines, upTo: end, knowing: count, perCase: gathering == .cases)
        let found = try ledger.histories(
          HistoryProbe(gathering: gathering), limits: ReplayLimits(time: instant(end), position: UInt64(count)),
          threads: 1 + seed % 3)
        #expect(found == wanted)
      }
    }
    let people = try ledger.histories()
    for customer in ["C0", "C3", "C8", "G0"] {
      let found = try ledger.histories(of: customer)
      #expect(found.count <= 1)
      #expect(found.allSatisfy(people.contains))
    }
  }

  @Test(arguments: 1...6)
  func `a case is the same person's whatever else is replayed`(seed: Int) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(IdentitySoup.lines(seed: UInt64(seed)))
    let together = try ledger.digests()
    for view in [ServiceQuality.name, Seams.name] {
      #expect(try ledger.ledger.replay(views: [view], threads: 1).views.map(\.digest.description) == [together[view]])
    }
  }

  @Test(arguments: 1...6)
  func `any permutation gives equal digests`(seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let lines = IdentitySoup.lines(seed: UInt64(seed))
    var digests: Set<String> = []
    var views: Set<[String: String]> = []
    for height in [4, 8, 16] {
      let ledger = try TestLedger(height: height)
      try ledger.record(lines.shuffled(using: &random), commits: [1, 50, 3])
      for gathering in [Gathering.people, .cases] {
        digests.insert("\(gathering) " + (try ledger.digest(HistoryProbe(gathering: gathering), threads: 2)))
      }
      views.insert(try ledger.digests(threads: 2))
    }
    #expect(digests.count == 2)
    #expect(views.count == 1)
  }
}
