/// `understanding`: not cuddling customers but understanding them; the problem before the offer.
public struct Understanding: View {
  public static let name = "understanding"
  public static let version = 2
  public static let question = "Do we know what customers need before we offer, and do they reach their goals?"
  public static let definition = ViewDefinition(
    formula: """
      need_first_rate: offers made after a need of that customer was recorded / offers. achieved_rate: goals declared in \
      the window and achieved after that / goals declared, each once. active: customers with a touch or an order in the 365 days up to as_of. \
      understood_rate: active customers with an understanding.confirmed in those 365 days / active. sponsored_rate: \
      sponsored offers / offers. --by wish: people who expressed the wish in the window, and of them those to whom it \
      was fulfilled after that.
      """,
    unit: "offers; goals; people", anchor: "offer.made, goal.declared, wish.expressed", exclusions: "nothing",
    groupings: ["wish"],
    keys: ["offers", "need_first_rate", "goals", "achieved_rate", "active", "understood_rate", "sponsored_rate"],
    variants: [ViewVariant("--by wish", ["wish", "people", "fulfilled", "fulfilled_rate"])])

  /// An offer, a goal, a wish, or how current a customer and what we understand of them are.
  public struct Insight: BitwiseCopyable, Sendable {
    /// Of a state the last touch or order.
    var time: Int64
    /// Of a state the last confirmation; `Int64.min` never.
    var confirmed = Int64.min
    /// Of a goal or wish: a number of its id, the same for everybody in this ledger; and the event, to read the id from.
    var object: UInt64 = 0
    var position: UInt64 = 0
    var what: What
    /// The need came first; the goal was achieved; the wish was fulfilled.
    var isDone = false
    var isSponsored = false

    enum What: UInt8, BitwiseCopyable { case offer, goal, wish, state }
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.rank, .object, .marks, .direction)

  public struct Scratch {
    /// Where in a history goals were last achieved and wishes last fulfilled.
    var achieved = ScratchTable<Int>()
    var fulfilled = ScratchTable<Int>()
    /// Goals and wishes among the records, and where in the history they stand.
    var said: [(record: Int, event: Int)] = []
  }

  public func makeScratch(firm: Span<Insight>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Insight]) {
    scratch.achieved.removeAll()
    scratch.fulfilled.removeAll()
    scratch.said.removeAll(keepingCapacity: true)
    var hasNeed = false
    var state = Insight(time: .min, what: .state)
    for index in history.events.indices {
      let event = history.events[index]
      if event.isActivity { state.time = event.time }
      switch event.kind {
      case .needRecorded: hasNeed = true
      case .understandingConfirmed: state.confirmed = event.time
      case .offerMade:
        records.append(
          Insight(time: event.time, what: .offer, isDone: hasNeed, isSponsored: event.flagB == true))
      case .goalDeclared, .wishExpressed:
        scratch.said.append((records.count, index))
        let what = event.kind == .goalDeclared ? Insight.What.goal : .wish
        records.append(Insight(time: event.time, object: event.object, position: event.position, what: what))
      case .goalAchieved: scratch.achieved.set(event.object, index)
      case .wishFulfilled: scratch.fulfilled.set(event.object, index)
      default: continue
      }
    }
    for (record, event) in scratch.said {
      let object = records[record].object
      records[record].isDone =
        records[record].what == .goal
        ? last(of: object, in: scratch.achieved) > event : last(of: object, in: scratch.fulfilled) > event
    }
    if state.time != .min { records.append(state) }
  }

  private func last(of object: UInt64, in table: borrowing ScratchTable<Int>) -> Int {
    table.index(of: object).map { table.values[$0] } ?? -1
  }

  public func digest(_ insight: Insight, into hasher: inout DigestHasher) {
    hasher.add(values: insight.time, insight.confirmed, insight.what.rawValue)
    hasher.add(insight.isDone)
    hasher.add(insight.isSponsored)
  }

  public struct Tally {
    var offers = 0, needFirst = 0, sponsored = 0, goals = 0, achieved = 0, active = 0, understood = 0
    var wishes: [UInt64: (position: UInt64, people: Int, fulfilled: Int)] = [:]
    /// Of the person who is being counted.
    fileprivate var counted = (goals: ScratchTable<Void>(), wishes: ScratchTable<Void>())
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ insights: Span<Insight>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    tally.counted.goals.removeAll()
    tally.counted.wishes.removeAll()
    for index in insights.indices {
      let insight = insights[index]
      if insight.what == .state {
        guard elapsed(from: insight.time, to: query.asOf) <= activePeriod else { continue }
        tally.active += 1
        if elapsed(from: insight.confirmed, to: query.asOf) <= activePeriod { tally.understood += 1 }
        continue
      }
      guard query.includes(insight.time) else { continue }
      switch insight.what {
      case .offer:
        tally.offers += 1
        if insight.isDone { tally.needFirst += 1 }
        if insight.isSponsored { tally.sponsored += 1 }
      case .goal:
        guard tally.counted.goals.index(of: insight.object, initial: {}).isNew else { continue }
        tally.goals += 1
        if insight.isDone { tally.achieved += 1 }
      case .wish:
        guard query.grouping == "wish", tally.counted.wishes.index(of: insight.object, initial: {}).isNew else {
          continue
        }
        tally.wishes[insight.object, default: (insight.position, 0, 0)].people += 1
        if insight.isDone { tally.wishes[insight.object]!.fulfilled += 1 }
      case .state: continue
      }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    guard query.grouping == "wish" else {
      return ViewRows([
        ViewRow([
          "offers": .count(tally.offers), "need_first_rate": .rate(part: tally.needFirst, whole: tally.offers),
          "goals": .count(tally.goals), "achieved_rate": .rate(part: tally.achieved, whole: tally.goals),
          "active": .count(tally.active), "understood_rate": .rate(part: tally.understood, whole: tally.active),
          "sponsored_rate": .rate(part: tally.sponsored, whole: tally.offers),
        ])
      ])
    }
    let wishes = Array(tally.wishes.values)
    let ids = try names.texts(
      ofOpenField: "wish", of: .wishExpressed, at: wishes.map(\.position), knownAt: query.knownAt)
    var rows = KeyedRows<ViewRow>()
    for (wish, id) in zip(wishes, ids) {
      let id = id ?? ""
      let row = ViewRow([
        "wish": .text(id), "people": .count(wish.people), "fulfilled": .count(wish.fulfilled),
        "fulfilled_rate": .rate(part: wish.fulfilled, whole: wish.people),
      ])
      rows.add(row, by: id)
    }
    return ViewRows(rows.sorted)
  }
}
