import Testing

@testable import RapportLedger

/// Every clause of the definition of `perfect-orders`, as a specification.
@Suite("perfect-orders")
struct PerfectOrdersTests {
  /// One order, placed on 1 March for 10 March, and what else happened to it.
  func asked(
    promised: String? = "2025-03-10", lines: KeyValuePairs<String, JSON>? = nil,
    @HistoryBuilder _ events: () -> [Event]
  ) throws -> Answer {
    try given {
      order("o1", promised: promised, lines: lines).placed("2025-03-01")
      events()
    }.whenAsked("perfect-orders")
  }

  // MARK: On time

  @Test func `a promise for a date is kept until the end of that day`() throws {
    try asked { delivered("o1", "2025-03-10T23:59:59.999999999Z") }
      .then(["due": 1, "delivered": 1, "on_time": 1, "perfect": 1, "perfect_rate": 1, "on_time_rate": 1])
  }

  @Test func `a promise for a date is broken on the next day`() throws {
    try asked { delivered("o1", "2025-03-11") }
      .then(["due": 1, "delivered": 1, "on_time": 0, "perfect": 0, "perfect_rate": 0, "on_time_of_delivered_rate": 0])
  }

  @Test func `a promise for an instant is kept at that instant`() throws {
    try asked(promised: "2025-03-10T12:00:00Z") { delivered("o1", "2025-03-10T13:00:00+01:00") }
      .then(["on_time": 1, "perfect": 1])
  }

  @Test func `a promise for an instant is broken a nanosecond later on the same day`() throws {
    try asked(promised: "2025-03-10T12:00:00Z") { delivered("o1", "2025-03-10T12:00:00.000000001Z") }
      .then(["delivered": 1, "on_time": 0, "perfect": 0])
  }

  @Test func `an order that never arrived is due and nothing else`() throws {
    try asked {}.then([
      "due": 1, "delivered": 0, "on_time": 0, "perfect": 0, "perfect_rate": 0, "in_full_rate": nil, "lead_p50": nil,
      "received": 1,
    ])
  }

  // MARK: The promise

  @Test func `a change by the company never moves the promise`() throws {
    try asked {
      changed("o1", "2025-03-02", by: "company", promised: "2025-03-20")
      delivered("o1", "2025-03-15")
    }.then(["due": 1, "on_time": 0])
  }

  @Test func `a change by the customer moves the promise`() throws {
    try asked {
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-20")
      delivered("o1", "2025-03-15")
    }.then(["due": 1, "on_time": 1])
  }

  @Test func `the last change by the customer that carries a promise counts`() throws {
    try asked {
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-20")
      changed("o1", "2025-03-03", by: "customer", promised: "2025-03-12")
      changed("o1", "2025-03-04", by: "customer")
      delivered("o1", "2025-03-15")
    }.then(["due": 1, "on_time": 0])
  }

  @Test func `a customer can turn an instant into a date`() throws {
    try asked(promised: "2025-03-10T12:00:00Z") {
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-10")
      delivered("o1", "2025-03-10T18:00:00Z")
    }.then(["on_time": 1])
  }

  @Test func `a customer can give a promise to an order without one`() throws {
    try asked(promised: nil) {
      changed("o1", "2025-03-02", by: "customer", promised: "2025-03-20")
      delivered("o1", "2025-03-15")
    }.then(["due": 1, "on_time": 1])
  }

  @Test func `an order without a promise is left out and counted`() throws {
    let answer = try asked(promised: nil) { delivered("o1", "2025-03-10") }
    answer.then(["due": 0, "delivered": 0, "perfect": 0, "perfect_rate": nil, "received": 1])
    answer.leavesOut(["no_promise": 1])
  }

  @Test func `the window of the promise follows the customer's change`() throws {
    let story = try given {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      changed("o1", "2025-03-02", by: "customer", promised: "2025-04-20")
      delivered("o1", "2025-04-15")
    }
    try story.whenAsked("perfect-orders", from: "2025-04-01", to: "2025-05-01").then(["due": 1, "received": 0])
    try story.whenAsked("perfect-orders", from: "2025-03-01", to: "2025-04-01").then(["due": 0, "received": 1])
  }

  // MARK: In full

  @Test func `partial deliveries complete the order with the last one`() throws {
    try asked(lines: ["a": 2, "b": 1]) {
      delivered("o1", "2025-03-08", lines: ["a": 1])
      delivered("o1", "2025-03-09", lines: ["a": 1, "b": 1])
    }.then(["delivered": 1, "on_time": 1, "in_full_rate": 1, "perfect": 1, "lead_p50": 691_200])
  }

