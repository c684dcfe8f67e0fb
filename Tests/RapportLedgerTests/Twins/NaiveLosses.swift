import Foundation

extension Twin {
  static let losses = Twin(
    view: "losses",
    types: [
      "action.taken", "action.exposed", "action.exposed", "customer.lost", "order.placed", "order.refunded",
      "cost.booked", "contract.started", "contract.cancelled", "friction.experienced", "friction.experienced",
      "apology.made", "recovery.offered", "survey.answered", "message.received",
    ]
  ) { world in
    switch world.query.grouping {
    case "reason": reasons(world)
    case "friction", "recovery": frictions(world)
    default: actions(world)
    }
  }

  private static func isLost(_ events: [Naive.Event], after time: Naive.Time) -> Bool {
    events.contains { $0.type == "customer.lost" && $0.time >= time && $0.time <= time.plus(days: 90) }
  }

  /// By currency, of the 365 days up to a time.
  private static func contribution(_ events: some Sequence<Naive.Event>, before time: Naive.Time) -> [String: Int] {
    var sums: [String: Int] = [:]
    for event in events where event.time <= time && event.time.plus(days: 365) >= time {
      switch event.type {
      case "order.placed": sums[event.text("currency")!, default: 0] += event.money("revenue") ?? Naive.sum(event)
      case "order.refunded", "cost.booked": sums[event.text("currency")!, default: 0] -= event.money("amount")!
      default: continue
      }
    }
    return sums
  }

  /// What an event lost, by currency; empty for one that is no loss.
  private static func loss(_ event: Naive.Event, _ before: ArraySlice<Naive.Event>) -> [String: Int] {
    switch event.type {
    case "customer.lost": return contribution(before, before: event.time)
    case "order.refunded": return [event.text("currency")!: event.money("amount")!]
    case "cost.booked":
      return event.text("purpose") == "goodwill" ? [event.text("currency")!: event.money("amount")!] : [:]
    case "contract.cancelled":
      let own = (before + [event]).filter {
        $0.type.hasPrefix("contract.") && $0.text("contract") == event.text("contract")
      }
      func last<T>(_ value: (Naive.Event) -> T?) -> T? { own.compactMap(value).last }
      guard let currency = last({ $0.text("currency") }) else { return [:] }
      let amount = Double(last { $0.money("value_per_year") } ?? 0)
      guard let ends = last({ $0.text("ends") }) else { return [currency: Int(amount)] }
      let year = 365.0 * 86_400
      let left = min(max(0, Double(Naive.Time(ends).nanoseconds(since: event.time)) / 1e9), year)
      return [currency: Int((amount * left / year).rounded(.toNearestOrAwayFromZero))]
    default: return [:]
    }
  }

  private static func actions(_ world: Naive.World) -> Naive.Result {
    var taken: [String: Naive.Event] = [:]
    for event in world.firm where event.type == "action.taken" && event.flag("friendly") == false {
      taken[event.text("action")!] = taken[event.text("action")!] ?? event
    }
    var unknown = 0
    for person in world.people {
      unknown += person.events.filter { $0.type == "action.exposed" && taken[$0.text("action")!] == nil }.count
    }
    var rows: [JSON] = []
    for (name, action) in taken.sorted(by: { $0.key < $1.key }) where world.query.holds(action.time) {
      var exposed: [Bool] = []
      var others: [Bool] = []
      var prior: [String: Int] = [:]
      var stated: [String: Int] = [:]
      for person in world.people {
        let events = person.events
        for (index, event) in events.enumerated() {
          guard let cause = event.attribute("causationid") else { continue }
          let exposures = events[..<index].filter { $0.type == "action.exposed" && $0.text("action") == name }
          // Ids are of the same source in these streams.
          guard cause == action.id || exposures.contains(where: { $0.id == cause }) else { continue }
          stated.merge(loss(event, events[..<index]), uniquingKeysWith: +)
        }
        if let exposure = events.first(where: { $0.type == "action.exposed" && $0.text("action") == name }) {
          exposed.append(isLost(events, after: exposure.time))
          prior.merge(contribution(events, before: exposure.time), uniquingKeysWith: +)
        } else if events.contains(where: {
          ($0.touch != nil || $0.type == "order.placed") && $0.time <= action.time
            && $0.time.plus(days: 365) >= action.time
        }) {
          others.append(isLost(events, after: action.time))
        }
      }
      func share(_ list: [Bool]) -> Double { list.isEmpty ? 0 : Double(list.filter { $0 }.count) / Double(list.count) }
      var currencies = Set(prior.keys).union(stated.keys).map { Optional($0) }
      let gained = action.text("currency")
      let isGain = gained != nil || (action.money("expected_gain") ?? 0) != 0
      if isGain, !currencies.contains(gained) { currencies.append(gained) }
      for currency in currencies.isEmpty ? [nil] : currencies.sorted(by: { $0 ?? "~" < $1 ?? "~" }) {
        let gain = action.text("currency") == currency ? action.money("expected_gain") ?? 0 : 0
        let cost = currency.flatMap { stated[$0] } ?? 0
        let estimate = max(0, (share(exposed) - share(others)) * Double(currency.flatMap { prior[$0] } ?? 0))
        rows.append([
          "action": .string(name), "exposed": count(exposed.count), "gain": money(gain), "loss_stated": money(cost),
          "loss_est": money(Int(estimate.rounded())), "net": money(gain - cost), "currency": text(currency),
        ])
      }
    }
    return Naive.Result(rows: rows, leftOut: unknown > 0 ? ["unknown_action": unknown] : [:])
  }

