import Testing

@testable import RapportLedger

@Suite("perception-gap")
struct PerceptionGapTests {
  private func thought(_ share: JSON, _ n: JSON) -> Event {
    Event("selfassessment.recorded", "2025-03-01", ["question": "known", "yes_share": share, "n": n]).ofTheFirm()
  }
  private func said(_ yes: JSON, _ time: String = "2025-03-01", _ kind: JSON = "perception") -> Event {
    Event("survey.answered", time, ["survey": "s", "kind": kind, "question": "known", "yes": yes])
  }

  @Test func `inside is weighted by people, outside is a share of answers, the gap is in points`() throws {
    try given {
      thought(0.9, 30)
      thought(0.5, 10)
      said(true)
      said(false).of("C2")
    }.whenAsked("perception-gap").then([
      ["question": "known", "inside": 0.8, "inside_n": 40, "outside": 0.5, "outside_n": 2, "gap_pp": 30]
    ])
  }

  @Test func `one answer for each person and question, the latest`() throws {
    try given {
      said(true, "2025-03-01")
      said(false, "2025-03-02")
    }.whenAsked("perception-gap").then([["outside": 0, "outside_n": 1, "inside": nil, "inside_n": 0, "gap_pp": nil]])
  }

  @Test func `other surveys, no answer and staff do not count`() throws {
    let answer = try given {
      said(true, "2025-03-01", "nps")
      said(.null)
      said(true).of("C2").with("actorkind", "employee")
      thought(0.5, 0)
    }.whenAsked("perception-gap")
    answer.then([["inside": nil, "outside": nil, "outside_n": 0]])
    answer.leavesOut(["no_answer": 1, "not_a_customer": 1])
  }

  @Test func `the window selects both sides`() throws {
    try given {
      thought(0.5, 10)
      said(true, "2025-04-01")
    }.whenAsked("perception-gap", from: "2025-03-15").then([["inside": nil, "outside": 1]])
  }
}
