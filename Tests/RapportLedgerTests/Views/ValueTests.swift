import Testing

@testable import RapportLedger

@Suite("value")
struct ValueTests {
  private func placed(_ name: String, _ time: String, _ revenue: JSON, _ currency: JSON = "EUR") -> Event {
    Event("order.placed", time, ["order": .string(name), "currency": currency, "revenue": revenue])
  }
  private func cost(_ time: String, _ amount: JSON) -> Event {
    Event("cost.booked", time, ["amount": amount, "currency": "EUR", "purpose": "goods"])
  }

  @Test func `contribution is revenue less refunds less cost`() throws {
    try given {
      placed("o1", "2025-03-01", "100.00")
      Event("order.refunded", "2025-03-02", ["order": "o1", "amount": "30.5", "currency": "EUR"])
      cost("2025-03-03", "20.0001")
    }.whenAsked("value").then([
      [
        "currency": "EUR", "revenue": "100.00", "refunds": "30.50", "cost": "20.0001", "contribution": "49.4999",
        "customers": 1, "unprofitable": 0,
      ]
    ])
  }

  @Test func `a cancelled order is revenue all the same`() throws {
    try given {
      placed("o1", "2025-03-01", "10")
      cancelled("o1", "2025-03-02", by: "customer")
    }.whenAsked("value").then([["revenue": "10.00"]])
  }

  @Test func `revenue that is not said is that of the lines less the discount`() throws {
    try given {
      Event(
        "order.placed", "2025-03-01",
        [
          "order": "o1", "currency": "EUR", "discount": "1",
          "lines": [["sku": "a", "quantity": 2, "price": "2.50"], ["sku": "b", "quantity": 1, "price": "3"]],
        ])
    }.whenAsked("value").then([["revenue": "7.00"]])
  }

  @Test func `currencies are never added`() throws {
    try given {
      placed("o1", "2025-03-01", "10", "USD")
      placed("o2", "2025-03-01", "5", "EUR")
    }.whenAsked("value").then([
      ["currency": "EUR", "revenue": "5.00", "customers": 1], ["currency": "USD", "revenue": "10.00", "customers": 1],
    ])
  }

  @Test func `a customer who costs more than they bring is unprofitable`() throws {
    try given {
      placed("o1", "2025-03-01", "10")
      cost("2025-03-03", "10.01")
      placed("o2", "2025-03-01", "10").of("C2")
      cost("2025-03-03", "10").of("C2")
    }.whenAsked("value").then([["customers": 2, "unprofitable": 1, "contribution": "-0.01"]])
  }

  @Test func `each booking counts in the window of its own time`() throws {
    try given {
      placed("o1", "2025-03-01", "10")
      Event("order.refunded", "2025-04-02", ["order": "o1", "amount": "3", "currency": "EUR"])
    }.whenAsked("value", from: "2025-04-01", to: "2025-05-01").then([["revenue": "0.00", "refunds": "3.00"]])
  }

  @Test func `nothing booked, no rows`() throws {
    try given { Event("note.added", "2025-03-01") }.whenAsked("value").then([])
  }

  @Test func `by customer what is not money stands beside it`() throws {
    let story = try given {
      placed("o1", "2025-03-01", "10")
      Event("feedback.received", "2025-03-01", ["feedback": "f", "kind": "idea"])
      Event("feedback.received", "2025-03-01", ["feedback": "f2", "kind": "praise"])
      Event("referral.made", "2025-03-01")
      Event("goal.achieved", "2025-03-01", ["goal": "g"])
      Event("resolution.confirmed", "2025-03-01", ["case": "k"])
      reviewed("2025-03-01").of("C2")
      reviewed("2025-03-01", relation: "paid").of("C2")
      Event("resolution.confirmed", "2025-03-01", ["case": "k"]).with("actorkind", "employee")
    }
    let answer = try story.whenAsked("value", by: "customer")
    answer.then([
      [
        "customer": "C1", "currency": "EUR", "contribution": "10.00", "customers": 1, "ideas": 1, "referrals": 1,
        "reviews": 0, "goals_achieved": 1, "confirmed_solutions": 1,
      ],
      ["customer": "C2", "currency": nil, "revenue": nil, "customers": 1, "unprofitable": 0, "reviews": 1],
    ])
    answer.leavesOut(["not_a_customer": 2])
  }
}
