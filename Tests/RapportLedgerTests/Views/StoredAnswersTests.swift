import Testing

@testable import RapportLedger

/// Views answer the same from stored parts, on any number of threads, as from the log.
@Suite("Answers from stored states")
struct StoredAnswersTests {
  private static let asOf = instant("2026-01-01")

  /// Every view with each of its groupings and options.
  private static func queries() -> [(view: String, query: ViewQuery)] {
    Catalogue.infos.flatMap { info in
      let plain = ViewQuery(asOf: asOf)
      var queries = [plain]
      for grouping in info.definition.groupings { queries.append(ViewQuery(asOf: asOf, grouping: grouping)) }
      for option in info.definition.options {
        var query = plain
        if case .choice(let words) = option.kind { query.options[option.name] = words[0] }
        if case .flag = option.kind { query.options[option.name] = "" }
        queries.append(query)
      }
      return queries.map { (info.name, $0) }
    }
  }

  private static func answers(_ ledger: TestLedger, threads: Int) throws -> [String] {
    try queries().map { view, query in
      let answer = try ledger.ledger.read { snapshot in
        try Catalogue.answer(
          view, query, over: snapshot, replay: Replay(limits: ReplayLimits(time: asOf), threads: threads))
      }
      #expect(answer.writtenJSON == answer.json.text, "\(view)")
      return answer.json.text
    }
  }

