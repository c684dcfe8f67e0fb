import Testing

@testable import RapportLedger

@Suite("retargeting")
struct RetargetingTests {
  private func ad(_ time: String, sku: JSON = "a", group: JSON = .null) -> Event {
    Event("ad.shown", time, ["sku": sku, "group": group, "purpose": "ads"])
  }
  private func bought(_ time: String, _ sku: JSON = "a", group: JSON = .null) -> Event {
    Event(
      "order.placed", time,
      ["order": .string(time), "currency": "EUR", "lines": [["sku": sku, "group": group, "quantity": 1]]])
  }

  @Test func `an ad for what was just bought is wasted`() throws {
    try given {
      bought("2025-03-01")
      ad("2025-03-02")
      ad("2025-03-02", sku: "b")
      ad("2025-03-03").of("C2")
    }.whenAsked("retargeting").then(["ads": 3, "wasted": 1, "wasted_rate": 0.333333])
  }

  @Test func `after a hundred and eighty days it is not`() throws {
    let story = try given {
      bought("2025-01-01")
      ad("2025-06-30")
      ad("2025-06-30T00:00:01Z")
    }
    try story.whenAsked("retargeting").then(["ads": 2, "wasted": 1])
  }

  @Test func `it is due again from eight tenths of the usual interval on`() throws {
    try given {
      bought("2025-01-01")
      bought("2025-01-11")
      ad("2025-01-18T23:59:59Z")
      ad("2025-01-19")
    }.whenAsked("retargeting").then(["ads": 2, "wasted": 1])
  }

  @Test func `an ad without a sku is for its group, and one without both is never wasted`() throws {
    try given {
      bought("2025-03-01", "a", group: "tea")
      ad("2025-03-02", sku: .null, group: "tea")
      ad("2025-03-02", sku: .null, group: "cars")
      ad("2025-03-02", sku: .null)
    }.whenAsked("retargeting").then(["ads": 3, "wasted": 1])
  }

  @Test func `ads that nobody agreed to are counted`() throws {
    try given {
      ad("2025-03-01")
      Event("consent.given", "2025-03-02", ["purpose": "ads", "method": "form"])
      ad("2025-03-03")
    }.whenAsked("retargeting").then(["ads": 2, "without_consent": 1])
  }

  @Test func `the most of one customer on one day of the time zone`() throws {
    let story = try given {
      ad("2025-03-01T22:00:00Z")
      ad("2025-03-01T23:30:00Z")
      ad("2025-03-02T01:00:00Z")
      ad("2025-03-02T01:00:00Z").of("C2")
    }
    try story.whenAsked("retargeting").then(["max_per_customer_day": 2])
    try story.whenAsked("retargeting", tz: "America/New_York").then(["max_per_customer_day": 3])
  }

  @Test func `no ads, nothing to say`() throws {
    try given { bought("2025-03-01") }.whenAsked("retargeting")
      .then(["ads": 0, "wasted_rate": nil, "max_per_customer_day": 0])
  }
}