  private static func reasons(_ world: Naive.World) -> Naive.Result {
    let lost = world.people.flatMap { person in
      // Who is lost twice is one person.
      Set(
        person.events.filter { $0.type == "customer.lost" && world.query.holds($0.time) }
          .map { [$0.text("reason"), $0.text("to_competitor")] })
    }
    let groups = Dictionary(grouping: lost) { $0 }
    let keys = groups.keys.sorted { ($0[0]!, $0[1] ?? "~") < ($1[0]!, $1[1] ?? "~") }
    let rows: [JSON] = keys.map {
      ["reason": text($0[0]), "to_competitor": text($0[1]), "lost": count(groups[$0]!.count)]
    }
    return Naive.Result(rows: rows, leftOut: actions(world).leftOut)
  }

  private static func frictions(_ world: Naive.World) -> Naive.Result {
    var frictions: [(severity: Int, isLost: Bool, isAnswered: Bool, isRecovered: Bool)] = []
    var smooth: [Bool] = []
    for person in world.people {
      let events = person.events
      let touches = events.filter { $0.touch != nil || $0.type == "order.placed" }
      var hasFriction = false
      for (index, event) in events.enumerated() where event.type == "friction.experienced" {
        let id = event.text("friction")
        guard !events[..<index].contains(where: { $0.type == event.type && $0.text("friction") == id }) else {
          continue
        }
        guard world.query.holds(event.time) else { continue }
        let isAnswered = events[index...].contains {
          ["apology.made", "recovery.offered", "recovery.accepted"].contains($0.type) && $0.text("friction") == id
        }
        let answers = events.filter {
          $0.type == "survey.answered" && $0.text("kind") == "csat" && $0.number("score") != nil && !$0.isStaff
        }
        func share(_ answer: Naive.Event) -> Double { answer.number("score")! / (answer.number("scale") ?? 5) }
        var isRecovered = touches.contains { $0.time > event.time.plus(days: 90) }
        if let before = answers.last(where: { $0.time <= event.time }),
          let next = answers.first(where: { $0.time > event.time }), share(next) >= share(before) - 1e-12
        {
          isRecovered = true
        }
        let severity = Int(event.number("severity")!)
        if severity >= 3 { hasFriction = true }
        frictions.append((severity, isLost(events, after: event.time), isAnswered, isAnswered && isRecovered))
      }
      if !hasFriction, let first = touches.first, world.query.holds(first.time) {
        smooth.append(isLost(events, after: first.time))
      }
    }
    let leftOut = actions(world).leftOut
    if world.query.grouping == "recovery" {
      let answered = frictions.filter(\.isAnswered).count
      let recovered = frictions.filter(\.isRecovered).count
      return Naive.Result(
        rows: [
          ["frictions": count(answered), "recovered": count(recovered), "recovered_rate": rate(recovered, answered)]
        ], leftOut: leftOut)
    }
    let groups = Dictionary(grouping: frictions, by: \.severity)
    return Naive.Result(
      rows: groups.keys.sorted().map { severity in
        let lost = groups[severity]!.filter(\.isLost).count
        return [
          "severity": count(severity), "n": count(groups[severity]!.count), "lost_90d": count(lost),
          "lost_90d_rate": rate(lost, groups[severity]!.count),
          "lost_90d_rate_without": rate(smooth.filter { $0 }.count, smooth.count),
        ]
      }, leftOut: leftOut)
  }

