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

  /// The completing delivery is not after the promise; a promise for a date compares dates.
  public var isOnTime: Bool {
    guard hasDue, isInFull else { return false }
    if marks.contains(.dueIsDate) {
      return CivilDate(Timestamp(nanoseconds: delivered)) <= CivilDate(Timestamp(nanoseconds: due))
    }
    return delivered <= due
  }

  /// How long a customer has to find a fault: 14 days.
  static let complaintPeriod = 14 * nanosecondsPerDay

  public var isComplaintFree: Bool {
    !marks.contains(.hasComplaint) || complaint - delivered > Self.complaintPeriod
  }

  /// perfect = on time ∧ in full ∧ undamaged ∧ complaint-free ∧ not cancelled by the company.
  public var isPerfect: Bool {
    isOnTime && isInFull && isUndamaged && isComplaintFree && !marks.contains(.cancelledByCompany)
  }

  /// The customer cancelled before it was due, so nothing was owed.
  public var isOffBeforeDue: Bool { marks.contains(.cancelledByCustomer) && hasDue && cancelled < due }
}

/// Follows the orders of one person through a history. Shared by every view that judges orders.
public struct OrderBook {
  private var table = ScratchTable<OrderOutcome>()
  /// What each order still lacks.
  private var needs: [Need] = []
  private var needRanges: [Range<Int>] = []

  private struct Need {
    var sku: UInt32
    var quantity: Int64
    var missing: Int64
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
    needRanges.removeAll(keepingCapacity: true)
  }

  /// Takes the next event of a history; kinds that are no concern of orders are passed over.
  @inline(__always)
  public mutating func apply(_ event: Facts, lines: Span<OrderLine>) {
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
    if isNew { needRanges.append(0..<0) }
    return index
  }

  private mutating func place(_ event: Facts, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    guard !table.values[order].isPlaced else { return }
    table.values[order].placed = event.time
    table.values[order].channel = event.channel
    table.values[order].country = event.country
    table.values[order].marks.insert(.isPlaced)
    promise(order, event)
    need(order, lines)
  }

  private mutating func change(_ event: Facts, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    // A change by the company never moves the promise.
    if event.code == 1 { promise(order, event) }
    if event.marks.contains(.hasLines) { need(order, lines) }
  }

  private mutating func promise(_ order: Int, _ event: Facts) {
    guard event.hasInstant else { return }
    table.values[order].due = event.instant
    table.values[order].marks.insert(.hasDue)
    if event.marks.contains(.instantIsDate) {
      table.values[order].marks.insert(.dueIsDate)
    } else {
      table.values[order].marks.remove(.dueIsDate)
    }
  }

  private mutating func need(_ order: Int, _ lines: Span<OrderLine>) {
    let before = needRanges[order]
    let start = needs.count
    for index in lines.indices {
      needs.append(Need(sku: lines[index].sku, quantity: lines[index].quantity, missing: lines[index].quantity))
    }
    needRanges[order] = start..<needs.count
    // What was delivered of the former lines counts for the new ones.
    for index in before { supply(order, needs[index].sku, needs[index].quantity - needs[index].missing) }
  }

  private mutating func supply(_ order: Int, _ sku: UInt32, _ quantity: Int64) {
    var rest = quantity
    for index in needRanges[order] where needs[index].sku == sku && rest > 0 {
      let taken = min(rest, max(needs[index].missing, 0))
      needs[index].missing -= taken
      rest -= taken
    }
  }

  private mutating func cancel(_ event: Facts) {
    let order = entry(event.object)
    // “unknown” is neither the customer nor the company.
    if event.code == 2 { table.values[order].marks.insert(.cancelledByCompany) }
    if event.code == 1, !table.values[order].marks.contains(.cancelledByCustomer) {
      table.values[order].cancelled = event.time
      table.values[order].marks.insert(.cancelledByCustomer)
    }
  }

  private mutating func deliver(_ event: Facts, _ lines: Span<OrderLine>) {
    let order = entry(event.object)
    if event.code > 1 { table.values[order].marks.insert(.isDamaged) }
    guard !table.values[order].marks.contains(.isComplete) else { return }
    let sameMoment = table.values[order].marks.contains(.hasComplaint) && table.values[order].complaint == event.time
    table.values[order].delivered = event.time
    table.values[order].marks.insert(.hasDelivery)
    if !sameMoment { table.values[order].marks.remove(.hasComplaint) }
    if event.marks.contains(.hasLines), !lines.isEmpty {
      for index in lines.indices { supply(order, lines[index].sku, lines[index].quantity) }
      if needRanges[order].contains(where: { needs[$0].missing > 0 }) { return }
    }
    // A delivery without lines completes the order; so does any delivery of an order without lines.
    table.values[order].marks.insert(.isComplete)
  }

  private mutating func complain(_ order: UInt64, at time: Int64) {
    let order = entry(order)
    let isRecorded = table.values[order].marks.contains(.hasComplaint)
    // Before the delivery only the latest moment matters: it may be the very moment of the delivery.
    if !isRecorded || !table.values[order].isDelivered {
      table.values[order].complaint = time
      table.values[order].marks.insert(.hasComplaint)
    }
  }
}
