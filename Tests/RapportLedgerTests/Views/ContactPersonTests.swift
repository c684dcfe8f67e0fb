import Testing

@testable import RapportLedger

@Suite("contact-person")
struct ContactPersonTests {
  private func assigned(_ employee: JSON, _ time: String) -> Event {
    Event("contactperson.assigned", time, ["employee": employee])
  }
  private func introduced(_ time: String) -> Event { Event("contactperson.introduced", time) }

  @Test func `covered is who has a current person and was told`() throws {
    try given {
      assigned("e1", "2025-03-01")
      introduced("2025-03-02")
      assigned("e1", "2025-03-01").of("C2")
      order("o").placed("2025-03-01").of("C2")
      order("o").placed("2025-03-01").of("C3")
    }.whenAsked("contact-person").then([
      "active": 3, "assigned": 2, "introduced": 1, "coverage_rate": 0.333333, "changes_per_year": 0,
    ])
  }

  @Test func `a new person has to be introduced again`() throws {
    try given {
      assigned("e1", "2025-03-01")
      introduced("2025-03-02")
      assigned("e2", "2025-03-03")
    }.whenAsked("contact-person").then(["assigned": 1, "introduced": 0, "changes_per_year": 1])
  }

  @Test func `an assignment that ended is none`() throws {
    try given {
      assigned("e1", "2025-03-01")
      introduced("2025-03-02")
      Event("contactperson.ended", "2025-03-03")
    }.whenAsked("contact-person").then(["active": 1, "assigned": 0, "introduced": 0, "coverage_rate": 0])
  }

  @Test func `only active customers count`() throws {
    let story = try given {
      introduced("2025-01-01")
      assigned("e1", "2025-03-01")
      Event("note.added", "2025-06-01")
    }
    try story.whenAsked("contact-person", at: "2026-01-01").then(["active": 1])
    try story.whenAsked("contact-person", at: "2026-01-01T00:00:01Z").then(["active": 0, "coverage_rate": nil])
  }

  @Test func `the same employee again is no change, and changes of more than a year ago are over`() throws {
    try given {
      assigned("e1", "2024-01-01")
      assigned("e2", "2024-02-01")
      assigned("e2", "2025-03-01")
      introduced("2025-03-02")
    }.whenAsked("contact-person").then(["changes_per_year": 0])
  }

  @Test func `by employee, those without one last`() throws {
    try given {
      assigned("e2", "2025-03-01")
      introduced("2025-03-02")
      order("o").placed("2025-03-01").of("C2")
    }.whenAsked("contact-person", by: "employee").then([
      ["employee": "e2", "active": 1, "coverage_rate": 1], ["employee": nil, "active": 1, "assigned": 0],
    ])
  }
}