  @Test func `the number of threads makes no difference, nor whether the states are stored`() throws {
    // Several parts of 4,096 customers.
    let lines = generatedLines(15_000, customers: 10_000)
    let ledger = try TestLedger(height: 12)
    try ledger.record(Array(lines.dropLast(40)))
    let early = try Self.answers(ledger, threads: 2)
    _ = try ledger.ledger.replay(threads: 2)
    for threads in [1, 2, 3] { #expect(try Self.answers(ledger, threads: threads) == early) }
    // Now some people are touched since.
    try ledger.record(Array(lines.suffix(40)))
    let caughtUp = try Self.answers(ledger, threads: 1)
    #expect(caughtUp != early)
    #expect(try Self.answers(ledger, threads: 3) == caughtUp)
    let fresh = try TestLedger(height: 12)
    try fresh.record(lines)
    #expect(try Self.answers(fresh, threads: 2) == caughtUp)
  }

  @Test(arguments: 1...3)
  func `merges, corrections and retractions since are in every answer, and what they leave out`(seed: Int) throws {
    let lines = IdentitySoup.lines(seed: UInt64(seed), events: 150)
    for first in [40, 110, 145] {
      let ledger = try TestLedger(height: 4)
      try ledger.record(Array(lines.prefix(first)))
      _ = try ledger.ledger.replay(threads: 1)
      try ledger.record(Array(lines.dropFirst(first)))
      let fresh = try TestLedger(height: 4)
      try fresh.record(Array(lines.prefix(first)))
      try fresh.record(Array(lines.dropFirst(first)))
      #expect(try Self.answers(ledger, threads: 2) == Self.answers(fresh, threads: 2))
    }
  }

  @Test func `a log whose corrections do not say of themselves what they are about is read like any other`() throws {
    let lines = IdentitySoup.lines(seed: 9, events: 150)
    let ledger = try TestLedger(height: 4)
    try ledger.record(lines)
    let old = try TestLedger(height: 4)
    let batch = BatchBox(parsing: Array((lines.joined(separator: "\n") + "\n").utf8), seed: old.ledger.meta.seed)
    for event in 0..<batch.value.count where EventKindSet.corrections.contains(batch.value.facts[event].kind) {
      batch.value.facts[event].object = 0
      batch.value.facts[event].marks.remove(.setsCase)
    }
    batch.value.mentions = []
    let recording = Recording(old.ledger, options: IngestOptions())
    _ = try recording.prepare()
    try recording.record(batch)
    #expect(try Self.answers(old, threads: 2) == Self.answers(ledger, threads: 2))
    #expect(try old.digests() == ledger.digests())
    _ = try old.ledger.replay(threads: 1)
    #expect(try Self.answers(old, threads: 2) == Self.answers(ledger, threads: 2))
  }

  @Test func `of one customer, too, whether events since are theirs, another's or the firm's`() throws {
    func answers(_ ledger: TestLedger, _ customers: [String]) throws -> [String] {
      try ledger.ledger.read { snapshot in
        try customers.flatMap { customer in
          let number = try #require(try snapshot.customer(customer))
          return try Catalogue.infos.map { info in
            var query = ViewQuery(asOf: Self.asOf)
            query.customer = number
            return try Catalogue.answer(
              info.name, query, over: snapshot, replay: Replay(limits: ReplayLimits(time: Self.asOf), threads: 2)
            ).json.text
          }
        }
      }
    }
    let lines = generatedLines(2_500, customers: 90, seed: 5)
    let ledger = try TestLedger(height: 8)
    try ledger.record(Array(lines.dropLast(300)))
    let customers = (1...90).map { "C" + String("\(1_000_000 + $0)".dropFirst()) }
    let known = try ledger.ledger.read { snapshot in
      try customers.filter { try snapshot.customer($0) != nil }
    }
    let early = try answers(ledger, known)
    _ = try ledger.ledger.replay(threads: 1)
    #expect(try answers(ledger, known) == early)
    // A few at a time: of some customers nothing new, of others much, merges and the firm's doings among it.
    let fresh = try TestLedger(height: 8)
    try fresh.record(Array(lines.dropLast(300)))
    for step in 0..<6 {
      let some = Array(lines.suffix(300)[lines.count - 300 + step * 50..<lines.count - 250 + step * 50])
      try ledger.record(some)
      try fresh.record(some)
      let wanted = known.shuffled().prefix(12)
      #expect(try answers(ledger, Array(wanted)) == answers(fresh, Array(wanted)))
    }
  }

  @Test func `what is stored of one customer is what is answered`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").of("A")
      order("o2").placed("2025-01-01").of("B")
    }.ledger
    // Stored as if there had been one order: to tell it from what the log says.
    let report = try ledger.ledger.replay(views: ["perfect-orders"], threads: 1)
    func records(of customer: String) throws -> Int {
      try ledger.ledger.read { snapshot in
        try Replay().run(PerfectOrders(), over: snapshot, customer: snapshot.customer(customer)).records.count
      }
    }
    #expect(try records(of: "A") == 1)
    let some = Fold(PerfectOrders())
    _ = try ledger.ledger.read { try Replay(limits: ReplayLimits(position: 1)).run([some], over: $0) }
    try ledger.ledger.stateStore.store(report.views[0], some)
    #expect(try (records(of: "A"), records(of: "B")) == (1, 0))
    // An event of hers, and the log is asked again.
    try ledger.record([
      #"{"specversion":"1.0","id":"n","source":"t","type":"note.added","time":"2025-02-01T00:00:00Z","subject":"B","data":{}}"#
    ])
    #expect(try (records(of: "A"), records(of: "B")) == (1, 1))
  }

  @Test func `a damaged part is not counted`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").of("A")
      order("o2").placed("2025-01-01").of("B")
    }.ledger
    let before = try Self.answers(ledger, threads: 2)
    _ = try ledger.ledger.replay(threads: 1)
    // What is stored was sealed for another ledger.
    let store = ledger.ledger.stateStore
    let report = try ledger.ledger.replay(views: ["perfect-orders"], threads: 1)
    let fold = Fold(PerfectOrders())
    fold.prepare(parts: 0)
    try StateStore(path: store.path, seed: 99).store(report.views[0], fold)
    #expect(try store.damage() == "what is stored of perfect-orders is not what was written")
    #expect(try Self.answers(ledger, threads: 2) == before)
  }

  @Test func `several threads may ask while another stores`() throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(generatedLines(600))
    _ = try ledger.ledger.replay(threads: 1)
    let expected = try Self.answers(ledger, threads: 2)
    let log = ledger.ledger
    let found = try mapInParallel(4, threads: 4) { (thread: Int) throws -> [String] in
      if thread == 0 {
        for _ in 0..<3 { _ = try log.replay(threads: 1) }
        return expected
      }
      return try Self.queries().map { view, query in
        try log.read { snapshot in
          try Catalogue.answer(view, query, over: snapshot, replay: Replay(limits: ReplayLimits(time: Self.asOf)))
        }.json.text
      }
    }
    for answers in found { #expect(answers == expected) }
  }
}

