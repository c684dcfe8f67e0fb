/// `listening`: not sending as often as possible, but listening in the right place, and acting.
///
/// What customers say against what is sent to them unasked, and what becomes of their feedback.
public struct Listening: View {
  public static let name = "listening"
  public static let version = 1
  public static let question = "Do we listen more than we send, and act on what we hear?"
  public static let definition = ViewDefinition(
    formula: """
      inbound: messages, feedback, reviews, survey answers and answered calls by customers. outbound: unsolicited campaigns \
      (unless they say they are not), ads, and messages that say they are. ratio = inbound / outbound. feedback: received in \
      the window. closed_loop_rate: feedback both acted on and answered within 30 days / feedback at least 30 days old. \
      acknowledged, acted, answered: time from receipt to the first of each. heard_first_rate: customers whose first inbound \
      precedes our first offer to them / customers whose first offer lies in the window. --open: feedback that was never \
      answered, oldest first.
      """,
    unit: "events; customers; latencies in seconds", anchor: "each touch, feedback.received, the first offer",
    exclusions: "not_a_customer: written by employees, bots or the paid", groupings: [],
    keys: [
      "inbound", "outbound", "ratio", "feedback", "closed_loop_rate", "acknowledged_p50", "acted_p50", "answered_p50",
      "heard_first_rate",
    ],
    options: [ViewOption("open", "Feedback that nobody has answered, oldest first.")],
    variants: [ViewVariant("--open", ["feedback", "customer", "received", "kind", "acknowledged", "acted", "days"])])

  /// Something said or sent, a piece of feedback and what became of it, or a customer's first offer.
  public struct Sign: BitwiseCopyable, Sendable {
    var time: Int64
    /// Of feedback: when it was first acknowledged, acted on and answered; `Int64.max` never.
    var acknowledged = Int64.max, acted = Int64.max, answered = Int64.max
    /// Of feedback: the event, to read its id from.
    var position: UInt64 = 0
    var what: What
    /// Of feedback: praise, idea, criticism, complaint.
    var kind: UInt8 = 0
    /// Of an offer: the customer was heard before.
    var isHeardFirst = false

    enum What: UInt8, BitwiseCopyable { case inbound, outbound, staff, feedback, offer }
  }

  public init() {}

  public let kinds: EventKindSet = [
    .messageReceived, .messageSent, .contactAttempted, .surveyAnswered, .reviewPublished, .feedbackReceived,
    .feedbackAcknowledged, .feedbackActed, .feedbackAnswered, .campaignSent, .adShown, .offerMade,
  ]
  public let columns = ColumnSet(.rank, .object, .code, .marks, .actor)

  public struct Scratch { var feedback = ScratchTable<Sign>() }

