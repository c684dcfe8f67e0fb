import Testing

@testable import RapportLedger

@Suite("understanding")
struct UnderstandingTests {
  private func offer(_ time: String, sponsored: JSON = .null) -> Event {
    Event("offer.made", time, ["offer": .string(time), "sponsored": sponsored])
  }
  private func need(_ time: String) -> Event { Event("need.recorded", time, ["need": "n"]) }

  @Test func `an offer comes after the need if that was recorded before`() throws {
    try given {
      offer("2025-03-01")
      need("2025-03-02")
      offer("2025-03-03", sponsored: true)
      offer("2025-03-04").of("C2")
      offer("2025-03-05")
    }.whenAsked("understanding").then(["offers": 4, "need_first_rate": 0.5, "sponsored_rate": 0.25])
  }

  @Test func `a need before the window counts for an offer in it`() throws {
    try given {
      need("2025-01-01")
      offer("2025-03-01")
    }.whenAsked("understanding", from: "2025-02-01").then(["offers": 1, "need_first_rate": 1])
  }

  @Test func `goals achieved are a share of the goals declared`() throws {
    try given {
      Event("goal.declared", "2025-03-01", ["goal": "a"])
      Event("goal.declared", "2025-03-01", ["goal": "b"])
      Event("goal.achieved", "2025-03-08", ["goal": "a"])
      Event("goal.dropped", "2025-03-08", ["goal": "b"])
      Event("goal.achieved", "2025-03-08", ["goal": "c"])
    }.whenAsked("understanding").then(["goals": 2, "achieved_rate": 0.5])
  }

  @Test func `understood is who is active and was confirmed within a year`() throws {
    let story = try given {
      need("2025-01-01")
      Event("understanding.confirmed", "2025-01-01", ["need": "n"])
      need("2025-01-02").of("C2")
      Event("understanding.confirmed", "2023-12-31", ["need": "n"]).of("C2")
      Event("understanding.confirmed", "2025-01-01", ["need": "n"]).of("C3")
    }
    try story.whenAsked("understanding", at: "2026-01-01").then(["active": 2, "understood_rate": 0.5])
    try story.whenAsked("understanding", at: "2026-01-02").then(["active": 1, "understood_rate": 0])
    try story.whenAsked("understanding", at: "2026-01-02T00:00:01Z").then(["active": 0, "understood_rate": nil])
  }

  @Test func `wishes are counted by people`() throws {
    try given {
      Event("wish.expressed", "2025-03-01", ["wish": "green"])
      Event("wish.expressed", "2025-03-02", ["wish": "green"])
      Event("wish.expressed", "2025-03-02", ["wish": "green"]).of("C2")
      Event("wish.fulfilled", "2025-03-03", ["wish": "green"]).of("C2")
      Event("wish.expressed", "2025-03-02", ["wish": "blue"])
      Event("wish.declined", "2025-03-02", ["wish": "blue"])
    }.whenAsked("understanding", by: "wish").then([
      ["wish": "blue", "people": 1, "fulfilled": 0, "fulfilled_rate": 0],
      ["wish": "green", "people": 2, "fulfilled": 1, "fulfilled_rate": 0.5],
    ])
  }

  @Test func `a wish that was corrected is called what it is now`() throws {
    let story = try given {
      Event("wish.expressed", "2025-03-01", ["wish": "grene"]).id("typo")
      Event("wish.expressed", "2025-03-02", ["wish": "green"]).of("C2")
      Event("wish.expressed", "2025-03-02", ["wish": "blue"]).of("C3")
      Event("event.corrected", "2025-03-03", ["source": "/spec", "id": "typo", "set": ["wish": "blue"]])
    }
    try story.whenAsked("understanding", by: "wish").then([["wish": "blue", "people": 2], ["wish": "green"]])
  }

  @Test func `what is said again in the window counts there, and is done if that is followed`() throws {
    let story = try given {
      Event("wish.expressed", "2025-01-01", ["wish": "green"])
      Event("wish.fulfilled", "2025-02-01", ["wish": "green"])
      Event("wish.expressed", "2025-03-01", ["wish": "green"])
      Event("goal.declared", "2025-01-01", ["goal": "a"])
      Event("goal.declared", "2025-03-01", ["goal": "a"])
      Event("goal.achieved", "2025-04-01", ["goal": "a"])
    }
    try story.whenAsked("understanding", by: "wish").then([["wish": "green", "people": 1, "fulfilled": 1]])
    try story.whenAsked("understanding", from: "2025-02-15", by: "wish").then([
      ["wish": "green", "people": 1, "fulfilled": 0]
    ])
    try story.whenAsked("understanding").then(["goals": 1, "achieved_rate": 1])
    try story.whenAsked("understanding", from: "2025-02-15").then(["goals": 1, "achieved_rate": 1])
  }

  @Test func `nothing known is n/a, not zero`() throws {
    try given { Event("note.added", "2025-03-01") }.whenAsked("understanding")
      .then(["offers": 0, "need_first_rate": nil, "achieved_rate": nil, "sponsored_rate": nil])
  }
}
