import Testing

@testable import RapportLedger

@Suite("requests")
struct RequestsTests {
  private func received(_ time: String, right: JSON = "access", _ id: JSON = "r1") -> Event {
    Event("request.received", time, ["request": id, "right": right])
  }
  private func follows(_ verb: String, _ time: String) -> Event {
    Event("request.\(verb)", time, ["request": "r1", "reason": "x"])
  }

  @Test(arguments: [
    ("2025-01-31", "2025-02-28"), ("2024-01-31", "2024-02-29"), ("2025-03-15", "2025-04-15"),
    ("2024-02-29", "2024-03-29"),
  ])
  func `a request is due on the same day of the next month, or on its last`(received time: String, due: String) throws {
    let story = try given { received(time) }
    try story.whenAsked("requests", at: due + "T23:59:59Z").then([["right": "access", "open": 1, "overdue": 0]])
    let next = CivilDate(days: CivilDate(Timestamp(nanoseconds: instant(due))).days + 1).description
    try story.whenAsked("requests", at: next).then([["open": 1, "overdue": 1]])
  }

  @Test func `an extension gives two months more`() throws {
    let story = try given {
      received("2025-01-31")
      follows("extended", "2025-02-10")
    }
    try story.whenAsked("requests", at: "2025-04-30").then([["overdue": 0]])
    try story.whenAsked("requests", at: "2025-05-01").then([["overdue": 1]])
  }

  @Test func `an objection is due at once`() throws {
    try given { received("2025-03-01", right: "objection") }
      .whenAsked("requests", at: "2025-03-01T00:00:01Z").then([["right": "objection", "open": 1, "overdue": 1]])
  }

  @Test func `fulfilled and refused are no longer open, and days count to fulfilment`() throws {
    try given {
      received("2025-03-01")
      follows("fulfilled", "2025-03-11T23:00:00Z")
      received("2025-03-01").of("C2")
      follows("refused", "2025-03-02").of("C2")
    }.whenAsked("requests").then([["open": 0, "overdue": 0, "fulfilled": 1, "days_p50": 10]])
  }

  @Test func `what was refused and then fulfilled is fulfilled, and not before that`() throws {
    let story = try given {
      received("2025-03-01")
      follows("refused", "2025-03-03")
      follows("fulfilled", "2025-03-06")
      follows("fulfilled", "2025-03-09")
    }
    try story.whenAsked("requests").then([["open": 0, "fulfilled": 1, "days_p50": 5]])
    try story.whenAsked("requests", at: "2025-03-04").then([["open": 0, "fulfilled": 0, "days_p50": nil]])
  }

  @Test func `a row for each right, words nobody knows are other`() throws {
    try given {
      received("2025-03-01", right: "erasure")
      received("2025-03-01", right: "access", "r2")
      received("2025-03-01", right: "silence", "r3")
    }.whenAsked("requests").then([["right": "access"], ["right": "erasure"], ["right": "other", "days_p50": nil]])
  }

  @Test func `the window selects by receipt; what was never received is left out`() throws {
    let answer = try given {
      received("2025-03-01", "access", "r9")
      follows("fulfilled", "2025-03-02")
    }.whenAsked("requests", from: "2025-04-01")
    answer.then([])
    answer.leavesOut(["not_received": 1])
  }

  private func received(_ time: String, _ right: JSON, _ id: JSON) -> Event { received(time, right: right, id) }
}
