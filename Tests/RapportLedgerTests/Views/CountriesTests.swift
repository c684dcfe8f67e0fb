import Testing

@testable import RapportLedger

@Suite("countries")
struct CountriesTests {
  private func placed(_ id: JSON, _ country: JSON, currency: JSON = "EUR", promised: JSON = .null) -> Event {
    Event(
      "order.placed", "2025-03-01", ["order": id, "currency": currency, "revenue": "10", "promised_at": promised]
    ).with("country", country)
  }

  @Test func `satisfaction comes first and revenue last, never alone`() throws {
    let answer = try given {
      answered("csat", "2025-03-01", score: 5, scale: 5).with("country", "DE")
      answered("nps", "2025-03-01", score: 10, scale: 10).with("country", "DE")
      placed("o", "DE", promised: "2025-03-05")
      delivered("o", "2025-03-02")
      opened("k", "2025-03-01").with("country", "DE")
      Event("case.resolved", "2025-03-01T00:05:00Z", ["case": "k", "by": "human"])
    }.whenAsked("countries")
    answer.then([
      [
        "country": "DE", "csat": 1, "csat_n": 1, "nps": 100, "nps_n": 1, "perfect_rate": 1, "perfect_n": 1,
        "resolve_p50": 300, "complaints_per_100_orders": 100, "currency": "EUR", "revenue": "10.00",
      ]
    ])
  }

  @Test func `a row for each currency, and those without a country last`() throws {
    try given {
      placed("o1", "FR")
      placed("o2", "FR", currency: "USD")
      placed("o3", .null)
      answered("csat", "2025-03-01", score: 1, scale: 5).with("country", "AT")
    }.whenAsked("countries").then([
      ["country": "AT", "csat": 0, "currency": nil, "revenue": nil, "perfect_n": 0],
      ["country": "FR", "currency": "EUR", "revenue": "10.00", "csat": nil, "csat_n": 0],
      ["country": "FR", "currency": "USD", "revenue": "10.00"], ["country": nil, "currency": "EUR"],
    ])
  }

  @Test func `resolution is that of all kinds of cases, complaints are for a hundred orders`() throws {
    try given {
      placed("o1", "DE")
      placed("o2", "DE")
      opened("k", "2025-03-01", kind: "enquiry").with("country", "DE")
      Event("case.resolved", "2025-03-01T00:05:00Z", ["case": "k", "by": "human"])
      opened("l", "2025-03-01").with("country", "DE")
    }.whenAsked("countries").then([["resolve_p50": 300, "complaints_per_100_orders": 50]])
  }

  @Test func `the window is that of each measure`() throws {
    try given { placed("o1", "DE") }.whenAsked("countries", from: "2025-04-01").then([])
  }
}
