import Testing

@testable import RapportLedger

/// The events behind every line of the card, as a specification.
@Suite("The reasons of a card")
struct CardWhyTests {
  /// The ids of the events behind each line, `LINE` or `LINE NAME`; lines without any left out.
  private func reasons(
    of customer: String = "C1", at: String = Given.later, knownAt: UInt64? = nil,
    @HistoryBuilder _ events: () -> [Event]
  ) throws -> [String: [String]] {
    try reasons(of: customer, in: given(events), at: at, knownAt: knownAt)
  }

  private func reasons(
    of customer: String = "C1", in story: Given, at: String = Given.later, knownAt: UInt64? = nil
  ) throws -> [String: [String]] {
    let why = try #require(try story.whenShown(customer, at: at, knownAt: knownAt, explained: true)["why"])
    return Self.lines(of: why).mapValues { $0.map { $0["id"]!.text! } }
  }

  static func lines(of why: JSON) -> [String: [JSON]] {
    var lines: [String: [JSON]] = [:]
    for (key, value) in why.members {
      if case .array(let events) = value { lines[key] = events }
      for (name, events) in value.members { lines["\(key) \(name)"] = events.elements }
    }
    return lines.filter { !$0.value.isEmpty }
  }

  private func trait(
    _ field: String, _ value: JSON, _ basis: String, _ time: String, expires: JSON = .null
  ) -> Event {
    let set: JSON = ["value": value, "basis": .string(basis), "expires": expires]
    return Event("customer.updated", time, ["set": .object([field: set])])
  }

  // MARK: The form