  static let dataUse = Twin(
    view: "data-use",
    types: [
      "purpose.declared", "data.collected", "data.collected", "data.used", "data.read", "data.disclosed",
      "request.made", "customer.updated",
    ]
  ) { world in
    let query = world.query
    let byPurpose = query.grouping == "purpose"
    struct Group {
      var people: Set<String> = []
      var others: Set<String> = []
      var hidden = 0, unused = 0, overdue = 0, used = 0, disclosed = 0
      var recipients: Set<String> = []
      var countries: Set<String> = []
    }
    var groups: [String?: Group] = [:]
    for person in world.people {
      let events = person.events
      for (index, event) in events.enumerated() where query.holds(event.time) {
        let purpose = event.text("purpose")
        let collected = events[..<index].filter { $0.type == "data.collected" && $0.text("purpose") == purpose }
        switch event.type {
        case "data.collected":
          let key = byPurpose ? purpose : event.text("field")
          groups[key, default: Group()].people.insert(person.name)
          groups[key]!.others.insert(byPurpose ? event.text("field")! : purpose!)
        case "data.used":
          let key = byPurpose ? purpose : event.text("field")
          groups[key, default: Group()].used += 1
          if !collected.contains(where: { $0.text("field") == event.text("field") }) { groups[key]!.hidden += 1 }
        case "data.disclosed":
          guard byPurpose || collected.isEmpty else { continue }
          let key = byPurpose ? purpose : nil
          groups[key, default: Group()].disclosed += 1
          if collected.isEmpty { groups[key]!.hidden += 1 }
          groups[key]!.recipients.insert(event.text("recipient")!)
          if let country = event.text("country") { groups[key]!.countries.insert(country) }
        default: continue
        }
      }
      guard !byPurpose else { continue }
      let kept = Dictionary(grouping: events.filter { $0.type == "data.collected" }) { $0.text("field")! }
      for (field, collections) in kept {
        let first = events.firstIndex { $0.id == collections[0].id }!
        let reads = events[first...].filter { event in
          event.type == "data.used" && event.text("field") == field
            || event.type == "data.read" && event.data["fields"]?.elements.contains(.string(field)) == true
        }
        let isOld = collections[0].time.plus(days: 365) < query.now
        let isRead = reads.last.map { $0.time.plus(days: 365) >= query.now } ?? false
        if isOld, !isRead { groups[field, default: Group()].unused += 1 }
        let ends = collections.compactMap { collection -> Naive.Time? in
          let declared = world.firm.last {
            $0.type == "purpose.declared" && $0.text("purpose") == collection.text("purpose")
              && $0.time <= collection.time
          }
          return declared?.number("retention_days").map { collection.time.plus(days: Int($0)) }
        }
        if let end = ends.max(), end < query.now { groups[field, default: Group()].overdue += 1 }
      }
    }
    let asked = world.people.flatMap(\.events).filter {
      $0.type == "request.made" && query.holds($0.time) && $0.text("why") == nil
    }
    let guesses = world.people.flatMap(\.events).filter { $0.type == "customer.updated" && query.holds($0.time) }
      .flatMap { $0.data["set"]?.members ?? [:] }.filter { _, trait in
        trait["basis"]?.text == "inferred" && trait["n"].map { $0.double! < 10 } ?? false
      }
    var warnings: [String] = []
    if !asked.isEmpty { warnings.append("\(asked.count) requests to customers gave no reason") }
    if !guesses.isEmpty {
      let fields = Set(guesses.map(\.key)).sorted().joined(separator: ", ")
      warnings.append("\(guesses.count) values were inferred from fewer than 10 observations: \(fields)")
    }
    func list(_ texts: Set<String>) -> JSON { .array(texts.sorted().map { .string($0) }) }
    let bases = [
      "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests",
    ]
    return Naive.Result(
      rows: Naive.ordered(groups.keys).map { key in
        let group = groups[key]!
        guard byPurpose else {
          return [
            "field": text(key), "collected": count(group.people.count), "purposes": list(group.others),
            "hidden": count(group.hidden), "unused": count(group.unused), "overdue": count(group.overdue),
          ]
        }
        let declared = world.firm.last { $0.type == "purpose.declared" && $0.text("purpose") == key }
        return [
          "purpose": text(key),
          "basis": text(declared?.text("basis").map { bases.contains($0) ? $0 : "other" }),
          "retention_days": count(declared?.number("retention_days").map { Int($0) }), "fields": list(group.others),
          "people": count(group.people.count), "used": count(group.used), "disclosed": count(group.disclosed),
          "recipients": list(group.recipients), "countries": list(group.countries),
        ]
      }, warnings: warnings)
  }
}
