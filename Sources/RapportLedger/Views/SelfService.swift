/// `selfservice`: helpful answers, so that the customer need not ask.
public struct SelfService: View {
  public static let name = "selfservice"
  public static let version = 2
  public static let question = "Can customers help themselves, and do answers help them?"
  public static let definition = ViewDefinition(
    formula: """
      started: runs of self-service, by their id. success_rate: runs that were completed and not followed by a case of the \
      same topic of this customer within 7 days of completion / started. helpful_rate: answers whose last rating is helpful \
      / answers rated. rated_rate: answers rated / answers given. contacts_per_100_orders: cases opened, help requests and \
      inbound messages per 100 orders placed. By topic the orders are all orders, and answers, which have no topic, are not \
      counted; by source (human, bot, article) only answers are.
      """,
    unit: "runs; answers; contacts", anchor: "selfservice.started, answer.given, the contact, order.placed",
    exclusions: "not_a_customer: ratings by employees or bots", groupings: ["topic", "source"],
    keys: ["started", "completed", "success_rate", "helpful_rate", "rated_rate", "contacts_per_100_orders"],
    counterweights: ["reach"])

  /// A run, an answer, a contact or an order.
  public struct Step: BitwiseCopyable, Sendable {
    var time: Int64
    /// Of a run: when it was completed; `Int64.max` never.
    var completed = Int64.max
    var topic: UInt32 = 0
    var what: What
    /// Of an answer: human, bot, article.
    var source: UInt8 = 0
    /// Of a run: a case of its topic followed. Of an answer: its last rating is helpful.
    var flag = false
    /// Of an answer.
    var isRated = false

    enum What: UInt8, BitwiseCopyable { case run, answer, contact, order, staff }
  }

  static let sources = ["human", "bot", "article"]

  public init() {}

  public let kinds: EventKindSet = [
    .selfserviceStarted, .selfserviceCompleted, .answerGiven, .answerRated, .caseOpened, .helpRequested,
    .messageReceived, .orderPlaced,
  ]
  public let columns = ColumnSet(.object, .code, .term, .term2, .marks, .actor)

  public struct Scratch {
    var runs = ScratchTable<Step>()
    var answers = ScratchTable<Step>()
  }

  public func makeScratch(firm: Span<Step>, names: borrowing Snapshot) -> Scratch { Scratch() }

  private static let casePeriod = 7 * nanosecondsPerDay

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Step]) {
    scratch.runs.removeAll()
    scratch.answers.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .selfserviceStarted:
        _ = scratch.runs.index(of: event.object) { Step(time: event.time, topic: event.term2, what: .run) }
      case .selfserviceCompleted:
        guard let run = scratch.runs.index(of: event.object), scratch.runs.values[run].completed == .max else {
          continue
        }
        scratch.runs.values[run].completed = event.time
      case .answerGiven:
        _ = scratch.answers.index(of: event.object) { Step(time: event.time, what: .answer, source: event.code) }
      case .answerRated where event.isStaff: records.append(Step(time: event.time, what: .staff))
      case .answerRated:
        guard let answer = scratch.answers.index(of: event.object) else { continue }
        scratch.answers.values[answer].isRated = true
        scratch.answers.values[answer].flag = event.flagA == true
      case .orderPlaced: records.append(Step(time: event.time, what: .order))
      case .caseOpened, .helpRequested, .messageReceived:
        records.append(Step(time: event.time, topic: event.term, what: .contact))
        if event.kind == .caseOpened, event.term != 0 { spoil(&scratch.runs, event.term, event.time) }
      default: continue
      }
    }
    records.append(contentsOf: scratch.runs.values)
    records.append(contentsOf: scratch.answers.values)
  }

  /// A case of their topic takes the success of runs that were completed not long before.
  private func spoil(_ runs: inout ScratchTable<Step>, _ topic: UInt32, _ time: Int64) {
    for run in runs.values.indices where runs.values[run].topic == topic && runs.values[run].completed != .max {
      if elapsed(from: runs.values[run].completed, to: time) <= Self.casePeriod { runs.values[run].flag = true }
    }
  }

  public func digest(_ step: Step, into hasher: inout DigestHasher) {
    hasher.add(values: step.time, step.completed, step.what.rawValue, step.source)
    hasher.add(name: step.topic)
    hasher.add(step.flag)
    hasher.add(step.isRated)
  }

  public struct Counts {
    var started = 0, completed = 0, succeeded = 0, answers = 0, rated = 0, helpful = 0, contacts = 0
  }

  public struct Tally {
    var groups = Groups(Counts(), words: SelfService.sources)
    var orders = 0, staff = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ steps: Span<Step>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in steps.indices where query.includes(steps[index].time) {
      let step = steps[index]
      if step.what == .order { tally.orders += 1 }
      if step.what == .staff {
        tally.staff += 1
        continue
      }
      let group: Group
      switch query.grouping {
      case "topic":
        guard step.what == .run || step.what == .contact else { continue }
        group = .name(orAbsent: step.topic)
      case "source":
        guard step.what == .answer else { continue }
        group = .word(orAbsent: step.source)
      default:
        guard step.what != .order else { continue }
        group = .all
      }
      tally.groups.update(group) { count(step, &$0) }
    }
  }

  private func count(_ step: Step, _ counts: inout Counts) {
    switch step.what {
    case .run:
      counts.started += 1
      guard step.completed != .max else { return }
      counts.completed += 1
      if !step.flag { counts.succeeded += 1 }
    case .answer:
      counts.answers += 1
      if step.isRated { counts.rated += 1 }
      if step.isRated, step.flag { counts.helpful += 1 }
    case .contact: counts.contacts += 1
    case .order, .staff: return
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try tally.groups.rows(by: query.grouping, names) { counts in
        [
          "started": .count(counts.started), "completed": .count(counts.completed),
          "success_rate": .rate(part: counts.succeeded, whole: counts.started),
          "helpful_rate": .rate(part: counts.helpful, whole: counts.rated),
          "rated_rate": .rate(part: counts.rated, whole: counts.answers),
          "contacts_per_100_orders": .per(
            100, part: counts.contacts, whole: query.grouping == "source" ? 0 : tally.orders),
        ]
      }, leftOut: ["not_a_customer": tally.staff])
  }
}
