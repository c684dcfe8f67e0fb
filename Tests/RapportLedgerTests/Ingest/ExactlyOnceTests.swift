import Testing

@testable import RapportLedger

/// `source` + `id` name an event for ever: the same content again is a duplicate, other content a conflict.
@Suite("Exactly once")
struct ExactlyOnceTests {
  static let first = """
    {"specversion":"1.0","id":"e1","source":"/s","type":"order.placed","subject":"C1","time":"2025-03-01T12:00:00Z",\
    "channel":"web","mine":1,"data":{"order":"o1","currency":"EUR","revenue":"5","promised_at":"2025-03-10T00:00:00Z",\
    "lines":[{"sku":"a","quantity":1,"price":"2.50"}],"note":"Grüße","free":{"x":10,"y":[1,2]}}}
    """

  /// What is replaced, by what.
  static let duplicates: [(String, String)] = [
    ("", ""),
    ("{\"specversion\":\"1.0\",\"id\":\"e1\",", "{ \"id\" : \"e1\" , \"specversion\" :\t\"1.0\","),
    ("\"mine\":1", "\"mine\":1.0"), ("\"mine\":1", "\"mine\":10e-1"), ("\"x\":10", "\"x\":1e1"),
    ("\"quantity\":1", "\"quantity\":1.0"),
    ("\"revenue\":\"5\"", "\"revenue\":\"5.00\""), ("\"revenue\":\"5\"", "\"revenue\":5"),
    ("\"revenue\":\"5\"", "\"revenue\":5.0000"), ("\"price\":\"2.50\"", "\"price\":2.5"),
    ("2025-03-01T12:00:00Z", "2025-03-01T13:00:00+01:00"), ("2025-03-01T12:00:00Z", "2025-03-01t12:00:00.000z"),
    ("2025-03-10T00:00:00Z", "2025-03-09T19:00:00-05:00"),
    ("Grüße", "Gr\\u00fc\\u00DFe"), ("\"mine\"", "\"m\\u0069ne\""), ("\"order\":\"o1\"", "\"\\u006frder\":\"o1\""),
    ("\"mine\":1", "\"mine\":1,\"other\":null"), ("\"note\"", "\"nothing\":null,\"note\""),
    ("\"mine\":1", "\"mine\":1,\"sequence\":\"7\""),
    ("\"mine\":1", "\"mine\":1,\"recordedtime\":\"2025-03-02T00:00:00Z\""),
    ("\"mine\":1", "\"mine\":1,\"ledgerposition\":99,\"ledgertime\":\"x\""),
    ("\"x\":10,\"y\":[1,2]", "\"y\":[ 1, 2 ],\"x\":10"),
    ("\"quantity\":1,\"price\":\"2.50\"", "\"price\":\"2.50\",\"quantity\":1"),
    ("\"channel\":\"web\"", "\"channel\":\"w\\u0065b\""),
  ]

  static let conflicts: [(String, String)] = [
    ("\"mine\":1", "\"mine\":2"), ("\"mine\":1", "\"mine\":\"1\""), ("\"mine\":1", "\"mine\":true"),
    (",\"mine\":1", ""),
    ("\"channel\":\"web\"", "\"channel\":\"app\""), ("12:00:00Z", "12:00:00.000000001Z"),
    (",\"time\":\"2025-03-01T12:00:00Z\"", ""), ("\"subject\":\"C1\"", "\"subject\":\"C2\""),
    ("order.placed", "com.example.order.placed"), ("order.placed", "thing.placed"),
    ("\"revenue\":\"5\"", "\"revenue\":\"5.0001\""), (",\"revenue\":\"5\"", ""), ("\"EUR\"", "\"CHF\""),
    ("2025-03-10T00:00:00Z", "2025-03-10"), ("\"quantity\":1", "\"quantity\":2"), ("\"y\":[1,2]", "\"y\":[2,1]"),
    ("\"y\":[1,2]", "\"y\":[1,2,null]"), ("Grüße", "Gru\u{308}ße"), ("\"x\":10", "\"X\":10"),
    ("\"mine\":1", "\"mine\":1,\"correlationid\":\"o1\""),
  ]

  private static func varied(_ change: (String, String)) -> String {
    change.0.isEmpty ? first : first.replacing(change.0, with: change.1, maxReplacements: 1)
  }

  @Test(arguments: duplicates.indices)
  func `the same event in another form is a duplicate, in one commit and in the next`(index: Int) throws {
    let other = Self.varied(Self.duplicates[index])
    #expect(index == 0 || other != Self.first, "the case changes something")
    for commits in [[2], [1]] {
      let summary = try TestLedger().record([Self.first, other], commits: commits)
      #expect(summary.accepted == 1 && summary.duplicates == 1 && summary.rejected == 0)
    }
    let summary = try TestLedger().record([other, Self.first], commits: [1])
    #expect(summary.accepted == 1 && summary.duplicates == 1, "in the other order, too")
  }

