import Testing

@testable import RapportLedger

@Suite("seams")
struct SeamsTests {
  private func note(_ time: String, _ department: JSON, _ id: JSON = "k") -> Event {
    Event("note.added", "2025-03-01T\(time):00Z").with("correlationid", id).with("department", department)
  }

  @Test func `equal neighbours are one station, and each change is a handover`() throws {
    try given {
      note("10:00", "sales")
      note("10:05", "sales")
      note("10:10", "help")
      note("10:15", .null)
      note("10:20", "help")
      note("10:30", "legal")
    }.whenAsked("seams").then([
      "cases": 1, "handovers": 2, "cases_handed_over": 1, "ping_pong_cases": 0, "stations_p50": 3, "stations_p90": 3,
    ])
  }

  @Test func `ping-pong is a department that comes back`() throws {
    try given {
      note("10:00", "sales")
      note("10:10", "help")
      note("10:20", "sales")
    }.whenAsked("seams").then(["handovers": 2, "ping_pong_cases": 1, "stations_p50": 2])
  }

  @Test func `a case is followed across subjects, and one without a department is none`() throws {
    try given {
      note("10:00", "sales")
      note("10:10", "help").of("C2")
      note("10:00", .null, "other")
    }.whenAsked("seams").then(["cases": 1, "handovers": 1])
  }

  @Test func `a case that begins with the firm is no customer's`() throws {
    let story = try given {
      Event("employee.joined", "2025-03-01", ["employee": "e", "role": "r", "department": "d"]).ofTheFirm()
        .with("correlationid", "firm").with("department", "sales")
      note("10:00", "sales")
    }
    try story.whenAsked("seams").then(["cases": 2])
    try story.whenAsked("seams", customer: "C1").then(["cases": 1])
  }

  @Test func `the wait at a seam ends with the next reply by an employee there`() throws {
    try given {
      note("10:00", "sales").with("correlationid", .null).with("correlationid", "k")
      Event("case.assigned", "2025-03-01T10:10:00Z", ["case": "k", "department": "help"])
      Event("case.replied", "2025-03-01T10:15:00Z", ["case": "k"]).with("department", "help").with("actorkind", "bot")
      Event("case.replied", "2025-03-01T10:40:00Z", ["case": "k"]).with("department", "help")
      note("11:00", "legal")
    }.whenAsked("seams", by: "seam").then([
      ["from": "help", "to": "legal", "n": 1, "wait_p50": nil],
      ["from": "sales", "to": "help", "n": 1, "wait_p50": 1800, "wait_p90": 1800],
    ])
  }

  @Test func `no cases, no percentiles`() throws {
    try given { Event("note.added", "2025-03-01") }.whenAsked("seams").then([
      "cases": 0, "handovers": 0, "stations_p50": nil,
    ])
  }

  private func wrote(_ department: JSON) -> Event { Event("message.sent", "2025-03-01").with("department", department) }

  @Test func `by customer the silo index is the sum of squared shares`() throws {
    try given {
      wrote("sales")
      wrote("sales")
      wrote("sales")
      wrote("help")
      wrote("sales").of("C2")
      wrote("sales").of("C2")
    }.whenAsked("seams", by: "customer").then([
      ["customer": "C1", "touches": 4, "silo_index": 0.625, "effort_minutes": 0]
    ])
  }

  @Test func `effort is the minutes of formalities and of waiting`() throws {
    try given {
      wrote("sales")
      wrote("sales")
      wrote("help")
      Event("formality.imposed", "2025-03-01", ["what": "form", "minutes": 15])
      Event("case.opened", "2025-03-01T10:00:00Z", ["case": "k", "kind": "enquiry"])
      Event("case.waiting", "2025-03-01T10:20:30Z", ["case": "k", "on": "customer"])
    }.whenAsked("seams", by: "customer").then([["touches": 3, "effort_minutes": 35]])
  }

  @Test func `a case is followed across subjects, and its waiting is that of who began it`() throws {
    try given {
      for customer in ["C1", "C2"] { for _ in 1...3 { wrote("sales").of(customer) } }
      Event("case.opened", "2025-03-01T10:00:00Z", ["case": "k", "kind": "enquiry"])
      Event("case.resolved", "2025-03-01T10:20:00Z", ["case": "k", "by": "human"]).of("C2")
    }.whenAsked("seams", by: "customer").then([
      ["customer": "C1", "effort_minutes": 20], ["customer": "C2", "effort_minutes": 0],
    ])
  }
}