  @Test func `every key that rests on events is there, also where nothing is known`() throws {
    let story = try given { Event("note.added", "2025-03-01").id("n") }
    let why = try #require(try story.whenShown(explained: true)["why"])
    let event: JSON = [
      "position": 1, "id": "n", "source": "/spec", "type": "note.added", "time": "2025-03-01T00:00:00Z",
      "correctedby": nil,
    ]
    #expect(
      why == [
        "merged": [], "kind": [], "roles": [:], "contact_person": [], "first_touch": [], "last_touch_in": [],
        "last_touch_out": [], "events": [event], "open_cases": [:], "open_promises": [], "orders": [],
        "perfect_orders": [], "last_order": [], "revenue": [:], "contribution": [:], "satisfaction": [:],
        "consent": [:], "traits": [:], "contradictions": [:],
      ])
  }

  @Test func `the rest of the card is what it is without reasons`() throws {
    let story = try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      trait("city", "Bern", "declared", "2025-03-01")
    }
    var explained = try story.whenShown(explained: true).members
    explained["why"] = nil
    #expect(try story.whenShown() == .object(explained))
  }

  @Test func `types are named as they were sent, with their sources`() throws {
    let story = try given {
      Event("com.example.customer.registered", "2025-03-01", ["kind": "b2c"]).id("7").from("/shop/de")
    }
    let event = try #require(try story.whenShown(explained: true)["why"]?["kind"]?.elements.first)
    #expect(event["type"] == "com.example.customer.registered")
    #expect(event["source"] == "/shop/de")
  }

  // MARK: The lines

  @Test func `first and last touches`() throws {
    let found = try reasons {
      Event("message.received", "2025-03-03").id("in2")
      Event("message.sent", "2025-03-02").id("out1")
      Event("message.received", "2025-03-01").id("in1")
      Event("message.sent", "2025-03-04").id("self").with("direction", "self")
      Event("note.added", "2025-03-05").id("note")
    }
    #expect(found["first_touch"] == ["in1"])
    #expect(found["last_touch_in"] == ["in2"])
    #expect(found["last_touch_out"] == ["out1"])
  }

  @Test func `the count of events rests on all that count, in canonical order`() throws {
    let found = try reasons {
      Event("note.added", "2025-03-02").id("b")
      Event("note.added", "2025-03-01").id("a")
      Event("data.read", "2025-03-03", ["purpose": "service"]).id("read")
    }
    #expect(found["events"] == ["a", "b"])
  }

  @Test func `the kind is the last registration's`() throws {
    let found = try reasons {
      Event("customer.registered", "2025-03-02", ["kind": "b2b"]).id("r2")
      Event("customer.registered", "2025-03-01", ["kind": "b2c"]).id("r1")
    }
    #expect(found["kind"] == ["r2"])
  }

  @Test func `a role is the last assumption's, and nobody's once it has ended`() throws {
    let found = try reasons {
      Event("role.assumed", "2025-03-01", ["role": "buyer"]).id("a1")
      Event("role.ended", "2025-03-02", ["role": "buyer"]).id("x1")
      Event("role.assumed", "2025-03-03", ["role": "buyer"]).id("a2")
      Event("role.assumed", "2025-03-01", ["role": "admin"]).id("a3")
      Event("role.ended", "2025-03-02", ["role": "admin"]).id("x2")
    }
    #expect(found["roles buyer"] == ["a2"])
    #expect(found["roles admin"] == nil)
  }

  @Test func `a contact person rests on the assignment and the first introduction since`() throws {
    let story = try given {
      Event("contactperson.introduced", "2025-02-28").id("i0")
      Event("contactperson.assigned", "2025-03-01", ["employee": "e1"]).id("a1")
      Event("contactperson.introduced", "2025-03-02").id("i1")
      Event("contactperson.introduced", "2025-03-03").id("i2")
      Event("contactperson.assigned", "2025-03-04", ["employee": "e2"]).id("a2")
      Event("contactperson.ended", "2025-03-05").id("x")
    }
    #expect(try reasons(in: story, at: "2025-03-01")["contact_person"] == ["a1"])
    #expect(try reasons(in: story, at: "2025-03-03")["contact_person"] == ["a1", "i1"])
    #expect(try reasons(in: story, at: "2025-03-04")["contact_person"] == ["a2"])
    #expect(try reasons(in: story, at: "2025-03-05")["contact_person"] == nil)
  }

  @Test func `an open case rests on its opening, and on its reopening if it was resolved`() throws {
    let found = try reasons {
      opened("c1", "2025-03-01").id("o1")
      opened("c2", "2025-03-02").id("o2")
      Event("case.resolved", "2025-03-03", ["case": "c2", "by": "human"]).id("s2")
      Event("case.reopened", "2025-03-04", ["case": "c2"]).id("r2")
      opened("c3", "2025-03-01", kind: "enquiry").id("o3")
      Event("case.closed", "2025-03-02", ["case": "c3"]).id("s3")
      opened("c4", "2025-03-01", kind: "grumble").id("o4")
      Event("case.reopened", "2025-03-02", ["case": "c4"]).id("r4")
    }
    #expect(found["open_cases complaint"] == ["o1", "o2", "r2"])
    #expect(found["open_cases enquiry"] == nil)
    #expect(found["open_cases other"] == ["o4"])
  }

  @Test func `open promises are those that were neither kept nor broken`() throws {
    let found = try reasons {
      for name in ["p1", "p2", "p3"] {
        Event("promise.made", "2025-03-01", ["promise": .string(name), "due": "2025-04-01"]).id(name)
      }
      Event("promise.kept", "2025-03-02", ["promise": "p1"])
      Event("promise.broken", "2025-03-02", ["promise": "p2"])
    }
    #expect(found["open_promises"] == ["p3"])
  }

  @Test func `orders rest on their placing, the last on its own`() throws {
    let found = try reasons {
      order("o2").placed("2025-03-05").id("b")
      order("o1").placed("2025-03-01").id("a")
      order("o1").placed("2025-03-09").id("again")
      delivered("o1", "2025-03-09").id("d")
    }
    #expect(found["orders"] == ["a", "b"])
    #expect(found["last_order"] == ["b"])
    #expect(found["perfect_orders"] == nil)
  }

  @Test func `a perfect order rests on its placing, its changes and its deliveries`() throws {
    let found = try reasons {
      order("o1", promised: "2025-03-10").placed("2025-03-01").id("p1")
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-20").id("c1")
      delivered("o1", "2025-03-15").id("d1")
      order("o2", promised: "2025-03-10").placed("2025-03-01").id("p2")
      delivered("o2", "2025-03-11").id("d2")
      opened("k1", "2025-05-01", order: "o1").id("late")
    }
    #expect(found["perfect_orders"] == ["p1", "c1", "d1"])
  }

  @Test func `money rests on what was booked, each in its currency`() throws {
    let found = try reasons {
      order("o1").placed("2025-03-01").saying("revenue", "100").id("p1")
      order("o2", currency: "CHF").placed("2025-03-01").saying("revenue", "7").id("p2")
      Event("order.refunded", "2025-03-02", ["order": "o1", "amount": "30", "currency": "EUR"]).id("r")
      Event("cost.booked", "2025-03-03", ["amount": "5", "currency": "USD", "purpose": "goods"]).id("c")
    }
    #expect(found["revenue EUR"] == ["p1"])
    #expect(found["revenue CHF"] == ["p2"])
    #expect(found["revenue USD"] == nil)
    #expect(found["contribution EUR"] == ["p1", "r"])
    #expect(found["contribution CHF"] == ["p2"])
    #expect(found["contribution USD"] == ["c"])
  }

  @Test func `satisfaction is the last answer with a score`() throws {
    let found = try reasons {
      answered("csat", "2025-03-01", score: 1, scale: 5).id("a1")
      answered("csat", "2025-03-02", score: 4, scale: 5).id("a2")
      answered("csat", "2025-03-03").id("a3")
    }
    #expect(found["satisfaction csat"] == ["a2"])
  }

  @Test func `a stale consent is that, and the notice which superseded the one agreed to`() throws {
    let story = try given {
      Event(
        "consent.given", "2025-03-01",
        ["purpose": "survey", "method": "form", "notice": "n", "notice_version": "1"]
      ).id("yes")
      Event("notice.published", "2025-04-01", ["notice": "n", "version": "2"]).ofTheFirm().id("n2")
      Event("notice.published", "2025-05-01", ["notice": "n", "version": "3"]).ofTheFirm().id("n3")
      Event("notice.published", "2025-05-01", ["notice": "other", "version": "9"]).ofTheFirm().id("o9")
      Event("consent.given", "2025-03-01", ["purpose": "ads", "method": "form"]).id("ads")
    }
    #expect(try reasons(in: story)["consent survey"] == ["yes", "n3"])
    #expect(try reasons(in: story)["consent ads"] == ["ads"])
    #expect(try reasons(in: story, knownAt: 2)["consent survey"] == ["yes", "n2"])
    #expect(try reasons(in: story, knownAt: 1)["consent survey"] == ["yes"])
  }

  @Test func `consent is the last decision`() throws {
    let found = try reasons {
      Event("consent.given", "2025-03-01", ["purpose": "ads", "method": "form"]).id("yes")
      Event("consent.withdrawn", "2025-03-02", ["purpose": "ads"]).id("no")
      Event("consent.given", "2025-03-01", ["purpose": "survey", "method": "form", "expires": "2025-04-01"]).id("till")
    }
    #expect(found["consent ads"] == ["no"])
    #expect(found["consent survey"] == ["till"])
  }

  @Test func `a conflict rests on the decisions of all ids and on what makes them one`() throws {
    let found = try reasons {
      Event("consent.given", "2025-03-01", ["purpose": "ads", "method": "form"]).id("yes")
      Event("consent.refused", "2025-03-02", ["purpose": "ads", "method": "form"]).of("C2").id("no")
      Event("customer.merged", "2025-03-03", ["into": "C1"]).of("C2").id("m")
    }
    #expect(found["consent ads"] == ["yes", "no", "m"])
  }

  @Test func `a trait is the one that precedes, a contradiction both`() throws {
    let story = try given {
      trait("city", "Basel", "inferred", "2025-03-03").id("i")
      trait("city", "Bern", "declared", "2025-03-01", expires: "2025-06-01T00:00:00Z").id("d")
      trait("city", "Genf", "observed", "2025-03-02").id("o")
      trait("pet", "cat", "declared", "2025-03-01").id("p")
      Event("customer.updated", "2025-03-02", ["unset": ["pet"]]).id("u")
    }
    let before = try reasons(in: story, at: "2025-05-01")
    #expect(before["traits city"] == ["d"])
    #expect(before["contradictions city"] == ["d", "i"])
    #expect(before["traits pet"] == nil)
    let after = try reasons(in: story, at: "2025-06-01")
    #expect(after["traits city"] == ["o"])
    #expect(after["contradictions city"] == nil)
  }

  // MARK: Identity, corrections, clocks

  @Test func `merged ids rest on the merges in force, other lines on the events of all ids`() throws {
    let story = try given {
      Event("customer.merged", "2025-03-01", ["into": "C1"]).of("C2").id("m2")
      Event("customer.merged", "2025-03-01", ["into": "C1"]).of("C3").id("m3")
      Event("customer.unmerged", "2025-03-05", ["from": "C1"]).of("C3").id("u3")
      Event("customer.registered", "2025-03-02", ["kind": "b2b"]).of("C2").id("r2")
      Event("customer.registered", "2025-03-03", ["kind": "b2c"]).of("C3").id("r3")
    }
    for id in ["C1", "C2"] {
      #expect(try reasons(of: id, in: story)["merged"] == ["m2"])
      #expect(try reasons(of: id, in: story)["kind"] == ["r2"])
    }
    #expect(try reasons(in: story, at: "2025-03-04")["merged"] == ["m2", "m3"])
    #expect(try reasons(in: story, at: "2025-03-04")["kind"] == ["r3"])
    #expect(try reasons(of: "C3", in: story)["merged"] == nil)
  }

  @Test func `a corrected event is named with its correction, at its corrected time`() throws {
    let story = try given {
      Event("customer.registered", "2025-03-01", ["kind": "b2c"]).id("r")
      Event("customer.registered", "2025-03-02", ["kind": "b2b"]).id("s")
      Event(
        "event.corrected", "2025-03-09", ["source": "/spec", "id": "r", "set": ["time": "2025-03-04T00:00:00Z"]]
      ).id("c").from("/desk")
    }
    let known = try story.whenShown(explained: true)
    #expect(known["kind"] == "b2c")
    #expect(
      known["why"]?["kind"] == [
        [
          "position": 1, "id": "r", "source": "/spec", "type": "customer.registered", "time": "2025-03-04T00:00:00Z",
          "correctedby": "/desk#c",
        ]
      ])
    #expect(try reasons(in: story, knownAt: 2)["kind"] == ["s"])
  }

  @Test func `a retracted event is behind nothing`() throws {
    let story = try given {
      trait("city", "Bern", "declared", "2025-03-01").id("t1")
      trait("city", "Genf", "declared", "2025-03-02").id("t2")
      Event("event.retracted", "2025-03-09", ["source": "/spec", "id": "t2", "reason": "wrong"]).id("x")
    }
    #expect(try reasons(in: story)["traits city"] == ["t1"])
    #expect(try reasons(in: story)["events"] == ["t1"])
    #expect(try reasons(in: story, knownAt: 2)["traits city"] == ["t2"])
  }

  // MARK: The law

  private static let types = [
    "customer.registered", "customer.updated", "customer.updated", "role.assumed", "role.ended",
    "contactperson.assigned", "contactperson.introduced", "contactperson.ended", "message.received", "message.sent",
    "case.opened", "case.opened", "case.resolved", "case.reopened", "case.closed", "promise.made", "promise.kept",
    "promise.broken", "order.placed", "order.placed", "order.changed", "order.cancelled", "order.delivered",
    "order.delivered", "order.returned", "order.refunded", "cost.booked", "survey.answered", "consent.given",
    "consent.refused", "consent.withdrawn", "consent.expired",
  ]

  @Test(
    "a ledger with nothing but the events behind a line shows the same line", arguments: 1...4 as ClosedRange<UInt64>)
  func sufficiency(seed: UInt64) throws {
    let lines = Wild.lines(Self.types, seed: seed)
    let ledger = try TestLedger(height: 6)
    try ledger.record(lines, commits: [50])
    var compared = 0
    for customer in 0..<7 {
      let card = try show("C\(customer)", in: ledger)
      let events = try corrected("C\(customer)", in: ledger)
      let name = try #require(card["customer"]?.text)
      for (line, reasons) in Self.lines(of: try #require(card["why"])) {
        let behind = reasons.map { events[$0["position"]!.line]! }
        let small = try TestLedger(height: 6)
        // One customer, so that it does not take the merges to see the events together; but decisions are those of ids.
        let isAboutMerges = line == "merged" || (line.hasPrefix("consent ") && behind.count > 1)
        try small.record(
          behind.map { event in
            var members = event.members
            if !isAboutMerges { members["subject"] = .string(name) }
            return JSON.object(members).line
          })
        let copy = try show(name, in: small)
        #expect(Self.value(of: line, in: copy) == Self.value(of: line, in: card), "\(line) of C\(customer)")
        compared += 1
      }
      // No reasons for what is not there, some for what is.
      #expect(Set(Self.lines(of: card["why"]!).keys) == Self.linesThatAreThere(card), "C\(customer)")
    }
    #expect(compared > 60, "the streams have lines worth comparing")
  }

  private static let limits = ReplayLimits(time: instant("2025-04-01"))

  private func show(_ customer: String, in ledger: TestLedger) throws -> JSON {
    try ledger.ledger.read { snapshot in
      let card = try Card(
        of: customer, in: snapshot, asOf: Self.limits.time!, limits: Self.limits, explained: true)
      return try JSON(reading: card.json.text)
    }
  }

  /// A person's events in corrected form, by position.
  private func corrected(_ customer: String, in ledger: TestLedger) throws -> [String: JSON] {
    var events: [String: JSON] = [:]
    try ledger.ledger.read { snapshot in
      _ = try snapshot.timeline(of: customer, limits: Self.limits) { event in
        var members = try JSON(reading: String(decoding: event.json, as: UTF8.self)).members
        for key in ["ledgerposition", "ledgertime", "correctedby"] { members[key] = nil }
        events["\(event.position)"] = .object(members)
        return true
      }
    }
    return events
  }

  private static func value(of line: String, in card: JSON) -> JSON? {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    let value = card[words[0]]
    guard words.count == 2 else { return value }
    switch value {
    case .array(let elements)? where words[0] == "roles": return elements.contains(.string(words[1])) ? true : nil
    case .array(let elements)?: return elements.first { $0["field"]?.text == words[1] }
    default: return value?[words[1]]
    }
  }

  private static func linesThatAreThere(_ card: JSON) -> Set<String> {
    var lines: Set<String> = []
    for (key, value) in card.members where !["customer", "erased", "as_of", "position", "why"].contains(key) {
      switch value {
      case .object(let members) where key != "contact_person": lines.formUnion(members.keys.map { "\(key) \($0)" })
      case .array(let elements) where key == "roles": lines.formUnion(elements.map { "roles \($0.text!)" })
      case .array(let elements) where key == "contradictions":
        lines.formUnion(elements.map { "contradictions \($0["field"]!.text!)" })
      case .array(let elements) where elements.isEmpty: continue
      case .null, .number("0"): continue
      default: lines.insert(key)
      }
    }
    return lines
  }
}
