/// Follows what one person lost, and why, through a history.
public struct LossBook {
  private struct Booking {
    var time: Int64
    var amount: Int64
    var currency: UInt16
  }
  private struct Contract {
    var amount: Int64 = 0
    var currency: UInt16 = 0
    var ends: Int64?
  }
  private struct Exposure {
    var action: UInt32
    var time: Int64
    var fingerprint: UInt64
  }

  /// Unfriendly actions of the firm.
  let actions: [LossFact]
  private var bookings: [Booking] = []
  /// The first and the last touch or order; nil where there was none.
  private var first: Int64?
  private var last: Int64 = 0
  /// When the person was active.
  private var active = Intervals()
  private var losses: [Int64] = []
  private var exposures: [Exposure] = []
  private var scores: [(time: Int64, share: Double)] = []
  private var frictions = ScratchTable<LossFact>()
  private var contracts = ScratchTable<Contract>()

  static let kinds: EventKindSet = EventKindSet.interactions.union([.actionTaken])
  static let columns = ColumnSet(
    .object, .amount, .currency, .instant, .number, .scale, .marks, .code, .term, .term2, .cause, .direction
  ).union(ColumnSet(.actor)).union(.fingerprint)
  static let lossPeriod = 90 * nanosecondsPerDay

  init(actions: [LossFact]) { self.actions = actions }

  mutating func removeAll() {
    // Most lists are empty for most people.
    if !bookings.isEmpty { bookings.removeAll(keepingCapacity: true) }
    active.removeAll()
    first = nil
    if !losses.isEmpty { losses.removeAll(keepingCapacity: true) }
    if !exposures.isEmpty { exposures.removeAll(keepingCapacity: true) }
    if !scores.isEmpty { scores.removeAll(keepingCapacity: true) }
    frictions.removeAll()
    contracts.removeAll()
  }

  mutating func apply(_ event: History.Event, into records: inout [LossFact]) {
    if event.isActivity { touch(event.time) }
    switch event.kind {
    case .actionExposed: expose(event, &records)
    case .orderPlaced: bookings.append(Booking(time: event.time, amount: event.amount, currency: event.currency))
    case .orderRefunded, .costBooked:
      bookings.append(Booking(time: event.time, amount: negated(event.amount), currency: event.currency))
      // Purpose 4 is goodwill.
      if event.kind == .orderRefunded || event.code == 4 { state(event, event.amount, event.currency, &records) }
    case .customerLost:
      losses.append(event.time)
      records.append(LossFact(what: .lost, time: event.time, name: event.term, name2: event.term2))
      for (currency, amount) in contribution(before: event.time) { state(event, amount, currency, &records) }
    case .contractStarted, .contractRenewed: note(event)
    case .contractCancelled:
      let contract = note(event)
      if contract.currency != 0 { state(event, remainder(contract, at: event.time), contract.currency, &records) }
    case .surveyAnswered where event.code == 2 && event.hasNumber && !event.isStaff:
      let scale = event.scale == 0 ? 5 : Double(event.scale)
      scores.append((event.time, Double(event.number) / scale))
    case .frictionExperienced:
      let severity = UInt8(clamping: event.number / 1_000_000)
      _ = frictions.index(of: event.object) { LossFact(what: .friction, time: event.time, severity: severity) }
    case .apologyMade, .recoveryOffered, .recoveryAccepted:
      if let place = frictions.index(of: event.object) { frictions.values[place].isAnswered = true }
    default: return
    }
  }

  private mutating func expose(_ event: History.Event, _ records: inout [LossFact]) {
    let action = event.term
    guard actions.contains(where: { $0.name == action }) else {
      records.append(LossFact(what: .unknown, time: event.time, name: action))
      return
    }
    exposures.append(Exposure(action: action, time: event.time, fingerprint: event.fingerprint))
  }

