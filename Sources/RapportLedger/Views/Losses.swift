/// `losses`: also what is lost by actions unfriendly to customers.
public struct Losses: View {
  public static let name = "losses"
  public static let version = 3
  public static let question = "What do unfriendly actions and frictions cost, against what they were to gain?"
  public static let definition = ViewDefinition(
    formula: """
      For each action with friendly = false, as first taken: exposed: customers with action.exposed. gain: expected_gain. \
      loss_stated: customers lost (at their contribution of the 365 days before), contracts cancelled (value per year × \
      remaining years, at most one), refunds and goodwill costs (at their amounts) whose causationid is the action or the \
      customer's exposure. loss_est, an estimate: (share of the exposed lost within 90 days of their exposure − share of \
      the unexposed who were active when the action was taken and lost within 90 days of it, 0 if there are none) × the \
      exposed customers' contribution of the 365 days before their exposure; at least 0. net = gain − loss_stated. One row \
      per currency. --by reason: people lost, by reason and destination, each once a row. --by friction: frictions by severity and those \
      whose customer was lost within 90 days; without: of people without a friction of severity 3 or more in the window, \
      those lost within 90 days of their first touch. --by recovery: frictions answered by an apology or a recovery, and of \
      them those whose customer is satisfied again (the next csat is at least the one before) or has a touch after 90 days.
      """,
    unit: "customers; frictions; money of the row's currency",
    anchor: "action.taken; customer.lost; friction.experienced; the first touch",
    exclusions: "unknown_action: exposures to actions that were not taken, or are friendly",
    groupings: ["action", "reason", "friction", "recovery"], defaultGrouping: "action",
    keys: ["action", "exposed", "gain", "loss_stated", "loss_est", "net", "currency"],
    variants: [
      ViewVariant("--by reason", ["reason", "to_competitor", "lost"]),
      ViewVariant("--by friction", ["severity", "n", "lost_90d", "lost_90d_rate", "lost_90d_rate_without"]),
      ViewVariant("--by recovery", ["frictions", "recovered", "recovered_rate"]),
    ])

  public init() {}

  public let kinds = LossBook.kinds
  public let columns = LossBook.columns
  public let readsFirm = true

  public func makeScratch(firm: Span<LossFact>, names: borrowing Snapshot) -> LossBook {
    var actions: [LossFact] = []
    for index in firm.indices where !actions.contains(where: { $0.name == firm[index].name }) {
      actions.append(firm[index])
    }
    return LossBook(actions: actions)
  }

  public func fold(_ history: borrowing History, scratch book: inout LossBook, into records: inout [LossFact]) {
    guard history.customer != 0 else {
      for index in history.events.indices where history.events[index].kind == .actionTaken {
        let event = history.events[index]
        guard event.flagA == false else { continue }
        records.append(
          LossFact(
            what: .action, time: event.time, name: event.term, amount: event.amount, fingerprint: event.fingerprint,
            currency: event.currency))
      }
      return
    }
    book.removeAll()
    for index in history.events.indices { book.apply(history.events[index], into: &records) }
    book.finish(&records)
  }

  public func digest(_ fact: LossFact, into hasher: inout DigestHasher) {
    hasher.add(values: fact.what.rawValue, fact.time, fact.amount, fact.currency, fact.severity)
    hasher.add(names: fact.name, fact.name2)
    hasher.add(fact.isLost)
    hasher.add(fact.isAnswered)
    hasher.add(fact.isRecovered)
    hasher.add(fact.wasActive)
    hasher.add(fact.wasLeaving)
  }

  struct Action {
    var taken: LossFact
    var exposed = 0, exposedLost = 0
    /// Of the exposed: those who were active when it was taken, and those of them who were lost soon after.
    var exposedActive = 0, exposedLeaving = 0
    var prior: [UInt16: Int128] = [:]
    var stated: [UInt16: Int128] = [:]
  }

  struct Departure: Hashable {
    var reason: UInt32
    var competitor: UInt32
  }

