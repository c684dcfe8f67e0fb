import Testing

@testable import RapportLedger

@Suite("losses")
struct LossesTests {
  private func taken(_ gain: JSON = "1000", friendly: JSON = false, _ time: String = "2025-03-01") -> Event {
    Event(
      "action.taken", time,
      ["action": "fee", "friendly": friendly, "benefit": "company", "expected_gain": gain, "currency": "EUR"]
    ).ofTheFirm().id("fee-taken")
  }
  private func met(_ time: String = "2025-03-02") -> Event {
    Event("action.exposed", time, ["action": "fee"]).id("met")
  }
  private func bought(_ time: String, _ amount: JSON) -> Event {
    Event("order.placed", time, ["order": .string(time), "currency": "EUR", "revenue": amount])
  }
  private func lost(_ time: String, _ reason: JSON = "price", to: JSON = .null) -> Event {
    Event("customer.lost", time, ["reason": reason, "to_competitor": to])
  }

  @Test func `a customer lost because of the action costs what they contributed in the year before`() throws {
    try given {
      taken()
      bought("2024-01-01", "500")
      bought("2025-01-01", "100.50")
      met()
      lost("2025-03-10").with("causationid", "met")
    }.whenAsked("losses").then([
      [
        "action": "fee", "exposed": 1, "gain": "1000.00", "loss_stated": "100.50", "net": "899.50", "currency": "EUR",
      ]
    ])
  }

  @Test func `refunds and goodwill cost their amounts, if their cause is the action or the exposure`() throws {
    try given {
      taken()
      met()
      Event("order.refunded", "2025-03-03", ["order": "o", "amount": "10", "currency": "EUR"])
        .with("causationid", "met")
      Event("cost.booked", "2025-03-03", ["amount": "5", "currency": "EUR", "purpose": "goodwill"])
        .with("causationid", "fee-taken")
      Event("cost.booked", "2025-03-03", ["amount": "7", "currency": "EUR", "purpose": "goods"])
        .with("causationid", "met")
      Event("order.refunded", "2025-03-03", ["order": "p", "amount": "99", "currency": "EUR"])
    }.whenAsked("losses").then([["loss_stated": "15.00", "net": "985.00"]])
  }

  @Test(arguments: [("2025-09-09T12:00:00Z", "50.00"), ("2030-01-01", "100.00"), ("2025-01-01", "0.00")])
  func `a contract costs its value for the years that remain, at most one`(ends: String, loss: String) throws {
    try given {
      taken()
      met()
      Event(
        "contract.started", "2025-01-01",
        ["contract": "c", "value_per_year": "100", "currency": "EUR", "ends": .string(ends)])
      Event("contract.cancelled", "2025-03-11", ["contract": "c"]).with("causationid", "met")
    }.whenAsked("losses").then([["loss_stated": .string(loss)]])
  }

  @Test func `the estimate compares the exposed with the active who did not meet it`() throws {
    try given {
      taken()
      // Two exposed, one of them lost within 90 days: a half.
      bought("2025-02-01", "100").of("E1")
      met().id("m1").of("E1")
      lost("2025-05-31").of("E1")
      bought("2025-02-01", "60").of("E2")
      met().id("m2").of("E2")
      lost("2025-05-31T00:00:01Z").of("E2")
      // Four active, one of them lost: a quarter. One who was not active does not count.
      for customer in ["U1", "U2", "U3", "U4"] { bought("2025-02-01", "1").of(customer) }
      lost("2025-03-05").of("U1")
      bought("2023-01-01", "1").of("U5")
      lost("2025-03-05").of("U5")
    }.whenAsked("losses").then([["exposed": 2, "loss_stated": "0.00", "loss_est": "40.00"]])
  }

  @Test func `the estimate is never below zero`() throws {
    try given {
      taken()
      bought("2025-02-01", "100")
      met()
      bought("2025-02-01", "1").of("U")
      lost("2025-03-05").of("U")
    }.whenAsked("losses").then([["loss_est": "0.00"]])
  }

