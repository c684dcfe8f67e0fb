/// `perfect-orders`: not the orders received, but the orders delivered correctly and on time.
///
/// due(o) is the `promised_at` of `order.placed`, or of the last `order.changed` by the customer that carries one.
/// perfect = on time ∧ in full ∧ undamaged ∧ complaint-free for 14 days ∧ not cancelled by the company
/// (``OrderOutcome``). Population: orders whose due lies in the window, less those that the customer cancelled before.
public struct PerfectOrders: View {
  public static let name = "perfect-orders"
  public static let version = 2
  public static let question =
    "How many orders were delivered as promised: complete, on time, undamaged, without complaint?"
  public static let definition = ViewDefinition(
    formula: """
      due: promised_at of the order, or of the last change by the customer that carries one; the company cannot move it.
      delivered: the order has a delivery. on time: the delivery that completes it is not after due (a promise for a \
      date compares dates). in full: delivered quantities cover all lines; a delivery without lines completes the order. \
      undamaged: every delivery's condition is ok or not said. complaint-free: within 14 days of the completing \
      delivery no return for wrong, damaged, defective or not_as_described and no complaint case on the order.
      perfect = on time and in full and undamaged and complaint-free and not cancelled by the company.
      perfect_rate and on_time_rate are shares of due; in_full, undamaged, complaint_free and on_time_of_delivered are \
      shares of delivered. provisional: perfect so far, the 14 days still open. lead: delivered − placed. received: \
      orders placed in the window.
      """,
    unit: "orders; lead times in seconds", anchor: "due",
    exclusions: """
      cancelled_by_customer: cancelled by the customer before due. no_promise: placed in the window without a promise. \
      not_placed: orders that were never placed
      """,
    groupings: ["month", "country", "channel"],
    keys: [
      "due", "delivered", "on_time", "perfect", "perfect_rate", "on_time_rate", "on_time_of_delivered_rate",
      "in_full_rate", "undamaged_rate", "complaint_free_rate", "provisional", "lead_p50", "lead_p90", "received",
    ])

  public init() {}

  public let kinds = OrderBook.kinds
  public let columns = OrderBook.columns
  public let readsLines = true

  public func makeScratch(firm: Span<OrderOutcome>, names: borrowing Snapshot) -> OrderBook { OrderBook() }

  public func fold(_ history: borrowing History, scratch book: inout OrderBook, into records: inout [OrderOutcome]) {
    book.removeAll()
    for index in history.events.indices { book.apply(history.events[index], lines: history.lines(of: index)) }
    book.finish()
    records.append(contentsOf: book.orders)
  }

  public func digest(_ order: OrderOutcome, into hasher: inout DigestHasher) {
    hasher.add(order.placed)
    hasher.add(order.due)
    hasher.add(order.delivered)
    hasher.add(order.complaint)
    hasher.add(order.cancelled)
    hasher.add(order.marks.rawValue)
    hasher.add(name: order.channel)
    hasher.add(name: order.country)
  }

  public struct Counts: Mergeable {
    var due = 0, delivered = 0, onTime = 0, perfect = 0, inFull = 0, undamaged = 0, complaintFree = 0
    var provisional = 0, received = 0
    var leads = Percentiles()

    mutating func merge(_ later: Counts) {
      merge(later, \.due, \.delivered, \.onTime, \.perfect, \.inFull, \.undamaged, \.complaintFree, \.provisional)
      merge(later, \.received, \.leads)
    }
  }

  public struct Tally: Mergeable {
    var groups = Groups(Counts())
    var cancelled = 0, unpromised = 0, unplaced = 0

    mutating func merge(_ later: Tally) { merge(later, \.groups, \.cancelled, \.unpromised, \.unplaced) }
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ orders: Span<OrderOutcome>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in orders.indices {
      let order = orders[index]
      guard order.isPlaced else {
        tally.unplaced += 1
        continue
      }
      if query.includes(order.placed) {
        tally.groups.update(group(order, month: order.placed, query)) { $0.received += 1 }
        if !order.hasDue { tally.unpromised += 1 }
      }
      guard order.hasDue, query.includes(order.due(query)) else { continue }
      if order.isOffBeforeDue(query) {
        tally.cancelled += 1
        continue
      }
      tally.groups.update(group(order, month: order.due(query), query)) { count(order, in: &$0, query) }
    }
  }

  private func group(_ order: OrderOutcome, month: Int64, _ query: ViewQuery) -> Group {
    switch query.grouping {
    case "month": .month(query.month(of: month))
    case "country": .name(orAbsent: order.country)
    case "channel": .name(orAbsent: order.channel)
    default: .all
    }
  }

  private func count(_ order: OrderOutcome, in counts: inout Counts, _ query: ViewQuery) {
    counts.due += 1
    guard order.isDelivered else { return }
    counts.delivered += 1
    if order.isOnTime(query) { counts.onTime += 1 }
    if order.isInFull { counts.inFull += 1 }
    if order.isUndamaged { counts.undamaged += 1 }
    if order.isComplaintFree { counts.complaintFree += 1 }
    if order.isPerfect(query) {
      counts.perfect += 1
      if elapsed(from: order.delivered, to: query.asOf) < OrderOutcome.complaintPeriod { counts.provisional += 1 }
    }
    counts.leads.add(flooredSeconds(elapsed(from: order.placed, to: order.delivered)))
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows = try tally.groups.rows(by: query.grouping, names) { counts in
      [
        "due": .count(counts.due), "delivered": .count(counts.delivered), "on_time": .count(counts.onTime),
        "perfect": .count(counts.perfect), "perfect_rate": .rate(part: counts.perfect, whole: counts.due),
        "on_time_rate": .rate(part: counts.onTime, whole: counts.due),
        "on_time_of_delivered_rate": .rate(part: counts.onTime, whole: counts.delivered),
        "in_full_rate": .rate(part: counts.inFull, whole: counts.delivered),
        "undamaged_rate": .rate(part: counts.undamaged, whole: counts.delivered),
        "complaint_free_rate": .rate(part: counts.complaintFree, whole: counts.delivered),
        "provisional": .count(counts.provisional), "lead_p50": counts.leads.seconds(50),
        "lead_p90": counts.leads.seconds(90), "received": .count(counts.received),
      ]
    }
    return ViewRows(
      rows,
      leftOut: [
        "cancelled_by_customer": tally.cancelled, "no_promise": tally.unpromised, "not_placed": tally.unplaced,
      ])
  }
}
