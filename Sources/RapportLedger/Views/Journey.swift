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
    let code: UInt32
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

  public struct Tally: Mergeable {
    /// By the codes of both steps; and the gaps of each.
    var edges = ScratchTable<Edge>()
    var gaps = GroupedPercentiles()
    var variants = StepPaths()
    var deadEnds: [StepName: Int] = [:]

    mutating func merge(_ later: Tally) {
      gaps.append(later.gaps, groups: later.edges.values.map { place(of: $0) })
      variants.merge(later.variants)
      deadEnds.merge(later.deadEnds, uniquingKeysWith: +)
    }
  }

  public func makeTally() -> Tally { Tally() }

  public func delegate(for query: ViewQuery) -> (any View)? { query.has("per") ? CaseJourney() : nil }

  public func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard person != 0 || query.has("per") else { return }
    let (listsVariants, listsDeadEnds) = (query.has("variants"), query.has("dead-ends"))
    var before: (step: StepName, time: Int64)?
    var facts = FactReader(records)
    while let fact = facts.next() {
      let step = StepName(fact)
      defer { before = (step, fact.time) }
      guard query.includes(fact.time) else { continue }
      if listsVariants {
        tally.variants.append(step)
      } else if let before {
        if !listsDeadEnds {
          tally.follow(before.step, step, after: flooredSeconds(elapsed(from: before.time, to: fact.time)))
        } else if fact.number != 0 {
          tally.deadEnds[before.step, default: 0] += 1
        }
      }
    }
    tally.variants.end()
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    if query.has("variants") {
      let ranked = try RankedPaths(tally.variants.steps, tally.variants.paths, names)
      return ViewRows(
        .init(of: ranked.order) { path in
          ViewRow(["steps": .list(ranked.texts(of: path)), "n": .count(ranked.count(of: path))])
        })
    }
    if query.has("dead-ends") {
      let ends = tally.deadEnds.enumerated().map { StepPaths.Path(end: $0 + 1, count: $1.value) }
      let ranked = try RankedPaths(Array(tally.deadEnds.keys), ends, names)
      return ViewRows(
        ranked.order.map { ViewRow(["step": ranked.texts(of: $0)[0], "n": .count(ranked.count(of: $0))]) })
    }
    let gaps = tally.gaps.percentiles(50, 90, groups: tally.edges.count)
    let edges = gaps.enumerated().map { StepPaths.Path(end: 2 * ($0 + 1), count: $1.count) }
    let ranked = try RankedPaths(tally.edges.values.flatMap { [$0.from, $0.to] }, edges, names)
    return ViewRows(
      ranked.order.map { edge in
        let (steps, gap) = (ranked.texts(of: edge), gaps[edge].values)
        return ViewRow([
          "from": steps[0], "to": steps[1], "n": .count(gaps[edge].count), "gap_p50": .seconds(gap[0]),
          "gap_p90": .seconds(gap[1]),
        ])
      })
  }
}

extension Journey.Tally {
  @inline(__always)
  fileprivate mutating func follow(_ from: Journey.StepName, _ to: Journey.StepName, after seconds: Int64) {
    gaps.add(seconds, to: place(of: Journey.Edge(from: from, to: to)))
  }

  @inline(__always)
  fileprivate mutating func place(of edge: Journey.Edge) -> Int {
    edges.index(of: UInt64(edge.from.code) << 32 | UInt64(edge.to.code)) { edge }.index
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