  public func makeScratch(firm: Span<Sign>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Sign]) {
    scratch.feedback.removeAll()
    var isHeard = false
    var hasOffer = false
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .feedbackAcknowledged, .feedbackActed, .feedbackAnswered:
        follow(event, &scratch.feedback)
      case .offerMade:
        if !hasOffer { records.append(Sign(time: event.time, what: .offer, isHeardFirst: isHeard)) }
        hasOffer = true
      case .messageSent, .campaignSent, .adShown:
        if event.isUnsolicited { records.append(Sign(time: event.time, what: .outbound)) }
      // Outcome 1 is answered.
      case .contactAttempted where event.code != 1: continue
      case .messageReceived, .surveyAnswered, .reviewPublished, .feedbackReceived, .contactAttempted:
        records.append(Sign(time: event.time, what: event.isStaff ? .staff : .inbound))
        guard !event.isStaff else { continue }
        isHeard = true
        guard event.kind == .feedbackReceived else { continue }
        _ = scratch.feedback.index(of: event.object) {
          Sign(time: event.time, position: event.position, what: .feedback, kind: event.code)
        }
      default: continue
      }
    }
    records.append(contentsOf: scratch.feedback.values)
  }

  private func follow(_ event: History.Event, _ feedback: inout ScratchTable<Sign>) {
    guard let place = feedback.index(of: event.object) else { return }
    switch event.kind {
    case .feedbackAcknowledged:
      feedback.values[place].acknowledged = min(feedback.values[place].acknowledged, event.time)
    case .feedbackActed: feedback.values[place].acted = min(feedback.values[place].acted, event.time)
    default: feedback.values[place].answered = min(feedback.values[place].answered, event.time)
    }
  }

  public func digest(_ sign: Sign, into hasher: inout DigestHasher) {
    hasher.add(values: sign.time, sign.acknowledged, sign.acted, sign.answered, sign.what.rawValue, sign.kind)
    hasher.add(sign.isHeardFirst)
  }

  public struct Tally {
    var inbound = 0, outbound = 0, staff = 0, feedback = 0, old = 0, closed = 0, offered = 0, heardFirst = 0
    var acknowledged = Percentiles(), acted = Percentiles(), answered = Percentiles()
    var open: [(person: UInt32, sign: Sign)] = []
  }

  public func makeTally() -> Tally { Tally() }

  private static let loopPeriod = 30 * nanosecondsPerDay

  public func add(_ signs: Span<Sign>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in signs.indices where query.includes(signs[index].time) {
      let sign = signs[index]
      switch sign.what {
      case .inbound: tally.inbound += 1
      case .outbound: tally.outbound += 1
      case .staff: tally.staff += 1
      case .offer:
        tally.offered += 1
        if sign.isHeardFirst { tally.heardFirst += 1 }
      case .feedback:
        count(sign, &tally, query)
        if sign.answered == .max, query.has("open") { tally.open.append((person, sign)) }
      }
    }
  }

  private func count(_ sign: Sign, _ tally: inout Tally, _ query: ViewQuery) {
    tally.feedback += 1
    if elapsed(from: sign.time, to: query.asOf) >= Self.loopPeriod {
      tally.old += 1
      let isActed = sign.acted != .max && elapsed(from: sign.time, to: sign.acted) <= Self.loopPeriod
      let isAnswered = sign.answered != .max && elapsed(from: sign.time, to: sign.answered) <= Self.loopPeriod
      if isActed && isAnswered { tally.closed += 1 }
    }
    if sign.acknowledged != .max {
      tally.acknowledged.add(flooredSeconds(elapsed(from: sign.time, to: sign.acknowledged)))
    }
    if sign.acted != .max { tally.acted.add(flooredSeconds(elapsed(from: sign.time, to: sign.acted))) }
    if sign.answered != .max { tally.answered.add(flooredSeconds(elapsed(from: sign.time, to: sign.answered))) }
  }

  static let feedbackKinds = ["praise", "idea", "criticism", "complaint"]

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    var tally = tally
    guard !query.has("open") else {
      return ViewRows(try openRows(tally, query, names), leftOut: ["not_a_customer": tally.staff])
    }
    let row = ViewRow([
      "inbound": .count(tally.inbound), "outbound": .count(tally.outbound),
      "ratio": .per(1, part: tally.inbound, whole: tally.outbound), "feedback": .count(tally.feedback),
      "closed_loop_rate": .rate(part: tally.closed, whole: tally.old),
      "acknowledged_p50": tally.acknowledged.seconds(50), "acted_p50": tally.acted.seconds(50),
      "answered_p50": tally.answered.seconds(50),
      "heard_first_rate": .rate(part: tally.heardFirst, whole: tally.offered),
    ])
    return ViewRows([row], leftOut: ["not_a_customer": tally.staff])
  }

  private func openRows(_ tally: Tally, _ query: ViewQuery, _ names: borrowing Snapshot) throws -> [ViewRow] {
    var reader = EventReader()
    var rows: [(time: Int64, customer: String, id: String, row: ViewRow)] = []
    for (person, sign) in tally.open {
      let customer = try names.subject(person)
      let id = try reader.field("feedback", at: sign.position, in: names) ?? ""
      let row = ViewRow([
        "feedback": .text(id), "customer": .text(customer), "received": .time(sign.time),
        "kind": .text(orNone: word(sign.kind, Self.feedbackKinds)),
        "acknowledged": .time(orNone: sign.acknowledged == .max ? nil : sign.acknowledged),
        "acted": .time(orNone: sign.acted == .max ? nil : sign.acted),
        "days": .count(Int(elapsed(from: sign.time, to: query.asOf) / nanosecondsPerDay)),
      ])
      rows.append((sign.time, customer, id, row))
    }
    rows.sort { a, b in
      if a.time != b.time { return a.time < b.time }
      return a.customer == b.customer ? keyPrecedes(a.id, b.id) : keyPrecedes(a.customer, b.customer)
    }
    return rows.map(\.row)
  }
}
