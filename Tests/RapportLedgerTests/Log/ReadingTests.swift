import Testing

@testable import RapportLedger

/// What was sent comes back: the log, the timeline, the status.
@Suite("Reading the log")
struct ReadingTests {
  // MARK: In meaning

  /// The event without `null` members, which mean nothing.
  private func meaning(_ line: String) throws -> JSON { without(try JSON(reading: line)) }

  private func without(_ value: JSON) -> JSON {
    switch value {
    case .object(let members): .object(members.filter { $0.value != .null }.mapValues(without))
    case .array(let values): .array(values.map(without))
    default: value
    }
  }

  @Test(arguments: [4, 8], [UInt64](1...2))
  func `generated events come back as they were sent, in their order`(height: Int, seed: UInt64) throws {
    let lines = generatedLines(500, seed: seed)
    let ledger = try TestLedger(height: height)
    try ledger.record(lines, commits: [1, 50, 7])
    #expect(try ledger.log().map(meaning) == lines.map(meaning))
  }

  static let forms = [
    envelope(["time": "2025-03-01T01:00:00.500+01:00"]), envelope(["time": "2025-03-01t00:00:00z"]),
    envelope(["direction": "sideways", "actorkind": "robot"]), envelope(["direction": "self", "actorkind": "bot"]),
    envelope(["subject": .some(nil)]), envelope(["subject": "Zoë \"Z\" \\ 東京"]),
    envelope(["id": "\\ \" / é 🦊", "source": "/a?b=%20"]), envelope(["sequence": 17, "recordedtime": "whenever"]),
    envelope(["sequence": "0000000000017"]), envelope(["data": [1, .number("1.50e3"), nil, true]]),
    envelope(["data": "text"]), envelope(["data_base64": "AAEC"]),
    envelope(["data": "a;b", "datacontenttype": "text/csv"]),
    envelope(["data": ["deep": [["er": ["": " \t\u{1}"]]]]]), envelope(["flag": false, "number": .number("-0.0")]),
    envelope(["channel": "web", "touchpoint": "t", "department": "d", "country": "DE", "employee": "e"]),
    envelope(["correlationid": "k", "causationid": "/s#e7"]), event("case.opened", ["case": "c", "kind": "grumble"]),
    event("order.placed", ["order": "o", "currency": "EUR", "revenue": .number("5.10"), "lines": []]),
    event("touchpoint.retired", ["touchpoint": "t", "department": "d"], firm: true),
  ]

  @Test(arguments: forms)
  func `an event comes back in the form in which it was sent`(line: String) throws {
    let ledger = try TestLedger()
    #expect(try ledger.record([line]).accepted == 1)
    #expect(try meaning(ledger.log()[0]) == meaning(line))
  }

  @Test func `the log adds its own position and time, and they are not taken for content`() throws {
    let ledger = try TestLedger()
    let before = Clock.now
    try ledger.record([envelope(["ledgerposition": 77, "ledgertime": "never"])])
    try ledger.ledger.read { snapshot in
      try snapshot.log { event in
        let json = try JSON(reading: String(decoding: event.json, as: UTF8.self))
        #expect(json["ledgerposition"] == 1)
        #expect(json["ledgertime"] == .string(Timestamp(nanoseconds: event.ledgerTime).description))
        #expect((before...Clock.now).contains(event.ledgerTime))
        return true
      }
    }
  }

  // MARK: Filters

  /// The positions up to one that have a property.
  private func numbers(upTo last: UInt64 = 40, where holds: (UInt64) -> Bool) -> [UInt64] { (1...last).filter(holds) }

  private func positions(
    _ ledger: TestLedger, from: UInt64 = 1, limit: Int? = nil, reverse: Bool = false, upTo: UInt64? = nil,
    _ filter: (inout EventFilter) -> Void = { _ in }
  ) throws -> [UInt64] {
    var all = EventFilter()
    filter(&all)
    var positions: [UInt64] = []
    try ledger.ledger.read(upTo: upTo) { snapshot in
      try snapshot.log(from: from, limit: limit, reverse: reverse, filter: all) { event in
        positions.append(event.position)
        return true
      }
    }
    return positions
  }

