import Foundation
import Testing

@testable import RapportLedger

@Suite("retention")
struct RetentionTests {
  private func placed(_ time: String, _ revenue: JSON = "10", currency: JSON = "EUR") -> Event {
    Event("order.placed", time, ["order": .string(time), "currency": currency, "revenue": revenue])
  }

  // MARK: Cohorts

  @Test func `a cohort is the month of the first order, and each month counts by itself`() throws {
    try given {
      placed("2025-01-31")
      placed("2025-03-01")
      placed("2025-03-02")
      placed("2025-01-05").of("C2")
      placed("2025-02-01").of("C3")
    }.whenAsked("retention", at: "2025-04-15").then([
      ["cohort": "2025-01", "size": 2, "active": [2, 0, 1, 0]], ["cohort": "2025-02", "size": 1, "active": [1, 0, 0]],
    ])
  }

  @Test func `the window selects by the first order`() throws {
    try given {
      placed("2025-01-31")
      placed("2025-03-01")
    }.whenAsked("retention", from: "2025-02-01").then([])
  }

  @Test func `months are those of the time zone`() throws {
    try given { placed("2025-01-31T23:30:00Z") }
      .whenAsked("retention", at: "2025-02-15", tz: "Europe/Berlin").then([["cohort": "2025-02", "active": [1]]])
  }

  @Test func `a leap day belongs to February`() throws {
    try given { placed("2024-02-29T23:59:59Z") }.whenAsked("retention", at: "2024-03-15")
      .then([["cohort": "2024-02", "active": [1, 0]]])
  }

  // MARK: Recency, frequency, spend

  @Test func `rfm counts distinct days, weeks, and the mean of the days after the first`() throws {
    try given {
      placed("2025-01-01", "5")
      placed("2025-01-01T20:00:00Z", "7")
      placed("2025-01-08", "10")
      placed("2025-01-15", "0")
      placed("2025-01-15T09:00:00Z", "1.01")
    }.whenAsked("retention", at: "2025-01-22T23:59:59Z", options: ["rfm": ""]).then([
      ["customer": "C1", "currency": "EUR", "x": 2, "t_x": 2, "t": 3, "m": "5.505"]
    ])
  }

  @Test func `who bought on one day only has x, t_x and m of zero`() throws {
    try given { placed("2025-01-01") }.whenAsked("retention", at: "2025-01-15", options: ["rfm": ""]).then([
      ["x": 0, "t_x": 0, "t": 2, "m": "0.00"]
    ])
  }

  @Test func `one row for each currency of a customer`() throws {
    try given {
      placed("2025-01-01")
      placed("2025-01-02", currency: "USD")
    }.whenAsked("retention", at: "2025-01-15", options: ["rfm": ""]).then([
      ["currency": "EUR", "x": 0], ["currency": "USD", "x": 0],
    ])
  }

  // MARK: Alive

  @Test(arguments: [
    (2, 30.43, 38.86, 0.726579), (1, 1.71, 38.86, 0.212101), (23, 39, 39, 0.968555), (0, 0, 38.86, 1),
  ])
  func `the probability of being a customer still is that of the published examples`(
    x: Int, recency: Double, age: Double, wanted: Double
  ) {
    let found = PurchaseModel(ViewQuery(asOf: 0)).alive(x: x, recency: recency, age: age)
    #expect(abs(found - wanted) < 5e-7)
  }

  @Test func `its parameters can be given, and it is called an estimate`() throws {
    let story = try given {
      placed("2025-01-01")
      placed("2025-01-08")
    }
    let usual = try story.whenAsked("retention", at: "2025-03-12", options: ["alive": ""])
    let other = try story.whenAsked("retention", at: "2025-03-12", options: ["alive": "", "a": "0"])
    #expect(usual.rows[0]["p_alive_est"]!.double! < 1)
    #expect(other.rows[0]["p_alive_est"] == 1)
  }

  // MARK: Quiet

  private func wrote(_ time: String) -> Event { Event("message.received", time) }

  @Test func `silence of more than twice the usual interval is quiet`() throws {
    let story = try given {
      wrote("2025-01-01")
      wrote("2025-01-11")
      wrote("2025-01-21")
      wrote("2025-01-31")
    }
    try story.whenAsked("retention", at: "2025-02-20", options: ["quiet": ""]).then([])
    try story.whenAsked("retention", at: "2025-02-20T00:00:01Z", options: ["quiet": ""]).then([
      ["customer": "C1", "last_inbound": "2025-01-31T00:00:00Z", "days": 20, "days_interval_p50": 10]
    ])
  }

  @Test func `three intervals are needed to know a habit, and what we send is none`() throws {
    try given {
      wrote("2025-01-01")
      wrote("2025-01-11")
      wrote("2025-01-21")
      Event("message.sent", "2025-01-22")
    }.whenAsked("retention", at: "2025-12-01", options: ["quiet": ""]).then([])
  }
}
