import Testing

@testable import RapportLedger

@Suite("authenticity")
struct AuthenticityTests {
  private func received(_ actor: JSON) -> Event { Event("message.received", "2025-03-01").with("actorkind", actor) }

  @Test func `a bot or an employee who does not say so is undisclosed`() throws {
    try given {
      received("bot")
      received("employee")
      received("bot").saying("disclosed", true)
      received("customer")
      Event("message.received", "2025-03-01")
    }.whenAsked("authenticity").then(["utterances": 5, "undisclosed": 2, "undisclosed_rate": 0.4])
  }

  @Test func `so are reviews by employees and the paid`() throws {
    try given {
      reviewed("2025-03-01", relation: "paid")
      reviewed("2025-03-01", relation: "employee")
      reviewed("2025-03-01", relation: "customer")
      Event("mention.published", "2025-03-01", ["relation": "paid"])
    }.whenAsked("authenticity").then(["utterances": 4, "undisclosed": 3])
  }

  @Test func `where no actor is said nobody is disguised`() throws {
    try given {
      Event("message.sent", "2025-03-01")
      Event("case.replied", "2025-03-01", ["case": "k"])
      Event("note.added", "2025-03-01")
    }.whenAsked("authenticity").then(["utterances": 3, "undisclosed": 0])
  }

  @Test func `the human share is that of touches by neither bots nor systems`() throws {
    try given {
      Event("message.sent", "2025-03-01").with("actorkind", "bot")
      order("o").placed("2025-03-01").with("actorkind", "system")
      order("p").placed("2025-03-01")
      Event("message.sent", "2025-03-01")
      Event("note.added", "2025-03-01").with("actorkind", "bot")
    }.whenAsked("authenticity").then(["human_share": 0.5, "utterances": 3])
  }

  @Test func `a handoff takes from the first request to the next handoff`() throws {
    try given {
      Event("handoff.done", "2025-03-01T09:00:00Z")
      Event("handoff.requested", "2025-03-01T10:00:00Z")
      Event("handoff.requested", "2025-03-01T10:05:00Z")
      Event("handoff.done", "2025-03-01T10:10:00Z")
      Event("handoff.done", "2025-03-01T11:00:00Z")
    }.whenAsked("authenticity").then(["handoff_p50": 600, "handoff_p90": 600])
  }

  @Test func `by actorkind, as sent or as the direction says`() throws {
    try given {
      received("bot")
      Event("message.received", "2025-03-01")
      Event("note.added", "2025-03-01")
    }.whenAsked("authenticity", by: "actorkind").then([
      ["actorkind": "bot", "utterances": 1, "undisclosed_rate": 1], ["actorkind": "customer", "undisclosed_rate": 0],
      ["actorkind": nil, "utterances": 1, "human_share": nil],
    ])
  }

  @Test func `an actorkind that nobody knows is another one, and none is none`() throws {
    try given {
      Event("message.received", "2025-03-01").with("actorkind", "oracle")
      Event("message.received", "2025-03-02").with("actorkind", "ghost")
      Event("note.added", "2025-03-03")
    }.whenAsked("authenticity", by: "actorkind").then([
      ["actorkind": "other", "utterances": 2, "undisclosed": 0], ["actorkind": nil, "utterances": 1],
    ])
  }
}
