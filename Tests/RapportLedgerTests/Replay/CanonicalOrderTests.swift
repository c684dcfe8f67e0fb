import Testing

@testable import RapportLedger

/// At equal times: type, sequence (absent first, shorter first, then bytes), source, id – within a block and across.
@Suite("The canonical order")
struct CanonicalOrderTests {
  /// Events of one instant in canonical order.
  static let ordered: [String] = {
    let long = String(repeating: "7", count: 7)
    let sequences: [JSON?] = [
      .some(nil), "2", "9", "10", "99", .string(long), .string(long + "0"), .string(long + "1"), .string(long + "ab"),
      .string(long + "ac"), .string(long + "äa"), .string(long + "äb"),
      .string(String(repeating: "a", count: 255) + "x"), .string(String(repeating: "a", count: 255) + "y"),
      .string(String(repeating: "a", count: 256) + "x"), .string(String(repeating: "a", count: 400)),
    ]
    var events: [[String: JSON?]] = []
    for type in ["note.added", "case.closed", "order.shipped", "order.delivered", "zzz.unknown"] {
      for sequence in type == "note.added" || type == "zzz.unknown" ? sequences : [.some(nil)] {
        for (source, id) in [("/a", "b"), ("/a", "ba"), ("/a", "ä"), ("/a/", "a"), ("/b", "")] {
          events.append([
            "type": .string(type), "sequence": sequence, "source": .string(source),
            "id": .string("\(id)-\(events.count)"),
            "data": ["case": "c", "order": "o"],
          ])
        }
      }
    }
    return events.map { envelope($0) }
  }()

  private func ids(_ ledger: TestLedger) throws -> [String] {
    var ids: [String] = []
    _ = try ledger.ledger.read { snapshot in
      try snapshot.timeline(of: "C1") { event in
        ids.append(try JSON(reading: String(decoding: event.json, as: UTF8.self))["id"]!.text!)
        return true
      }
    }
    return ids
  }

  @Test(arguments: [1, 2, 3, 4], [[1], [7], [40, 3], [1000]])
  func `ties are settled the same way within blocks and across them`(seed: Int, commits: [Int]) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let ledger = try TestLedger(height: seed % 2 == 0 ? 4 : 8)
    try ledger.record(Self.ordered.shuffled(using: &random), commits: commits)
    #expect(try ids(ledger) == Self.ordered.map { try JSON(reading: $0)["id"]!.text! })
  }

  @Test func `a number and a text of the same digits are the same sequence`() throws {
    let ledger = try TestLedger()
    try ledger.record([
      envelope(["id": "b", "sequence": "12345678"]), envelope(["id": "a", "sequence": 12_345_678]),
      envelope(["id": "c", "sequence": "\u{31}2345677"]),
    ])
    #expect(try ids(ledger) == ["c", "a", "b"])
  }

  @Test func `an absent sequence stands before an empty one`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(["id": "a", "sequence": ""]), envelope(["id": "b"])])
    let found = try ids(ledger)
    #expect(found == ["b", "a"])
  }

  @Test func `time comes first, by the nanosecond`() throws {
    let ledger = try TestLedger()
    try ledger.record([
      envelope(["id": "b", "time": "2025-03-01T00:00:00.000000001Z", "type": "note.added"]),
      envelope(["id": "a", "time": "2025-03-01T00:00:00Z", "type": "zzz.unknown"]),
      envelope(["id": "c", "time": "1700-03-01T00:00:00Z"]),
    ])
    #expect(try ids(ledger) == ["c", "a", "b"])
  }

  @Test func `the sequence of text decides what a card shows`() throws {
    func registered(_ id: String, _ kind: String, _ sequence: String) -> String {
      envelope([
        "id": .string(id), "type": "customer.registered", "data": ["kind": .string(kind)],
        "sequence": .string(sequence),
      ])
    }
    let lines = [registered("a", "b2b", "00000002"), registered("b", "b2c", "00000001")]
    for lines in [lines, lines.reversed()] {
      let ledger = try TestLedger()
      try ledger.record(lines, commits: [1])
      #expect(try JSON(reading: ledger.card("C1"))["kind"] == "b2b")
    }
  }

  @Test(arguments: ["3", "00000003", "\u{6B}0000003"])
  func `the sequence of an event is the corrected one`(sequence: String) throws {
    let story = try given {
      Event("customer.registered", "2025-03-01", ["kind": "b2b"]).with("sequence", "1").id("a")
      Event("customer.registered", "2025-03-01", ["kind": "b2c"]).with("sequence", "2")
      Event("event.corrected", "2025-03-02", ["source": "/spec", "id": "a", "set": ["sequence": .string(sequence)]])
    }
    #expect(try JSON(reading: story.ledger.card("C1"))["kind"] == "b2b")
    try story.ledger.record([
      Event("event.corrected", "2025-03-03", ["source": "/spec", "id": "a", "set": ["sequence": .null]]).line(9)
    ])
    #expect(try JSON(reading: story.ledger.card("C1"))["kind"] == "b2c")
  }
}

@Suite("Sequence keys")
struct SequenceKeyTests {
  private func key(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBufferPointer { SequenceKey.make($0) } }

  @Test func `shorter first, then byte by byte`() {
    let ordered = ["", "0", "9", "a", "ä", "00", "0a", "zz", "1234567", "1234568", "00000000", "12345678"]
    let sorted = ordered.sorted {
      ($0.utf8.count, Array($0.utf8).map { Int($0) }) < ($1.utf8.count, Array($1.utf8).map { Int($0) })
    }
    let keys = sorted.map(key)
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `up to seven bytes a key is exact, beyond it says that it may not be`() {
    #expect(SequenceKey.isExact(key("1234567")))
    #expect(!SequenceKey.isExact(key("12345678")))
    #expect(key("12345678") == key("12345679"), "the eighth byte is not in the key")
    #expect(key(String(repeating: "x", count: 255)) == key(String(repeating: "x", count: 999)))
  }
}

/// Lists of numbers in the order of dictionaries.
private func < (a: (Int, [Int]), b: (Int, [Int])) -> Bool {
  a.0 != b.0 ? a.0 < b.0 : a.1.lexicographicallyPrecedes(b.1)
}