  /// Books a loss to the action that its cause names, directly or by an exposure of this person.
  private func state(_ event: History.Event, _ amount: Int64, _ currency: UInt16, _ records: inout [LossFact]) {
    let cause = event.cause
    guard cause != 0 else { return }
    let action =
      actions.first { $0.fingerprint == cause }?.name ?? exposures.first { $0.fingerprint == cause }?.action
    guard let action else { return }
    records.append(LossFact(what: .stated, time: event.time, name: action, amount: amount, currency: currency))
  }

  /// Contribution of the 365 days before a time, by currency in the order of their first booking.
  private func contribution(before time: Int64) -> [(currency: UInt16, amount: Int64)] {
    var sums: [(currency: UInt16, amount: Int128)] = []
    for booking in bookings where booking.time <= time && elapsed(from: booking.time, to: time) <= activePeriod {
      if let index = sums.firstIndex(where: { $0.currency == booking.currency }) {
        sums[index].amount += Int128(booking.amount)
      } else {
        sums.append((booking.currency, Int128(booking.amount)))
      }
    }
    return sums.map { ($0.currency, Int64(clamping: $0.amount)) }
  }

  @inline(__always)
  private mutating func touch(_ time: Int64) {
    if first == nil { first = time }
    last = time
    // No time lies ahead of the clock by more than a day.
    active.add(time, time + activePeriod)
  }

  /// The contract as last said.
  @discardableResult
  private mutating func note(_ event: History.Event) -> Contract {
    let (place, _) = contracts.index(of: event.object) { Contract() }
    if event.hasAmount { contracts.values[place].amount = event.amount }
    if event.currency != 0 { contracts.values[place].currency = event.currency }
    if event.hasInstant { contracts.values[place].ends = event.instant }
    return contracts.values[place]
  }

  /// Value per year × remaining years, at most one.
  private func remainder(_ contract: Contract, at time: Int64) -> Int64 {
    guard let ends = contract.ends else { return contract.amount }
    let left = min(max(0, elapsed(from: time, to: ends)), activePeriod)
    return Int64(clamping: rounded(Int128(contract.amount) * Int128(left), over: Int128(activePeriod)))
  }

  private func isLost(within period: Int64, after time: Int64) -> Bool {
    losses.contains { $0 >= time && elapsed(from: time, to: $0) <= period }
  }

  /// What only the end of a history tells.
  mutating func finish(_ records: inout [LossFact]) {
    if let first {
      records.append(LossFact(what: .first, time: first, isLost: isLost(within: Self.lossPeriod, after: first)))
    }
    if !actions.isEmpty { finishActions(&records) }
    for friction in frictions.values {
      var friction = friction
      friction.isLost = isLost(within: Self.lossPeriod, after: friction.time)
      friction.isRecovered = friction.isAnswered && isRecovered(after: friction.time)
      records.append(friction)
    }
  }

  /// Who was active is told by intervals, not action by action: there may be many actions, and few meet any.
  private func finishActions(_ records: inout [LossFact]) {
    let leaving = active.intersection(losses.map { ($0 < .min + Self.lossPeriod ? .min : $0 - Self.lossPeriod, $0) })
    for (start, end) in active.list { records.append(LossFact(what: .active, time: start, amount: end)) }
    for (start, end) in leaving.list { records.append(LossFact(what: .leaving, time: start, amount: end)) }
    if exposures.isEmpty { return }
    for action in actions {
      guard let exposure = exposures.first(where: { $0.action == action.name }) else { continue }
      records.append(
        LossFact(
          what: .exposed, time: exposure.time, name: action.name,
          isLost: isLost(within: Self.lossPeriod, after: exposure.time),
          wasActive: active.contains(action.time),
          wasLeaving: leaving.contains(action.time)))
      for (currency, amount) in contribution(before: exposure.time) {
        records.append(
          LossFact(what: .prior, time: exposure.time, name: action.name, amount: amount, currency: currency))
      }
    }
  }

  /// The next CSAT is at least the one before, or there is a touch after 90 days.
  private func isRecovered(after time: Int64) -> Bool {
    if let before = scores.last(where: { $0.time <= time }), let next = scores.first(where: { $0.time > time }),
      next.share >= before.share
    {
      return true
    }
    return first != nil && elapsed(from: time, to: last) > Self.lossPeriod
  }
}