  /// 40 events of two customers and three types, in sealed segments and a tail.
  private func forty() throws -> TestLedger {
    let ledger = try TestLedger(height: 4)
    var lines: [String] = []
    for number in 1...40 {
      let customer: JSON = number % 4 == 0 ? "C2" : "C1"
      let type: JSON = ["a.b", "x.a.b", "note.added"][number % 3]
      let channel: JSON = number % 2 == 0 ? "web" : "shop"
      let time = Timestamp(nanoseconds: instant("2025-03-01") + Int64(number % 28) * nanosecondsPerDay).description
      lines.append(
        envelope([
          "id": .string("\(number)"), "subject": customer, "type": type, "channel": channel, "time": .string(time),
        ]))
    }
    try ledger.record(lines, commits: [5, 20, 1])
    return ledger
  }

  @Test func `from, limit and reverse`() throws {
    let ledger = try forty()
    #expect(try positions(ledger) == Array(1...40))
    #expect(try positions(ledger, from: 38) == [38, 39, 40])
    #expect(try positions(ledger, from: 41) == [])
    #expect(try positions(ledger, from: 15, limit: 3) == [15, 16, 17])
    #expect(try positions(ledger, limit: 0) == [])
    #expect(try positions(ledger, reverse: true) == Array((1...40).reversed()))
    #expect(try positions(ledger, from: 18, limit: 4, reverse: true) == [18, 17, 16, 15])
    #expect(try positions(ledger, limit: 2, reverse: true, upTo: 20) == [20, 19])
  }

  @Test func `by type, with a prefix or without`() throws {
    let ledger = try forty()
    #expect(try positions(ledger) { $0.types = ["note.added"] } == numbers { $0 % 3 == 2 })
    #expect(try positions(ledger) { $0.types = ["a.b"] } == numbers { $0 % 3 != 2 })
    #expect(try positions(ledger) { $0.types = ["x.a.b"] } == numbers { $0 % 3 == 1 })
    #expect(try positions(ledger) { $0.types = ["no.such"] } == [])
    #expect(try positions(ledger) { $0.types = [".b", "b"] } == numbers { $0 % 3 != 2 })
  }

  @Test func `by customer, channel and time`() throws {
    let ledger = try forty()
    #expect(try positions(ledger) { $0.customer = "C2" } == numbers { $0 % 4 == 0 })
    #expect(try positions(ledger, limit: 2, reverse: true) { $0.customer = "C2" } == [40, 36])
    #expect(try positions(ledger) { $0.channel = "shop" } == numbers { $0 % 2 == 1 })
    #expect(try positions(ledger) { $0.channel = "fax" } == [])
    let window = try positions(ledger) {
      $0.from = instant("2025-03-02")
      $0.to = instant("2025-03-04")
    }
    #expect(window == numbers { [1, 2].contains($0 % 28) })
    #expect(throws: LedgerError.self) { try positions(ledger) { $0.customer = "C3" } }
  }

  @Test func `a reader can stop at any event`() throws {
    let ledger = try forty()
    var seen = 0
    try ledger.ledger.read { snapshot in
      try snapshot.log { _ in
        seen += 1
        return seen < 7
      }
    }
    #expect(seen == 7)
  }

  // MARK: Timeline

  private func timeline(
    _ ledger: TestLedger, _ customer: String = "C1", limit: Int? = nil, cursor: String? = nil,
    limits: ReplayLimits = ReplayLimits(), _ filter: (inout EventFilter) -> Void = { _ in }
  ) throws -> (positions: [UInt64], cursor: String?) {
    var all = EventFilter()
    filter(&all)
    var positions: [UInt64] = []
    let next = try ledger.ledger.read { snapshot in
      try snapshot.timeline(of: customer, filter: all, limit: limit, cursor: cursor, limits: limits) { event in
        positions.append(event.position)
        return true
      }
    }
    return (positions, next)
  }

