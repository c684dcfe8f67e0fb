public import RapportLedger

/// The built-in ``CardTotals`` once more, as somebody else's package would declare it: by the public interface alone, in
/// a module of its own. What it is compared with is how fast the built-in one is.
public struct OwnCardTotals: StreamingProjection {
  public static let name = "own-card-totals"
  public static let version = 1

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.amount, .number, .currency, .direction, .marks, .scale)

  public init() {}

  /// As in ``CardTotals``.
  public struct Totals: BitwiseCopyable, Sendable {
    public var firstIn = Int64.max
    public var lastIn = Int64.min
    public var firstOut = Int64.max
    public var lastOut = Int64.min
    public var events: UInt32 = 0
    public var outbound: UInt32 = 0
    public var orders: UInt32 = 0
    public var deliveries: UInt32 = 0
    public var revenue: Int64 = 0
    public var refunds: Int64 = 0
    public var cost: Int64 = 0
    public var satisfactionTime = Int64.min
    public var satisfaction: Int64 = 0
    public var returns: UInt32 = 0
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
      totals.revenue = sum(totals.revenue, event, &totals)
    case .orderDelivered: totals.deliveries &+= 1
    case .orderReturned: totals.returns &+= 1
    case .orderRefunded: totals.refunds = sum(totals.refunds, event, &totals)
    case .costBooked: totals.cost = sum(totals.cost, event, &totals)
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
        ofOrders |= isOfOrders(events[index].kind.rawValue) &<< UInt64(truncatingIfNeeded: index &- some.lowerBound)
      }
      while ofOrders != 0 {
        let index = some.lowerBound &+ ofOrders.trailingZeroBitCount
        ofOrders &= ofOrders &- 1
        applyOrder(events[index], to: &totals[events.place(index)])
      }
      some = next
    }
  }

  @inline(__always)
  private func sum(_ sum: Int64, _ event: History.Event, _ totals: inout Totals) -> Int64 {
    guard event.currency != 0 else { return sum }
    let (value, overflow) = sum.addingReportingOverflow(event.amount)
    if totals.currency == 0 { totals.currency = event.currency }
    if overflow || totals.currency != event.currency { totals.isUndecided = true }
    return value
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

  public func finish(_ totals: Totals, into records: inout [Totals]) { records.append(totals) }

  /// The definition where the order decides: of two answers at one instant the one that comes last. Amounts count if
  /// they are in the currency that was booked first.
  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Totals]) {
    var totals = Totals()
    for index in history.events.indices {
      let before = totals
      apply(history.events[index], to: &totals)
      guard totals.isUndecided else { continue }
      if totals.currency != history.events[index].currency {
        (totals.revenue, totals.refunds, totals.cost) = (before.revenue, before.refunds, before.cost)
      }
      totals.isUndecided = false
    }
    records.append(totals)
  }

  public func digest(_ totals: Totals, into hasher: inout DigestHasher) {
    hasher.add(values: totals.firstIn, totals.lastIn, totals.firstOut, totals.lastOut, totals.satisfactionTime)
    hasher.add(values: totals.revenue, totals.refunds, totals.cost, totals.satisfaction)
    hasher.add(values: totals.events, totals.outbound, totals.orders, totals.deliveries, totals.returns)
    hasher.add(values: totals.currency, totals.scale)
  }
}
