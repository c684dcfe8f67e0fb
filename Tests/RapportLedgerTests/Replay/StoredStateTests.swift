import Foundation
import Testing

@testable import RapportLedger

/// Stored outcomes and the events since give what the log alone gives.
@Suite("Stored states")
struct StoredStateTests {
  /// Each person's records of a projection, as a digest and a list.
  private func outcomes<P: Projection>(
    _ projection: P, _ ledger: TestLedger, limits: ReplayLimits = ReplayLimits(), storedOnly: Bool = false
  ) throws -> [String]? {
    try ledger.ledger.read { snapshot in
      let replay = Replay(limits: limits, threads: 2)
      let found =
        storedOnly ? try replay.stored(projection, over: snapshot) : try replay.run(projection, over: snapshot)
      guard let found else { return nil }
      let names = try NameHashes(snapshot)
      var lines: [String] = []
      try found.forEach { customer, records in
        var hasher = DigestHasher(names: names)
        hasher.begin(0)
        projection.digest(records, into: &hasher)
        lines.append("\(try snapshot.subject(customer)) \(hasher.finish())")
      }
      return lines.sorted()
    }
  }

  private func fresh<P: Projection>(
    _ projection: P, _ lines: [String], limits: ReplayLimits = ReplayLimits()
  ) throws -> [String]? {
    let ledger = try TestLedger(height: 8)
    try ledger.record(lines)
    return try outcomes(projection, ledger, limits: limits)
  }

  @Test(arguments: 1...6)
  func `catching up in any steps gives what a rebuild gives`(seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let lines = generatedLines(420, seed: UInt64(seed)).shuffled(using: &random)
    // In long blocks few people are looked for one by one.
    let ledger = try TestLedger(height: seed % 2 == 0 ? 5 : 10)
    var count = 0
    var caughtUp = 0
    for step in [150, 3, 40, 200, 1, 26] {
      try ledger.record(Array(lines[count..<count + step]), commits: [17])
      count += step
      if try outcomes(CardProjection(), ledger, storedOnly: true) != nil { caughtUp += 1 }
      let known = Array(lines.prefix(count))
      #expect(try outcomes(CardProjection(), ledger) == fresh(CardProjection(), known))
      #expect(try outcomes(PerfectOrders(), ledger) == fresh(PerfectOrders(), known))
      if step != 3 { _ = try ledger.ledger.replay(threads: 2) }
    }
    #expect(caughtUp >= 4, "the stored state was of use")
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
  }

  @Test(arguments: 1...6)
  func `merges and corrections since make no difference`(seed: Int) throws {
    let lines = IdentitySoup.lines(seed: UInt64(seed), events: 120)
    for first in [20, 60, 100, 119] {
      let ledger = try TestLedger(height: 4)
      try ledger.record(Array(lines.prefix(first)))
      _ = try ledger.ledger.replay(threads: 1)
      try ledger.record(Array(lines.dropFirst(first)))
      #expect(try outcomes(CardProjection(), ledger, storedOnly: true) == fresh(CardProjection(), lines))
      #expect(try outcomes(Seams(), ledger, storedOnly: true) == fresh(Seams(), lines))
      #expect(try outcomes(ServiceQuality(), ledger, storedOnly: true) == fresh(ServiceQuality(), lines))
      let early = ReplayLimits(time: instant("2025-01-04"))
      #expect(try outcomes(CardProjection(), ledger, limits: early) == fresh(CardProjection(), lines, limits: early))
      let known = ReplayLimits(position: 50)
      #expect(try outcomes(CardProjection(), ledger, limits: known) == fresh(CardProjection(), lines, limits: known))
    }
  }

  @Test(arguments: 1...4)
  func `cases that catch up say what a rebuild says`(seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let lines = generatedLines(600, customers: 25, seed: UInt64(seed)).shuffled(using: &random)
    let ledger = try TestLedger(height: 5)
    var count = 0
    var caughtUp = 0
    for step in [200, 3, 60, 150, 1] {
      try ledger.record(Array(lines[count..<count + step]), commits: [17])
      count += step
      if try outcomes(Seams(), ledger, storedOnly: true) != nil { caughtUp += 1 }
      let known = Array(lines.prefix(count))
      #expect(try outcomes(Seams(), ledger) == fresh(Seams(), known))
      #expect(try outcomes(ServiceQuality(), ledger) == fresh(ServiceQuality(), known))
      if step != 3 { _ = try ledger.ledger.replay(threads: 2) }
    }
    #expect(caughtUp >= 3, "the stored state was of use")
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
  }

