import Testing

@testable import RapportLedger

@Suite("stewardship")
struct StewardshipTests {
  private func firm(_ type: String, _ data: [String: JSON], _ time: String = "2025-03-01") -> Event {
    Event(type, time, data).ofTheFirm()
  }
  private func initiative(_ verb: String, _ data: [String: JSON] = [:], _ time: String = "2025-03-01") -> Event {
    firm("initiative.\(verb)", data.merging(["initiative": "I"]) { $1 }, time)
  }
  private func joined(_ employee: JSON, _ role: JSON) -> Event {
    firm("employee.joined", ["employee": employee, "role": role, "department": "d"])
  }
  private func row(_ kind: String, at: String = Given.later, @HistoryBuilder _ events: () -> [Event]) throws -> JSON {
    let rows = try given(events).whenAsked("stewardship", at: at).rows
    return try #require(rows.first { $0["kind"] == .string(kind) })
  }

  @Test func `touchpoints that are registered and have no owner`() throws {
    let row = try row("touchpoints_without_owner") {
      firm("touchpoint.registered", ["touchpoint": "app", "department": "d", "owner": "e1"])
      firm("touchpoint.registered", ["touchpoint": "till", "department": "d"])
      firm("touchpoint.registered", ["touchpoint": "fax", "department": "d"])
      firm("touchpoint.retired", ["touchpoint": "fax", "department": "d"], "2025-03-02")
    }
    #expect(row == ["kind": "touchpoints_without_owner", "n": 1, "of": 2, "rate": 0.5, "list": ["till"]])
  }

  @Test func `initiatives launched without a benefit for customers`() throws {
    let row = try row("initiatives_without_benefit") {
      initiative("proposed", ["customer_benefit": ""])
      initiative("launched", [:], "2025-03-02")
    }
    #expect(row["list"] == ["I"])
  }

  @Test func `initiatives launched over an objection`() throws {
    let objected = firm("advocate.objected", ["initiative": "I"], "2025-03-02")
    let over = try row("initiatives_over_objection") {
      objected
      initiative("launched", [:], "2025-03-03")
    }
    #expect(over["n"] == 1)
    let before = try row("initiatives_over_objection") {
      initiative("launched", [:], "2025-03-01")
      objected
    }
    #expect(before["n"] == 0)
  }

  @Test(arguments: [(10, 1), (9, 0)])
  func `initiatives are on target if the last measurement reaches it`(value: Int, n: Int) throws {
    let row = try row("initiatives_on_target") {
      initiative("proposed", ["customer_benefit": "less waiting", "target": 10])
      initiative("measured", ["value": 99], "2025-03-02")
      initiative("measured", ["value": .number("\(value)")], "2025-03-03")
    }
    #expect(row["n"] == .number("\(n)") && row["of"] == 1)
  }

  @Test func `a measurement without a value says nothing`() throws {
    let row = try row("initiatives_on_target") {
      initiative("proposed", ["customer_benefit": "less waiting", "target": 10])
      initiative("measured", ["value": 10], "2025-03-02")
      initiative("measured", [:], "2025-03-03")
    }
    #expect(row["n"] == 1 && row["of"] == 1)
  }

  @Test func `leaders who walked a journey within a year`() throws {
    let history = [
      joined("e1", "executive"), joined("e2", "lead"), joined("e3", "clerk"),
      firm("journey.walked", ["by": "e1", "role": "executive", "journey": "return"], "2025-03-02"),
      firm("journey.walked", ["by": "e3", "role": "clerk", "journey": "return"], "2025-03-02"),
    ]
    let row = try row("leaders_walked", at: "2026-03-02") { history }
    #expect(row["list"] == ["e1"] && row["of"] == 2)
    #expect(try self.row("leaders_walked", at: "2026-03-02T00:00:01Z") { history }["n"] == 0)
  }

  @Test func `employees in touch with customers within ninety days, executives apart`() throws {
    let row = try row("employees_in_touch", at: "2025-05-30") {
      joined("e1", "executive")
      joined("e2", "clerk")
      joined("e3", "clerk")
      joined("e4", "clerk")
      firm("employee.left", ["employee": "e4", "role": "clerk", "department": "d"], "2025-03-02")
      for employee in ["e1", "e2", "e4"] { Event("message.sent", "2025-03-01").with("employee", .string(employee)) }
      Event("message.sent", "2025-02-28").with("employee", "e3")
    }
    #expect(row == ["kind": "employees_in_touch", "n": 1, "of": 2, "rate": 0.5, "list": ["e2"]])
  }

  @Test func `targets have owners`() throws {
    let row = try row("targets_with_owner") {
      firm("target.set", ["metric": "nps", "value": 50, "owner": "e1"])
      firm("target.set", ["metric": "csat", "value": 50, "owner": ""])
    }
    #expect(row["rate"] == 0.5)
  }

  @Test func `nothing known is n/a`() throws {
    let rows = try given { Event("note.added", "2025-03-01") }.whenAsked("stewardship").rows
    #expect(rows.count == 7)
    #expect(rows.allSatisfy { $0["of"] == 0 && $0["rate"] == nil })
  }
}
