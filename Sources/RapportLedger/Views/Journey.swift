/// `journey`: the path across touchpoints; walk it yourself.
///
/// A step is an event's touchpoint or, lacking it, its type. Of customers, or with `--per case` of cases across
/// subjects (``CaseJourney``).
public struct Journey: View, PackedProjection {
  public static let name = "journey"
  public static let version = 2
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

  /// What a step is called: a touchpoint's or type's name, or a type of the vocabulary without the prefix that it was sent
  /// with.
  ///
  /// In a fact `code` is one more than the kind of a step that is called after it; other steps have a `name`. Its `number`
  /// is one for the loss of a customer.
  public struct StepName: Hashable, BitwiseCopyable, Sendable {
    fileprivate let code: UInt32
    private static let kindBit: UInt32 = 1 << 31

    init(_ fact: PackedFact) { code = fact.code == 0 ? fact.name : Self.kindBit | UInt32(fact.code - 1) }

    private var kind: EventKind? {
      code & Self.kindBit == 0 ? nil : EventKind(rawValue: UInt8(truncatingIfNeeded: code))
    }

    func text(_ names: borrowing Snapshot) throws -> String { try kind?.name ?? names.name(code) }
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  static let stepColumns: ColumnSet = ColumnSet(.object, .related, .correlation, .touchpoint, .type)
  public let columns = Journey.stepColumns

  public func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    for index in history.events.indices {
      let event = history.events[index]
      let isNamed = event.touchpoint != 0 || event.kind == .other
      facts.append(
        PackedFact(
          time: event.time, code: isNamed ? 0 : event.kindCode &+ 1,
          name: isNamed ? (event.touchpoint != 0 ? event.touchpoint : event.type) : 0,
          number: event.kind == .customerLost ? 1 : 0))
    }
  }

  public func digest(_ fact: PackedFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.time, fact.code, fact.number)
    hasher.add(name: fact.name)
  }

  struct Edge: Hashable {
    var from: StepName
    var to: StepName
  }

  public struct Tally {
    /// By the codes of both steps; and the gaps of each.
    var edges = ScratchTable<Edge>()
    var gaps = GroupedPercentiles()
    var variants: [[StepName]: Int] = [:]
    var deadEnds: [StepName: Int] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public func delegate(for query: ViewQuery) -> (any View)? { query.has("per") ? CaseJourney() : nil }

  public func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard person != 0 || query.has("per") else { return }
    let (listsVariants, listsDeadEnds) = (query.has("variants"), query.has("dead-ends"))
    var path: [StepName] = []
    var before: (step: StepName, time: Int64)?
    var facts = FactReader(records)
    while let fact = facts.next() {
      let step = StepName(fact)
      defer { before = (step, fact.time) }
      guard query.includes(fact.time) else { continue }
      if listsVariants {
        path.append(step)
      } else if let before {
        if !listsDeadEnds {
          tally.follow(before.step, step, after: flooredSeconds(elapsed(from: before.time, to: fact.time)))
        } else if fact.number != 0 {
          tally.deadEnds[before.step, default: 0] += 1
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
    var gaps = tally.gaps
    gaps.arrange(tally.edges.count)
    for (index, edge) in tally.edges.values.enumerated() {
      let (n, from, to) = (gaps.count(index), try edge.from.text(names), try edge.to.text(names))
      let row = ViewRow([
        "from": .text(from), "to": .text(to), "n": .count(n), "gap_p50": .seconds(gaps(50, of: index)),
        "gap_p90": .seconds(gaps(90, of: index)),
      ])
      rows.append((n, [from, to], row))
    }
    // The most frequent first; paths of equal frequency in the order of their texts.
    rows.sort { $0.n != $1.n ? $0.n > $1.n : $0.key.lexicographicallyPrecedes($1.key, by: { keyPrecedes($0, $1) }) }
    return ViewRows(rows.map(\.row))
  }
}

extension Journey.Tally {
  fileprivate mutating func follow(_ from: Journey.StepName, _ to: Journey.StepName, after seconds: Int64) {
    let (place, _) = edges.index(of: UInt64(from.code) << 32 | UInt64(to.code)) { Journey.Edge(from: from, to: to) }
    gaps.add(seconds, to: place)
  }
}

/// The journeys of cases across subjects: `journey --per case`.
struct CaseJourney: View, PackedProjection {
  static let name = "journey-per-case"
  static let version = Journey.version
  static let question = Journey.question
  static let definition = Journey.definition
  let kinds = EventKindSet.interactions
  let columns = Journey.stepColumns
  let gathering = Gathering.cases

  func fold(_ history: borrowing History, scratch: inout Void, into facts: inout FactWriter) {
    Journey().fold(history, scratch: &scratch, into: &facts)
  }
  func digest(_ fact: PackedFact, into hasher: inout DigestHasher) { Journey().digest(fact, into: &hasher) }
  func makeTally() -> Journey.Tally { Journey.Tally() }
  func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Journey.Tally, for query: ViewQuery) {
    Journey().add(records, of: person, to: &tally, for: query)
  }
  func rows(_ tally: Journey.Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    try Journey().rows(tally, for: query, names: names)
  }
}
