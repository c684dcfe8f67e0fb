/// `authenticity`: no bots and no staff disguised as customers.
public struct Authenticity: View, PackedProjection {
  public static let name = "authenticity"
  public static let version = 3
  public static let question = "Who speaks here: customers, people of ours, or machines that do not say so?"
  public static let definition = ViewDefinition(
    formula: """
      utterance: message, review, mention, feedback, survey answer, note or reply. undisclosed: its actorkind says bot or \
      employee, or its relation says employee or paid, and it does not say disclosed; where no actorkind is sent nobody is \
      disguised. human_share: touches whose actor is neither bot nor system / touches; without an actorkind an inbound \
      touch is the customer's, an outbound one an employee's. handoff: from handoff.requested to the next handoff.done.
      """,
    unit: "utterances; touches; seconds", anchor: "each utterance, touch, handoff.requested", exclusions: "nothing",
    groupings: ["actorkind"],
    keys: ["utterances", "undisclosed", "undisclosed_rate", "human_share", "handoff_p50", "handoff_p90"])

  /// What the `code` of a fact says: a touch, an utterance or both, and in its lower bits whose; or a handoff, and how
  /// many nanoseconds it took as `number`.
  private enum Act {
    /// ``ActorKind``, 0 unknown, all bits for one that nobody knows.
    static let actor: UInt8 = 0b111
    static let isTouch: UInt8 = 1 << 3
    static let isUtterance: UInt8 = 1 << 4
    static let isUndisclosed: UInt8 = 1 << 5
    static let isHandoff: UInt8 = 1 << 6
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.marks, .code, .actor, .direction)

  public func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    var requested: Int64?
    for index in history.events.indices {
      let event = history.events[index]
      let isUtterance = event.isUtterance
      if event.isTouch || isUtterance {
        let actor = event.actorCode > Act.actor ? Act.actor : event.actor?.rawValue ?? 0
        var code = actor | (event.isTouch ? Act.isTouch : 0)
        if isUtterance {
          code |= Act.isUtterance
          let isDisclosed = (event.kind == .messageSent || event.kind == .messageReceived) && event.flagC == true
          if event.isStaff && !isDisclosed { code |= Act.isUndisclosed }
        }
        facts.append(PackedFact(time: event.time, code: code))
      }
      switch event.kind {
      case .handoffRequested: requested = requested ?? event.time
      case .handoffDone:
        if let start = requested {
          facts.append(PackedFact(time: start, code: Act.isHandoff, number: elapsed(from: start, to: event.time)))
        }
        requested = nil
      default: continue
      }
    }
  }

  public func digest(_ fact: PackedFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.time, fact.code, fact.number)
  }

  public struct Counts: Mergeable {
    var utterances = 0, undisclosed = 0, touches = 0, human = 0
    var handoff = Percentiles()

    mutating func merge(_ later: Counts) {
      merge(later, \.utterances, \.undisclosed, \.touches, \.human, \.handoff)
    }
  }

  public func makeTally() -> Groups<Counts> { Groups(Counts(), words: ActorKind.words) }

  public func add(
    _ records: Span<UInt8>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery
  ) {
    let isGrouped = query.grouping != nil
    var facts = FactReader(records)
    while let fact = facts.next() {
      guard query.includes(fact.time) else { continue }
      if fact.code & Act.isHandoff != 0 {
        // A handoff is between actors, so it is in no group of theirs.
        if !isGrouped { groups[.all].handoff.add(flooredSeconds(fact.number)) }
        continue
      }
      let actor = fact.code & Act.actor
      groups.update(isGrouped ? .word(orAbsent: actor) : .all) { count(fact.code, actor, &$0) }
    }
  }

  private func count(_ code: UInt8, _ actor: UInt8, _ counts: inout Counts) {
    if code & Act.isUtterance != 0 { counts.utterances += 1 }
    if code & Act.isUndisclosed != 0 { counts.undisclosed += 1 }
    guard code & Act.isTouch != 0 else { return }
    counts.touches += 1
    if actor != ActorKind.bot.rawValue, actor != ActorKind.system.rawValue { counts.human += 1 }
  }

  public func rows(_ groups: Groups<Counts>, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try groups.rows(by: query.grouping, names) { counts in
        [
          "utterances": .count(counts.utterances), "undisclosed": .count(counts.undisclosed),
          "undisclosed_rate": .rate(part: counts.undisclosed, whole: counts.utterances),
          "human_share": .rate(part: counts.human, whole: counts.touches), "handoff_p50": counts.handoff.seconds(50),
          "handoff_p90": counts.handoff.seconds(90),
        ]
      })
  }
}
