import Testing

@testable import RapportLedger

/// Corrections and retractions act before anybody sees a history.
@Suite("Corrections")
struct CorrectionTests {
  private func corrected(
    _ id: String, _ set: JSON, _ time: String = "2025-06-01", source: String = "/spec"
  ) -> Event {
    Event("event.corrected", time, ["source": .string(source), "id": .string(id), "set": set])
  }

  private func retracted(_ id: String, _ time: String = "2025-06-01") -> Event {
    Event("event.retracted", time, ["source": "/spec", "id": .string(id), "reason": "wrong"])
  }

  private func cost(_ id: String, _ time: String, _ amount: String) -> Event {
    Event("cost.booked", time, ["amount": .string(amount), "currency": "EUR", "purpose": "goods"]).id(id)
  }

  private func history(@HistoryBuilder _ events: () -> [Event]) throws -> [String] {
    let found = try given(events).ledger.histories()
    #expect(found.count <= 1)
    return found.first ?? []
  }

  private func leftOut(@HistoryBuilder _ events: () -> [Event]) throws -> Int {
    try given(events).ledger.ledger.read { snapshot in
      let corrections = try Belief(snapshot, limits: ReplayLimits()).corrections
      return corrections.effect.withoutTarget + corrections.effect.notAccepted
    }
  }

