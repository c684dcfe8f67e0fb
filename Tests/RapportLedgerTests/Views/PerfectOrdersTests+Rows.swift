import Testing

@testable import RapportLedger

/// What rows say besides the judgement of each order: lead times, windows, groups, rows of nothing.
extension PerfectOrdersTests {
  // MARK: Provisional, lead, received

  @Test func `a perfect order is provisional while its 14 days are open`() throws {
    let story = try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      delivered("o1", "2025-03-08T10:00:00Z")
    }
    try story.whenAsked("perfect-orders", at: "2025-03-22T09:59:59Z").then(["perfect": 1, "provisional": 1])
    try story.whenAsked("perfect-orders", at: "2025-03-22T10:00:00.000000001Z").then(["perfect": 1, "provisional": 0])
  }

  @Test func `what happened after as_of does not count`() throws {
    let story = try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      delivered("o1", "2025-03-08")
      returned("o1", "2025-03-12", because: "damaged")
    }
    try story.whenAsked("perfect-orders", at: "2025-03-07").then(["due": 1, "delivered": 0])
    try story.whenAsked("perfect-orders", at: "2025-03-08").then(["delivered": 1, "perfect": 1, "provisional": 1])
    try story.whenAsked("perfect-orders", at: "2025-03-12").then(["delivered": 1, "perfect": 0, "provisional": 0])
  }

  @Test func `lead times are nearest-rank percentiles in whole seconds`() throws {
    try given {
      for day in 1...10 {
        order("o\(day)", promised: "2025-03-20").placed("2025-03-01")
        delivered("o\(day)", "2025-03-\(day < 9 ? "0" : "")\(day + 1)T00:00:00.999Z")
      }
    }.whenAsked("perfect-orders").then(["lead_p50": 432_000, "lead_p90": 777_600])
  }

  @Test func `the lead time of one order is both percentiles`() throws {
    try asked { delivered("o1", "2025-03-02T00:00:00.9Z") }.then(["lead_p50": 86_400, "lead_p90": 86_400])
  }

  @Test func `a negative lead time is floored like every duration`() throws {
    try asked { delivered("o1", "2025-02-28T23:59:58.500Z") }.then(["lead_p50": -2])
  }

  @Test func `received counts by the time of placing, due by the promise`() throws {
    let story = try given {
      order("o1", promised: "2025-04-02").placed("2025-03-31")
      order("o2", promised: "2025-04-03").placed("2025-04-01")
      order("o3").placed("2025-04-02")
    }
    try story.whenAsked("perfect-orders", from: "2025-04-01").then(["due": 2, "received": 2])
    try story.whenAsked("perfect-orders", to: "2025-04-01").then(["due": 0, "received": 1])
  }

  // MARK: Windows and groups

  @Test func `a window includes its beginning and excludes its end`() throws {
    let story = try given {
      order("o1", promised: "2025-03-10T00:00:00Z").placed("2025-03-01")
      order("o2", promised: "2025-03-20T00:00:00Z").placed("2025-03-01")
    }
    try story.whenAsked("perfect-orders", from: "2025-03-10", to: "2025-03-20").then(["due": 1])
    try story.whenAsked("perfect-orders", from: "2025-03-10T00:00:00.000000001Z").then(["due": 1])
    try story.whenAsked("perfect-orders", to: "2025-03-20T00:00:00.000000001Z").then(["due": 2])
  }

  @Test func `facts before and after the window still count for its orders`() throws {
    try given {
      order("o1", promised: "2025-03-10").placed("2025-02-01")
      delivered("o1", "2025-03-08")
      opened("c1", "2025-03-19", order: "o1")
    }.whenAsked("perfect-orders", from: "2025-03-10", to: "2025-03-11").then(["due": 1, "complaint_free_rate": 0])
  }

  @Test func `by month is the month of the promise, oldest first`() throws {
    try given {
      order("o1", promised: "2025-04-10").placed("2025-03-01")
      order("o2", promised: "2024-12-31").placed("2024-12-01")
      delivered("o2", "2024-12-30")
    }.whenAsked("perfect-orders", by: "month").then([
      ["month": "2024-12", "due": 1, "perfect": 1, "received": 1],
      ["month": "2025-03", "due": 0, "perfect_rate": nil, "received": 1],
      ["month": "2025-04", "due": 1, "perfect": 0, "received": 0],
    ])
  }

  @Test(arguments: ["country", "channel"])
  func `groups stand in bytewise order, those without last`(grouping: String) throws {
    try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      for (number, group) in ["FR", "DE", "AT"].enumerated() {
        order("p\(number)", promised: "2025-03-10").placed("2025-03-01").with(grouping, .string(group))
      }
    }.whenAsked("perfect-orders", by: grouping).then([
      [grouping: "AT", "due": 1], [grouping: "DE", "due": 1], [grouping: "FR", "due": 1], [grouping: nil, "due": 1],
    ])
  }

  @Test func `an order stays in the country where it was placed`() throws {
    try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01").with("country", "DE")
      delivered("o1", "2025-03-08").with("country", "FR")
    }.whenAsked("perfect-orders", by: "country").then([["country": "DE", "perfect": 1]])
  }

  @Test func `without any order there is one row of zeros and nulls`() throws {
    let answer = try given { Event("message.received", "2025-03-01") }.whenAsked("perfect-orders")
    #expect(
      answer.rows == [
        [
          "due": 0, "delivered": 0, "on_time": 0, "perfect": 0, "perfect_rate": nil, "on_time_rate": nil,
          "on_time_of_delivered_rate": nil, "in_full_rate": nil, "undamaged_rate": nil, "complaint_free_rate": nil,
          "provisional": 0, "lead_p50": nil, "lead_p90": nil, "received": 0,
        ]
      ])
  }

  @Test func `an empty ledger gives the same row, and no groups`() throws {
    try given {}.whenAsked("perfect-orders").then(["due": 0, "perfect_rate": nil])
    try given {}.whenAsked("perfect-orders", by: "month").then([])
  }

  @Test func `a currency nobody knows does not matter`() throws {
    try given {
      order("o1", promised: "2025-03-10", currency: "XQX").placed("2025-03-01")
      delivered("o1", "2025-03-08")
    }.whenAsked("perfect-orders").then(["due": 1, "perfect": 1])
  }

  @Test func `rates have at most six decimals`() throws {
    try given {
      for number in 1...3 { order("o\(number)", promised: "2025-03-10").placed("2025-03-01") }
      delivered("o1", "2025-03-08")
    }.whenAsked("perfect-orders").then(["perfect_rate": 0.333333])
  }

  @Test func `the same order id of another customer is another order`() throws {
    try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      order("o1", promised: "2025-03-10").placed("2025-03-01").of("C2")
      delivered("o1", "2025-03-08").of("C2")
    }.whenAsked("perfect-orders").then(["due": 2, "delivered": 1])
  }

  @Test func `events that arrive late change the past correctly`() throws {
    try given {
      opened("c1", "2025-03-12", order: "o1")
      delivered("o1", "2025-03-19")
      Event("message.received", "2025-03-30")
      Event("message.received", "2025-03-31")
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-20")
      order("o1", promised: "2025-03-10", lines: ["a": 2]).placed("2025-03-01")
    }.whenAsked("perfect-orders").then(["due": 1, "on_time": 1, "complaint_free_rate": 1, "perfect": 1])
  }

  @Test func `an unknown grouping is refused and says which there are`() throws {
    let story = try given {}
    let error = #expect(throws: LedgerError.self) { _ = try story.whenAsked("perfect-orders", by: "colour") }
    #expect("\(try #require(error))".contains("month, country, channel"))
  }

  @Test func `times at both ends of the range do not stop the view`() async {
    await #expect(processExitsWith: .success) {
      try given {
        order("o1", promised: "1700-01-01").placed("1690-01-01")
        delivered("o1", "1699-01-01")
      }.whenAsked("perfect-orders").then(["perfect": 1])
    }
  }
}
