/// What became of one order, free of windows and of the clock.
public struct OrderOutcome: BitwiseCopyable, Sendable {
  public var placed: Int64 = 0
  /// When it was promised for; a date is its first nanosecond.
  public var due: Int64 = 0
  /// The delivery that completed it, or the last so far.
  public var delivered: Int64 = 0
  /// The first complaint or product-fault return at or after `delivered`.
  public var complaint: Int64 = 0
  /// When the customer cancelled it.
  public var cancelled: Int64 = 0
  public var channel: UInt32 = 0
  public var country: UInt32 = 0
  public var marks: Marks = []

  public struct Marks: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let isPlaced = Marks(rawValue: 1 << 0)
    public static let hasDue = Marks(rawValue: 1 << 1)
    public static let dueIsDate = Marks(rawValue: 1 << 2)
    public static let hasDelivery = Marks(rawValue: 1 << 3)
    /// Delivered quantities cover all lines.
    public static let isComplete = Marks(rawValue: 1 << 4)
    public static let isDamaged = Marks(rawValue: 1 << 5)
    public static let hasComplaint = Marks(rawValue: 1 << 6)
    public static let cancelledByCompany = Marks(rawValue: 1 << 7)
    public static let cancelledByCustomer = Marks(rawValue: 1 << 8)
  }

  public var isPlaced: Bool { marks.contains(.isPlaced) }
  public var hasDue: Bool { marks.contains(.hasDue) }
  public var isDelivered: Bool { marks.contains(.hasDelivery) }
  public var isInFull: Bool { marks.contains(.isComplete) }
  public var isUndamaged: Bool { !marks.contains(.isDamaged) }

  /// When it is due; a date begins at its midnight.
  func due(_ query: ViewQuery) -> Int64 { query.due(due, isDate: marks.contains(.dueIsDate)) }

  /// The completing delivery is not after the promise; a promise for a date compares dates.
  func isOnTime(_ query: ViewQuery) -> Bool {
    hasDue && isInFull && query.isInTime(delivered, due: due, isDate: marks.contains(.dueIsDate))
  }

  /// How long a customer has to find a fault: 14 days.
  static let complaintPeriod = 14 * nanosecondsPerDay

  public var isComplaintFree: Bool {
    !marks.contains(.hasComplaint) || elapsed(from: delivered, to: complaint) > Self.complaintPeriod
  }

  /// perfect = on time ∧ in full ∧ undamaged ∧ complaint-free ∧ not cancelled by the company.
  func isPerfect(_ query: ViewQuery) -> Bool {
    isOnTime(query) && isInFull && isUndamaged && isComplaintFree && !marks.contains(.cancelledByCompany)
  }

  /// The customer cancelled before it was due, so nothing was owed.
  func isOffBeforeDue(_ query: ViewQuery) -> Bool {
    marks.contains(.cancelledByCustomer) && hasDue && cancelled < due(query)
  }
}

/// Follows the orders of one person through a history. Shared by every view that judges orders.
public struct OrderBook {
  private var table = ScratchTable<OrderOutcome>()
  /// What was ordered and what came, by order and sku.
  private var needs: [Quantity] = []
  private var supplies: [Quantity] = []
  /// By order: where its present lines stand in `needs`, and when it was last complained about.
  private var states: [State] = []

  private struct Quantity {
    var order: Int32
    var sku: UInt32
    var quantity: Int64
  }

  private struct State {
    var needs = 0..<0
    var lastComplaint = Int64.min
    var isChanged = false
  }

  static let kinds: EventKindSet = [
    .orderPlaced, .orderChanged, .orderCancelled, .orderDelivered, .orderReturned, .caseOpened,
  ]
  static let columns = ColumnSet(.object, .related, .instant, .marks, .code, .channel, .country)

  public init() {}

  /// The orders, in the order of their first event.
  public var orders: [OrderOutcome] { table.values }

  /// Forgets the last person.
  public mutating func removeAll() {
    table.removeAll()
    needs.removeAll(keepingCapacity: true)
    supplies.removeAll(keepingCapacity: true)
    states.removeAll(keepingCapacity: true)
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
    need(order, states[order].isChanged ? nil : lines)
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

  /// Replaces the lines of an order; nil keeps them. What was delivered before counts for the new ones, and may cover
  /// them.
  private mutating func need(_ order: Int, _ lines: Span<OrderLine>?) {
    if let lines {
      let start = needs.count
      for index in lines.indices {
        needs.append(Quantity(order: Int32(order), sku: lines[index].sku, quantity: lines[index].quantity))
      }
      states[order].needs = start..<needs.count
    }
    guard table.values[order].isPlaced, table.values[order].isDelivered, isCovered(order) else { return }
    table.values[order].marks.insert(.isComplete)
  }

  /// Whether the delivered quantity of every sku is at least the ordered one.
  ///
  /// - Complexity: O(lines · deliveries) of one person, small numbers both.
  private func isCovered(_ order: Int) -> Bool {
    for need in needs[states[order].needs] {
      var balance: Int128 = 0
      for other in needs[states[order].needs] where other.sku == need.sku { balance -= Int128(other.quantity) }
      for supply in supplies where supply.order == Int32(order) && supply.sku == need.sku {
        balance += Int128(supply.quantity)
      }
      if balance < 0 { return false }
    }
    return true
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
    guard !table.values[order].marks.contains(.isComplete) else { return }
    table.values[order].delivered = event.time
    table.values[order].marks.insert(.hasDelivery)
    // Complaints count from the delivery on; one of the same moment sorts before it.
    if states[order].lastComplaint == event.time {
      table.values[order].complaint = event.time
      table.values[order].marks.insert(.hasComplaint)
    } else {
      table.values[order].marks.remove(.hasComplaint)
    }
    // A delivery without lines completes the order; so does any delivery of an order without lines.
    guard event.marks.contains(.hasLines), !lines.isEmpty else {
      table.values[order].marks.insert(.isComplete)
      return
    }
    for index in lines.indices {
      supplies.append(Quantity(order: Int32(order), sku: lines[index].sku, quantity: lines[index].quantity))
    }
    if table.values[order].isPlaced, isCovered(order) { table.values[order].marks.insert(.isComplete) }
  }

  private mutating func complain(_ order: UInt64, at time: Int64) {
    let order = entry(order)
    states[order].lastComplaint = time
    guard table.values[order].isDelivered, !table.values[order].marks.contains(.hasComplaint) else { return }
    table.values[order].complaint = time
    table.values[order].marks.insert(.hasComplaint)
  }
}