  @Test func `friendly actions are none of it, and exposures to them are left out`() throws {
    let answer = try given {
      taken(friendly: true)
      met()
    }.whenAsked("losses")
    answer.then([])
    answer.leavesOut(["unknown_action": 1])
  }

  @Test func `the window selects by the action`() throws {
    try given { taken() }.whenAsked("losses", from: "2025-03-02").then([])
  }

  @Test func `customers lost by reason and destination`() throws {
    try given {
      lost("2025-03-01", "price", to: "Other")
      lost("2025-03-01", "price").of("C2")
      lost("2025-03-01", "moved").of("C3")
    }.whenAsked("losses", by: "reason").then([
      ["reason": "moved", "to_competitor": nil, "lost": 1], ["reason": "price", "to_competitor": "Other", "lost": 1],
      ["reason": "price", "to_competitor": nil, "lost": 1],
    ])
  }

  @Test func `who is lost twice for a reason is one person`() throws {
    try given {
      lost("2025-03-01", "price")
      Event("customer.returned", "2025-03-02")
      lost("2025-03-03", "price")
      lost("2025-03-04", "moved")
      lost("2025-03-01", "price").of("C2")
      Event("customer.merged", "2025-03-05", ["into": "C1"]).of("C2")
    }.whenAsked("losses", by: "reason").then([["reason": "moved", "lost": 1], ["reason": "price", "lost": 1]])
  }

  private func friction(_ severity: JSON, _ time: String = "2025-03-01") -> Event {
    Event("friction.experienced", time, ["friction": "f", "severity": severity])
  }

  @Test func `a gain without a currency stands in a row of its own, last`() throws {
    try given {
      Event(
        "action.taken", "2025-03-01",
        ["action": "fee", "friendly": false, "benefit": "company", "expected_gain": "1000"]
      ).ofTheFirm()
      Event("action.exposed", "2025-03-02", ["action": "fee"]).id("x")
      Event("cost.booked", "2025-03-03", ["amount": "5", "currency": "EUR", "purpose": "goodwill"])
        .with("causationid", "x")
    }.whenAsked("losses").then([
      ["currency": "EUR", "gain": "0.00", "loss_stated": "5.00"],
      ["currency": .null, "gain": "1000.00", "loss_stated": "0.00"],
    ])
  }

  @Test func `lost within ninety days after a friction, against those who had none`() throws {
    try given {
      friction(4)
      lost("2025-05-30")
      friction(4).of("C2")
      lost("2025-05-30T00:00:01Z").of("C2")
      bought("2025-03-01", "1").of("C3")
      lost("2025-03-20").of("C3")
      bought("2025-03-01", "1").of("C4")
    }.whenAsked("losses", by: "friction").then([
      ["severity": 4, "n": 2, "lost_90d": 1, "lost_90d_rate": 0.5, "lost_90d_rate_without": 0.5]
    ])
  }

  @Test func `an answer that an employee gives does not make satisfied`() throws {
    try given {
      friction(4)
      Event("apology.made", "2025-03-02", ["friction": "f"])
      answered("csat", "2025-02-01", score: 3, scale: 5)
      answered("csat", "2025-03-20", score: 5, scale: 5).with("actorkind", "employee")
    }.whenAsked("losses", by: "recovery").then(["frictions": 1, "recovered": 0, "recovered_rate": 0])
  }

  @Test func `recovered is who was answered and is satisfied or active again`() throws {
    try given {
      friction(4)
      Event("apology.made", "2025-03-02", ["friction": "f"])
      answered("csat", "2025-02-01", score: 3, scale: 5)
      answered("csat", "2025-03-20", score: 3, scale: 5)
      friction(4).of("C2")
      Event("recovery.offered", "2025-03-02", ["friction": "f"]).of("C2")
      bought("2025-05-31", "1").of("C2")
      friction(4).of("C3")
      Event("apology.made", "2025-03-02", ["friction": "f"]).of("C3")
      friction(4).of("C4")
      bought("2025-05-31", "1").of("C4")
    }.whenAsked("losses", by: "recovery").then(["frictions": 3, "recovered": 2, "recovered_rate": 0.666667])
  }
}
