/// `reach`: access as convenient as possible; present and reachable.
///
/// Of the attempts to reach the firm: how many were answered, how many given up, how long people waited; and how often
/// access failed altogether.
public struct Reach: View {
  public static let name = "reach"
  public static let version = 1
  public static let question = "Do customers reach us when they try, and how long do they wait?"
  public static let definition = ViewDefinition(
    formula: """
      attempts: contact.attempted. answered_rate and abandoned_rate: attempts with that outcome / attempts. waited: of all \
      attempts that say it, whatever their outcome. failures_per_1000: access.failed per 1,000 touches, in or out. By \
      reason and by need only the failures are split; they are measured against all touches.
      """,
    unit: "attempts; waiting in seconds", anchor: "the attempt, the failure, the touch", exclusions: "nothing",
    groupings: ["channel", "hour", "reason", "need"],
    keys: ["attempts", "answered_rate", "abandoned_rate", "waited_p50", "waited_p90", "failures_per_1000"])

  /// A touch, an attempt (which may be a touch too), or a failure.
  public struct Access: BitwiseCopyable, Sendable {
    var time: Int64
    /// Seconds; -1 if not said.
    var waited: Int32
    var channel: UInt32
    /// Of a failure.
    var reason: UInt32
    var need: UInt32
    var what: What
    /// Of an attempt: 1 answered, 3 abandoned.
    var outcome: UInt8
    var isTouch: Bool

    enum What: UInt8, BitwiseCopyable { case touch, attempt, failure }
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.code, .number, .marks, .term, .term2, .channel, .direction)

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Access]) {
    for index in history.events.indices {
      let event = history.events[index]
      let what: Access.What =
        event.kind == .contactAttempted ? .attempt : event.kind == .accessFailed ? .failure : .touch
      let isTouch = event.touch != nil
      guard what != .touch || isTouch else { continue }
      let isFailure = what == .failure
      records.append(
        Access(
          time: event.time,
          waited: what == .attempt && event.hasNumber ? Int32(clamping: event.number / 1_000_000) : -1,
          channel: event.channel, reason: isFailure ? event.term : 0, need: isFailure ? event.term2 : 0, what: what,
          outcome: what == .attempt ? event.code : 0, isTouch: isTouch))
    }
  }

  public func digest(_ access: Access, into hasher: inout DigestHasher) {
    hasher.add(values: access.time, access.waited, access.what.rawValue, access.outcome)
    hasher.add(names: access.channel, access.reason, access.need)
    hasher.add(access.isTouch)
  }

  public struct Counts {
    var attempts = 0, answered = 0, abandoned = 0, failures = 0, touches = 0
    var waited = Percentiles()
  }

  public struct Tally {
    var groups = Groups(Counts())
    var touches = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ accesses: Span<Access>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    let splitsFailures = query.grouping == "reason" || query.grouping == "need"
    for index in accesses.indices where query.includes(accesses[index].time) {
      let access = accesses[index]
      if access.isTouch { tally.touches += 1 }
      if splitsFailures, access.what != .failure { continue }
      count(access, &tally.groups[group(access, query)])
    }
  }

  private func group(_ access: Access, _ query: ViewQuery) -> Group {
    switch query.grouping {
    case "channel": .name(orAbsent: access.channel)
    case "hour": .hour(query.hour(of: access.time))
    case "reason": .name(orAbsent: access.reason)
    case "need": .name(orAbsent: access.need)
    default: .all
    }
  }

  private func count(_ access: Access, _ counts: inout Counts) {
    if access.isTouch { counts.touches += 1 }
    switch access.what {
    case .touch: return
    case .failure: counts.failures += 1
    case .attempt:
      counts.attempts += 1
      if access.outcome == 1 { counts.answered += 1 }
      if access.outcome == 3 { counts.abandoned += 1 }
      if access.waited >= 0 { counts.waited.add(Int64(access.waited)) }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let splitsFailures = query.grouping == "reason" || query.grouping == "need"
    return ViewRows(
      try tally.groups.rows(by: query.grouping, names) { counts in
        [
          "attempts": .count(counts.attempts),
          "answered_rate": .rate(part: counts.answered, whole: counts.attempts),
          "abandoned_rate": .rate(part: counts.abandoned, whole: counts.attempts),
          "waited_p50": counts.waited.seconds(50), "waited_p90": counts.waited.seconds(90),
          "failures_per_1000": .per(
            1000, part: counts.failures, whole: splitsFailures ? tally.touches : counts.touches),
        ]
      })
  }
}