  @Test func `a timeline is one customer's events, oldest first, whatever arrived first`() throws {
    let ledger = try forty()
    let times = numbers { $0 % 4 != 0 }.sorted { $0 % 28 < $1 % 28 }
    // Ties of time are decided by type: unknown types after note.added.
    let found = try timeline(ledger).positions
    #expect(found.map { $0 % 28 } == times.map { $0 % 28 })
    #expect(Set(found) == Set(times))
  }

  @Test(arguments: [1, 3, 7, 29, 30, 31])
  func `pages by cursor give the whole timeline once`(limit: Int) throws {
    let ledger = try forty()
    let whole = try timeline(ledger)
    #expect(whole.cursor == nil)
    var pages: [UInt64] = []
    var cursor: String?
    repeat {
      let page = try timeline(ledger, limit: limit, cursor: cursor)
      #expect(page.positions.count <= limit && !page.positions.isEmpty)
      pages += page.positions
      cursor = page.cursor
    } while cursor != nil
    #expect(pages == whole.positions)
  }

  @Test func `pages go together with filters`() throws {
    let ledger = try forty()
    let whole = try timeline(ledger) { $0.channel = "web" }.positions
    let first = try timeline(ledger, limit: 4) { $0.channel = "web" }
    let rest = try timeline(ledger, cursor: first.cursor) { $0.channel = "web" }
    #expect(first.positions + rest.positions == whole)
    #expect(whole.count == 10)
  }

  @Test(arguments: ["", "x", "0", "4", "41", "-1"])
  func `a cursor of another timeline is refused`(cursor: String) throws {
    let ledger = try forty()
    #expect(throws: LedgerError.self) { _ = try timeline(ledger, cursor: cursor) }
  }

  @Test func `a timeline as of a time or a position`() throws {
    let ledger = try forty()
    let early = try timeline(ledger, limits: ReplayLimits(time: instant("2025-03-03"))).positions
    #expect(Set(early) == Set(numbers { $0 % 4 != 0 && $0 % 28 <= 2 }))
    let known = try timeline(ledger, limits: ReplayLimits(position: 10)).positions
    #expect(Set(known) == Set(numbers(upTo: 10) { $0 % 4 != 0 }))
  }

  @Test func `a customer nobody knows has no timeline`() throws {
    #expect(throws: LedgerError.self) { _ = try timeline(forty(), "C3") }
  }

  @Test func `a customer whom the ledger did not know at a position has no timeline there`() throws {
    let ledger = try forty()
    let error = #expect(throws: LedgerError.self) {
      _ = try ledger.ledger.read(upTo: 3) { try $0.timeline(of: "C2") { _ in true } }
    }
    guard case .noSuchCustomer("C2")? = error else { return }
  }

  // MARK: Status

  @Test func `the status counts events, people, types and segments`() throws {
    let ledger = try forty()
    try ledger.record([
      event("touchpoint.retired", ["touchpoint": "t", "department": "d"], firm: true).replacing(
        "\"e1\"", with: "\"f\""),
      envelope(["id": "g", "subject": "C9", "type": "data.read", "data": ["purpose": "p"]]),
    ])
    let status = try ledger.ledger.status()
    #expect(status.position == 42 && status.events == 42)
    #expect(status.customers == 2, "reading is no event of a customer")
    #expect(status.segments == 2)
    #expect(
      status.types.map { "\($0.type) \($0.count)" }
        == ["a.b 13", "data.read 1", "note.added 13", "touchpoint.retired 1", "x.a.b 14"])
    #expect(status.bytesLog > 0)
    #expect(status.views.map(\.position) == Array(repeating: 0, count: Catalogue.infos.count + 1), "and the card")
  }

  @Test func `an empty ledger has a status`() throws {
    let status = try TestLedger().ledger.status()
    #expect(status.position == 0 && status.customers == 0 && status.types.isEmpty && status.lastRecorded == nil)
  }
}