  @Test(arguments: conflicts.indices)
  func `another content under the same name is a conflict, in one commit and in the next`(index: Int) throws {
    let other = Self.varied(Self.conflicts[index])
    #expect(!other.utf8.elementsEqual(Self.first.utf8), "the case changes something")
    for commits in [[2], [1]] {
      let ledger = try TestLedger()
      let summary = try ledger.record([Self.first, other], commits: commits)
      #expect(summary.accepted == 1 && summary.conflicts == 1 && summary.rejected == 1 && summary.duplicates == 0)
      #expect(try ledger.log().count == 1)
    }
  }

  @Test(arguments: [("\"id\":\"e1\"", "\"id\":\"e2\""), ("\"source\":\"/s\"", "\"source\":\"/t\"")])
  func `another id or another source is another event`(from: String, to: String) throws {
    let summary = try TestLedger().record([Self.first, Self.first.replacing(from, with: to)], commits: [1])
    #expect(summary.accepted == 2)
  }

  @Test func `source and id are not run together`() throws {
    let lines = [envelope(["source": "/a", "id": "bc"]), envelope(["source": "/ab", "id": "c"])]
    #expect(try TestLedger().record(lines).accepted == 2)
  }

  @Test func `a name is remembered when the ledger is opened again, sealed or not`() throws {
    let path = TemporaryPath()
    let lines = (0..<40).map { envelope(["id": .string("\($0)")]) }
    let changed = lines.map { $0.replacing("C1", with: "C2") }
    func record(_ lines: [String]) throws -> IngestSummary {
      let ledger = try Ledger(at: path.path, for: .writing, height: 4, mapBytes: 1 << 30)
      let recording = Recording(ledger, options: IngestOptions())
      try recording.record(
        BatchBox(parsing: Array((lines.joined(separator: "\n") + "\n").utf8), seed: ledger.meta.seed))
      return recording.summary
    }
    for line in lines { #expect(try record([line]).accepted == 1) }
    #expect(try record(lines).duplicates == 40)
    #expect(try record(changed).conflicts == 40)
  }

  @Test func `a conflict names the position of the one and the line of the other`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(["id": "x"]), Self.first], commits: [1])
    let other = Self.first.replacing("web", with: "app")
    try ledger.record([envelope(["id": "y"]), other])
    let reject = try #require(try ledger.rejects().last)
    #expect(reject["field"] == "id")
    #expect(reject["line"] == 2)
    #expect(reject["text"] == .string(other))
    let reason = try #require(reject["reason"]?.text)
    #expect(reason.contains("position 2") && reason.contains("line 2"))
  }

  @Test func `an assumed time counts as absent`() throws {
    let ledger = try TestLedger()
    let line = envelope(["time": .some(nil)])
    #expect(try ledger.record([line, line, envelope(["time": .null])], commits: [1]).duplicates == 2)
    let printed = try #require(try ledger.log().first)
    #expect(printed.contains("\"timeassumed\":true"))
    let summary = try ledger.record([printed])
    #expect(summary.duplicates == 1, "what the log prints is the same event")
    #expect(try ledger.record([envelope()]).conflicts == 1, "a time that was sent is other content")
  }

  @Test func `what the log of another ledger prints of an assumed time is the same event`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(["time": .some(nil)])])
    let printed = try ledger.log()
    let other = try TestLedger()
    #expect(try other.record(printed).accepted == 1)
    #expect(try other.record([envelope(["time": .some(nil)])]).duplicates == 1)
    #expect(try other.log() == printed)
  }

  @Test func `recording by hand says recorded, duplicate or conflict`() throws {
    let ledger = try TestLedger()
    let bytes = Array(Self.first.utf8)
    #expect(try ledger.ledger.record(bytes) == .recorded(position: 1))
    #expect(try ledger.ledger.record(bytes) == .duplicate)
    let error = #expect(throws: LedgerError.self) {
      _ = try ledger.ledger.record(Array(Self.first.replacing("web", with: "app").utf8))
    }
    guard case .rejected(field: "id", let reason) = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
    #expect(reason.contains("position 1"))
  }

  @Test func `recording by hand names the field that does not fit`() throws {
    let ledger = try TestLedger()
    let error = #expect(throws: LedgerError.self) {
      _ = try ledger.ledger.record(Array(envelope(["country": "x"]).utf8))
    }
    guard case .rejected(field: "country", _) = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
  }
}

extension TestLedger {
  /// The rejects file, line by line.
  func rejects() throws -> [JSON] {
    try String(contentsOfFile: path + "/rejects.ndjson", encoding: .utf8).split(separator: "\n").map {
      try JSON(reading: $0)
    }
  }
}