  public struct Tally {
    var active = Presence(), leaving = Presence()
    var actions: [UInt32: Action] = [:]
    var departures: [Departure: Int] = [:]
    var severities: [UInt8: (n: Int, lost: Int)] = [:]
    var smooth = 0, smoothLost = 0, answered = 0, recovered = 0, unknown = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ facts: Span<LossFact>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var hasFriction = false
    var first: LossFact?
    var departures: [Departure] = []
    for index in facts.indices {
      let fact = facts[index]
      switch fact.what {
      case .action:
        if tally.actions[fact.name] == nil { tally.actions[fact.name] = Action(taken: fact) }
      case .exposed:
        tally.actions[fact.name]?.exposed += 1
        if fact.isLost { tally.actions[fact.name]?.exposedLost += 1 }
        if fact.wasActive { tally.actions[fact.name]?.exposedActive += 1 }
        if fact.wasLeaving { tally.actions[fact.name]?.exposedLeaving += 1 }
      case .active: tally.active.add(fact.time, fact.amount)
      case .leaving: tally.leaving.add(fact.time, fact.amount)
      case .prior: tally.actions[fact.name]?.prior[fact.currency, default: 0] += Int128(fact.amount)
      case .stated: tally.actions[fact.name]?.stated[fact.currency, default: 0] += Int128(fact.amount)
      case .unknown: tally.unknown += 1
      case _ where !query.includes(fact.time): continue
      case .lost:
        let departure = Departure(reason: fact.name, competitor: fact.name2)
        guard !departures.contains(departure) else { continue }
        departures.append(departure)
        tally.departures[departure, default: 0] += 1
      case .friction:
        tally.severities[fact.severity, default: (0, 0)].n += 1
        if fact.isLost { tally.severities[fact.severity]!.lost += 1 }
        if fact.severity >= 3 { hasFriction = true }
        if fact.isAnswered { tally.answered += 1 }
        if fact.isRecovered { tally.recovered += 1 }
      case .first: first = fact
      }
    }
    guard let first, !hasFriction else { return }
    tally.smooth += 1
    if first.isLost { tally.smoothLost += 1 }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows: [ViewRow] =
      switch query.grouping {
      case "reason": try reasonRows(tally, names)
      case "friction": frictionRows(tally)
      case "recovery":
        [
          ViewRow([
            "frictions": .count(tally.answered), "recovered": .count(tally.recovered),
            "recovered_rate": .rate(part: tally.recovered, whole: tally.answered),
          ])
        ]
      default: try actionRows(tally, query, names)
      }
    return ViewRows(rows, leftOut: ["unknown_action": tally.unknown])
  }

  private func actionRows(_ tally: Tally, _ query: ViewQuery, _ names: borrowing Snapshot) throws -> [ViewRow] {
    let actions = tally.actions.values.filter { query.includes($0.taken.time) }
    let active = tally.active.counts(at: actions.map(\.taken.time))
    let leaving = tally.leaving.counts(at: actions.map(\.taken.time))
    var rows = KeyedRows<ViewRow>()
    for (index, action) in actions.enumerated() {
      let name = try names.name(action.taken.name)
      var currencies = Set(action.prior.keys).union(action.stated.keys)
      // A gain without a currency has a row of its own.
      if action.taken.currency != 0 || action.taken.amount != 0 { currencies.insert(action.taken.currency) }
      let shareOfExposed = action.exposed == 0 ? 0 : Double(action.exposedLost) / Double(action.exposed)
      let others = active[index] - action.exposedActive
      let othersLost = leaving[index] - action.exposedLeaving
      let shareOfOthers = others == 0 ? 0 : Double(othersLost) / Double(others)
      for currency in currencies.isEmpty ? [0] : Array(currencies) {
        let gain = Int128(action.taken.currency == currency ? action.taken.amount : 0)
        let stated = action.stated[currency] ?? 0
        let estimate = max(0, (shareOfExposed - shareOfOthers) * Double(action.prior[currency] ?? 0))
        let text = currency == 0 ? nil : Currency.text(currency)
        let row = ViewRow([
          "action": .text(name), "exposed": .count(action.exposed), "gain": .money(gain),
          "loss_stated": .money(stated), "loss_est": .money(Int128(estimate.rounded())), "net": .money(gain - stated),
          "currency": .text(orNone: text),
        ])
        rows.add(row, by: name, text)
      }
    }
    return rows.sorted
  }

  private func reasonRows(_ tally: Tally, _ names: borrowing Snapshot) throws -> [ViewRow] {
    var rows = KeyedRows<ViewRow>()
    for (departure, lost) in tally.departures {
      let reason = try names.name(departure.reason)
      let competitor = departure.competitor == 0 ? nil : try names.name(departure.competitor)
      let row = ViewRow([
        "reason": .text(reason), "to_competitor": .text(orNone: competitor), "lost": .count(lost),
      ])
      rows.add(row, by: reason, competitor)
    }
    return rows.sorted
  }

  private func frictionRows(_ tally: Tally) -> [ViewRow] {
    tally.severities.sorted { $0.key < $1.key }.map { severity, counts in
      ViewRow([
        "severity": .count(Int(severity)), "n": .count(counts.n), "lost_90d": .count(counts.lost),
        "lost_90d_rate": .rate(part: counts.lost, whole: counts.n),
        "lost_90d_rate_without": .rate(part: tally.smoothLost, whole: tally.smooth),
      ])
    }
  }
}
