/// `wants`: the six wants of customers, each with its own measure.
public struct Wants: View {
  public static let name = "wants"
  public static let version = 2
  public static let question = "Do customers get what they want: easy, access, solution, fast, help, a good feeling?"
  public static let definition = ViewDefinition(
    formula: """
      easy: ces of `satisfaction`; contacts (cases opened, help requests, inbound messages) / cases resolved. access: \
      answered_rate of `reach`. solution: confirmed / (confirmed + denied) solutions; 1 − lines returned as wrong, damaged, \
      defective or not as described (a return without lines is one) / lines ordered. fast: resolve_full_p50 of `service` \
      over all kinds; lead_p50 of `perfect-orders`. help: requests for help that were followed by a message, public reply, \
      answer or handoff within one hour / requests. feeling: csat and nps of `satisfaction`. n: what the value rests on. \
      complaints: cases of kind complaint opened for that want.
      """,
    unit: "as each measure: points, rates, seconds", anchor: "as each measure; complaints: case.opened",
    exclusions: """
      no_want: complaints without one of the six wants. not_a_customer: solutions confirmed or denied by employees or bots
      """, groupings: [], keys: ["want", "measure", "value", "n", "complaints"])

  /// Something that counts for a want.
  public struct Sign: BitwiseCopyable, Sendable {
    var time: Int64
    var what: What
    /// Lines; of a complaint the want from 1, or 0; of a request for help 1 if it was answered in time.
    var count: Int32 = 1

    enum What: UInt8, BitwiseCopyable {
      case contact, resolved, confirmed, denied, ordered, returned, help, complaint, staff
    }
  }

  static let wants = ["easy", "access", "solution", "fast", "help", "feeling"]

  public init() {}

  public let kinds: EventKindSet = [
    .messageReceived, .messageSent, .helpRequested, .handoffDone, .caseOpened, .caseReplied, .caseResolved,
    .resolutionConfirmed, .resolutionDenied, .answerGiven, .orderPlaced, .orderReturned,
  ]
  public let columns = ColumnSet(.object, .code, .code2, .marks, .actor)
  public let readsLines = true

  public struct Scratch {
    var resolved = ScratchTable<Void>()
    /// Where in the records requests for help stand that are not answered yet.
    var waiting: [Int] = []
  }

  public func makeScratch(firm: Span<Sign>, names: borrowing Snapshot) -> Scratch { Scratch() }

