/// `perception-gap`: 80 % of firms think they know their customers' wishes, 15 % of customers agree.
public struct PerceptionGap: View {
  public static let name = "perception-gap"
  public static let version = 1
  public static let question = "How far is what we think of ourselves from what customers say?"
  public static let definition = ViewDefinition(
    formula: """
      For each question: inside = Σ yes_share · n / Σ n of the firm's own assessments; outside = yes / answers of customers \
      to surveys of kind perception, one answer per person and question, the latest in the window; gap_pp = inside − \
      outside in percentage points.
      """,
    unit: "shares; answers; percentage points", anchor: "selfassessment.recorded, survey.answered",
    exclusions: """
      no_answer: answers that say neither yes nor no. not_a_customer: answers written by employees or bots
      """,
    groupings: ["question"], defaultGrouping: "question",
    keys: ["question", "inside", "inside_n", "outside", "outside_n", "gap_pp"])

  /// What the firm thinks, or what a customer answered.
  public struct Opinion: BitwiseCopyable, Sendable {
    var time: Int64
    var question: UInt32
    var isFirm: Bool
    /// Of the firm, in millionths.
    var share: Int64 = 0
    var people: Int64 = 0
    /// Of a customer: 0 neither, 1 no, 2 yes.
    var yes: UInt8 = 0
    var isStaff = false
  }

  public init() {}

  public let kinds: EventKindSet = [.selfassessmentRecorded, .surveyAnswered]
  public let columns = ColumnSet(.term, .number, .number2, .marks, .code, .actor)
  public let readsFirm = true

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Opinion]) {
    for index in history.events.indices {
      let event = history.events[index]
      if event.kind == .selfassessmentRecorded {
        records.append(
          Opinion(
            time: event.time, question: event.term, isFirm: true, share: event.number,
            people: event.number2 / 1_000_000))
      } else if event.code == 4 {
        // Kind 4 is perception.
        records.append(
          Opinion(
            time: event.time, question: event.term, isFirm: false, yes: event.flagA.map { $0 ? 2 : 1 } ?? 0,
            isStaff: event.isStaff))
      }
    }
  }

  public func digest(_ opinion: Opinion, into hasher: inout DigestHasher) {
    hasher.add(values: opinion.time, opinion.share, opinion.people, opinion.yes)
    hasher.add(name: opinion.question)
    hasher.add(opinion.isStaff)
  }

  public struct Counts {
    var shares: Int128 = 0, people: Int128 = 0
    var yes = 0, answers = 0
  }

  public struct Tally {
    var groups = Groups(Counts())
    var unanswered = 0, staff = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ opinions: Span<Opinion>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var latest: [UInt32: UInt8] = [:]
    for index in opinions.indices where query.includes(opinions[index].time) {
      let opinion = opinions[index]
      if opinion.isFirm {
        let group = Group.name(orAbsent: opinion.question)
        tally.groups[group].shares += Int128(opinion.share) * Int128(opinion.people)
        tally.groups[group].people += Int128(opinion.people)
      } else if opinion.isStaff {
        tally.staff += 1
      } else if opinion.yes == 0 {
        tally.unanswered += 1
      } else {
        latest[opinion.question] = opinion.yes
      }
    }
    for (question, yes) in latest {
      tally.groups[.name(orAbsent: question)].answers += 1
      if yes == 2 { tally.groups[.name(orAbsent: question)].yes += 1 }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows = try tally.groups.rows(by: "question", names) { counts in
      let inside = counts.people == 0 ? nil : Double(counts.shares) / 1_000_000 / Double(counts.people)
      let outside = counts.answers == 0 ? nil : Double(counts.yes) / Double(counts.answers)
      var gap: Double?
      if let inside, let outside { gap = 100 * (inside - outside) }
      return [
        "inside": .number(orNone: inside), "inside_n": .count(Int(counts.people)),
        "outside": .rate(part: counts.yes, whole: counts.answers), "outside_n": .count(counts.answers),
        "gap_pp": .number(orNone: gap),
      ]
    }
    return ViewRows(rows, leftOut: ["no_answer": tally.unanswered, "not_a_customer": tally.staff])
  }
}