  @Test func `corrections since are seen in the stored cases`() throws {
    let ledger = try given {
      Event("case.opened", "2025-01-01", ["case": "k", "kind": "enquiry"]).id("a")
      Event("case.resolved", "2025-01-02", ["case": "k", "by": "human"])
    }.ledger
    _ = try ledger.ledger.replay(threads: 1)
    let before = try #require(try outcomes(ServiceQuality(), ledger, storedOnly: true))
    try ledger.record([
      Event("event.corrected", "2025-02-01", ["source": "/spec", "id": "a", "set": ["kind": "complaint"]]).line(9)
    ])
    let after = try #require(try outcomes(ServiceQuality(), ledger, storedOnly: true))
    #expect(after != before)
    // The case now ends without having begun, and there is one that only begins.
    try ledger.record([
      Event("event.corrected", "2025-02-02", ["source": "/spec", "id": "a", "set": ["case": "l"]]).line(10)
    ])
    let moved = try #require(try outcomes(ServiceQuality(), ledger, storedOnly: true))
    #expect(moved != after)
    _ = try ledger.ledger.replay(threads: 1)
    #expect(try outcomes(ServiceQuality(), ledger, storedOnly: true) == moved)
    // An event of another in the case that was left, and what was moved away stays away.
    try ledger.record([Event("case.replied", "2025-02-03", ["case": "k", "by": "human"]).of("C2").line(11)])
    let all = try #require(try outcomes(ServiceQuality(), ledger, storedOnly: true))
    try FileManager.default.removeItem(atPath: ledger.path + "/views")
    #expect(try outcomes(ServiceQuality(), ledger) == all)
  }

