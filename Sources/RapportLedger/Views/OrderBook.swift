/// Follows the orders of one person through a history. Shared by every view that judges orders.
///
/// ```swift
/// for index in history.events.indices { book.apply(history.events[index], lines: history.lines(of: index)) }
/// book.finish()
/// ```
///
/// What was ordered is what the lines say in the end, and only then can it be told which delivery completed an order: so
/// deliveries and complaints are kept until ``finish()``.
public struct OrderBook {
  private var table = ScratchTable<OrderOutcome>()
  private var states: [State] = []
  /// What was ordered, by order; what came, by delivery.
  private var needs: [Quantity] = []
  private var supplies: [Quantity] = []
  private var deliveries = Chains<Delivery>()
  /// When customers complained.
  private var complaints = Chains<Int64>()

  private struct Quantity {
    var sku: UInt32
    var quantity: Int64
  }

  private struct Delivery {
    var time: Int64
    var supplies: Range<Int>
  }

  private struct State {
    /// The present lines, in `needs`.
    var needs = 0..<0
    var isChanged = false
    var deliveries = Chains<Delivery>.List()
    var complaints = Chains<Int64>.List()
  }

  static let kinds: EventKindSet = [
    .orderPlaced, .orderChanged, .orderCancelled, .orderDelivered, .orderReturned, .caseOpened,
  ]
  static let columns = ColumnSet(.object, .related, .instant, .marks, .code, .channel, .country)

  public init() {}

  /// The orders, in the order of their first event. Ask after ``finish()``.
  public var orders: [OrderOutcome] { table.values }
  /// The hashes of their ids, in the same order.
  var ids: [UInt64] { table.keys }

  /// Forgets the last person.
  public mutating func removeAll() {
    if table.count == 0 { return }
    table.removeAll()
    states.removeAll(keepingCapacity: true)
    needs.removeAll(keepingCapacity: true)
    supplies.removeAll(keepingCapacity: true)
    deliveries.removeAll()
    complaints.removeAll()
  }

  /// Takes the next event of a history; kinds that are no concern of orders are passed over.
  @inline(__always)
  public mutating func apply(_ event: History.Event, lines: Span<OrderLine>) {
    switch event.kind {
    case .orderPlaced: place(event, lines)
    case .orderChanged: change(event, lines)
    case .orderCancelled: cancel(event)
    case .orderDelivered: deliver(event, lines)
    case .orderReturned where event.code >= 1 && event.code <= 4: complain(event.object, at: event.time)
    case .caseOpened where event.code == 3 && event.related != 0: complain(event.related, at: event.time)
    default: return
    }
  }

  private mutating func entry(_ order: UInt64) -> Int {
    let (index, isNew) = table.index(of: order) { OrderOutcome() }
    if isNew { states.append(State()) }
    return index
  }

  private mutating func place(_ event: History.Event, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    guard !table.values[order].isPlaced else { return }
    table.values[order].placed = event.time
    table.values[order].channel = event.channel
    table.values[order].country = event.country
    table.values[order].marks.insert(.isPlaced)
    // A change that stands before it, by clocks that disagree, is a change all the same.
    if !table.values[order].hasDue { promise(order, event) }
    if !states[order].isChanged { need(order, lines) }
  }

  private mutating func change(_ event: History.Event, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    // A change by the company never moves the promise.
    if event.code == 1 { promise(order, event) }
    guard event.marks.contains(.hasLines) else { return }
    states[order].isChanged = true
    need(order, lines)
  }

  private mutating func promise(_ order: Int, _ event: History.Event) {
    guard event.hasInstant else { return }
    table.values[order].due = event.instant
    table.values[order].marks.insert(.hasDue)
    if event.marks.contains(.instantIsDate) {
      table.values[order].marks.insert(.dueIsDate)
    } else {
      table.values[order].marks.remove(.dueIsDate)
    }
  }

  /// Replaces the lines of an order.
  private mutating func need(_ order: Int, _ lines: Span<OrderLine>) {
    let start = needs.count
    for index in lines.indices { needs.append(Quantity(sku: lines[index].sku, quantity: lines[index].quantity)) }
    states[order].needs = start..<needs.count
  }

  private mutating func cancel(_ event: History.Event) {
    let order = entry(event.object)
    // “unknown” is neither the customer nor the company.
    if event.code == 2 { table.values[order].marks.insert(.cancelledByCompany) }
    if event.code == 1, !table.values[order].marks.contains(.cancelledByCustomer) {
      table.values[order].cancelled = event.time
      table.values[order].marks.insert(.cancelledByCustomer)
    }
  }

  private mutating func deliver(_ event: History.Event, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    if event.code > 1 { table.values[order].marks.insert(.isDamaged) }
    let start = supplies.count
    for index in lines.indices { supplies.append(Quantity(sku: lines[index].sku, quantity: lines[index].quantity)) }
    deliveries.append(Delivery(time: event.time, supplies: start..<supplies.count), to: &states[order].deliveries)
  }

  private mutating func complain(_ order: UInt64, at time: Int64) {
    let order = entry(order)
    complaints.append(time, to: &states[order].complaints)
  }

  /// Judges the orders when the whole history is known.
  ///
  /// - Complexity: O(lines · deliveries) of each order, small numbers both.
  public mutating func finish() {
    for order in states.indices {
      var next = states[order].deliveries.first
      guard next != nil else { continue }
      table.values[order].marks.insert(.hasDelivery)
      while let index = next {
        table.values[order].delivered = deliveries[index].time
        if isCompleted(order, by: index) {
          table.values[order].marks.insert(.isComplete)
          break
        }
        next = deliveries.index(after: index)
      }
      var complaint = states[order].complaints.first
      // Complaints count from the delivery on; one of the same moment sorts before it.
      while let index = complaint, complaints[index] < table.values[order].delivered {
        complaint = complaints.index(after: index)
      }
      guard let complaint else { continue }
      table.values[order].complaint = complaints[complaint]
      table.values[order].marks.insert(.hasComplaint)
    }
  }

  /// Whether a delivery has no lines, the order has none, or what came so far covers every sku of the order.
  private func isCompleted(_ order: Int, by last: Int) -> Bool {
    if deliveries[last].supplies.isEmpty { return true }
    let wanted = needs[states[order].needs]
    for need in wanted {
      var balance: Int128 = 0
      for other in wanted where other.sku == need.sku { balance -= Int128(other.quantity) }
      var next = states[order].deliveries.first
      while let index = next {
        for supply in supplies[deliveries[index].supplies] where supply.sku == need.sku {
          balance += Int128(supply.quantity)
        }
        next = index == last ? nil : deliveries.index(after: index)
      }
      if balance < 0 { return false }
    }
    return true
  }
}
