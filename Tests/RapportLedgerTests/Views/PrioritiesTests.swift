import Testing

@testable import RapportLedger

@Suite("priorities")
struct PrioritiesTests {
  private func action(_ benefit: JSON, _ time: String = "2025-03-01") -> Event {
    Event("action.taken", time, ["action": "a", "friendly": true, "benefit": benefit]).ofTheFirm()
  }
  private func cost(_ purpose: JSON, _ amount: JSON, _ currency: JSON = "EUR") -> Event {
    Event("cost.booked", "2025-03-01", ["amount": amount, "currency": currency, "purpose": purpose])
  }
  private func row(_ priority: String, @HistoryBuilder _ events: () -> [Event]) throws -> JSON {
    let rows = try given(events).whenAsked("priorities").rows
    return try #require(rows.first { $0["priority"] == .string(priority) })
  }

  @Test func `the customer before self-interest, both is half each`() throws {
    let row = try row("customer") {
      action("customer")
      action("company")
      action("both")
      action("nobody")
    }
    #expect(row == ["priority": "customer", "front": 1.5, "rear": 1.5, "share": 0.5, "met": true])
  }

  @Test func `advocacy before advertising`() throws {
    let row = try row("advocacy") {
      for (index, way) in ["referral", "ad", "ad", "organic"].enumerated() {
        Event("customer.registered", "2025-03-01", ["kind": "b2c", "acquired": .string(way)]).of("C\(index)")
      }
    }
    #expect(row == ["priority": "advocacy", "front": 1, "rear": 2, "share": 0.333333, "met": false])
  }

  @Test func `people are acquired once, as they first came`() throws {
    let row = try row("advocacy") {
      for (index, way) in ["ad", "referral", "referral"].enumerated() {
        Event("customer.registered", "2025-03-0\(index + 1)", ["kind": "b2c", "acquired": .string(way)]).of("C\(index)")
      }
      Event("customer.merged", "2025-03-05", ["into": "C0"]).of("C1")
      Event("customer.registered", "2025-03-06", ["kind": "b2c", "acquired": "ad"]).of("C2")
    }
    #expect(row["front"] == 1 && row["rear"] == 1)
  }

  @Test func `useful content before ads`() throws {
    let row = try row("content") {
      Event("content.sent", "2025-03-01", ["content": "c"])
      Event("ad.shown", "2025-03-01", ["purpose": "p"])
      Event("campaign.sent", "2025-03-01", ["campaign": "c", "kind": "ad", "purpose": "p"])
      Event("campaign.sent", "2025-03-01", ["campaign": "c", "kind": "content", "purpose": "p"])
    }
    #expect(row["front"] == 1 && row["rear"] == 2)
  }

  @Test func `existing customers before new ones, by cost`() throws {
    let row = try row("existing") {
      cost("retention", "30.00")
      cost("acquisition", "5.50")
      cost("advertising", "4.50")
      cost("goods", "99")
    }
    #expect(row == ["priority": "existing", "front": 30, "rear": 10, "share": 0.75, "met": true])
  }

  @Test func `costs of several currencies have a row each`() throws {
    let rows = try given {
      cost("retention", "1")
      cost("advertising", "1", "USD")
    }.whenAsked("priorities").rows
    #expect(
      rows.map { $0["priority"] } == [
        "customer", "advocacy", "content", "existing EUR", "existing USD", "individual",
      ])
  }

  @Test func `by month currencies have the same names in every month`() throws {
    let rows = try given {
      cost("retention", "1")
      cost("advertising", "1", "USD")
      Event("cost.booked", "2025-04-01", ["amount": "1", "currency": "EUR", "purpose": "retention"])
    }.whenAsked("priorities", by: "month").rows.filter { $0["priority"]!.text!.hasPrefix("existing") }
    #expect(rows.map { $0["priority"] } == ["existing EUR", "existing USD", "existing EUR"])
    #expect(rows.map { $0["months_met"] } == [2, 0, 2])
  }

  @Test func `where no costs are booked, touches to customers with a delivery against touches to others`() throws {
    let row = try row("existing") {
      Event("message.sent", "2025-03-01")
      delivered("o", "2025-03-02")
      Event("message.sent", "2025-03-03")
      Event("message.sent", "2025-03-03")
    }
    #expect(row["front"] == 2 && row["rear"] == 2, "the delivery itself goes to somebody without one")
  }

  @Test func `the individual before the standard`() throws {
    let row = try row("individual") {
      Event("message.sent", "2025-03-01", ["personalised": true])
      Event("offer.made", "2025-03-01", ["offer": "o", "personalised": false])
      Event("offer.made", "2025-03-01", ["offer": "p"])
    }
    #expect(row["front"] == 1 && row["rear"] == 2)
  }

  @Test func `nothing on either side is not met and not missed`() throws {
    #expect(
      try row("advocacy") { Event("note.added", "2025-03-01") }
        == ["priority": "advocacy", "front": 0, "rear": 0, "share": nil, "met": nil])
  }

  @Test func `by month, with the months in which each is met`() throws {
    let rows = try given {
      action("customer", "2025-03-01")
      action("company", "2025-04-01")
      action("customer", "2025-05-01")
    }.whenAsked("priorities", by: "month").rows.filter { $0["priority"] == "customer" }
    #expect(rows.map { $0["month"] } == ["2025-03", "2025-04", "2025-05"])
    #expect(rows.map { $0["met"] } == [true, false, true])
    #expect(rows.allSatisfy { $0["months_met"] == 2 })
  }
}
