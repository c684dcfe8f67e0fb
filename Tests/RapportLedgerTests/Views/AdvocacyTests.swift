import Testing

@testable import RapportLedger

@Suite("advocacy")
struct AdvocacyTests {
  private func converted(from: JSON) -> Event { Event("referral.converted", "2025-03-02", ["from": from]) }
  private func mention(_ time: String = "2025-03-01", _ data: [String: JSON] = [:]) -> Event {
    Event("mention.published", time, data)
  }
  private func asked(_ verb: String, _ time: String) -> Event {
    Event("case.\(verb)", time, ["case": "k", "kind": "complaint", "by": "human"])
  }

  @Test func `converted is a share of the referrals made`() throws {
    try given {
      Event("referral.made", "2025-03-01")
      Event("referral.made", "2025-03-01")
      converted(from: "C1").of("C2")
    }.whenAsked("advocacy").then(["referrals": 2, "converted_rate": 0.5, "depth_max": 1])
  }

  @Test func `the depth is that of the longest chain, and a circle ends`() throws {
    try given {
      converted(from: "C1").of("C2")
      converted(from: "C2").of("C3")
      Event("customer.registered", "2025-03-01", ["kind": "b2c", "referrer": "C3"]).of("C4")
    }.whenAsked("advocacy").then(["depth_max": 3, "referrals": 0, "converted_rate": nil])
    try given {
      converted(from: "C1").of("C2")
      converted(from: "C2").of("C1")
    }.whenAsked("advocacy").then(["depth_max": 2])
  }

  @Test func `a referrer is found by any of their ids`() throws {
    try given {
      converted(from: "C1").of("C2")
      converted(from: "X2").of("C3")
      Event("note.added", "2025-03-01").of("X2")
      Event("customer.merged", "2025-03-03", ["into": "C2"]).of("X2")
    }.whenAsked("advocacy").then(["depth_max": 2])
  }

  @Test func `positive mentions are unsolicited, by customers, above zero or in the top of their scale`() throws {
    let answer = try given {
      mention("2025-03-01", ["unsolicited": true, "sentiment": 0.1])
      mention("2025-03-01", ["unsolicited": true, "score": 4, "scale": 5])
      mention("2025-03-01", ["unsolicited": true, "score": 3, "scale": 5])
      mention("2025-03-01", ["unsolicited": false, "sentiment": 1])
      mention("2025-03-01", ["sentiment": 1])
      mention("2025-03-01", ["unsolicited": true, "sentiment": 1, "relation": "paid"])
    }.whenAsked("advocacy")
    answer.then(["mentions_positive": 2])
    answer.leavesOut(["not_a_customer": 1])
  }

  @Test(arguments: [("2025-03-31", 1), ("2025-03-31T00:00:01Z", 0)])
  func `an unresolved case that is mentioned within thirty days went public`(time: String, n: Int) throws {
    try given {
      asked("opened", "2025-03-01")
      mention(time)
    }.whenAsked("advocacy").then(["went_public": .number("\(n)")])
  }

  @Test func `a resolved one did not, unless it was reopened`() throws {
    try given {
      asked("opened", "2025-03-01")
      asked("resolved", "2025-03-02")
      mention("2025-03-03")
    }.whenAsked("advocacy").then(["went_public": 0])
    try given {
      asked("opened", "2025-03-01")
      asked("resolved", "2025-03-02")
      asked("reopened", "2025-03-03")
      mention("2025-03-04")
      mention("2025-03-05")
    }.whenAsked("advocacy").then(["went_public": 1])
  }
}