  @Test func `the delivery that completes the order decides whether it was on time`() throws {
    try asked(lines: ["a": 2]) {
      delivered("o1", "2025-03-08", lines: ["a": 1])
      delivered("o1", "2025-03-12", lines: ["a": 1])
    }.then(["delivered": 1, "on_time": 0, "in_full_rate": 1])
  }

  @Test func `an incomplete order is delivered, but neither in full nor on time`() throws {
    try asked(lines: ["a": 2]) { delivered("o1", "2025-03-08", lines: ["a": 1]) }
      .then(["delivered": 1, "on_time": 0, "in_full_rate": 0, "perfect": 0])
  }

  @Test func `another product than ordered does not complete an order`() throws {
    try asked(lines: ["a": 1]) { delivered("o1", "2025-03-08", lines: ["b": 1]) }.then(["in_full_rate": 0])
  }

  @Test func `a delivery without lines completes the order`() throws {
    try asked(lines: ["a": 2, "b": 1]) { delivered("o1", "2025-03-08") }.then(["in_full_rate": 1, "perfect": 1])
  }

  @Test func `any delivery completes an order without lines`() throws {
    try asked { delivered("o1", "2025-03-08", lines: ["a": 1]) }.then(["in_full_rate": 1, "perfect": 1])
  }

  @Test func `two lines of one sku need the sum of their quantities`() throws {
    try asked(lines: ["a": 1, "a": 1]) { delivered("o1", "2025-03-08", lines: ["a": 1]) }.then(["in_full_rate": 0])
    try asked(lines: ["a": 1, "a": 1]) { delivered("o1", "2025-03-08", lines: ["a": 2]) }.then(["in_full_rate": 1])
  }

  @Test func `quantities may be fractions`() throws {
    try asked(lines: ["cheese": 0.5]) {
      delivered("o1", "2025-03-08", lines: ["cheese": 0.25])
      delivered("o1", "2025-03-09", lines: ["cheese": 0.25])
    }.then(["in_full_rate": 1])
  }

  @Test func `changed lines replace the lines of the order`() throws {
    try asked(lines: ["a": 1]) {
      changed("o1", "2025-03-02", by: "customer", lines: ["a": 1, "b": 1])
      delivered("o1", "2025-03-08", lines: ["a": 1])
    }.then(["in_full_rate": 0])
  }

  @Test func `what was delivered before a change of the lines counts for the new ones`() throws {
    try asked(lines: ["a": 2, "b": 1]) {
      delivered("o1", "2025-03-05", lines: ["a": 2])
      changed("o1", "2025-03-06", by: "customer", lines: ["a": 2, "c": 1])
      delivered("o1", "2025-03-08", lines: ["c": 1])
    }.then(["in_full_rate": 1])
  }

  @Test func `a surplus delivered before a change of the lines counts for the new ones`() throws {
    // Delivered 3 of a cover the 3 that the order has in the end.
    try asked(lines: ["a": 2, "b": 1]) {
      delivered("o1", "2025-03-05", lines: ["a": 3])
      changed("o1", "2025-03-06", by: "customer", lines: ["a": 3, "b": 1])
      delivered("o1", "2025-03-08", lines: ["b": 1])
    }.then(["in_full_rate": 1])
  }

  @Test func `a change that takes the missing line away makes what was delivered complete`() throws {
    try asked(lines: ["a": 2, "b": 1]) {
      delivered("o1", "2025-03-05", lines: ["a": 2])
      changed("o1", "2025-03-06", by: "customer", lines: ["a": 2])
    }.then(["delivered": 1, "in_full_rate": 1])
  }

  // MARK: Undamaged

  @Test(arguments: ["damaged", "wrong", "missing", "eaten by the dog"])
  func `a delivery in any other condition than ok spoils the order`(condition: String) throws {
    try asked { delivered("o1", "2025-03-08", condition: condition) }
      .then(["on_time": 1, "undamaged_rate": 0, "perfect": 0])
  }

  @Test func `a delivery in condition ok is as good as one that says nothing`() throws {
    try asked { delivered("o1", "2025-03-08", condition: "ok") }.then(["undamaged_rate": 1, "perfect": 1])
  }

  @Test func `every delivery must be undamaged, not only the last`() throws {
    try asked(lines: ["a": 2]) {
      delivered("o1", "2025-03-07", lines: ["a": 1], condition: "damaged")
      delivered("o1", "2025-03-08", lines: ["a": 1], condition: "ok")
    }.then(["in_full_rate": 1, "undamaged_rate": 0, "perfect": 0])
  }

  // MARK: Complaint-free