/// The shared machinery of views against its definition.
@Suite("Machinery of views")
struct ViewMachineryTests {
  @Test(arguments: 1...20)
  func `percentiles of merged groups are those of all values`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    let names = Array(0..<7).shuffled(using: &random)
    var expected: [Int: [Int64]] = [:]
    /// By the group's place the name that it stands for.
    func counted(_ count: Int) -> (GroupedPercentiles, [Int]) {
      var (values, places) = (GroupedPercentiles(), [Int]())
      for _ in 0..<count {
        let name = names.randomElement(using: &random)!
        if !places.contains(name) { places.append(name) }
        let value =
          Bool.random(using: &random)
          ? Int64.random(in: 0...3, using: &random)
          : Int64.random(
            in: seed % 2 == 0 ? -2_000_000_000...2_000_000_000 : -9_223_372_037...9_223_372_036, using: &random)
        values.add(value, to: places.firstIndex(of: name)!)
        expected[name, default: []].append(value)
      }
      return (values, places)
    }
    var (all, places) = counted(40)
    for _ in 0..<3 {
      let (later, theirs) = counted(300)
      for name in theirs where !places.contains(name) { places.append(name) }
      all.append(later, groups: theirs.map { places.firstIndex(of: $0)! })
    }
    let found = all.percentiles(1, 50, 90, 100, groups: places.count)
    for (name, group) in zip(places, found) {
      let sorted = expected[name]!.sorted()
      #expect(group.count == sorted.count)
      #expect(group.values == [1, 50, 90, 100].map { sorted[($0 * sorted.count + 99) / 100 - 1] })
    }
  }

  @Test(arguments: 1...10)
  func `presence counts the stretches that a time lies in`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    func time() -> Int64 { [Int64.min, .max, Int64.random(in: 0...20, using: &random)].randomElement(using: &random)! }
    var presence = Presence()
    var stretches: [(Int64, Int64)] = []
    for _ in 0..<50 {
      let (a, b) = (time(), time())
      presence.add(min(a, b), max(a, b))
      stretches.append((min(a, b), max(a, b)))
    }
    let times = (0..<12).map { _ in time() }
    #expect(presence.counts(at: times) == times.map { time in stretches.count { $0.0 <= time && time <= $0.1 } })
  }

  @Test(arguments: 1...10)
  func `rows come bytewise by their keys, null last`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    let texts: [String?] = [
      nil, "", "a", "a\0", "aa", "é", "customer-0000001", "customer-00000012", "customer-00000011", "z",
    ]
    var rows = KeyedRows<ViewRow>()
    var keys: [[String?]] = []
    for _ in 0..<60 {
      let key = [texts.randomElement(using: &random)!, texts.randomElement(using: &random)!]
      keys.append(key)
      rows.add(ViewRow(["a": .text(orNone: key[0]), "b": .text(orNone: key[1])]), by: key[0], key[1])
    }
    func bytes(_ key: String?) -> [UInt16] { key.map { $0.utf8.map { UInt16($0) } } ?? [.max] }
    keys.sort { a, b in
      a[0] == b[0]
        ? bytes(a[1]).lexicographicallyPrecedes(bytes(b[1])) : bytes(a[0]).lexicographicallyPrecedes(bytes(b[0]))
    }
    #expect(rows.sorted == keys.map { ViewRow(["a": .text(orNone: $0[0]), "b": .text(orNone: $0[1])]) })
  }

  @Test(
    "an answer is written alike in one piece and in several, of rows that are kept and of those that are made",
    arguments: [0, 1, 2, 9_000, 40_000], [true, false])
  func text(count: Int, isKept: Bool) {
    let row: @Sendable (Int) -> ViewRow = { ViewRow(["n": .count($0)]) }
    let rows = isKept ? ViewRows.Rows((0..<count).map(row)) : ViewRows.Rows(of: Array(0..<count), row)
    var answer = ViewAnswer(
      view: "own", version: 1, from: nil, to: nil, asOf: 0, knownAt: nil, position: 7, rows: ViewRows(rows))
    answer.counterweights = [("other", [ViewRow(["text": .text("…")])])]
    #expect(answer.writtenJSON == answer.json.text)
  }
}

extension ViewAnswer {
  fileprivate var writtenJSON: String {
    var text: [UInt8] = []
    writeJSON { text += $0 }
    return String(decoding: text, as: UTF8.self)
  }
}
