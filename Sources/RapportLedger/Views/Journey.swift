/// `journey`: the path across touchpoints; walk it yourself.
///
/// A step is an event's touchpoint or, lacking it, its type. Of customers, or with `--per case` of cases across
/// subjects (``CaseJourney``).
public struct Journey: View {
  public static let name = "journey"
  public static let version = 1
  public static let question = "Which paths do customers really take, and where do they end?"
  public static let definition = ViewDefinition(
    formula: """
      The steps of each customer in order; --per case of each case (its case, else its correlationid), across subjects. A \
      step is the touchpoint of an event or, lacking it, its type; equal neighbours stay. n: how often one step directly \
      follows another, in the window of the second; gap: the time between them. --variants: whole paths of the steps in the \
      window, n customers or cases. --dead-ends: the last step before a customer was lost, in the window of the loss.
      """,
    unit: "steps; customers or cases; gaps in seconds", anchor: "each step", exclusions: "nothing", groupings: [],
    keys: ["from", "to", "n", "gap_p50", "gap_p90"],
    options: [
      ViewOption("per", .choice(["case"]), "Follow cases instead of customers."),
      ViewOption("variants", "The paths taken, the most frequent first."),
      ViewOption("dead-ends", "The last steps before customers were lost."),
    ],
    variants: [ViewVariant("--variants", ["steps", "n"]), ViewVariant("--dead-ends", ["step", "n"])])

  /// One step.
  public struct Step: BitwiseCopyable, Sendable {
    var time: Int64
    var step: StepName
    var isLoss: Bool
  }

  /// A touchpoint's or type's name, or a type of the vocabulary without the prefix that it was sent with.
  public struct StepName: Hashable, BitwiseCopyable, Sendable {
    private let code: UInt32
    private static let kindBit: UInt32 = 1 << 31

    init(_ event: History.Event) {
      code =
        event.touchpoint != 0
        ? event.touchpoint : event.kind == .other ? event.type : Self.kindBit | UInt32(event.kind.rawValue)
    }

    private var kind: EventKind? {
      code & Self.kindBit == 0 ? nil : EventKind(rawValue: UInt8(truncatingIfNeeded: code))
    }

    func text(_ names: borrowing Snapshot) throws -> String { try kind?.name ?? names.name(code) }

    func digest(into hasher: inout DigestHasher) {
      if let kind { hasher.add(kind.rawValue) } else { hasher.add(name: code) }
    }
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  static let stepColumns: ColumnSet = ColumnSet(.object, .related, .correlation, .touchpoint, .type)
  public let columns = Journey.stepColumns

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Step]) {
    for index in history.events.indices {
      let event = history.events[index]
      records.append(Step(time: event.time, step: StepName(event), isLoss: event.kind == .customerLost))
    }
  }

  public func digest(_ step: Step, into hasher: inout DigestHasher) {
    hasher.add(step.time)
    step.step.digest(into: &hasher)
    hasher.add(step.isLoss)
  }

  struct Edge: Hashable {
    var from: StepName
    var to: StepName
  }

  public struct Tally {
    var edges: [Edge: Percentiles] = [:]
    var variants: [[StepName]: Int] = [:]
    var deadEnds: [StepName: Int] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public func delegate(for query: ViewQuery) -> (any View)? { query.has("per") ? CaseJourney() : nil }

  public func add(_ steps: Span<Step>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard person != 0 || query.has("per") else { return }
    var path: [StepName] = []
    for index in steps.indices where query.includes(steps[index].time) {
      let step = steps[index]
      if query.has("variants") {
        path.append(step.step)
      } else if index > 0 {
        let before = steps[index - 1]
        if query.has("dead-ends") {
          if step.isLoss { tally.deadEnds[before.step, default: 0] += 1 }
        } else {
          tally.edges[Edge(from: before.step, to: step.step), default: Percentiles()]
            .add(flooredSeconds(elapsed(from: before.time, to: step.time)))
        }
      }
    }
    if !path.isEmpty { tally.variants[path, default: 0] += 1 }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    var rows: [(n: Int, key: [String], row: ViewRow)] = []
    for (path, n) in tally.variants {
      var steps: [String] = []
      for step in path { steps.append(try step.text(names)) }
      rows.append((n, steps, ViewRow(["steps": .list(steps.map { .text($0) }), "n": .count(n)])))
    }
    for (step, n) in tally.deadEnds {
      let text = try step.text(names)
      rows.append((n, [text], ViewRow(["step": .text(text), "n": .count(n)])))
    }
    for (edge, gaps) in tally.edges {
      var gaps = gaps
      let (from, to) = (try edge.from.text(names), try edge.to.text(names))
      let row = ViewRow([
        "from": .text(from), "to": .text(to), "n": .count(gaps.count), "gap_p50": gaps.seconds(50),
        "gap_p90": gaps.seconds(90),
      ])
      rows.append((gaps.count, [from, to], row))
    }
    // The most frequent first; paths of equal frequency in the order of their texts.
    rows.sort { $0.n != $1.n ? $0.n > $1.n : $0.key.lexicographicallyPrecedes($1.key, by: { keyPrecedes($0, $1) }) }
    return ViewRows(rows.map(\.row))
  }
}

/// The journeys of cases across subjects: `journey --per case`.
struct CaseJourney: View {
  static let name = "journey-per-case"
  static let version = Journey.version
  static let question = Journey.question
  static let definition = Journey.definition
  let kinds = EventKindSet.interactions
  let columns = Journey.stepColumns
  let gathering = Gathering.cases

  func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Journey.Step]) {
    Journey().fold(history, scratch: &scratch, into: &records)
  }
  func digest(_ step: Journey.Step, into hasher: inout DigestHasher) { Journey().digest(step, into: &hasher) }
  func makeTally() -> Journey.Tally { Journey.Tally() }
  func add(_ steps: Span<Journey.Step>, of person: UInt32, to tally: inout Journey.Tally, for query: ViewQuery) {
    Journey().add(steps, of: person, to: &tally, for: query)
  }
  func rows(_ tally: Journey.Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    try Journey().rows(tally, for: query, names: names)
  }
}
