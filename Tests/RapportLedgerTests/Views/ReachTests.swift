import Testing

@testable import RapportLedger

@Suite("reach")
struct ReachTests {
  private func tried(_ outcome: JSON, _ time: String = "2025-03-01", waited: JSON = .null) -> Event {
    Event("contact.attempted", time, ["outcome": outcome, "waited": waited])
  }

  @Test func `answered and abandoned are shares of all attempts, waiting is that of all who say it`() throws {
    try given {
      tried("answered", waited: 10)
      tried("abandoned", waited: 100)
      tried("missed")
      tried("closed", waited: 0)
    }.whenAsked("reach").then([
      "attempts": 4, "answered_rate": 0.25, "abandoned_rate": 0.25, "waited_p50": 10, "waited_p90": 100,
    ])
  }

  @Test func `failures are counted for every thousand touches, and are none themselves`() throws {
    try given {
      for day in 1...4 { tried("answered", "2025-03-0\(day)") }
      Event("access.failed", "2025-03-01", ["reason": "timeout"])
    }.whenAsked("reach").then(["attempts": 4, "failures_per_1000": 250])
  }

  @Test func `nobody tried, nothing known`() throws {
    try given { Event("note.added", "2025-03-01") }.whenAsked("reach").then([
      "attempts": 0, "answered_rate": nil, "waited_p50": nil, "failures_per_1000": nil,
    ])
  }

  @Test func `by channel, those without one last`() throws {
    try given {
      tried("answered").with("channel", "phone")
      tried("missed")
    }.whenAsked("reach", by: "channel").then([
      ["channel": "phone", "attempts": 1, "answered_rate": 1], ["channel": nil, "attempts": 1, "answered_rate": 0],
    ])
  }

  @Test func `the hour is that of the time zone`() throws {
    let story = try given { tried("answered", "2025-07-01T22:30:00Z") }
    try story.whenAsked("reach", by: "hour").then([["hour": "22"]])
    try story.whenAsked("reach", by: "hour", tz: "Europe/Berlin").then([["hour": "00"]])
  }

  @Test func `by reason and by need the failures are split and measured against all touches`() throws {
    let story = try given {
      tried("answered")
      tried("answered")
      Event("access.failed", "2025-03-01", ["reason": "timeout", "need": "screen-reader"])
      Event("access.failed", "2025-03-01", ["reason": "password"])
    }
    try story.whenAsked("reach", by: "reason").then([
      ["reason": "password", "attempts": 0, "failures_per_1000": 500],
      ["reason": "timeout", "attempts": 0, "failures_per_1000": 500],
    ])
    try story.whenAsked("reach", by: "need").then([["need": "screen-reader"], ["need": nil]])
  }

  @Test func `the window selects attempts, failures and touches`() throws {
    try given {
      tried("answered", "2025-02-28")
      tried("answered", "2025-03-01")
      tried("answered", "2025-04-01")
    }.whenAsked("reach", from: "2025-03-01", to: "2025-04-01").then(["attempts": 1])
  }
}
