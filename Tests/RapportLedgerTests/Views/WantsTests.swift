import Testing

@testable import RapportLedger

@Suite("wants")
struct WantsTests {
  private func measure(_ name: String, @HistoryBuilder _ events: () -> [Event]) throws -> JSON {
    let rows = try given(events).whenAsked("wants").rows
    return try #require(rows.first { $0["measure"] == .string(name) })
  }
  private func asked(_ time: String = "2025-03-01", want: JSON = .null, kind: JSON = "complaint") -> Event {
    Event("case.opened", time, ["case": .string(time), "kind": kind, "want": want])
  }

  @Test func `six wants, ten measures, in this order`() throws {
    let rows = try given { Event("note.added", "2025-03-01") }.whenAsked("wants").rows
    #expect(
      rows.map { $0["want"]!.text! } == [
        "easy", "easy", "access", "solution", "solution", "fast", "fast", "help", "feeling", "feeling",
      ])
    #expect(
      rows.map { $0["measure"]!.text! } == [
        "ces", "contacts_per_resolved_case", "answered_rate", "confirmed_rate", "not_returned_rate", "resolve_full_p50",
        "lead_p50", "answered_within_1h_rate", "csat", "nps",
      ])
    #expect(rows.allSatisfy { $0["value"] == nil && $0["n"] == 0 && $0["complaints"] == 0 })
  }

  @Test func `easy is the effort score, and contacts for each resolved case`() throws {
    #expect(try measure("ces") { answered("ces", "2025-03-01", score: 6, scale: 7) }["value"] == 6)
    let contacts = try measure("contacts_per_resolved_case") {
      asked()
      Event("message.received", "2025-03-01")
      Event("help.requested", "2025-03-01")
      Event("case.resolved", "2025-03-02", ["case": "2025-03-01", "by": "human"])
      Event("case.resolved", "2025-03-03", ["case": "2025-03-01", "by": "human"])
    }
    #expect(contacts["value"] == 3 && contacts["n"] == 1)
  }

  @Test func `access is the answered rate of reach`() throws {
    let row = try measure("answered_rate") {
      Event("contact.attempted", "2025-03-01", ["outcome": "answered"])
      Event("contact.attempted", "2025-03-01", ["outcome": "missed"])
    }
    #expect(row == ["want": "access", "measure": "answered_rate", "value": 0.5, "n": 2, "complaints": 0])
  }

  @Test func `a solution is what the customer confirms`() throws {
    let row = try measure("confirmed_rate") {
      for verb in ["confirmed", "confirmed", "denied", "confirmed"] {
        Event("resolution.\(verb)", "2025-03-01", ["case": "k"])
      }
    }
    #expect(row["value"] == 0.75 && row["n"] == 4)
  }

  @Test func `what staff and bots confirm is left out`() throws {
    let answer = try given {
      Event("resolution.confirmed", "2025-03-01", ["case": "k"])
      Event("resolution.confirmed", "2025-03-02", ["case": "k"]).with("actorkind", "bot")
      Event("resolution.denied", "2025-03-03", ["case": "k"]).with("actorkind", "employee")
    }.whenAsked("wants")
    let row = try #require(answer.rows.first { $0["measure"] == "confirmed_rate" })
    #expect(row["value"] == 1 && row["n"] == 1)
    answer.leavesOut(["not_a_customer": 2])
  }

  @Test func `and what does not come back for a fault of the product`() throws {
    let row = try measure("not_returned_rate") {
      order("o", lines: ["a": 1, "b": 1, "c": 1, "d": 5]).placed("2025-03-01")
      returned("o", "2025-03-02", because: "defective")
      returned("o", "2025-03-02", because: "changed_mind")
    }
    #expect(row["value"] == 0.75 && row["n"] == 4)
  }

  @Test func `fast is the full resolution of all kinds, and the lead time of orders`() throws {
    let help = try measure("resolve_full_p50") {
      asked("2025-03-01", kind: "enquiry")
      Event("case.resolved", "2025-03-01T00:10:00Z", ["case": "2025-03-01", "by": "human"])
    }
    #expect(help["value"] == 600 && help["n"] == 1)
    let lead = try measure("lead_p50") {
      order("o", promised: "2025-03-10").placed("2025-03-01")
      delivered("o", "2025-03-02")
    }
    #expect(lead["value"] == 86_400 && lead["n"] == 1)
  }

  @Test(arguments: [("2025-03-01T11:00:00Z", 1), ("2025-03-01T11:00:01Z", 0)])
  func `help is an answer within the hour`(time: String, value: Int) throws {
    let row = try measure("answered_within_1h_rate") {
      Event("help.requested", "2025-03-01T10:00:00Z")
      Event("case.replied", "2025-03-01T10:30:00Z", ["case": "k", "public": false])
      Event("message.sent", time)
      Event("message.sent", "2025-03-01T12:00:00Z")
    }
    #expect(row["value"] == .number("\(value)") && row["n"] == 1)
  }

  @Test func `complaints stand with the want that they are about`() throws {
    let answer = try given {
      asked("2025-03-01", want: "fast")
      asked("2025-03-02", want: "fast")
      asked("2025-03-03", want: "fast", kind: "enquiry")
      asked("2025-03-04", want: "speed of light")
      asked("2025-03-05")
    }.whenAsked("wants")
    let rows = answer.rows
    #expect(rows.filter { $0["want"] == "fast" }.allSatisfy { $0["complaints"] == 2 })
    #expect(rows.filter { $0["want"] != "fast" }.allSatisfy { $0["complaints"] == 0 })
    answer.leavesOut(["no_want": 2])
  }
}
