import Testing

@testable import RapportLedger

@Suite("promises")
struct PromisesTests {
  private func made(_ id: JSON = "p1", _ time: String = "2025-03-01", due: JSON) -> Event {
    Event("promise.made", time, ["promise": id, "due": due])
  }
  private func kept(_ time: String, _ id: JSON = "p1") -> Event { Event("promise.kept", time, ["promise": id]) }
  private func broken(_ time: String, _ id: JSON = "p1") -> Event { Event("promise.broken", time, ["promise": id]) }

  @Test func `a promise is kept at its instant and broken a second later`() throws {
    try given {
      made(due: "2025-03-10T12:00:00Z")
      kept("2025-03-10T12:00:00Z")
    }.whenAsked("promises").then(["due": 1, "kept": 1, "kept_rate": 1, "broken": 0, "late_p50": nil])
    try given {
      made(due: "2025-03-10T12:00:00Z")
      kept("2025-03-10T12:00:01Z")
    }.whenAsked("promises").then(["due": 1, "kept": 0, "broken": 1, "late_p50": 1, "late_p90": 1])
  }

  @Test func `a promise for a date is kept until the end of that day, in the time zone`() throws {
    let story = try given {
      made(due: "2025-03-10")
      kept("2025-03-10T23:30:00Z")
    }
    try story.whenAsked("promises").then(["kept": 1])
    try story.whenAsked("promises", tz: "Europe/Berlin").then(["kept": 0, "broken": 1, "late_p50": 1800])
  }

  @Test func `who says that it is broken has broken it, also before it is due`() throws {
    let story = try given {
      made(due: "2025-03-10")
      broken("2025-03-05")
    }
    try story.whenAsked("promises", at: "2025-03-06").then(["due": 1, "kept": 0, "broken": 1])
  }

  @Test func `a promise is broken when due has passed, and not before`() throws {
    let story = try given { made(due: "2025-03-10") }
    try story.whenAsked("promises", at: "2025-03-10T23:59:59Z").then(["due": 1, "broken": 0, "kept_rate": 0])
    try story.whenAsked("promises", at: "2025-03-11").then(["due": 1, "broken": 1])
  }

  @Test func `a second promise of the same id does not move the first`() throws {
    try given {
      made(due: "2025-03-10")
      made(due: "2025-03-20").saying("by", "e1")
      kept("2025-03-15")
    }.whenAsked("promises").then(["due": 1, "kept": 0])
  }

  @Test func `the window selects by due`() throws {
    let story = try given { made(due: "2025-03-10") }
    try story.whenAsked("promises", from: "2025-03-10", to: "2025-03-11").then(["due": 1])
    try story.whenAsked("promises", from: "2025-03-11").then(["due": 0, "kept_rate": nil])
  }

  @Test func `by department and by customer`() throws {
    let story = try given {
      made(due: "2025-03-10").with("department", "help")
      kept("2025-03-09")
      made("p2", due: "2025-03-10").of("C2")
    }
    try story.whenAsked("promises", by: "department").then([
      ["department": "help", "kept_rate": 1], ["department": nil, "kept_rate": 0],
    ])
    try story.whenAsked("promises", by: "customer").then([
      ["customer": "C1", "kept": 1], ["customer": "C2", "kept": 0],
    ])
  }

  @Test func `kept without having been made is left out and counted`() throws {
    let answer = try given { kept("2025-03-01") }.whenAsked("promises")
    answer.then(["due": 0])
    answer.leavesOut(["not_made": 1])
  }
}
