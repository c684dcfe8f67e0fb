/// Which events stand behind each line of a card: what `rapport show C --why` names.
///
/// The rules are those of ``CardProjection``, which keeps values where this keeps the events that gave them. Only one
/// person at a time is folded with it, so the fold of everybody's cards pays nothing for it.
///
/// What it names is enough: a ledger with nothing but the events behind a line shows the same line.
struct CardReasons: Projection {
  static let name = "card-reasons"
  static let version = 1

  let kinds = EventKindSet.interactions.union(.mappings)
  let columns = CardProjection().columns.union(ColumnSet(.rank))
  let readsLines = true

  /// A line of the card; one that lists several things is a line for each.
  enum Line: Hashable, BitwiseCopyable, Sendable {
    case merged, kind, contactPerson, firstTouch, lastTouchIn, lastTouchOut, events, openPromises
    case orders, perfectOrders, lastOrder
    case role(name: UInt32)
    case openCases(kind: UInt8)
    case revenue(currency: UInt16)
    case contribution(currency: UInt16)
    case satisfaction(kind: UInt8)
    case consent(purpose: UInt32)
  }

  /// One event behind a line; those of a line come in canonical order.
  struct Reason: BitwiseCopyable, Sendable {
    var line: Line
    var position: UInt64
  }

  func fold(_ history: borrowing History, scratch: inout Void, into reasons: inout [Reason]) {
    var trail = CardTrail()
    for index in history.events.indices {
      trail.apply(history.events[index], at: index, lines: history.lines(of: index))
    }
    for (line, events) in trail.finish() {
      for index in events { reasons.append(Reason(line: line, position: history.events[index].position)) }
    }
  }

  /// Never stored: the positions would not be the same in a copy of the same events.
  func digest(_ reason: Reason, into hasher: inout DigestHasher) {}
}

/// One history on its way to the reasons of a card. Events are named by their place in the history.
private struct CardTrail {
  private var events: [CardReasons.Line: [Int]] = [:]
  private var book = OrderBook()
  /// By order what decides whether it is perfect, the first `order.placed` in front.
  private var orders: [UInt64: (placed: Int?, time: Int64, events: [Int])] = [:]
  private var cases: [UInt64: Case] = [:]
  private var promises: [UInt64: Int] = [:]
  /// By purpose the last decision of each id.
  private var decisions: [UInt32: [UInt32: Int]] = [:]
  /// The merges of each pair that no unmerge has cancelled.
  private var merges: [Pair: [Int]] = [:]

  private struct Case {
    var kind: UInt8
    var isOpen = true
    var opened: Int
    var reopened: Int?
  }

  private struct Pair: Hashable {
    var customer: UInt32
    var other: UInt64
  }

  mutating func apply(_ event: History.Event, at index: Int, lines: Span<OrderLine>) {
    switch event.kind {
    case .customerMerged:
      merges[Pair(customer: event.customer, other: event.object), default: []].append(index)
      return
    case .customerUnmerged:
      _ = merges[Pair(customer: event.customer, other: event.object)]?.popLast()
      return
    default: break
    }
    events[.events, default: []].append(index)
    touch(event, index)
    book.apply(event, lines: lines)
    order(event, index)
    switch event.kind {
    case .customerRegistered: events[.kind] = [index]
    case .roleAssumed: events[.role(name: event.term)] = [index]
    case .roleEnded: events[.role(name: event.term)] = nil
    case .contactpersonAssigned: events[.contactPerson] = [index]
    case .contactpersonIntroduced: if events[.contactPerson]?.count == 1 { events[.contactPerson]?.append(index) }
    case .contactpersonEnded: events[.contactPerson] = nil
    case .caseOpened: cases[event.object] = Case(kind: event.code, opened: index)
    case .caseReopened: reopen(event.object, index)
    case .caseResolved, .caseClosed:
      cases[event.object]?.isOpen = false
      cases[event.object]?.reopened = nil
    case .promiseMade: promises[event.object] = index
    case .promiseKept, .promiseBroken: promises[event.object] = nil
    case .surveyAnswered where event.code >= 1 && event.code <= 5 && event.hasNumber && !event.isStaff:
      events[.satisfaction(kind: event.code)] = [index]
    case .consentGiven, .consentRefused, .consentWithdrawn, .consentExpired:
      decisions[event.term, default: [:]][event.customer] = index
    default: return
    }
  }

  private mutating func touch(_ event: History.Event, _ index: Int) {
    guard let direction = event.direction, direction != .self else { return }
    if events[.firstTouch] == nil { events[.firstTouch] = [index] }
    events[direction == .in ? .lastTouchIn : .lastTouchOut] = [index]
  }

  private mutating func reopen(_ object: UInt64, _ index: Int) {
    guard let known = cases[object], !known.isOpen else { return }
    cases[object]?.isOpen = true
    cases[object]?.reopened = index
  }

  private mutating func order(_ event: History.Event, _ index: Int) {
    switch event.kind {
    case .orderPlaced:
      if event.currency != 0 { events[.revenue(currency: event.currency), default: []].append(index) }
      if orders[event.object]?.placed == nil {
        orders[event.object, default: (nil, 0, [])].placed = index
        orders[event.object]?.time = event.time
        orders[event.object]?.events.append(index)
      }
    case .orderChanged, .orderDelivered: orders[event.object, default: (nil, 0, [])].events.append(index)
    default: break
    }
    switch event.kind {
    case .orderPlaced, .orderRefunded, .costBooked:
      if event.currency != 0 { events[.contribution(currency: event.currency), default: []].append(index) }
    default: break
    }
  }

  /// The events behind each line, in canonical order.
  mutating func finish() -> [CardReasons.Line: [Int]] {
    // Of a pair that was merged several times one merge is enough.
    events[.merged] = merges.values.compactMap(\.last).sorted()
    for known in cases.values where known.isOpen {
      events[.openCases(kind: known.kind), default: []] += [known.opened] + (known.reopened.map { [$0] } ?? [])
    }
    events[.openPromises] = Array(promises.values)
    for (purpose, latest) in decisions {
      // Several ids make one person of the merges between them.
      events[.consent(purpose: purpose)] = latest.values + (latest.count > 1 ? events[.merged]! : [])
    }
    finishOrders()
    return events.mapValues { $0.sorted() }
  }

  private mutating func finishOrders() {
    events[.orders] = orders.values.compactMap(\.placed)
    let last = orders.values.filter { $0.placed != nil }.max { ($0.time, $0.placed!) < ($1.time, $1.placed!) }
    events[.lastOrder] = last.map { [$0.placed!] } ?? []
    book.finish()
    for (id, outcome) in zip(book.ids, book.orders) where CardProjection.isPerfect(outcome) {
      events[.perfectOrders, default: []] += orders[id]!.events
    }
  }
}