  private static let helpPeriod: Int64 = 3600 * 1_000_000_000

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Sign]) {
    scratch.resolved.removeAll()
    scratch.waiting.removeAll(keepingCapacity: true)
    for index in history.events.indices {
      let event = history.events[index]
      if event.isContact { records.append(Sign(time: event.time, what: .contact)) }
      switch event.kind {
      case .caseOpened where event.code == 3:
        let want = event.code2 <= 6 ? Int32(event.code2) : 0
        records.append(Sign(time: event.time, what: .complaint, count: want))
      case .caseResolved:
        let (_, isNew) = scratch.resolved.index(of: event.object) {}
        if isNew { records.append(Sign(time: event.time, what: .resolved)) }
      case .resolutionConfirmed, .resolutionDenied:
        let word = event.kind == .resolutionConfirmed ? Sign.What.confirmed : .denied
        records.append(Sign(time: event.time, what: event.isStaff ? .staff : word))
      case .orderPlaced:
        records.append(Sign(time: event.time, what: .ordered, count: Int32(history.lines(of: index).count)))
      // Reasons: wrong, damaged, defective, not_as_described.
      case .orderReturned where (1...4).contains(event.code):
        let lines = history.lines(of: index).count
        records.append(Sign(time: event.time, what: .returned, count: Int32(max(1, lines))))
      case .helpRequested:
        scratch.waiting.append(records.count)
        records.append(Sign(time: event.time, what: .help, count: 0))
      case .messageSent, .answerGiven, .handoffDone: answer(event.time, &scratch, &records)
      case .caseReplied where event.flagA != false: answer(event.time, &scratch, &records)
      default: continue
      }
    }
  }

  private func answer(_ time: Int64, _ scratch: inout Scratch, _ records: inout [Sign]) {
    for index in scratch.waiting where elapsed(from: records[index].time, to: time) <= Self.helpPeriod {
      records[index].count = 1
    }
    scratch.waiting.removeAll(keepingCapacity: true)
  }

  public func digest(_ sign: Sign, into hasher: inout DigestHasher) {
    hasher.add(values: sign.time, sign.what.rawValue, sign.count)
  }

  public struct Tally {
    var contacts = 0, resolved = 0, confirmed = 0, denied = 0, ordered = 0, returned = 0, help = 0, helped = 0
    /// By want, from 1; first those without one.
    var complaints = [Int](repeating: 0, count: 7)
    var staff = 0
    /// Measures of other views and what they rest on.
    var borrowed: [String: (value: ViewRow.Cell, n: ViewRow.Cell)] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public static func parts(for query: ViewQuery) -> [ViewPart] {
    [
      ViewPart(Satisfaction.name), ViewPart(Reach.name), ViewPart(ServiceQuality.name, lumpingKinds: true),
      ViewPart(PerfectOrders.name),
    ]
  }

  public func add(_ answer: ViewAnswer, to tally: inout Tally) {
    let measures = [
      Reach.name: ("answered_rate", "attempts"), ServiceQuality.name: ("resolve_full_p50", "resolve_full_n"),
      PerfectOrders.name: ("lead_p50", "delivered"),
    ]
    for row in answer.rows.rows {
      if let (measure, n) = measures[answer.view] {
        tally.borrowed[measure] = (row[measure] ?? .none, row[n] ?? .none)
      } else if case .text(let kind)? = row["kind"] {
        tally.borrowed[kind] = (row["value"] ?? .none, row["n"] ?? .none)
      }
    }
  }

  public func add(_ signs: Span<Sign>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in signs.indices where query.includes(signs[index].time) {
      let sign = signs[index]
      switch sign.what {
      case .contact: tally.contacts += 1
      case .resolved: tally.resolved += 1
      case .confirmed: tally.confirmed += 1
      case .denied: tally.denied += 1
      case .ordered: tally.ordered += Int(sign.count)
      case .returned: tally.returned += Int(sign.count)
      case .help:
        tally.help += 1
        tally.helped += Int(sign.count)
      case .complaint: tally.complaints[Int(sign.count)] += 1
      case .staff: tally.staff += 1
      }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    func borrowed(_ name: String) -> (ViewRow.Cell, ViewRow.Cell) { tally.borrowed[name] ?? (.none, .count(0)) }
    func own(_ value: ViewRow.Cell, _ n: Int) -> (ViewRow.Cell, ViewRow.Cell) { (value, .count(n)) }
    let solutions = tally.confirmed + tally.denied
    let measures: [(want: Int, measure: String, (ViewRow.Cell, ViewRow.Cell))] = [
      (0, "ces", borrowed("ces")),
      (
        0, "contacts_per_resolved_case",
        own(.per(1, part: tally.contacts, whole: tally.resolved), tally.resolved)
      ), (1, "answered_rate", borrowed("answered_rate")),
      (2, "confirmed_rate", own(.rate(part: tally.confirmed, whole: solutions), solutions)),
      (
        2, "not_returned_rate",
        own(.rate(part: tally.ordered - tally.returned, whole: tally.ordered), tally.ordered)
      ), (3, "resolve_full_p50", borrowed("resolve_full_p50")), (3, "lead_p50", borrowed("lead_p50")),
      (4, "answered_within_1h_rate", own(.rate(part: tally.helped, whole: tally.help), tally.help)),
      (5, "csat", borrowed("csat")), (5, "nps", borrowed("nps")),
    ]
    return ViewRows(
      measures.map { want, measure, cells in
        ViewRow([
          "want": .text(Self.wants[want]), "measure": .text(measure), "value": cells.0, "n": cells.1,
          "complaints": .count(tally.complaints[want + 1]),
        ])
      }, leftOut: ["no_want": tally.complaints[0], "not_a_customer": tally.staff])
  }
}
