import Testing

@testable import RapportLedger

@Suite("service")
struct ServiceTests {
  private func step(_ verb: String, _ time: String, _ data: [String: JSON] = [:], id: JSON = "k") -> Event {
    Event("case.\(verb)", "2025-03-01T\(time):00Z", data.merging(["case": id]) { $1 })
  }
  private func opened(_ time: String, kind: JSON = "enquiry", id: JSON = "k") -> Event {
    step("opened", time, ["kind": kind], id: id)
  }
  private func resolved(_ time: String) -> Event { step("resolved", time, ["by": "human"]) }

  @Test func `the clock runs from the opening to the first public reply by an employee`() throws {
    try given {
      opened("10:00")
      step("replied", "10:05", ["public": false])
      step("replied", "10:10").with("actorkind", "bot")
      step("replied", "10:30")
      step("replied", "10:50")
    }.whenAsked("service").then([
      [
        "kind": "enquiry", "cases": 1, "waiting": 0, "first_reply_n": 1, "first_reply_p50": 1800,
        "bot_first_reply_n": 1, "bot_first_reply_p50": 600, "resolve_first_n": 0, "resolve_first_p50": nil,
      ]
    ])
  }

  @Test func `an opening without a reply is waiting and not averaged`() throws {
    try given {
      opened("10:00")
      step("replied", "10:30").with("actorkind", "bot")
    }.whenAsked("service").then([["waiting": 1, "first_reply_n": 0, "first_reply_p50": nil, "bot_first_reply_n": 1]])
  }

  @Test func `a reopening is an opening of its own`() throws {
    try given {
      opened("10:00")
      step("replied", "10:10")
      resolved("10:20")
      step("reopened", "11:00")
      step("replied", "11:30")
      resolved("12:00")
    }.whenAsked("service").then([
      [
        "cases": 1, "first_reply_n": 2, "first_reply_p50": 600, "first_reply_p90": 1800, "resolve_first_p50": 1200,
        "resolve_full_p50": 7200, "reopened": 1, "reopened_rate": 1, "one_touch_rate": 0,
      ]
    ])
  }

  @Test func `an opening that we made is no clock`() throws {
    try given { opened("10:00").with("direction", "out") }.whenAsked("service")
      .then([["cases": 1, "waiting": 0, "first_reply_n": 0]])
  }

  @Test func `one touch is exactly one human reply before the resolution`() throws {
    try given {
      opened("10:00")
      step("replied", "10:10").with("actorkind", "bot")
      step("replied", "10:20")
      resolved("10:30")
      step("replied", "10:40")
    }.whenAsked("service").then([["one_touch_rate": 1, "reopened_rate": 0]])
  }

  @Test func `the customer waits for us and for others, not for themselves`() throws {
    try given {
      opened("10:00")
      step("waiting", "10:10", ["on": "customer"])
      step("waiting", "10:40", ["on": "third"])
      step("waiting", "10:50", ["on": "us"])
      resolved("11:00")
      step("waiting", "11:30", ["on": "us"])
      step("reopened", "12:00")
      step("closed", "12:05")
    }.whenAsked("service").then([["customer_wait_p50": 2100]])
  }

  @Test func `an open case waits until as_of`() throws {
    try given { opened("10:00") }.whenAsked("service", at: "2025-03-01T11:00:00Z").then([["customer_wait_p50": 3600]])
  }

  @Test func `a case is followed across subjects`() throws {
    try given {
      opened("10:00")
      step("replied", "10:10").of("C2")
      resolved("10:20").of("C3")
    }.whenAsked("service").then([["cases": 1, "first_reply_p50": 600, "resolve_full_p50": 1200]])
  }

  @Test func `kinds are never lumped, and complaints are measured by orders`() throws {
    let story = try given {
      opened("10:00", kind: "complaint", id: "a").with("country", "DE")
      opened("10:00", kind: "concern", id: "b").with("country", "DE")
      order("o1").placed("2025-03-01").with("country", "DE")
      order("o2").placed("2025-03-01").with("country", "FR")
    }
    try story.whenAsked("service").then([
      ["kind": "complaint", "complaints_per_100_orders": 50], ["kind": "concern", "complaints_per_100_orders": nil],
    ])
    try story.whenAsked("service", by: "country").then([
      ["country": "DE", "kind": "complaint", "complaints_per_100_orders": 100], ["country": "DE", "kind": "concern"],
    ])
  }

  @Test(arguments: [("channel", "mail"), ("department", "help"), ("month", "2025-03")])
  func `by what the opening says`(grouping: String, value: String) throws {
    try given { opened("10:00").with("channel", "mail").with("department", "help") }
      .whenAsked("service", by: grouping).then([[grouping: .string(value), "kind": "enquiry", "cases": 1]])
  }

  @Test func `the window selects by the opening; a case that was never opened is left out`() throws {
    let answer = try given {
      opened("10:00")
      step("replied", "10:00", id: "other")
    }.whenAsked("service", from: "2025-03-02")
    answer.then([])
    answer.leavesOut(["not_opened": 1])
  }
}
