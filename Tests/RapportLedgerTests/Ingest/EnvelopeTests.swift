import Testing

@testable import RapportLedger

/// The rules of the envelope, attribute by attribute: accepted, or rejected with the attribute's name.
@Suite("The envelope")
struct EnvelopeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var members: [String: JSON?]
    var verdict: Verdict
    var testDescription: String { name }

    init(_ name: String, _ members: [String: JSON?], _ verdict: Verdict) {
      self.name = name
      self.members = members
      self.verdict = verdict
    }
  }

  @Test func `the minimal event is accepted`() { #expect(judge(envelope()) == [.accepted]) }

  @Test(arguments: ["specversion", "id", "source", "type"])
  func `a required attribute must be there`(attribute: String) {
    #expect(judge(envelope([attribute: .some(nil)])) == [.rejected(attribute)])
    #expect(judge(envelope([attribute: .null])) == [.rejected(attribute)])
  }

  @Test(arguments: ["specversion", "id", "source", "type", "subject"])
  func `a named attribute must not be empty`(attribute: String) {
    #expect(judge(envelope([attribute: ""])) == [.rejected(attribute)])
  }

  static let texts = [
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "correlationid", "causationid",
    "channel",
    "touchpoint", "department", "country", "employee", "direction", "actorkind", "recordedtime",
  ]

  @Test(arguments: texts, [JSON.number("1"), true, [], [:]])
  func `an attribute of text must be text`(attribute: String, value: JSON) {
    #expect(judge(envelope([attribute: value])) == [.rejected(attribute)])
  }

  /// NUL, a line end, DEL, and the first and last of C1.
  @Test(arguments: texts + ["sequence", "mine"], ["\u{0}", "\n", "\u{7F}", "\u{80}", "\u{9F}"])
  func `control characters are rejected in every attribute`(attribute: String, character: String) {
    #expect(judge(envelope([attribute: .string("a\(character)b")])) == [.rejected(attribute)])
  }

  @Test(arguments: ["\\u0000", "\\u001f", "\\u007f", "\\u0085", "\\n"])
  func `control characters are rejected when they are escaped, too`(escape: String) {
    let line = envelope(["id": "MARK"]).replacing("MARK", with: "a\(escape)b")
    #expect(judge(line) == [.rejected("id")])
  }

  @Test func `the first character behind C1 is fine`() {
    #expect(judge(envelope(["id": "a\u{A0}b", "mine": "\u{A0}"])) == [.accepted])
  }

  static let cases: [Case] = [
    Case("specversion 1.1", ["specversion": "1.1"], .rejected("specversion")),
    Case("specversion 1", ["specversion": "1"], .rejected("specversion")),
    Case("a URN as source", ["source": "urn:import:orders.csv"], .accepted),
    Case("a URL as source", ["source": "https://example.com/a?b=c#d"], .accepted),
    Case("a source with a space", ["source": "/a b"], .rejected("source")),
    Case("a source in angle brackets", ["source": "<a>"], .rejected("source")),
    Case("a source with an escaped quote", ["source": "/a\"b"], .rejected("source")),
    Case("a source with a backslash", ["source": "/a\\b"], .rejected("source")),
    Case("a long id", ["id": .string(String(repeating: "x", count: 10_000))], .accepted),
    Case("a type without a dot", ["type": "thing"], .accepted),
    Case("a type that ends in a dot", ["type": "order.placed."], .accepted),
    // Subjects
    Case("a subject of 255 bytes", ["subject": .string(String(repeating: "x", count: 255))], .accepted),
    Case("a subject of 256 bytes", ["subject": .string(String(repeating: "x", count: 256))], .rejected("subject")),
    Case("a subject of 254 bytes in 127 letters", ["subject": .string(String(repeating: "ä", count: 127))], .accepted),
    Case(
      "a subject of 256 bytes in 128 letters", ["subject": .string(String(repeating: "ä", count: 128))],
      .rejected("subject")),
    Case("an address as subject", ["subject": "a@b"], .rejected("subject")),
    Case("a telephone number as subject", ["subject": "+49 (170) 123-45.67/8"], .rejected("subject")),
    Case("seven digits", ["subject": "+1234567"], .rejected("subject")),
    Case("fifteen digits", ["subject": "+123456789012345"], .rejected("subject")),
    Case("six digits", ["subject": "+123456"], .accepted),
    Case("sixteen digits", ["subject": "+1234567890123456"], .accepted),
    Case("bare digits", ["subject": "491701234567"], .accepted),
    Case("a telephone number and a letter", ["subject": "+491701234567a"], .accepted),
    Case("no subject for an unknown type", ["subject": .some(nil)], .accepted),
    Case("no subject for a customer's type", ["type": "note.added", "subject": .some(nil)], .rejected("subject")),
    Case("null as subject of a customer's type", ["type": "note.added", "subject": .null], .rejected("subject")),
    Case(
      "a subject for a type of the firm",
      ["type": "touchpoint.retired", "data": ["touchpoint": "t", "department": "d"]], .rejected("subject")),
    Case(
      "no subject for a type of the firm",
      ["type": "touchpoint.retired", "data": ["touchpoint": "t", "department": "d"], "subject": .some(nil)], .accepted),
    // Times
    Case("no time", ["time": .some(nil)], .accepted),
    Case("an offset east", ["time": "2025-03-01T00:00:00+23:59"], .accepted),
    Case("an offset west", ["time": "2025-03-01T00:00:00-23:59"], .accepted),
    Case("an offset of 24 hours", ["time": "2025-03-01T00:00:00+24:00"], .rejected("time")),
    Case("no offset", ["time": "2025-03-01T00:00:00"], .rejected("time")),
    Case("small letters", ["time": "2025-03-01t00:00:00z"], .accepted),
    Case("a space in the middle", ["time": "2025-03-01 00:00:00Z"], .rejected("time")),
    Case("nine decimals", ["time": "2025-03-01T00:00:00.123456789Z"], .accepted),
    Case("ten decimals", ["time": "2025-03-01T00:00:00.1234567890Z"], .rejected("time")),
    Case("second 60", ["time": "2016-12-31T23:59:60Z"], .rejected("time")),
    Case("hour 24", ["time": "2016-12-31T24:00:00Z"], .rejected("time")),
    Case("29 February of a common year", ["time": "2025-02-29T00:00:00Z"], .rejected("time")),
    Case("29 February of a leap year", ["time": "2024-02-29T00:00:00Z"], .accepted),
    Case("a date alone", ["time": "2025-03-01"], .rejected("time")),
    Case("the first instant", ["time": "1678-01-01T00:00:00Z"], .accepted),
    Case("before the first instant", ["time": "1677-12-31T23:59:59.999999999Z"], .rejected("time")),
    Case("beyond the last instant", ["time": "2262-01-01T00:00:00.000000001Z"], .rejected("time")),
    // Countries, directions, actors
    Case("a country", ["country": "DE"], .accepted),
    Case("a country in small letters", ["country": "de"], .rejected("country")),
    Case("a country of three letters", ["country": "DEU"], .rejected("country")),
    Case("an unknown direction", ["direction": "sideways"], .accepted),
    Case("an unknown actor", ["actorkind": "robot dog"], .accepted),
    // Sequences and extensions
    Case("a sequence of text", ["sequence": "0001"], .accepted),
    Case("a sequence of number", ["sequence": 17], .accepted),
    Case("a sequence of truth", ["sequence": true], .rejected("sequence")),
    Case("a sequence of list", ["sequence": []], .rejected("sequence")),
    Case("extensions of text, number and truth", ["a": "x", "b": 1.5, "c": false, "d": .null], .accepted),
    Case("an extension of object", ["mine": [:]], .rejected("mine")),
    Case("an extension of list", ["mine": [1]], .rejected("mine")),
    Case("the ledger's own attributes, whatever they say", ["ledgerposition": "x", "ledgertime": 7], .accepted),
    // Payloads
    Case("any JSON as data of an unknown type", ["data": [1, [:]]], .accepted),
    Case("text as data of an unknown type", ["data": "x"], .accepted),
    Case("bytes as data of an unknown type", ["data_base64": "AAEC"], .accepted),
    Case("data and bytes", ["data": [:], "data_base64": "AAEC"], .rejected("data_base64")),
    Case("bytes that are no text", ["data_base64": 7], .rejected("data_base64")),
    Case("another content type for an unknown type", ["datacontenttype": "text/csv", "data": "a;b"], .accepted),
    Case("bytes as data of a known type", ["type": "note.added", "data_base64": "AAEC"], .rejected("data")),
    Case(
      "another content type for a known type", ["type": "note.added", "datacontenttype": "text/csv", "data": "a"],
      .rejected("data")),
    Case("text as data of a known type", ["type": "note.added", "data": "x"], .rejected("data")),
    Case("a list as data of a known type", ["type": "note.added", "data": []], .rejected("data")),
    Case("no data for a type that needs none", ["type": "note.added"], .accepted),
    Case("null as data for a type that needs none", ["type": "note.added", "data": .null], .accepted),
    Case(
      "JSON with a character set", ["type": "note.added", "datacontenttype": "application/json; charset=utf-8"],
      .accepted),
    Case("JSON of a vendor", ["type": "note.added", "datacontenttype": "application/vnd.x+json"], .accepted),
  ]

  @Test(arguments: cases)
  func `one rule of the envelope`(rule: Case) { #expect(judge(envelope(rule.members)) == [rule.verdict]) }

  @Test func `a time up to 24 hours ahead is accepted, more is not`() {
    func ahead(_ hours: Double) -> JSON {
      .string(Timestamp(nanoseconds: Clock.now + Int64(hours * 3.6e12)).description)
    }
    #expect(judge(envelope(["time": ahead(23.9)])) == [.accepted])
    #expect(judge(envelope(["time": ahead(24.1)])) == [.rejected("time")])
  }

  @Test func `the time that a correction sets follows the rules of times`() {
    func corrected(_ time: JSON) -> [Verdict] {
      judge(event("event.corrected", ["source": "/s", "id": "e", "set": ["time": time]]))
    }
    #expect(corrected(.string(Timestamp(nanoseconds: Clock.now).description)) == [.accepted])
    #expect(corrected(nil) == [.accepted], "the time of recording")
    for time: JSON in ["2999-01-01T00:00:00Z", "yesterday", 5, ["x"]] {
      #expect(corrected(time) == [.rejected("data.set.time")])
    }
  }

  @Test func `whom a correction names as merged is an id like any`() {
    func corrected(_ field: String, _ id: String) -> [Verdict] {
      judge(event("event.corrected", ["source": "/s", "id": "e", "set": [field: .string(id)]]))
    }
    for field in ["into", "from"] {
      #expect(corrected(field, "C2") == [.accepted])
      for id in ["a@b.c", "", String(repeating: "x", count: 256)] {
        #expect(corrected(field, id) == [.rejected("data.set.\(field)")])
      }
    }
  }

  @Test(arguments: ["a@b", "+491701234567"])
  func `personal subjects are accepted where they are allowed`(subject: String) {
    var rules = IngestRules()
    rules.allowsPersonalSubjects = true
    #expect(judge(envelope(["subject": .string(subject)]), rules: rules) == [.accepted])
  }

  @Test func `escapes in a text change nothing about its meaning`() {
    let line = envelope(["country": "MARK"])
    #expect(judge(line.replacing("MARK", with: "\\u0044E")) == [.accepted])
    #expect(judge(envelope().replacing("1.0", with: "1\\u002e0")) == [.accepted])
    #expect(judge(envelope().replacing("2025-", with: "2025\\u002d")) == [.accepted])
  }

  @Test func `an escape in the direction leaves it what it is`() {
    let batch = parsed(Array(envelope(["direction": "in"]).replacing("\"in\"", with: "\"\\u0069n\"").utf8))
    #expect(batch.value.facts[0].directionCode == Direction.in.rawValue)
  }

  @Test func `escapes in the name of an attribute change nothing about its meaning`() {
    #expect(
      judge(envelope().replacing("\"subject\"", with: "\"\\u0073ubject\"").replacing("C1", with: "a@b")) == [
        .rejected("subject")
      ])
  }

  @Test(arguments: ["order.placed", "com.example.order.placed", "a.b.c.d.order.placed", ".order.placed"])
  func `a type means the same with any prefix`(type: String) throws {
    let batch = parsed(Array(event(type, ["order": "o1", "currency": "EUR"]).utf8))
    #expect(batch.value.facts.map(\.kind) == [.orderPlaced])
    #expect(judge(event(type, ["order": "o1"])) == [.rejected("data.currency")])
  }

  @Test(arguments: ["placed", "order_placed", "order.placed.v2", "Order.Placed", "order..placed", "reorder.placed"])
  func `what only looks like a known type is unknown`(type: String) {
    let batch = parsed(Array(event(type, [:]).utf8))
    #expect(batch.value.facts.map(\.kind) == [.other])
  }
}
