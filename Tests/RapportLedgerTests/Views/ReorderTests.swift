import Testing

@testable import RapportLedger

@Suite("What is due again")
struct ReorderTests {
  private func asked(@HistoryBuilder _ events: () -> [Event]) throws -> [JSON] {
    let ledger = try given(events).ledger
    return try ledger.ledger.read { snapshot in
      try JSON(reading: ReorderList(of: "C1", in: snapshot).json.text).elements
    }
  }

  @Test func `a sku of two orders is due after the usual interval`() throws {
    let rows = try asked {
      order("o1", lines: ["b": 1, "a": 1]).placed("2025-01-01")
      order("o2", lines: ["a": 1]).placed("2025-01-11")
      order("o3", lines: ["a": 1, "a": 2]).placed("2025-02-10")
    }
    #expect(
      rows == [
        [
          "sku": "a", "times": 3, "last": "2025-02-10T00:00:00Z", "interval_p50": 864_000,
          "expected_next": "2025-02-20T00:00:00Z",
        ]
      ])
  }

  @Test func `what was bought once, or twice in one order, is not`() throws {
    #expect(try asked { order("o1", lines: ["a": 1, "a": 1]).placed("2025-01-01") }.isEmpty)
  }

  @Test func `it counts all ids of a person`() throws {
    let rows = try asked {
      order("o1", lines: ["a": 1]).placed("2025-01-01")
      order("o2", lines: ["a": 1]).placed("2025-01-03").of("C2")
      Event("customer.merged", "2025-01-04", ["into": "C1"]).of("C2")
    }
    #expect(rows.count == 1 && rows[0]["times"] == 2)
  }
}
