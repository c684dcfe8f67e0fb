/// `finding`: regular customers have to search for the same product again at every order.
///
/// A repeat line is an order line whose sku this customer ordered in an earlier order; it is re-searched if the customer
/// had to search for it and could not use a reorder.
public struct Finding: View {
  public static let name = "finding"
  public static let version = 1
  public static let question = "Do regular customers have to search again for what they always buy?"
  public static let definition = ViewDefinition(
    formula: """
      lines: lines of the orders placed. repeat line: its sku is in an earlier order of this customer. re_searched: a \
      repeat line whose customer searched in the session of the order (the order's correlationid is the session) or in the \
      24 hours before it, and used no reorder for the sku in those 24 hours. re_search_rate = re_searched / repeat_lines. \
      zero_result_rate: searches that found nothing / searches that say how much they found.
      """,
    unit: "order lines; searches", anchor: "order.placed; search.performed for zero_result_rate",
    exclusions: "nothing", groupings: [],
    keys: ["lines", "repeat_lines", "re_searched", "re_search_rate", "zero_result_rate"])

  /// One order or one search.
  public struct Step: BitwiseCopyable, Sendable {
    var time: Int64
    var lines: Int32 = 0
    var repeatLines: Int32 = 0
    var reSearched: Int32 = 0
    var search: Search = .none

    enum Search: UInt8, BitwiseCopyable { case none, found, nothing }
  }

  public init() {}

  public let kinds: EventKindSet = [.searchPerformed, .reorderUsed, .orderPlaced]
  public let columns = ColumnSet(.object, .correlation, .number, .marks, .term)
  public let readsLines = true

  public struct Scratch {
    /// By sku: the first order that has it, and whether there is another.
    var ordered = ScratchTable<(order: UInt64, isElsewhere: Bool)>()
    /// By sku: when a reorder was used last.
    var reorders = ScratchTable<Int64>()
    /// Sessions with a search.
    var sessions = ScratchTable<Void>()
  }

  public func makeScratch(firm: Span<Step>, names: borrowing Snapshot) -> Scratch { Scratch() }

  private static let searchPeriod = nanosecondsPerDay

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Step]) {
    scratch.ordered.removeAll()
    scratch.reorders.removeAll()
    scratch.sessions.removeAll()
    var lastSearch: Int64?
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .searchPerformed:
        lastSearch = event.time
        if event.object != 0 { _ = scratch.sessions.index(of: event.object) {} }
        if event.hasNumber { records.append(Step(time: event.time, search: event.number == 0 ? .nothing : .found)) }
      case .reorderUsed:
        let (place, _) = scratch.reorders.index(of: UInt64(event.term)) { event.time }
        scratch.reorders.values[place] = event.time
      case .orderPlaced:
        let isRecent = lastSearch.map { elapsed(from: $0, to: event.time) <= Self.searchPeriod } ?? false
        let isInSession = event.correlation != 0 && scratch.sessions.index(of: event.correlation) != nil
        records.append(
          place(event, history.lines(of: index), searched: isRecent || isInSession, &scratch))
      default: continue
      }
    }
  }

  private func place(_ order: History.Event, _ lines: Span<OrderLine>, searched: Bool, _ scratch: inout Scratch) -> Step
  {
    var step = Step(time: order.time, lines: Int32(lines.count))
    for index in lines.indices {
      let sku = UInt64(lines[index].sku)
      let (place, isNew) = scratch.ordered.index(of: sku) { (order.object, false) }
      guard !isNew, scratch.ordered.values[place].isElsewhere || scratch.ordered.values[place].order != order.object
      else { continue }
      step.repeatLines += 1
      guard searched else { continue }
      let reordered = scratch.reorders.index(of: sku).map { scratch.reorders.values[$0] }
      if let reordered, elapsed(from: reordered, to: order.time) <= Self.searchPeriod { continue }
      step.reSearched += 1
    }
    for index in lines.indices {
      guard let place = scratch.ordered.index(of: UInt64(lines[index].sku)) else { continue }
      if scratch.ordered.values[place].order != order.object { scratch.ordered.values[place].isElsewhere = true }
    }
    return step
  }

  public func digest(_ step: Step, into hasher: inout DigestHasher) {
    hasher.add(values: step.time, step.lines, step.repeatLines, step.reSearched, step.search.rawValue)
  }

  public struct Tally {
    var lines = 0, repeatLines = 0, reSearched = 0, searches = 0, empty = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ steps: Span<Step>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in steps.indices where query.includes(steps[index].time) {
      let step = steps[index]
      tally.lines += Int(step.lines)
      tally.repeatLines += Int(step.repeatLines)
      tally.reSearched += Int(step.reSearched)
      if step.search != .none { tally.searches += 1 }
      if step.search == .nothing { tally.empty += 1 }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows([
      ViewRow([
        "lines": .count(tally.lines), "repeat_lines": .count(tally.repeatLines),
        "re_searched": .count(tally.reSearched),
        "re_search_rate": .rate(part: tally.reSearched, whole: tally.repeatLines),
        "zero_result_rate": .rate(part: tally.empty, whole: tally.searches),
      ])
    ])
  }
}
