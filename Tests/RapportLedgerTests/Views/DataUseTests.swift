import Testing

@testable import RapportLedger

@Suite("data-use")
struct DataUseTests {
  private func collected(_ time: String, _ field: JSON = "email", for purpose: JSON = "orders") -> Event {
    Event("data.collected", time, ["field": field, "purpose": purpose, "basis": "contract", "origin": "form"])
  }
  private func used(_ time: String, for purpose: JSON = "orders") -> Event {
    Event("data.used", time, ["field": "email", "purpose": purpose])
  }
  private func declared(_ days: JSON, _ time: String = "2024-01-01") -> Event {
    Event(
      "purpose.declared", time,
      ["purpose": "orders", "basis": "contract", "version": "1", "retention_days": days]
    ).ofTheFirm()
  }

  @Test func `collected counts customers, purposes are those it was collected for`() throws {
    try given {
      collected("2025-03-01")
      collected("2025-03-02", for: "service")
      collected("2025-03-01").of("C2")
      collected("2025-03-01", "phone")
    }.whenAsked("data-use").then([
      ["field": "email", "collected": 2, "purposes": ["orders", "service"], "hidden": 0],
      ["field": "phone", "collected": 1, "purposes": ["orders"]],
    ])
  }

  @Test func `hidden is a use for what it was not collected for`() throws {
    try given {
      used("2025-02-28")
      collected("2025-03-01")
      used("2025-03-02")
      used("2025-03-02", for: "ads")
    }.whenAsked("data-use").then([["hidden": 2]])
  }

  @Test func `a disclosure for what nothing was collected for is hidden, in a row without a field`() throws {
    let story = try given {
      collected("2025-03-01")
      Event("data.disclosed", "2025-03-02", ["recipient": "carrier", "purpose": "orders", "country": "DE"])
      Event("data.disclosed", "2025-03-02", ["recipient": "broker", "purpose": "ads", "country": "US"])
    }
    try story.whenAsked("data-use").then([
      ["field": "email", "hidden": 0], ["field": nil, "collected": 0, "hidden": 1],
    ])
  }

  @Test func `unused is what nobody read or used within a year`() throws {
    let story = try given {
      collected("2025-01-01")
      collected("2025-01-01", "phone")
      Event("data.read", "2025-02-01", ["fields": ["phone", "name"], "purpose": "orders"])
    }
    try story.whenAsked("data-use", at: "2026-01-01").then([
      ["field": "email", "unused": 0], ["field": "phone", "unused": 0],
    ])
    try story.whenAsked("data-use", at: "2026-01-01T00:00:01Z").then([
      ["field": "email", "unused": 1], ["field": "phone", "unused": 0],
    ])
    try story.whenAsked("data-use", at: "2026-02-02").then([["unused": 1], ["field": "phone", "unused": 1]])
  }

  @Test func `overdue is what is kept for longer than was declared when it was collected`() throws {
    let story = try given {
      declared(10)
      collected("2025-03-01")
      declared(99, "2025-03-02")
    }
    try story.whenAsked("data-use", at: "2025-03-11").then([["overdue": 0]])
    try story.whenAsked("data-use", at: "2025-03-11T00:00:01Z").then([["overdue": 1]])
  }

  @Test func `by purpose it is the record of processing`() throws {
    try given {
      declared(10)
      collected("2025-03-01")
      used("2025-03-02")
      Event("data.disclosed", "2025-03-02", ["recipient": "carrier", "purpose": "orders", "country": "DE"])
    }.whenAsked("data-use", by: "purpose").then([
      [
        "purpose": "orders", "basis": "contract", "retention_days": 10, "fields": ["email"], "people": 1, "used": 1,
        "disclosed": 1, "recipients": ["carrier"], "countries": ["DE"],
      ]
    ])
  }

  @Test func `requests to customers without a reason are said`() throws {
    let answer = try given {
      Event("request.made", "2025-03-01", ["what": "passport"])
      Event("request.made", "2025-03-01", ["what": "invoice", "why": "tax"])
    }.whenAsked("data-use")
    #expect(answer.warnings == ["1 requests to customers gave no reason"])
  }

  private func inferred(_ time: String, n: JSON = .null, basis: JSON = "inferred", _ field: String = "size") -> Event {
    Event("customer.updated", time, ["set": .object([field: ["value": "L", "basis": basis, "n": n]])])
  }

  @Test func `values inferred from fewer than ten observations are said, with their fields`() throws {
    let story = try given {
      inferred("2025-03-01", n: 9)
      inferred("2025-03-02", n: 0)
      inferred("2025-03-02", n: 3, "income").of("C2")
      inferred("2025-03-03", n: 10, "language")
      inferred("2025-03-03", n: 9.5, "taste")
      collected("2025-03-01")
    }
    let answer = try story.whenAsked("data-use")
    answer.then([["field": "email", "collected": 1]])
    #expect(
      answer.warnings == ["4 values were inferred from fewer than 10 observations: income, size, taste"])
  }

  @Test func `an inference that does not say its n, and what was not inferred, is no guess`() throws {
    let answer = try given {
      inferred("2025-03-01")
      inferred("2025-03-01", n: "3")
      inferred("2025-03-01", n: 3, basis: "declared")
      inferred("2025-03-01", n: 3, basis: "observed")
      Event("customer.updated", "2025-03-01", ["unset": ["size"]])
    }.whenAsked("data-use")
    #expect(answer.warnings == [])
  }

  @Test func `inferences count in their window, as they were corrected`() throws {
    let story = try given {
      inferred("2025-03-01", n: 3).id("a")
      inferred("2025-04-01", n: 3).id("b")
      inferred("2025-05-01", n: 30, "income").id("c")
      inferred("2025-05-02", n: 3).id("d")
      Event(
        "event.corrected", "2025-06-01",
        [
          "source": "/spec", "id": "b",
          "set": ["set": ["size": ["value": "L", "basis": "inferred", "n": 30]]],
        ])
      Event(
        "event.corrected", "2025-06-01",
        [
          "source": "/spec", "id": "c",
          "set": ["set": ["age": ["value": 40, "basis": "inferred", "n": 2]]],
        ])
      Event("event.retracted", "2025-06-01", ["source": "/spec", "id": "d", "reason": "twice"])
    }
    #expect(
      try story.whenAsked("data-use").warnings
        == ["2 values were inferred from fewer than 10 observations: age, size"])
    #expect(
      try story.whenAsked("data-use", from: "2025-03-02").warnings
        == ["1 values were inferred from fewer than 10 observations: age"])
  }
}
