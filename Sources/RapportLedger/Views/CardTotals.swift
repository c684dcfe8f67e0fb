/// The numbers of a card that need no history: counts, sums, firsts and lasts, folded as the blocks lie. It is what the
/// benchmarks compare with other engines, and an example of a ``StreamingProjection``.
///
/// One record a customer and currency; what is not money stands in the first of them.
public struct CardTotals: StreamingProjection {
  public static let name = "card-totals"
  public static let version = 1

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.amount, .number, .currency, .direction, .scale, .marks)

  public init() {}

  /// What most events change comes first: it shares a cache line.
  public struct Totals: BitwiseCopyable, Sendable, Equatable {
    public var firstIn = Int64.max
    public var lastIn = Int64.min
    public var firstOut = Int64.max
    public var lastOut = Int64.min
    public var events: UInt32 = 0
    public var outbound: UInt32 = 0
    public var orders: UInt32 = 0
    public var deliveries: UInt32 = 0
    /// In ten-thousandths of the major unit.
    public var revenue: Int64 = 0
    public var refunds: Int64 = 0
    public var cost: Int64 = 0
    /// The latest answer with a score: when, and the score in millionths.
    public var satisfactionTime = Int64.min
    public var satisfaction: Int64 = 0
    public var returns: UInt32 = 0
    /// Zero until an amount is booked.
    public var currency: UInt16 = 0
    public var scale: UInt16 = 0
    /// Two currencies, two last answers at one instant, or a sum that no longer fits.
    var isUndecided = false
  }

  public var initialState: Totals { Totals() }

  @inline(__always)
  public func apply(_ event: History.Event, to totals: inout Totals) {
    applyTouch(event, to: &totals)
    applyOrder(event, to: &totals)
  }

  /// What every event changes. Without branches: which way an event goes cannot be predicted.
  @inline(__always)
  private func applyTouch(_ event: History.Event, to totals: inout Totals) {
    let (time, direction) = (event.time, event.directionCode)
    let (isIn, isOut) = (direction == Direction.in.rawValue, direction == Direction.out.rawValue)
    totals.events &+= 1
    totals.firstIn = min(totals.firstIn, isIn ? time : .max)
    totals.lastIn = max(totals.lastIn, isIn ? time : .min)
    totals.firstOut = min(totals.firstOut, isOut ? time : .max)
    totals.lastOut = max(totals.lastOut, isOut ? time : .min)
    totals.outbound &+= isOut ? 1 : 0
  }

  /// One if ``applyOrder(_:to:)`` has to do with events of a kind, else zero: a bit of a word, without a branch.
  @inline(__always)
  private func isOfOrders(_ kindCode: UInt8) -> UInt64 {
    func distance(_ kindCode: UInt8) -> UInt64 { UInt64(kindCode &- EventKind.orderPlaced.rawValue) }
    func bit(_ kind: EventKind) -> UInt64 { 1 << distance(kind.rawValue) }
    let kinds =
      bit(.orderPlaced) | bit(.orderDelivered) | bit(.orderReturned) | bit(.orderRefunded) | bit(.costBooked)
      | bit(.surveyAnswered)
    let isNear = ((distance(kindCode) &>> 6) &- 1) &>> 63
    return kinds &>> distance(kindCode) & isNear
  }

  /// What some kinds of events change.
  @inline(__always)
  private func applyOrder(_ event: History.Event, to totals: inout Totals) {
    switch event.kind {
    case .orderPlaced:
      totals.orders &+= 1
      if event.currency != 0 { totals.isUndecided = add(event.amount, to: &totals.revenue) || totals.isUndecided }
      setCurrency(event, &totals)
    case .orderDelivered: totals.deliveries &+= 1
    case .orderReturned: totals.returns &+= 1
    case .orderRefunded:
      if event.currency != 0 { totals.isUndecided = add(event.amount, to: &totals.refunds) || totals.isUndecided }
      setCurrency(event, &totals)
    case .costBooked:
      if event.currency != 0 { totals.isUndecided = add(event.amount, to: &totals.cost) || totals.isUndecided }
      setCurrency(event, &totals)
    case .surveyAnswered where event.hasNumber: answer(event, &totals)
    default: break
    }
  }

  /// First what every event changes, then what a few do: to ask of each of them whether it is one of these would be
  /// guessed wrong too often. Otherwise as the default does it.
  public func apply(_ events: borrowing EventTile, to totals: inout MutableSpan<Totals>) {
    let stride = MemoryLayout<Totals>.stride
    var some = 0..<min(EventTile.eventsAhead, events.count)
    events.fetchStates(of: some, stride: stride)
    while !some.isEmpty {
      let next = some.upperBound..<min(some.upperBound + EventTile.eventsAhead, events.count)
      events.fetchStates(of: next, stride: stride)
      var ofOrders: UInt64 = 0
      for index in some {
        applyTouch(events[index], to: &totals[events.place(index)])
        ofOrders |= isOfOrders(events[index].kindCode) &<< UInt64(truncatingIfNeeded: index &- some.lowerBound)
      }
      while ofOrders != 0 {
        let index = some.lowerBound &+ ofOrders.trailingZeroBitCount
        ofOrders &= ofOrders &- 1
        applyOrder(events[index], to: &totals[events.place(index)])
      }
      some = next
    }
  }

  /// - Returns: true if the sum does not fit.
  @inline(__always)
  private func add(_ amount: Int64, to sum: inout Int64) -> Bool {
    let (value, overflow) = sum.addingReportingOverflow(amount)
    sum = value
    return overflow
  }

  @inline(__always)
  private func setCurrency(_ event: History.Event, _ totals: inout Totals) {
    guard event.currency != 0 else { return }
    if totals.currency == 0 { totals.currency = event.currency }
    if totals.currency != event.currency { totals.isUndecided = true }
  }

  @inline(__always)
  private func answer(_ event: History.Event, _ totals: inout Totals) {
    if event.time == totals.satisfactionTime { totals.isUndecided = true }
    guard event.time >= totals.satisfactionTime else { return }
    totals.satisfactionTime = event.time
    totals.satisfaction = event.number
    totals.scale = event.scale
  }

  public func needsHistory(_ totals: Totals) -> Bool { totals.isUndecided }

  public func finish(_ totals: Totals, into records: inout [Totals]) {
    var record = totals
    record.isUndecided = false
    records.append(record)
  }

  /// The definition: sums by currency in order of the first booking, exact, clamped to what an amount can be.
  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Totals]) {
    var totals = Totals()
    var sums: [(currency: UInt16, revenue: Int128, refunds: Int128, cost: Int128)] = []
    for index in history.events.indices {
      let event = history.events[index]
      apply(event, to: &totals)
      guard event.currency != 0 else { continue }
      switch event.kind {
      case .orderPlaced, .orderRefunded, .costBooked: break
      default: continue
      }
      if !sums.contains(where: { $0.currency == event.currency }) { sums.append((event.currency, 0, 0, 0)) }
      let sum = sums.firstIndex { $0.currency == event.currency }!
      switch event.kind {
      case .orderPlaced: sums[sum].revenue += Int128(event.amount)
      case .orderRefunded: sums[sum].refunds += Int128(event.amount)
      default: sums[sum].cost += Int128(event.amount)
      }
    }
    totals.currency = 0
    totals.isUndecided = false
    if sums.isEmpty { sums.append((0, 0, 0, 0)) }
    for (index, sum) in sums.enumerated() {
      var record = index == 0 ? totals : Totals()
      record.currency = sum.currency
      record.revenue = Int64(clamping: sum.revenue)
      record.refunds = Int64(clamping: sum.refunds)
      record.cost = Int64(clamping: sum.cost)
      records.append(record)
    }
  }

  public func digest(_ totals: Totals, into hasher: inout DigestHasher) {
    for time in [totals.firstIn, totals.lastIn, totals.firstOut, totals.lastOut, totals.satisfactionTime] {
      hasher.add(time)
    }
    for sum in [totals.revenue, totals.refunds, totals.cost, totals.satisfaction] { hasher.add(sum) }
    for count in [totals.events, totals.outbound, totals.orders, totals.deliveries, totals.returns] {
      hasher.add(count)
    }
    hasher.add(totals.currency)
    hasher.add(totals.scale)
  }
}