  @Test func `corrections since are seen where nobody was merged`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").id("a").saying("revenue", "5.00")
      order("o2").placed("2025-01-01").of("C2")
    }.ledger
    _ = try ledger.ledger.replay(threads: 1)
    let before = try #require(try outcomes(CardProjection(), ledger, storedOnly: true))
    try ledger.record([
      Event("event.corrected", "2025-02-01", ["source": "/spec", "id": "a", "set": ["revenue": "6.00"]]).line(9)
    ])
    let after = try #require(try outcomes(CardProjection(), ledger, storedOnly: true))
    #expect(before[0] != after[0])
    #expect(before[1] == after[1])
    try ledger.record([Event("customer.merged", "2025-02-01", ["into": "C2"]).line(10)])
    #expect(try outcomes(CardProjection(), ledger, storedOnly: true)?.count == 1)
    #expect(try outcomes(CardProjection(), ledger)?.count == 1)
  }

  @Test func `the check names the first customer of whom something else is stored`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").of("A")
      order("o2").placed("2025-01-01").of("B")
      order("o3").placed("2025-01-01").of("C")
    }.ledger
    let report = try ledger.ledger.replay(views: ["card"], threads: 1)
    let store = ledger.ledger.stateStore
    var state = try #require(store.load("card", version: CardProjection.version))
    #expect(state.parts.count == 1)
    // The second and the third customer lose their records.
    let kept = Int(state.parts[0].people[0].records) * state.parts[0].recordBytes
    state.parts[0].records.removeLast(state.parts[0].records.count - kept)
    state.parts[0].people[1].records = 0
    state.parts[0].people[2].records = 0
    try store.store(report.views[0], StoredFold(state.parts))
    let differences = try ledger.ledger.replay(views: ["card"], check: true).differences
    #expect(differences.count == 1)
    #expect(differences.first?.contains("stored of B at") == true)
  }

  @Test func `a part whose bytes were changed is found, and not read`() throws {
    let ledger = try given { order("o1").placed("2025-01-01") }.ledger
    _ = try ledger.ledger.replay(threads: 1)
    let other = StateStore(path: ledger.ledger.stateStore.path, seed: 99)
    #expect(try other.damage()?.hasPrefix("what is stored of ") == true, "another ledger's seed")
    #expect(other.load("card", version: CardProjection.version)?.parts.isEmpty == true)
    #expect(ledger.ledger.stateStore.load("card", version: CardProjection.version + 1) == nil)
    #expect(try ledger.ledger.stateStore.damage() == nil)
    #expect(ledger.ledger.stateStore.load("card", version: CardProjection.version)?.parts.isEmpty == false)
  }

  @Test func `states that were deleted are not read any more, and others take their place`() throws {
    let ledger = try given { order("o1").placed("2025-01-01") }.ledger
    _ = try ledger.ledger.replay(threads: 1)
    #expect(ledger.ledger.checkpoints().count == Catalogue.projections.count)
    try FileManager.default.removeItem(atPath: ledger.path + "/views")
    #expect(ledger.ledger.checkpoints().isEmpty)
    _ = try ledger.ledger.replay(views: ["card"], threads: 1)
    #expect(ledger.ledger.checkpoints().count == 1)
  }

  @Test func `a flipped bit in a part is found by whoever reads what it is in`() throws {
    var part = StoredPart(number: 0, recordBytes: 8)
    for index in 0..<100 {
      part.people.append((customer: UInt32(3 * index), records: UInt32(index % 3)))
      for byte in 0..<index % 3 * 8 { part.records.append(UInt8((index * 7 + byte) % 256)) }
    }
    var bytes = part.sealed(7)
    func records(_ index: Int) -> [UInt8]? {
      bytes.withUnsafeBytes { PartInPlace(headOf: $0, seed: 7)?.records(at: index).map { [UInt8]($0) } }
    }
    let people = [0, 1, 63, 64, 98]
    let sound = people.map { records($0) }
    #expect(sound.map { $0?.count } == people.map { $0 % 3 * 8 })
    #expect(bytes.withUnsafeBytes { PartInPlace($0, seed: 7)?.index(of: 294) } == 98)
    #expect(bytes.withUnsafeBytes { PartInPlace($0, seed: 7)?.index(of: 295) } == nil)
    var (refused, read) = (0, 0)
    for place in bytes.indices {
      bytes[place] ^= 1 << UInt8(place % 8)
      #expect(bytes.withUnsafeBytes { PartInPlace($0, seed: 7) == nil })
      for (person, records) in zip(sound, people.map { records($0) }) {
        #expect(records == nil || records == person)
        if records == nil { refused += 1 } else { read += 1 }
      }
      bytes[place] ^= 1 << UInt8(place % 8)
    }
    #expect(refused > 0 && read > 0)
  }

  @Test func `what the firm has done since is asked for only where it is read`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01")
      Event("notice.published", "2025-01-01", ["notice": "news", "version": "1", "sha256": "00"]).ofTheFirm()
    }.ledger
    _ = try ledger.ledger.replay(threads: 1)
    try ledger.record([
      Event("import.batch", "2025-01-03", ["format": "x", "sha256": "00", "rows": 1, "rejected": 0]).ofTheFirm().line(
        7),
      Event("note.added", "2025-01-03").of("C9").line(8),
    ])
    let others = try #require(try outcomes(Consent(), ledger, storedOnly: true))
    #expect(try outcomes(Consent(), ledger) == others)
    try ledger.record([
      Event("notice.published", "2025-02-01", ["notice": "news", "version": "2", "sha256": "01"]).ofTheFirm().line(9)
    ])
    #expect(try outcomes(Consent(), ledger, storedOnly: true) == nil)
  }

  @Test func `what corrections and merges name in the open is the log's`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").id("a").saying("lines", [["sku": "a", "quantity": 1]])
      Event("event.corrected", "2025-02-01", ["source": "/spec", "id": "a", "set": ["channel": "unheard-of"]])
      Event(
        "event.corrected", "2025-02-02",
        ["source": "/spec", "id": "a", "set": ["lines": [["sku": "s", "group": "g", "quantity": 2]]]])
      Event(
        "event.corrected", "2025-02-03",
        ["source": "/spec", "id": "z", "set": ["reason": "late", "name": "Ann", "topic": ["Bob"]]])
      Event("customer.merged", "2025-02-04", ["into": "M-1"])
      Event("event.corrected", "2025-02-05", ["source": "/spec", "id": "z", "set": ["into": "M-2"]])
      Event("event.corrected", "2025-02-06", ["source": "/spec", "id": "z", "set": ["fields": ["read-1", "read-2"]]])
      Event("event.corrected", "2025-02-06", ["source": "/spec", "id": "z", "set": ["fields": ["Eve", ["x": 1]]]])
      Event(
        "event.corrected", "2025-02-07",
        [
          "source": "/spec", "id": "z",
          "set": [
            "set": [
              "hobby": ["value": "chess", "basis": "inferred", "n": 3], "Ivy": ["basis": "inferred", "n": "3"],
              "Joe": ["value": "go", "basis": "declared"], "Kim": 5,
            ]
          ],
        ])
      Event("referral.converted", "2025-02-07", ["from": "R-1"]).id("r")
      Event("event.corrected", "2025-02-08", ["source": "/spec", "id": "r", "set": ["from": "R-2"]])
    }.ledger
    let escaped = Event("event.corrected", "2025-02-07", ["source": "/spec", "id": "z", "set": ["channel": "escaped"]])
    try ledger.record([escaped.line(20).replacing("\"channel\"", with: "\"\\u0063hannel\"")])
    try ledger.ledger.read { snapshot in
      for name in ["unheard-of", "s", "g", "late", "read-1", "read-2", "escaped", "hobby", "R-2"] {
        let number = try snapshot.name(name)
        #expect(number != nil, "\(name)")
      }
      for text in ["Ann", "Bob", "Eve", "Ivy", "Joe", "Kim", "chess", "go"] {
        let sealed = try snapshot.name(text)
        #expect(sealed == nil, "what is sealed is named nowhere")
      }
      for id in ["M-1", "M-2", "R-2"] {
        let number = try snapshot.number(ofCustomer: Array(id.utf8))
        #expect(number <= snapshot.customerCount)
        let customer = try snapshot.customer(id)
        #expect(customer == nil, "no event is about it")
      }
      #expect(snapshot.customerCount == 4)
    }
    #expect(try ledger.ledger.status().customers == 1)
    _ = try ledger.ledger.replay(threads: 1)
    #expect(try outcomes(CardProjection(), ledger, storedOnly: true)?.count == 1)
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
    #expect(try ledger.ledger.verify().damage.isEmpty)
  }

  @Test func `corrections of what is sealed do not keep states from being stored`() throws {
    let ledger = try given {
      Event("customer.updated", "2025-01-01", ["set": ["age": ["value": 5, "basis": "declared"]]]).id("a")
      Event("referral.converted", "2025-01-01", ["from": "C2"]).id("b")
      Event(
        "event.corrected", "2025-02-01",
        ["source": "/spec", "id": "a", "set": ["set": ["hobby": ["value": "chess", "basis": "inferred", "n": 3]]]])
      Event("event.corrected", "2025-02-02", ["source": "/spec", "id": "b", "set": ["from": "C3"]])
    }.ledger
    #expect(try ledger.ledger.replay(threads: 1).isStorable)
    #expect(try outcomes(Understanding(), ledger, storedOnly: true) != nil)
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
  }

  @Test func `outcomes that name what the log does not are not stored`() throws {
    let ledger = try given { Event("message.received", "2025-01-01").id("a") }.ledger
    let correction = Event(
      "event.corrected", "2025-02-01", ["source": "/spec", "id": "a", "set": ["channel": "unheard-of"]])
    let batch = BatchBox(parsing: Array((correction.line(2) + "\n").utf8), seed: ledger.ledger.meta.seed)
    // As before corrections brought names with them.
    batch.value.mentions = []
    #expect(try LogWriter(ledger.ledger).append(&batch.value).accepted == 1)
    let report = try ledger.ledger.replay(threads: 1)
    #expect(!report.isStorable)
    #expect(try ledger.ledger.replay(threads: 1, upTo: 1).isStorable)
    let state = try #require(ledger.ledger.stateStore.load("card", version: CardProjection.version))
    #expect(state.parts.isEmpty)
    #expect(state.checkpoint == report.views.first { $0.view == "card" })
    #expect(try ledger.ledger.replay(check: true).differences.isEmpty)
  }
}

/// Parts to be stored as they are.
private final class StoredFold: AnyFold {
  let name = "card"
  let version = CardProjection.version
  let kinds: EventKindSet = []
  let columns = ColumnSet()
  let readsLines = false
  let gathering = Gathering.people
  let readsFirm = false
  let peopleCount = 0
  let digests = false
  let digest = ViewDigest()
  private let parts: [StoredPart]

  init(_ parts: [StoredPart]) { self.parts = parts }

  func prepare() {}
  func prepare(parts: Int) {}
  func foldFirm(
    _ chunk: borrowing HistoryChunk, _ snapshot: borrowing Snapshot, _ texts: DigestTexts?
  ) throws(LedgerError) {}
  func makeWorker(
    _ snapshot: borrowing Snapshot, _ texts: DigestTexts?, _ listings: RowListings
  ) throws(LedgerError) -> any FoldWorker { fatalError("never folded") }
  func forEachStoredPart(_ body: (StoredPart) throws -> Void) rethrows { for part in parts { try body(part) } }
  func firstDifference(
    from parts: [StoredPart], _ snapshot: borrowing Snapshot, names: NameHashes
  ) throws(LedgerError) -> String? { nil }
}
