import Testing

@testable import RapportLedger

@Suite("listening")
struct ListeningTests {
  private func feedback(_ verb: String, _ time: String, _ id: JSON = "f1") -> Event {
    Event("feedback.\(verb)", time, ["feedback": id])
  }

  @Test func `inbound is what customers say, outbound what is sent unasked`() throws {
    let answer = try given {
      Event("message.received", "2025-03-01")
      feedback("received", "2025-03-01")
      reviewed("2025-03-01")
      answered("nps", "2025-03-01", score: 9)
      Event("contact.attempted", "2025-03-01", ["outcome": "answered"])
      Event("contact.attempted", "2025-03-01", ["outcome": "missed"])
      Event("campaign.sent", "2025-03-01", ["campaign": "c", "kind": "ad", "purpose": "p"])
      Event("campaign.sent", "2025-03-01", ["campaign": "c", "kind": "ad", "purpose": "p", "unsolicited": false])
      Event("ad.shown", "2025-03-01", ["purpose": "p"])
      Event("message.sent", "2025-03-01", ["unsolicited": true])
      Event("message.sent", "2025-03-01")
    }.whenAsked("listening")
    answer.then(["inbound": 5, "outbound": 3, "ratio": 1.666667])
    answer.leavesOut([:])
  }

  @Test func `what employees, bots and the paid write is left out and counted`() throws {
    let answer = try given {
      Event("message.received", "2025-03-01").with("actorkind", "bot")
      feedback("received", "2025-03-01").with("actorkind", "employee")
      reviewed("2025-03-01", relation: "paid")
    }.whenAsked("listening")
    answer.then(["inbound": 0, "feedback": 0, "ratio": nil])
    answer.leavesOut(["not_a_customer": 3])
  }

  @Test func `the loop is closed by acting and answering within thirty days`() throws {
    try given {
      feedback("received", "2025-03-01")
      feedback("acknowledged", "2025-03-02")
      feedback("acted", "2025-03-31")
      feedback("answered", "2025-03-31")
      feedback("received", "2025-03-01", "f2")
      feedback("acted", "2025-03-05", "f2")
      feedback("received", "2025-03-01", "f3")
      feedback("acted", "2025-03-05", "f3")
      feedback("answered", "2025-03-31T00:00:01Z", "f3")
    }.whenAsked("listening").then([
      "feedback": 3, "closed_loop_rate": 0.333333, "acknowledged_p50": 86_400, "acted_p50": 345_600,
      "answered_p50": 2_592_000,
    ])
  }

  @Test func `feedback of less than thirty days is not judged yet`() throws {
    let story = try given { feedback("received", "2025-03-01") }
    try story.whenAsked("listening", at: "2025-03-30").then(["feedback": 1, "closed_loop_rate": nil])
    try story.whenAsked("listening", at: "2025-03-31").then(["closed_loop_rate": 0])
  }

  @Test func `heard first is who wrote before our first offer`() throws {
    try given {
      Event("message.received", "2025-03-01")
      Event("offer.made", "2025-03-02", ["offer": "x"])
      Event("offer.made", "2025-03-02", ["offer": "y"]).of("C2")
      Event("message.received", "2025-03-03").of("C2")
      Event("offer.made", "2025-03-04", ["offer": "z"]).of("C2")
    }.whenAsked("listening").then(["heard_first_rate": 0.5])
  }

  @Test func `open lists what nobody has answered, oldest first`() throws {
    try given {
      feedback("received", "2025-03-03", "young").saying("kind", "idea")
      feedback("received", "2025-03-01", "old")
      feedback("acknowledged", "2025-03-02", "old")
      feedback("received", "2025-03-01", "closed")
      feedback("answered", "2025-03-02", "closed")
    }.whenAsked("listening", at: "2025-03-11", options: ["open": ""]).then([
      [
        "feedback": "old", "customer": "C1", "received": "2025-03-01T00:00:00Z", "kind": nil,
        "acknowledged": "2025-03-02T00:00:00Z", "acted": nil, "days": 10,
      ], ["feedback": "young", "kind": "idea", "acknowledged": nil, "days": 8],
    ])
  }

  @Test func `open names feedback as it was corrected, as far as that is known`() throws {
    let story = try given {
      feedback("received", "2025-03-03", "f1").id("typo")
      Event("event.corrected", "2025-03-04", ["source": "/spec", "id": "typo", "set": ["feedback": "f2"]])
    }
    try story.whenAsked("listening", at: "2025-03-11", options: ["open": ""]).then([["feedback": "f2"]])
    let early = try story.ledger.ledger.read { snapshot in
      var query = ViewQuery(asOf: instant("2025-03-11"))
      query.options["open"] = ""
      return try Listening().answer(query, over: snapshot, replay: Replay(limits: ReplayLimits(position: 1)))
    }
    #expect(early.rows.rows[0]["feedback"] == .text("f1"))
  }
}
