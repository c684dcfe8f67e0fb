import Testing

@testable import RapportLedger

@Suite("pressure")
struct PressureTests {
  private func ad(_ time: String) -> Event { Event("ad.shown", time, ["purpose": "p"]) }
  private func campaign(_ time: String, topic: JSON) -> Event {
    Event("campaign.sent", time, ["campaign": "c", "kind": "ad", "purpose": "p", "topic": topic])
  }

  @Test func `seven days to the second are no longer a rolling window of seven days`() throws {
    try given {
      ad("2025-03-01")
      ad("2025-03-07T23:59:59Z")
      ad("2025-03-08")
    }.whenAsked("pressure").then(["customers": 1, "max_7d": 2, "max_30d": 3, "over_cap": 0])
  }

  @Test func `over the cap is strictly more`() throws {
    let story = try given {
      for hour in 10...12 { ad("2025-03-01T\(hour):00:00Z") }
      for hour in 10...11 { ad("2025-03-01T\(hour):00:00Z").of("C2") }
    }
    try story.whenAsked("pressure").then(["customers": 2, "over_cap": 1, "over_cap_rate": 0.5, "max_7d": 3])
    try story.whenAsked("pressure", options: ["cap-7d": "3"]).then(["over_cap": 0])
    try story.whenAsked("pressure", options: ["cap-7d": "9", "cap-30d": "1"]).then(["over_cap": 2])
  }

  @Test func `messages before the window count for it, but only those in it end a period`() throws {
    let story = try given {
      ad("2025-02-27")
      ad("2025-02-28")
      ad("2025-03-01")
    }
    try story.whenAsked("pressure", from: "2025-03-01").then(["max_7d": 3, "over_cap": 1])
    try story.whenAsked("pressure", from: "2025-04-01").then(["customers": 0, "max_7d": 0, "over_cap_rate": nil])
  }

  @Test func `messages are in subscribed topics if the customer was subscribed then`() throws {
    try given {
      Event("topic.subscribed", "2025-03-01", ["topic": "garden"])
      campaign("2025-03-02", topic: "garden")
      campaign("2025-03-02", topic: "cars")
      Event("topic.unsubscribed", "2025-03-03", ["topic": "garden"])
      campaign("2025-03-04", topic: "garden")
      ad("2025-03-05")
    }.whenAsked("pressure").then(["in_subscribed_topics_rate": 0.25, "unsubscribed_per_1000": 250])
  }

  @Test func `what was asked for is no pressure`() throws {
    try given {
      Event("message.sent", "2025-03-01")
      Event("campaign.sent", "2025-03-01", ["campaign": "c", "kind": "service", "purpose": "p", "unsolicited": false])
    }.whenAsked("pressure").then(["customers": 0, "unsubscribed_per_1000": nil, "in_subscribed_topics_rate": nil])
  }
}
