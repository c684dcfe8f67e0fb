/// What `losses` knows of a person or of the firm: one fact a record.
public struct LossFact: BitwiseCopyable, Sendable {
  public enum What: UInt8, BitwiseCopyable, Sendable {
    /// An unfriendly action of the firm, with its expected gain.
    case action
    /// The person met the action.
    case exposed
    /// The times at which the person was active; those of them with a loss in the 90 days after. From `time` to `amount`.
    case active, leaving
    /// What an exposed person had contributed, and what a loss that names the action as its cause cost, per currency.
    case prior, stated
    /// A customer lost; a friction; a person's first touch.
    case lost, friction, first
    /// An exposure to an action that is not known.
    case unknown
  }

  var what: What
  var time: Int64
  /// Action, or why a customer was lost.
  var name: UInt32 = 0
  /// To which competitor.
  var name2: UInt32 = 0
  var amount: Int64 = 0
  /// Of an action: what `cause` of other events names it by.
  var fingerprint: UInt64 = 0
  var currency: UInt16 = 0
  var severity: UInt8 = 0
  /// Lost within 90 days.
  var isLost = false
  /// Of a friction: answered by an apology or a recovery; and the customer is satisfied or active again.
  var isAnswered = false
  var isRecovered = false
  /// Of an exposure: the person was active when the action was taken; and lost within 90 days of that.
  var wasActive = false
  var wasLeaving = false
}

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
  /// Both ends belong to it.
  private typealias Interval = (start: Int64, end: Int64)

  private struct Exposure {
    var action: UInt32
    var time: Int64
    var fingerprint: UInt64
  }

  /// Unfriendly actions of the firm.
  let actions: [LossFact]
  private var bookings: [Booking] = []
  private var touches: [Int64] = []
  private var losses: [Int64] = []
  private var exposures: [Exposure] = []
  private var scores: [(time: Int64, share: Double)] = []
  private var frictions = ScratchTable<LossFact>()
  private var contracts = ScratchTable<Contract>()

  static let kinds: EventKindSet = EventKindSet.interactions.union([.actionTaken])
  static let columns = ColumnSet(
    .object, .amount, .currency, .instant, .number, .scale, .marks, .code, .term, .term2, .cause, .direction
  ).union(.fingerprint)
  static let lossPeriod = 90 * nanosecondsPerDay

  init(actions: [LossFact]) { self.actions = actions }

  mutating func removeAll() {
    bookings.removeAll(keepingCapacity: true)
    touches.removeAll(keepingCapacity: true)
    losses.removeAll(keepingCapacity: true)
    exposures.removeAll(keepingCapacity: true)
    scores.removeAll(keepingCapacity: true)
    frictions.removeAll()
    contracts.removeAll()
  }

  mutating func apply(_ event: History.Event, into records: inout [LossFact]) {
    if event.touch != nil || event.kind == .orderPlaced { touches.append(event.time) }
    switch event.kind {
    case .actionExposed: expose(event, &records)
    case .orderPlaced: bookings.append(Booking(time: event.time, amount: event.amount, currency: event.currency))
    case .orderRefunded, .costBooked:
      bookings.append(Booking(time: event.time, amount: -event.amount, currency: event.currency))
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
    if let first = touches.first {
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
    // No time lies ahead of the clock by more than a day.
    let active = Self.union(touches.map { ($0, $0 + activePeriod) })
    var departing: [Interval] = []
    for loss in losses {
      let first = loss < .min + Self.lossPeriod ? .min : loss - Self.lossPeriod
      for interval in active {
        let (start, end) = (max(interval.start, first), min(interval.end, loss))
        if start <= end { departing.append((start, end)) }
      }
    }
    let leaving = Self.union(departing.sorted { $0.start < $1.start })
    for (what, intervals) in [(LossFact.What.active, active), (.leaving, leaving)] {
      for interval in intervals { records.append(LossFact(what: what, time: interval.start, amount: interval.end)) }
    }
    for action in actions {
      guard let exposure = exposures.first(where: { $0.action == action.name }) else { continue }
      records.append(
        LossFact(
          what: .exposed, time: exposure.time, name: action.name,
          isLost: isLost(within: Self.lossPeriod, after: exposure.time),
          wasActive: active.contains { $0.start <= action.time && action.time <= $0.end },
          wasLeaving: leaving.contains { $0.start <= action.time && action.time <= $0.end }))
      for (currency, amount) in contribution(before: exposure.time) {
        records.append(
          LossFact(what: .prior, time: exposure.time, name: action.name, amount: amount, currency: currency))
      }
    }
  }

  /// Joins intervals that touch or overlap.
  ///
  /// - Parameter intervals: by their starts.
  private static func union(_ intervals: [Interval]) -> [Interval] {
    var joined: [Interval] = []
    for interval in intervals {
      if let last = joined.last, interval.start <= last.end {
        joined[joined.count - 1].end = max(last.end, interval.end)
      } else {
        joined.append(interval)
      }
    }
    return joined
  }

  /// The next CSAT is at least the one before, or there is a touch after 90 days.
  private func isRecovered(after time: Int64) -> Bool {
    if let before = scores.last(where: { $0.time <= time }), let next = scores.first(where: { $0.time > time }),
      next.share >= before.share
    {
      return true
    }
    return touches.last.map { elapsed(from: time, to: $0) > Self.lossPeriod } ?? false
  }
}