  @Test(arguments: ["wrong", "damaged", "defective", "not_as_described"])
  func `a return for a fault of the product spoils the order`(reason: String) throws {
    try asked {
      delivered("o1", "2025-03-08")
      returned("o1", "2025-03-12", because: reason)
    }.then(["on_time": 1, "complaint_free_rate": 0, "perfect": 0])
  }

  @Test(arguments: ["late", "changed_mind", "another reason"])
  func `a return for another reason does not`(reason: String) throws {
    try asked {
      delivered("o1", "2025-03-08")
      returned("o1", "2025-03-12", because: reason)
    }.then(["complaint_free_rate": 1, "perfect": 1])
  }

  @Test func `a complaint counts up to 14 days to the nanosecond after the delivery`() throws {
    try asked {
      delivered("o1", "2025-03-08T10:00:00Z")
      opened("c1", "2025-03-22T10:00:00Z", order: "o1")
    }.then(["complaint_free_rate": 0, "perfect": 0])
    try asked {
      delivered("o1", "2025-03-08T10:00:00Z")
      opened("c1", "2025-03-22T10:00:00.000000001Z", order: "o1")
    }.then(["complaint_free_rate": 1, "perfect": 1])
  }

  @Test(arguments: ["enquiry", "concern", "question"])
  func `only complaints spoil an order, never an enquiry or a concern`(kind: String) throws {
    try asked {
      delivered("o1", "2025-03-08")
      opened("c1", "2025-03-09", kind: kind, order: "o1")
    }.then(["complaint_free_rate": 1])
  }

  @Test func `a complaint about another order does not spoil this one`() throws {
    try asked {
      delivered("o1", "2025-03-08")
      opened("c1", "2025-03-09", order: "o2")
      opened("c2", "2025-03-09")
    }.then(["complaint_free_rate": 1])
  }

  @Test func `a complaint before the completing delivery is not within 14 days of it`() throws {
    try asked(lines: ["a": 2]) {
      delivered("o1", "2025-03-05", lines: ["a": 1])
      opened("c1", "2025-03-06", order: "o1")
      delivered("o1", "2025-03-08", lines: ["a": 1])
    }.then(["complaint_free_rate": 1, "perfect": 1])
  }

  @Test func `a complaint at the very moment of the delivery counts`() throws {
    try asked {
      delivered("o1", "2025-03-08T10:00:00Z")
      opened("c1", "2025-03-08T10:00:00Z", order: "o1")
    }.then(["complaint_free_rate": 0])
  }

  @Test func `a complaint at the moment of the completing delivery counts, whatever was complained about before`()
    throws
  {
    try asked(lines: ["a": 2]) {
      delivered("o1", "2025-03-05", lines: ["a": 1])
      opened("c1", "2025-03-06", order: "o1")
      opened("c2", "2025-03-08T10:00:00Z", order: "o1")
      delivered("o1", "2025-03-08T10:00:00Z", lines: ["a": 1])
    }.then(["in_full_rate": 1, "complaint_free_rate": 0])
  }

  @Test func `the first of several complaints decides`() throws {
    try asked {
      delivered("o1", "2025-03-08")
      returned("o1", "2025-03-09", because: "damaged")
      opened("c1", "2025-05-08", order: "o1")
    }.then(["complaint_free_rate": 0])
  }

  // MARK: Cancelled

  @Test func `an order cancelled by the company is due and not perfect, even if it arrives`() throws {
    try asked {
      cancelled("o1", "2025-03-05", by: "company")
      delivered("o1", "2025-03-08")
    }.then(["due": 1, "on_time": 1, "perfect": 0])
  }

  @Test func `an order cancelled by the customer before it was due is no longer due`() throws {
    let answer = try asked { cancelled("o1", "2025-03-09T23:59:59Z", by: "customer") }
    answer.then(["due": 0, "received": 1])
    answer.leavesOut(["cancelled_by_customer": 1])
  }

  @Test func `an order cancelled by the customer when it was due stays due`() throws {
    let answer = try asked { cancelled("o1", "2025-03-11", by: "customer") }
    answer.then(["due": 1, "delivered": 0, "perfect": 0])
    answer.leavesOut([:])
  }

  @Test func `an order promised for a date and cancelled on that date stays due`() throws {
    try asked { cancelled("o1", "2025-03-10T08:00:00Z", by: "customer") }.then(["due": 1])
  }

  @Test func `cancelled by unknown is neither the customer nor the company`() throws {
    try asked {
      cancelled("o1", "2025-03-05", by: "unknown")
      delivered("o1", "2025-03-08")
    }.then(["due": 1, "perfect": 1])
  }
}
