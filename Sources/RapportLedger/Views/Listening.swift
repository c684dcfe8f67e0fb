/// `listening`: not sending as often as possible, but listening in the right place, and acting.
///
/// What customers say against what is sent to them unasked, and what becomes of their feedback.
public struct Listening: View, PackedProjection {
  public static let name = "listening"
  public static let version = 2
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

  /// What the `code` of a fact says: something said or sent, a customer's first offer, or a piece of feedback, behind which
  /// stands what became of it first.
  private enum Sign {
    static let inbound: UInt8 = 1
    static let outbound: UInt8 = 2
    static let staff: UInt8 = 3
    /// `number` is one if the customer was heard before.
    static let offer: UInt8 = 4
    /// `number` is the position of the event, to read its id from.
    static let feedback: UInt8 = 5
    static let acknowledged: UInt8 = 6
    static let acted: UInt8 = 7
    static let answered: UInt8 = 8
    /// The upper bits of feedback: praise, idea, criticism, complaint.
    static let kindShift: UInt8 = 4
    static let sign: UInt8 = 0b1111
  }

  /// A piece of feedback.
  struct Feedback {
    var time: Int64
    var position: UInt64
    var kind: UInt8
    /// When it was first acknowledged, acted on and answered; `Int64.max` never.
    var acknowledged = Int64.max, acted = Int64.max, answered = Int64.max
  }

  public init() {}

  public let kinds: EventKindSet = [
    .messageReceived, .messageSent, .contactAttempted, .surveyAnswered, .reviewPublished, .feedbackReceived,
    .feedbackAcknowledged, .feedbackActed, .feedbackAnswered, .campaignSent, .adShown, .offerMade,
  ]
  public let columns = ColumnSet(.rank, .object, .code, .marks, .actor)

  public struct Scratch { var feedback = ScratchTable<Feedback>() }

  public func makeScratch(firm: Span<UInt8>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into facts: inout FactWriter) {
    scratch.feedback.removeAll()
    var isHeard = false
    var hasOffer = false
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .feedbackAcknowledged:
        scratch.feedback.update(event.object) { $0.acknowledged = min($0.acknowledged, event.time) }
      case .feedbackActed: scratch.feedback.update(event.object) { $0.acted = min($0.acted, event.time) }
      case .feedbackAnswered: scratch.feedback.update(event.object) { $0.answered = min($0.answered, event.time) }
      case .offerMade:
        if !hasOffer { facts.append(PackedFact(time: event.time, code: Sign.offer, number: isHeard ? 1 : 0)) }
        hasOffer = true
      case .messageSent, .campaignSent, .adShown:
        if event.isUnsolicited { facts.append(PackedFact(time: event.time, code: Sign.outbound)) }
      // Outcome 1 is answered.
      case .contactAttempted where event.code != 1: continue
      case .messageReceived, .surveyAnswered, .reviewPublished, .feedbackReceived, .contactAttempted:
        facts.append(PackedFact(time: event.time, code: event.isStaff ? Sign.staff : Sign.inbound))
        guard !event.isStaff else { continue }
        isHeard = true
        guard event.kind == .feedbackReceived else { continue }
        _ = scratch.feedback.index(of: event.object) {
          Feedback(time: event.time, position: event.position, kind: min(event.code, 5))
        }
      default: continue
      }
    }
    for feedback in scratch.feedback.values { append(feedback, to: &facts) }
  }

  private func append(_ feedback: Feedback, to facts: inout FactWriter) {
    facts.append(
      PackedFact(
        time: feedback.time, code: Sign.feedback | feedback.kind << Sign.kindShift,
        number: Int64(bitPattern: feedback.position)))
    if feedback.acknowledged != .max { facts.append(PackedFact(time: feedback.acknowledged, code: Sign.acknowledged)) }
    if feedback.acted != .max { facts.append(PackedFact(time: feedback.acted, code: Sign.acted)) }
    if feedback.answered != .max { facts.append(PackedFact(time: feedback.answered, code: Sign.answered)) }
  }

  public func digest(_ fact: PackedFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.time, fact.code)
    // A position is the ledger's own.
    hasher.add(fact.code & Sign.sign == Sign.feedback ? 0 : fact.number)
  }

  public struct Tally {
    var inbound = 0, outbound = 0, staff = 0, feedback = 0, old = 0, closed = 0, offered = 0, heardFirst = 0
    var acknowledged = Percentiles(), acted = Percentiles(), answered = Percentiles()
    var open: [(person: UInt32, feedback: Feedback)] = []
  }

  public func makeTally() -> Tally { Tally() }

  private static let loopPeriod = 30 * nanosecondsPerDay

  public func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var feedback: Feedback?
    var facts = FactReader(records)
    while let fact = facts.next() {
      switch fact.code & Sign.sign {
      case Sign.acknowledged: feedback?.acknowledged = fact.time
      case Sign.acted: feedback?.acted = fact.time
      case Sign.answered: feedback?.answered = fact.time
      case Sign.feedback:
        if let feedback { count(feedback, of: person, &tally, query) }
        feedback = Feedback(
          time: fact.time, position: UInt64(bitPattern: fact.number), kind: fact.code >> Sign.kindShift)
      case _ where !query.includes(fact.time): continue
      case Sign.inbound: tally.inbound += 1
      case Sign.outbound: tally.outbound += 1
      case Sign.staff: tally.staff += 1
      default:
        tally.offered += 1
        if fact.number != 0 { tally.heardFirst += 1 }
      }
    }
    if let feedback { count(feedback, of: person, &tally, query) }
  }

  private func count(_ sign: Feedback, of person: UInt32, _ tally: inout Tally, _ query: ViewQuery) {
    guard query.includes(sign.time) else { return }
    if sign.answered == .max, query.has("open") { tally.open.append((person, sign)) }
    tally.feedback += 1
    if elapsed(from: sign.time, to: query.asOf) >= Self.loopPeriod {
      tally.old += 1
      let closed = max(sign.acted, sign.answered)
      if closed != .max, elapsed(from: sign.time, to: closed) <= Self.loopPeriod { tally.closed += 1 }
    }
    tally.acknowledged.add(from: sign.time, to: sign.acknowledged)
    tally.acted.add(from: sign.time, to: sign.acted)
    tally.answered.add(from: sign.time, to: sign.answered)
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

  private func openRows(_ tally: Tally, _ query: ViewQuery, _ names: borrowing Snapshot) throws -> ViewRows.Rows {
    let ids = try names.texts(
      ofOpenField: "feedback", of: .feedbackReceived, at: tally.open.map(\.feedback.position), knownAt: query.knownAt)
    typealias Open = (id: String, customer: String, sign: Feedback)
    let sorted = try KeyedRows<Open>.sorted(of: Array(zip(tally.open, ids)), names) { open, names, rows in
      let ((person, sign), id) = open
      let customer = try names.subject(person)
      rows.add((id ?? "", customer, sign), at: sign.time, by: customer, id ?? "")
    }
    return ViewRows.Rows(of: sorted) { id, customer, sign in
      ViewRow([
        "feedback": .text(id), "customer": .text(customer), "received": .time(sign.time),
        "kind": .text(orNone: word(sign.kind, Self.feedbackKinds)),
        "acknowledged": .time(orNone: sign.acknowledged == .max ? nil : sign.acknowledged),
        "acted": .time(orNone: sign.acted == .max ? nil : sign.acted),
        "days": .count(Int(elapsed(from: sign.time, to: query.asOf) / nanosecondsPerDay)),
      ])
    }
  }
}
