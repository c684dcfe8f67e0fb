/// What the ledger knows of one customer, as facts that do not depend on the clock: the state behind the card.
///
/// Each line of the card is one or more ``CardFact``s. Traits are not among them: their values are personal, so they
/// are read from the payloads when a card is shown and never enter a digest (``Card``). Nor are consents, which are those
/// of the view ``Consent``.
public struct CardProjection: Projection {
  public static let name = "card"
  public static let version = 4

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(
    .object, .related, .amount, .instant, .number, .marks, .currency, .direction, .code, .scale, .term, .term2,
    .channel, .country, .actor)
  public let readsLines = true

  public init() {}

  /// Tables of one person.
  public struct Scratch {
    fileprivate var events: Int64 = 0
    /// Touches; `Int64.min` where there is none.
    fileprivate var first = Int64.min, lastIn = Int64.min, lastOut = Int64.min
    fileprivate var kind: UInt8 = 0
    fileprivate var contact: (employee: UInt32, introduced: Bool)?
    fileprivate var satisfaction = InlineArray<5, CardFact?>(repeating: nil)
    var book = OrderBook()
    var cases = ScratchTable<OpenCase>()
    var promises = ScratchTable<Bool>()
    var roles = ScratchTable<Int64>()
    var money = ScratchTable<(revenue: Int128, contribution: Int128, hasRevenue: Bool)>()
  }

  struct OpenCase {
    var kind: UInt8
    var isOpen: Bool
  }

  public func makeScratch(firm: Span<CardFact>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into facts: inout [CardFact]) {
    scratch.begin()
    for index in history.events.indices {
      let event = history.events[index]
      scratch.touch(event)
      scratch.apply(event, lines: history.lines(of: index))
    }
    scratch.finish(&facts)
  }

  public func digest(_ fact: CardFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.what.rawValue, fact.code)
    hasher.add(name: fact.name)
    hasher.add(values: fact.currency, fact.time, fact.number, fact.number2)
  }

  /// The card counts days in UTC.
  private static let query = ViewQuery(asOf: 0)

  /// Whether an order is one of the card's perfect orders.
  static func isPerfect(_ order: OrderOutcome) -> Bool {
    order.isPlaced && order.isPerfect(query) && !order.isOffBeforeDue(query)
  }
}

/// One history on its way to a card.
extension CardProjection.Scratch {
  fileprivate mutating func begin() {
    book.removeAll()
    cases.removeAll()
    promises.removeAll()
    roles.removeAll()
    money.removeAll()
    events = 0
    (first, lastIn, lastOut) = (.min, .min, .min)
    kind = 0
    contact = nil
    satisfaction = .init(repeating: nil)
  }

  @inline(__always)
  fileprivate mutating func touch(_ event: History.Event) {
    events += 1
    let (time, touch) = (event.time, event.touchCode)
    if touch != 0, first == .min { first = time }
    lastIn = touch == Direction.in.rawValue ? time : lastIn
    lastOut = touch == Direction.out.rawValue ? time : lastOut
  }

  @inline(__always)
  fileprivate mutating func apply(_ event: History.Event, lines: Span<OrderLine>) {
    switch event.kind {
    case .customerRegistered: kind = event.code
    case .roleAssumed: roles.set(UInt64(event.term), event.time)
    case .roleEnded: roles.set(UInt64(event.term), .min)
    case .contactpersonAssigned: contact = (event.term, false)
    case .contactpersonIntroduced: contact?.introduced = true
    case .contactpersonEnded: contact = nil
    case .caseOpened:
      cases.set(event.object, CardProjection.OpenCase(kind: event.code, isOpen: true))
      book.apply(event, lines: lines)
    case .caseReopened: cases.update(event.object) { $0.isOpen = true }
    case .caseResolved, .caseClosed: cases.update(event.object) { $0.isOpen = false }
    case .promiseMade: promises.set(event.object, true)
    case .promiseKept, .promiseBroken: promises.set(event.object, false)
    case .orderPlaced:
      book.apply(event, lines: lines)
      add(event, revenue: event.amount, hasRevenue: true)
    case .orderChanged, .orderCancelled, .orderDelivered, .orderReturned: book.apply(event, lines: lines)
    case .orderRefunded, .costBooked: add(event, revenue: 0, hasRevenue: false)
    case .surveyAnswered where event.code >= 1 && event.code <= 5 && event.hasNumber && !event.isStaff:
      satisfaction[Int(event.code) - 1] = CardFact(
        .satisfaction, code: event.code, time: event.time, number: event.number, number2: Int64(event.scale))
    default: return
    }
  }

  /// Revenue of every order placed; contribution is revenue − refunds − booked cost. Sums are exact; one that no longer
  /// fits an amount is shown as the greatest there is.
  private mutating func add(_ event: History.Event, revenue: Int64, hasRevenue: Bool) {
    guard event.currency != 0 else { return }
    let (index, _) = money.index(of: UInt64(event.currency)) { (0, 0, false) }
    money.values[index].revenue += Int128(revenue)
    money.values[index].contribution += Int128(event.amount) * (hasRevenue ? 1 : -1)
    if hasRevenue { money.values[index].hasRevenue = true }
  }

  fileprivate mutating func finish(_ facts: inout [CardFact]) {
    facts.append(CardFact(.events, number: events))
    if first != .min { facts.append(CardFact(.firstTouch, time: first)) }
    if lastIn != .min { facts.append(CardFact(.lastTouchIn, time: lastIn)) }
    if lastOut != .min { facts.append(CardFact(.lastTouchOut, time: lastOut)) }
    if kind != 0 { facts.append(CardFact(.kind, code: kind)) }
    if let contact { facts.append(CardFact(.contact, code: contact.introduced ? 1 : 0, name: contact.employee)) }
    for index in roles.values.indices where roles.values[index] != .min {
      facts.append(CardFact(.role, name: UInt32(truncatingIfNeeded: roles.keys[index]), time: roles.values[index]))
    }
    finishCases(&facts)
    finishOrders(&facts)
    for index in money.values.indices {
      let sums = money.values[index]
      let currency = UInt16(truncatingIfNeeded: money.keys[index])
      if sums.hasRevenue {
        facts.append(CardFact(.revenue, currency: currency, number: Int64(clamping: sums.revenue)))
      }
      facts.append(CardFact(.contribution, currency: currency, number: Int64(clamping: sums.contribution)))
    }
    for kind in satisfaction.indices { if let fact = satisfaction[kind] { facts.append(fact) } }
  }

  private func finishCases(_ facts: inout [CardFact]) {
    let first = facts.count
    for index in cases.values.indices where cases.values[index].isOpen {
      let kind = cases.values[index].kind
      var place = first
      while place < facts.count, facts[place].code < kind { place += 1 }
      if place == facts.count || facts[place].code != kind {
        facts.insert(CardFact(.openCases, code: kind), at: place)
      }
      facts[place].number += 1
    }
    var open: Int64 = 0
    for index in promises.values.indices where promises.values[index] { open += 1 }
    if open > 0 { facts.append(CardFact(.openPromises, number: open)) }
  }

  private mutating func finishOrders(_ facts: inout [CardFact]) {
    var count: Int64 = 0
    var perfect: Int64 = 0
    var last = Int64.min
    book.finish()
    for index in book.orders.indices {
      let order = book.orders[index]
      guard order.isPlaced else { continue }
      count += 1
      if CardProjection.isPerfect(order) { perfect += 1 }
      last = max(last, order.placed)
    }
    guard count > 0 else { return }
    facts.append(CardFact(.orders, time: last, number: count, number2: perfect))
  }
}
