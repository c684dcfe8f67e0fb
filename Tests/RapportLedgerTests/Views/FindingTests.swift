import Testing

@testable import RapportLedger

@Suite("finding")
struct FindingTests {
  private func searched(_ time: String, session: JSON = .null, results: JSON = 3) -> Event {
    Event("search.performed", time, ["session": session, "results": results])
  }
  private func reordered(_ sku: JSON, _ time: String) -> Event { Event("reorder.used", time, ["sku": sku]) }

  /// Bought a in January, and now again, after what happens in between.
  private func again(@HistoryBuilder _ events: () -> [Event]) throws -> Answer {
    try given {
      order("o1", lines: ["a": 1]).placed("2025-01-01")
      events()
      order("o2", lines: ["a": 1, "b": 1]).placed("2025-03-02T12:00:00Z").with("correlationid", "s1")
    }.whenAsked("finding")
  }

  @Test func `a line is a repeat if an earlier order has its sku`() throws {
    try again {}.then(["lines": 3, "repeat_lines": 1, "re_searched": 0, "re_search_rate": 0, "zero_result_rate": nil])
  }

  @Test func `the same sku twice in one order is no repeat`() throws {
    try given { order("o1", lines: ["a": 1, "a": 2]).placed("2025-01-01") }.whenAsked("finding")
      .then(["lines": 2, "repeat_lines": 0, "re_search_rate": nil])
  }

  @Test func `what another customer bought is no repeat`() throws {
    try given {
      order("o1", lines: ["a": 1]).placed("2025-01-01").of("C2")
      order("o2", lines: ["a": 1]).placed("2025-01-02")
    }.whenAsked("finding").then(["repeat_lines": 0])
  }

  @Test func `a search within 24 hours before is a re-search`() throws {
    try again { searched("2025-03-01T12:00:00Z") }.then(["re_searched": 1, "re_search_rate": 1])
  }

  @Test func `a search before that is none`() throws {
    try again { searched("2025-03-01T11:59:59Z") }.then(["re_searched": 0])
  }

  @Test func `a search in the session of the order counts whenever it was`() throws {
    try again { searched("2025-02-01", session: "s1") }.then(["re_searched": 1])
    try again { searched("2025-02-01", session: "s2") }.then(["re_searched": 0])
  }

  @Test func `who used a reorder for the sku did not have to search`() throws {
    try again {
      searched("2025-03-02T11:00:00Z")
      reordered("a", "2025-03-02T11:30:00Z")
    }.then(["re_searched": 0])
  }

  @Test func `a reorder of something else, or long ago, does not help`() throws {
    try again {
      reordered("a", "2025-02-01")
      searched("2025-03-02T11:00:00Z")
      reordered("b", "2025-03-02T11:30:00Z")
    }.then(["re_searched": 1])
  }

  @Test func `searches that found nothing are counted among those that say how much they found`() throws {
    try given {
      searched("2025-03-01", results: 0)
      searched("2025-03-02", results: 4)
      searched("2025-03-03", results: .null)
    }.whenAsked("finding").then(["zero_result_rate": 0.5, "lines": 0])
  }

  @Test func `earlier orders count though they lie before the window`() throws {
    try given {
      order("o1", lines: ["a": 1]).placed("2025-01-01")
      order("o2", lines: ["a": 1]).placed("2025-03-01")
    }.whenAsked("finding", from: "2025-02-01").then(["lines": 1, "repeat_lines": 1])
  }
}
