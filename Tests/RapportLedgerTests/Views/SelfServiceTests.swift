import Testing

@testable import RapportLedger

@Suite("selfservice")
struct SelfServiceTests {
  private func run(_ verb: String, _ time: String, _ id: JSON = "r1", topic: JSON = "billing") -> Event {
    Event("selfservice.\(verb)", time, ["process": "p", "run": id, "topic": topic])
  }
  private func asked(_ time: String, topic: JSON) -> Event {
    Event("case.opened", time, ["case": "k", "kind": "enquiry", "topic": topic])
  }

  @Test func `a run succeeds if it is completed and no case follows`() throws {
    try given {
      run("started", "2025-03-01")
      run("completed", "2025-03-01T00:10:00Z")
      run("started", "2025-03-02", "r2")
      run("abandoned", "2025-03-02", "r2")
    }.whenAsked("selfservice").then(["started": 2, "completed": 1, "success_rate": 0.5])
  }

  @Test(arguments: [("2025-03-08", "billing", 0), ("2025-03-08T00:00:01Z", "billing", 1), ("2025-03-02", "tax", 1)])
  func `a case of the same topic within seven days takes the success`(time: String, topic: String, rate: Int) throws {
    try given {
      run("started", "2025-03-01")
      run("completed", "2025-03-01")
      asked(time, topic: .string(topic))
    }.whenAsked("selfservice").then(["completed": 1, "success_rate": .number("\(rate)")])
  }

  @Test func `another customer's case does not matter, nor one without a topic`() throws {
    try given {
      run("started", "2025-03-01", topic: .null)
      run("completed", "2025-03-01", topic: .null)
      asked("2025-03-02", topic: .null)
      asked("2025-03-02", topic: "billing").of("C2")
    }.whenAsked("selfservice").then(["success_rate": 1])
  }

  private func answer(_ id: JSON, by source: JSON) -> Event {
    Event("answer.given", "2025-03-01", ["answer": id, "by": source])
  }
  private func rated(_ id: JSON, _ helpful: Bool, _ time: String = "2025-03-02") -> Event {
    Event("answer.rated", time, ["answer": id, "helpful": .bool(helpful)])
  }

  @Test func `helpful is a share of the rated, rated of the given, by source`() throws {
    let story = try given {
      answer("a1", by: "bot")
      answer("a2", by: "bot")
      answer("a3", by: "article")
      rated("a1", true)
      rated("a1", false, "2025-03-03")
      rated("a3", true)
    }
    try story.whenAsked("selfservice").then(["helpful_rate": 0.5, "rated_rate": 0.666667])
    try story.whenAsked("selfservice", by: "source").then([
      ["source": "article", "helpful_rate": 1, "rated_rate": 1],
      ["source": "bot", "helpful_rate": 0, "rated_rate": 0.5, "contacts_per_100_orders": nil],
    ])
  }

  @Test func `ratings by staff and bots are left out`() throws {
    let found = try given {
      answer("a1", by: "bot")
      rated("a1", false)
      rated("a1", true, "2025-03-03").with("actorkind", "bot")
    }.whenAsked("selfservice")
    found.then(["helpful_rate": 0, "rated_rate": 1])
    found.leavesOut(["not_a_customer": 1])
  }

  @Test func `contacts are counted for a hundred orders, by topic against all orders`() throws {
    let story = try given {
      order("o1").placed("2025-03-01")
      order("o2").placed("2025-03-01")
      asked("2025-03-02", topic: "billing")
      Event("help.requested", "2025-03-02", ["topic": "tax"])
      Event("message.received", "2025-03-02", ["topic": "tax"])
    }
    try story.whenAsked("selfservice").then(["contacts_per_100_orders": 150])
    try story.whenAsked("selfservice", by: "topic").then([
      ["topic": "billing", "contacts_per_100_orders": 50], ["topic": "tax", "contacts_per_100_orders": 100],
    ])
  }

  @Test func `reach is printed with it: contact must not fall because access is hidden`() throws {
    let answer = try given { Event("contact.attempted", "2025-03-01", ["outcome": "missed"]) }.whenAsked("selfservice")
    let rows = try #require(answer.json["counterweight"]?["reach"]).elements
    #expect(rows.count == 1)
    #expect(rows[0]["attempts"] == 1)
    #expect(rows[0]["answered_rate"] == 0)
  }
}
