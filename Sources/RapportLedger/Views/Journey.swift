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

    /// A small number of its own: of the kinds first, then of the names.
    var place: Int { code & Self.kindBit != 0 ? Int(code & 0xFF) : 0x100 + Int(code) }

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
    /// The steps so far, and by their places their numbers here.
    private var steps: [StepName] = []
    private var numbers: [Int32] = []
    /// The edges between the first steps: most edges are found here, in the nearest cache.
    private var near = [Int32](repeating: -1, count: nearSteps * nearSteps)
    private static let nearSteps = 256
    var variants = StepPaths()
    var deadEnds: [StepName: Int] = [:]

    mutating func merge(_ later: Tally) {
      gaps.append(later.gaps, groups: later.edges.values.map { place(of: $0) })
      variants.merge(later.variants)
      deadEnds.merge(later.deadEnds, uniquingKeysWith: +)
    }

    @inline(__always)
    fileprivate mutating func number(of step: StepName) -> Int {
      let place = step.place
      return place < numbers.count && numbers[place] >= 0 ? Int(numbers[place]) : newNumber(of: step)
    }

    @inline(never)
    private mutating func newNumber(of step: StepName) -> Int {
      numbers.append(contentsOf: repeatElement(-1, count: max(0, step.place + 1 - numbers.count)))
      numbers[step.place] = Int32(steps.count)
      steps.append(step)
      return steps.count - 1
    }

    /// Counts an edge between the steps of two numbers.
    @inline(__always)
    fileprivate mutating func follow(_ from: Int, _ to: Int, after seconds: Int64) {
      let isNear = max(from, to) < Self.nearSteps
      if isNear, near[from * Self.nearSteps + to] >= 0 {
        return gaps.add(seconds, to: Int(near[from * Self.nearSteps + to]))
      }
      let edge = place(of: Edge(from: steps[from], to: steps[to]))
      if isNear { near[from * Self.nearSteps + to] = Int32(edge) }
      gaps.add(seconds, to: edge)
    }

    private mutating func place(of edge: Edge) -> Int {
      edges.index(of: UInt64(edge.from.code) << 32 | UInt64(edge.to.code)) { edge }.index
    }
  }

  public func makeTally() -> Tally { Tally() }

  public func delegate(for query: ViewQuery) -> (any View)? { query.has("per") ? CaseJourney() : nil }

  public func add(_ records: Span<UInt8>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard person != 0 || query.has("per") else { return }
    let (listsVariants, listsDeadEnds) = (query.has("variants"), query.has("dead-ends"))
    var facts = FactReader(records)
    guard listsVariants || listsDeadEnds else { return follow(&facts, &tally, query) }
    var before: StepName?
    while let fact = facts.next() {
      let step = StepName(fact)
      defer { before = step }
      guard query.includes(fact.time) else { continue }
      if listsVariants {
        tally.variants.append(step)
      } else if fact.number != 0, let before {
        tally.deadEnds[before, default: 0] += 1
      }
    }
    tally.variants.end()
  }

  private func follow(_ facts: inout FactReader, _ tally: inout Tally, _ query: ViewQuery) {
    guard let first = facts.next() else { return }
    var (last, lastTime) = (tally.number(of: StepName(first)), first.time)
    while let fact = facts.next() {
      let step = tally.number(of: StepName(fact))
      if query.includes(fact.time) {
        tally.follow(last, step, after: flooredSeconds(elapsed(from: lastTime, to: fact.time)))
      }
      (last, lastTime) = (step, fact.time)
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    if query.has("variants") {
      let ranked = try RankedPaths(tally.variants.steps, tally.variants.paths, names)
      return ViewRows(
        .init(of: ranked.order) { path in
          ViewRow(["steps": .texts(ranked.texts(of: path)), "n": .count(ranked.count(of: path))])
        })
    }
    if query.has("dead-ends") {
      let ends = tally.deadEnds.enumerated().map { StepPaths.Path(end: $0 + 1, count: $1.value) }
      let ranked = try RankedPaths(Array(tally.deadEnds.keys), ends, names)
      return ViewRows(
        ranked.order.map { ViewRow(["step": .text(ranked.texts(of: $0)[0]), "n": .count(ranked.count(of: $0))]) })
    }
    let gaps = tally.gaps.percentiles(50, 90, groups: tally.edges.count)
    let edges = gaps.enumerated().map { StepPaths.Path(end: 2 * ($0 + 1), count: $1.count) }
    let ranked = try RankedPaths(tally.edges.values.flatMap { [$0.from, $0.to] }, edges, names)
    return ViewRows(
      ranked.order.map { edge in
        let (steps, gap) = (ranked.texts(of: edge), gaps[edge].values)
        return ViewRow([
          "from": .text(steps[0]), "to": .text(steps[1]), "n": .count(gaps[edge].count), "gap_p50": .seconds(gap[0]),
          "gap_p90": .seconds(gap[1]),
        ])
      })
  }
}