  @Test func `a corrected field of data is read like any other`() throws {
    #expect(
      try history {
        cost("a", "2025-01-01", "10.00")
        corrected("a", ["amount": "12.5"])
      } == ["C1: 2025-01-01T00:00:00Z cost.booked 12.50"])
  }

  @Test func `a corrected time puts the event where it belongs`() throws {
    #expect(
      try history {
        cost("a", "2025-01-03", "1.00")
        cost("b", "2025-01-02", "2.00")
        corrected("a", ["time": "2025-01-01T00:00:00Z"])
      } == ["C1: 2025-01-01T00:00:00Z cost.booked 1.00", "C1: 2025-01-02T00:00:00Z cost.booked 2.00"])
  }

  @Test func `names that only a correction has are names, and null takes a field out`() throws {
    #expect(
      try history {
        cost("a", "2025-01-01", "10.00").with("channel", "web").with("department", "x")
        corrected("a", ["channel": "never seen", "department": nil])
      } == ["C1: 2025-01-01T00:00:00Z cost.booked 10.00 never seen"])
  }

  @Test func `an attribute that nobody knows is corrected where the event has it, else a field of data`() throws {
    let given = try given {
      cost("a", "2025-01-01", "10.00").with("shelf", "left")
      corrected("a", ["shelf": "right", "colour": "red"])
    }
    let event = try #require(try timeline(given.ledger).first)
    #expect(event["shelf"] == "right" && event["data"]?["colour"] == "red" && event["data"]?["shelf"] == nil)
  }

  @Test func `what acts on nothing is counted by every view, and by those of the customer`() throws {
    let given = try given {
      cost("a", "2025-01-01", "10.00")
      corrected("nothing", ["amount": "1"])
      corrected("a", ["amount": "a lot"])
      retracted("nothing")
      Event("customer.unmerged", "2025-01-01", ["from": "C2"])
      cost("b", "2025-01-01", "10.00").of("C9")
    }
    let all: [String: JSON] = [
      "correction_without_target": 2, "correction_not_accepted": 1, "unmerge_without_merge": 1,
    ]
    try given.whenAsked("value").leavesOut(all)
    try given.whenAsked("reach").leavesOut(all)
    try given.whenAsked("value", customer: "C1").leavesOut(all)
    try given.whenAsked("value", customer: "C9").leavesOut([:])
  }

  @Test func `a field of the type wins over an attribute of the same name`() throws {
    let given = try given {
      Event("case.assigned", "2025-01-01", ["case": "k", "department": "a"]).with("department", "x").id("e")
      corrected("e", ["department": "b"])
    }
    #expect(try given.ledger.histories() == [["C1: 2025-01-01T00:00:00Z case.assigned x"]])
    #expect(try timeline(given.ledger)[0]["data"]?["department"] == "b")
  }

  @Test func `corrected order lines take the place of the others`() throws {
    #expect(
      try history {
        order("o", lines: ["a": 1, "b": 1]).placed("2025-01-01").id("o").saying("revenue", "5.00")
        order("p", lines: ["a": 9]).placed("2025-01-02").saying("revenue", "6.00")
        corrected("o", ["lines": [["sku": "c", "quantity": 4]]])
      } == [
        "C1: 2025-01-01T00:00:00Z order.placed 5.00 1 lines of 4",
        "C1: 2025-01-02T00:00:00Z order.placed 6.00 1 lines of 9",
      ])
  }

  @Test func `the latest correction in canonical order wins, whatever arrived last`() throws {
    let events = [
      cost("a", "2025-01-01", "10.00"), corrected("a", ["amount": "3.00"], "2025-03-01"),
      corrected("a", ["amount": "2.00", "channel": "web"], "2025-02-01"),
    ]
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
      #expect(
        try history { order.map { events[$0].id("x\($0)").id($0 == 0 ? "a" : "c\($0)") } }
          == ["C1: 2025-01-01T00:00:00Z cost.booked 3.00 web"])
    }
  }

  @Test func `a retracted event is gone, also when the retraction came first or a correction too`() throws {
    #expect(
      try history {
        retracted("a", "2024-01-01")
        cost("a", "2025-01-01", "10.00")
        corrected("a", ["amount": "3.00"], "2026-01-01")
      } == [])
  }

  @Test func `what corrects a correction, another subject's event or nothing is left out`() throws {
    let events = [
      cost("a", "2025-01-01", "10.00"), corrected("a", ["amount": "3.00"]).id("c"),
      corrected("c", ["set": ["amount": "4.00"]]), retracted("c"), corrected("a", ["amount": "5.00"]).of("C2"),
      retracted("nothing"), corrected("a", ["amount": "6.00"], source: "/other"),
    ]
    #expect(try history { events } == ["C1: 2025-01-01T00:00:00Z cost.booked 3.00"])
    #expect(try leftOut { events } == 5)
  }

  @Test(
    arguments: [
      ["amount": "nonsense"], ["amount": nil], ["country": "Germany"], ["currency": "euro"], ["subject": "C9"],
      ["id": "z"],
    ] as [JSON])
  func `a correction whose result is not acceptable does nothing`(set: JSON) throws {
    let events = [
      cost("a", "2025-01-01", "10.00"), corrected("a", set, "2025-02-01"),
      corrected("a", ["channel": "web"], "2025-03-01"),
    ]
    #expect(try history { events } == ["C1: 2025-01-01T00:00:00Z cost.booked 10.00 web"])
    #expect(try leftOut { events } == 1)
  }

  @Test func `what was believed before is shown as known at a position, and at any time`() throws {
    let ledger = try given {
      cost("a", "2025-01-01", "10.00")
      cost("b", "2025-01-02", "1.00")
      corrected("a", ["amount": "12.00"])
      retracted("b")
    }.ledger
    let (ten, twelve) = ("C1: 2025-01-01T00:00:00Z cost.booked 10.00", "C1: 2025-01-01T00:00:00Z cost.booked 12.00")
    let one = "C1: 2025-01-02T00:00:00Z cost.booked 1.00"
    #expect(try ledger.histories(limits: ReplayLimits(position: 2)) == [[ten, one]])
    #expect(try ledger.histories(limits: ReplayLimits(position: 3)) == [[twelve, one]])
    #expect(try ledger.histories(limits: ReplayLimits(position: 4)) == [[twelve]])
    // What is known now about the second of January, though the correction is of June.
    #expect(try ledger.histories(limits: ReplayLimits(time: instant("2025-01-02"))) == [[twelve]])
  }

  @Test func `a time that was corrected decides what was so at a time`() throws {
    let ledger = try given {
      cost("a", "2025-01-05", "1.00")
      cost("b", "2025-01-01", "2.00")
      corrected("a", ["time": "2025-01-01T12:00:00Z"])
      corrected("b", ["time": "2025-01-09T00:00:00Z"])
    }.ledger
    let found = try ledger.histories(limits: ReplayLimits(time: instant("2025-01-02")))
    #expect(found == [["C1: 2025-01-01T12:00:00Z cost.booked 1.00"]])
  }

  @Test func `sealed fields are corrected too`() throws {
    let given = try given {
      Event(
        "customer.updated", "2025-01-01",
        ["set": ["city": ["value": "Bonn", "basis": "declared"], "age": ["value": 3, "basis": "observed"]]]
      ).id("u")
      corrected("u", ["set": ["city": ["value": "Köln", "basis": "declared"]]])
    }
    let card = try given.whenShown()
    #expect(card["traits"]?["city"]?["value"] == "Köln")
    #expect(card["traits"]?["age"] == nil, "set is one field of data")
  }

  @Test func `the card and the views fold the corrected history`() throws {
    let given = try given {
      order("o1", promised: "2025-01-10").placed("2025-01-01").id("o1").saying("revenue", "10.00")
      delivered("o1", "2025-01-20").id("d1")
      corrected("d1", ["time": "2025-01-09T00:00:00Z"])
      corrected("o1", ["revenue": "11.00"])
      order("o2", promised: "2025-01-10").placed("2025-01-01").id("o2")
      retracted("o2")
    }
    try given.whenAsked("perfect-orders").then(["due": 1, "on_time": 1, "received": 1])
    let card = try given.whenShown()
    #expect(card["orders"] == 1)
    #expect(card["revenue"] == ["EUR": "11.00"])
    #expect(card["events"] == 2, "corrections are no events of the customer")
  }

  @Test func `the names of a correction are in the digest`() throws {
    func digest(_ channel: JSON, _ correction: JSON?) throws -> String {
      try given {
        cost("a", "2025-01-01", "10.00").with("channel", channel)
        correction.map { [corrected("a", ["channel": $0])] } ?? []
      }.ledger.digest(HistoryProbe())
    }
    #expect(try digest("web", "shop") == digest("shop", nil))
    #expect(try digest("web", "shop") != digest("web", "mall"))
  }

  // MARK: Timelines

  private func timeline(_ ledger: TestLedger, all: Bool = false, filter: EventFilter = EventFilter()) throws -> [JSON] {
    var events: [JSON] = []
    _ = try ledger.ledger.read { snapshot in
      try snapshot.timeline(of: "C1", filter: filter, showsAll: all) { event in
        events.append(try JSON(reading: String(decoding: event.json, as: UTF8.self)))
        return true
      }
    }
    return events
  }

  @Test func `a timeline shows the corrected form and says by what`() throws {
    let ledger = try given {
      cost("a", "2025-01-05", "10.00")
      cost("b", "2025-01-02", "1.00")
      corrected("a", ["amount": "12.00", "time": "2025-01-01T00:00:00Z"]).id("c")
      corrected("b", ["channel": "web"]).id("d").from("/desk")
    }.ledger
    let events = try timeline(ledger)
    #expect(events.map { $0["id"] } == ["a", "b", "d", "c"])
    #expect(events[0]["data"]?["amount"] == "12.00")
    #expect(events[0]["time"] == "2025-01-01T00:00:00Z")
    #expect(events[0]["correctedby"] == "c")
    #expect(events[0]["ledgerposition"] == 1)
    #expect(events[1]["correctedby"] == "/desk#d")
    #expect(events[3]["correctedby"] == nil)
    var filter = EventFilter()
    filter.channel = "web"
    #expect(try timeline(ledger, filter: filter).map { $0["id"] } == ["b"])
  }

  @Test func `a timeline shows retracted events only when all are asked for`() throws {
    let ledger = try given {
      cost("a", "2025-01-01", "10.00")
      cost("b", "2025-01-02", "1.00")
      retracted("a").id("r")
    }.ledger
    #expect(try timeline(ledger).map { $0["id"] } == ["b", "r"])
    let all = try timeline(ledger, all: true)
    #expect(all.map { $0["id"] } == ["a", "b", "r"])
    #expect(all[0]["retractedby"] == "r")
  }

  @Test func `the log shows what was sent`() throws {
    let ledger = try given {
      cost("a", "2025-01-01", "10.00")
      corrected("a", ["amount": "12.00"])
    }.ledger
    #expect(try JSON(reading: ledger.log()[0])["data"]?["amount"] == "10.00")
  }
}
