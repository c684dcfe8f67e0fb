/// `authenticity`: no bots and no staff disguised as customers.
public struct Authenticity: View {
  public static let name = "authenticity"
  public static let version = 1
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

  /// A touch, an utterance or both; or a handoff.
  public struct Act: BitwiseCopyable, Sendable {
    var time: Int64
    /// Of a handoff how long it took, nanoseconds; -1 of anything else.
    var handoff: Int64 = -1
    /// ``ActorKind``, 0 unknown.
    var actor: UInt8 = 0
    var isTouch = false
    var isUtterance = false
    var isUndisclosed = false
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.marks, .code, .actor, .direction)

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Act]) {
    var requested: Int64?
    for index in history.events.indices {
      let event = history.events[index]
      let isTouch = event.touch != nil
      let isUtterance = event.isUtterance
      if isTouch || isUtterance {
        let isDisclosed = (event.kind == .messageSent || event.kind == .messageReceived) && event.flagC == true
        records.append(
          Act(
            time: event.time, actor: event.actor?.rawValue ?? 0, isTouch: isTouch, isUtterance: isUtterance,
            isUndisclosed: isUtterance && event.isStaff && !isDisclosed))
      }
      switch event.kind {
      case .handoffRequested: requested = requested ?? event.time
      case .handoffDone:
        if let start = requested { records.append(Act(time: start, handoff: elapsed(from: start, to: event.time))) }
        requested = nil
      default: continue
      }
    }
  }

  public func digest(_ act: Act, into hasher: inout DigestHasher) {
    hasher.add(values: act.time, act.handoff, act.actor)
    hasher.add(act.isTouch)
    hasher.add(act.isUtterance)
    hasher.add(act.isUndisclosed)
  }

  public struct Counts {
    var utterances = 0, undisclosed = 0, touches = 0, human = 0
    var handoff = Percentiles()
  }

  public func makeTally() -> Groups<Counts> { Groups(Counts()) }

  public func add(_ acts: Span<Act>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery) {
    for index in acts.indices where query.includes(acts[index].time) {
      let act = acts[index]
      if act.handoff >= 0 {
        // A handoff is between actors, so it is in no group of theirs.
        if query.grouping == nil { groups[.all].handoff.add(flooredSeconds(act.handoff)) }
        continue
      }
      let group: Group = query.grouping == nil ? .all : word(act.actor, ActorKind.words).map { .word($0) } ?? .absent
      if act.isUtterance { groups[group].utterances += 1 }
      if act.isUndisclosed { groups[group].undisclosed += 1 }
      guard act.isTouch else { continue }
      groups[group].touches += 1
      if act.actor != ActorKind.bot.rawValue, act.actor != ActorKind.system.rawValue { groups[group].human += 1 }
    }
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
