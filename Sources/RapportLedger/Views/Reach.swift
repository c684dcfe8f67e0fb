/// `reach`: access as convenient as possible; present and reachable.
///
/// Of the attempts to reach the firm: how many were answered, how many given up, how long people waited; and how often
/// access failed altogether.
public struct Reach: View, PackedProjection {
  public static let name = "reach"
  public static let version = 2
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

  /// What the `code` of a fact says; its `name` is the channel, whatever it is. A touch that is neither an attempt nor a
  /// failure has no more than that.
  private enum Access {
    static let isTouch: UInt8 = 1 << 0
    static let isAttempt: UInt8 = 1 << 1
    static let answered: UInt8 = 1 << 2
    static let abandoned: UInt8 = 1 << 3
    /// `number` is how long the customer waited, in seconds.
    static let hasWaited: UInt8 = 1 << 4
    /// `number` is why and for which need: two names, the reason in the lower half.
    static let isFailure: UInt8 = 1 << 5
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.code, .number, .marks, .term, .term2, .channel, .direction)

  public func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    for index in history.events.indices {
      let event = history.events[index]
      var fact = PackedFact(time: event.time, code: event.isTouch ? Access.isTouch : 0, name: event.channel)
      switch event.kind {
      case .contactAttempted:
        fact.code |= Access.isAttempt
        if event.code == 1 { fact.code |= Access.answered }
        if event.code == 3 { fact.code |= Access.abandoned }
        if event.hasNumber, event.number > -1_000_000 {
          fact.code |= Access.hasWaited
          fact.number = event.number / 1_000_000
        }
      case .accessFailed:
        fact.code |= Access.isFailure
        fact.number = Int64(bitPattern: UInt64(event.term) | UInt64(event.term2) << 32)
      default: if fact.code == 0 { continue }
      }
      facts.append(fact)
    }
  }

  private static func reason(_ failure: PackedFact) -> UInt32 { UInt32(truncatingIfNeeded: failure.number) }
  private static func need(_ failure: PackedFact) -> UInt32 { UInt32(truncatingIfNeeded: failure.number >> 32) }

  public func digest(_ fact: PackedFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.time, fact.code)
    hasher.add(name: fact.name)
    if fact.code & Access.isFailure != 0 {
      hasher.add(names: Self.reason(fact), Self.need(fact))
    } else {
      hasher.add(fact.number)
    }
  }

  public struct Counts: Mergeable {
    var attempts = 0, answered = 0, abandoned = 0, failures = 0, touches = 0
    var waited = Percentiles()

    mutating func merge(_ later: Counts) {
      merge(later, \.attempts, \.answered, \.abandoned, \.failures, \.touches, \.waited)
    }
  }

  public struct Tally: Mergeable {
    var groups = Groups(Counts())
    var touches = 0

    mutating func merge(_ later: Tally) { merge(later, \.groups, \.touches) }
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    let splitsFailures = query.grouping == "reason" || query.grouping == "need"
    let isGrouped = query.grouping != nil
    var facts = FactReader(records)
    while let fact = facts.next() {
      guard query.includes(fact.time) else { continue }
      if fact.code & Access.isTouch != 0 { tally.touches += 1 }
      if splitsFailures, fact.code & Access.isFailure == 0 { continue }
      tally.groups.update(isGrouped ? group(fact, query) : .all) { count(fact, &$0) }
    }
  }

  private func group(_ fact: PackedFact, _ query: ViewQuery) -> Group {
    switch query.grouping {
    case "channel": .name(orAbsent: fact.name)
    case "hour": .hour(query.hour(of: fact.time))
    case "reason": .name(orAbsent: Self.reason(fact))
    case "need": .name(orAbsent: Self.need(fact))
    default: .all
    }
  }

  private func count(_ fact: PackedFact, _ counts: inout Counts) {
    if fact.code & Access.isTouch != 0 { counts.touches += 1 }
    if fact.code & Access.isFailure != 0 { counts.failures += 1 }
    guard fact.code & Access.isAttempt != 0 else { return }
    counts.attempts += 1
    if fact.code & Access.answered != 0 { counts.answered += 1 }
    if fact.code & Access.abandoned != 0 { counts.abandoned += 1 }
    if fact.code & Access.hasWaited != 0 { counts.waited.add(fact.number) }
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
