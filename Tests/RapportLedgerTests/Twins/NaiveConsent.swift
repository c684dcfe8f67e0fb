extension Naive {
  /// The rule of `rapport may`, asked of everything that a person did before.
  struct May {
    let firm: [Event]

    func basis(_ purpose: String, at time: Time) -> String? {
      firm.last { $0.type == "purpose.declared" && $0.text("purpose") == purpose && $0.time <= time }?.text("basis")
    }

    /// The latest decision of each id.
    func latest(_ purpose: String, _ events: some Sequence<Event>) -> [Event] {
      var latest: [String: Event] = [:]
      for event in events where event.type.hasPrefix("consent.") && event.text("purpose") == purpose {
        latest[event.customer] = event
      }
      return Array(latest.values)
    }

    /// How a person stands to a purpose; nil without a decision.
    func state(_ decisions: [Event], at time: Time) -> String? {
      let kinds = Set(decisions.map(\.type))
      guard let kind = kinds.first else { return nil }
      guard kinds.count == 1 else { return "conflict" }
      guard kind == "consent.given" else { return String(kind.dropFirst("consent.".count)) }
      if decisions.contains(where: { $0.text("expires").map { Time($0) <= time } ?? false }) { return "expired" }
      return decisions.contains { isStale($0, at: time) } ? "stale" : "given"
    }

    private func isStale(_ decision: Event, at time: Time) -> Bool {
      guard let notice = decision.text("notice") else { return false }
      let published = firm.last { $0.type == "notice.published" && $0.text("notice") == notice && $0.time <= time }
      guard let published else { return false }
      guard let version = decision.text("notice_version") else { return published.time > decision.time }
      return published.text("version") != version
    }

    func isAllowed(_ purpose: String, _ before: some Sequence<Event>, at time: Time) -> Bool {
      let before = Array(before)
      if before.contains(where: { $0.type == "erasure.executed" }) { return false }
      for id in Set(before.map(\.customer)) {
        let own = before.filter { $0.customer == id }
        if own.last(where: { $0.type.hasPrefix("restriction.") })?.type == "restriction.set" { return false }
        let objection = own.last { $0.type.hasPrefix("objection.") && $0.text("purpose") == purpose }
        if objection?.type == "objection.raised" { return false }
      }
      if let basis = basis(purpose, at: time), basis != "consent" { return true }
      return ["given", "stale"].contains(state(latest(purpose, before), at: time))
    }
  }
}

extension Twin {
  static let consent = Twin(
    view: "consent",
    types: [
      "consent.given", "consent.given", "consent.refused", "consent.withdrawn", "consent.expired", "objection.raised",
      "objection.lifted", "restriction.set", "restriction.lifted", "restriction.lifted", "message.sent",
      "message.received",
      "campaign.sent", "ad.shown", "purpose.declared", "notice.published",
    ]
  ) { world in
    let may = Naive.May(firm: world.firm)
    var states: [String: [String: Int]] = [:]
    var without: [String: Int] = [:]
    for person in world.people {
      for purpose in Set(person.events.filter { $0.type.hasPrefix("consent.") }.map { $0.text("purpose")! }) {
        let state = may.state(may.latest(purpose, person.events), at: world.query.now)!
        states[purpose, default: [:]][state, default: 0] += 1
      }
      for (index, event) in person.events.enumerated() where world.query.holds(event.time) {
        guard ["message.sent", "message.received", "campaign.sent", "ad.shown"].contains(event.type),
          event.touch == "out", let purpose = event.text("purpose"),
          !may.isAllowed(purpose, person.events[..<index], at: event.time)
        else { continue }
        without[purpose, default: 0] += 1
      }
    }
    return Naive.Result(
      rows: Set(states.keys).union(without.keys).sorted().map { purpose in
        let own = states[purpose] ?? [:]
        var row: [String: JSON] = [
          "purpose": .string(purpose), "unknown": count(world.people.count - own.values.reduce(0, +)),
          "touches_without": count(without[purpose] ?? 0),
        ]
        for state in ["given", "refused", "withdrawn", "expired", "stale", "conflict"] {
          row[state] = count(own[state] ?? 0)
        }
        return .object(row)
      })
  }

  static let retargeting = Twin(
    view: "retargeting",
    types: [
      "ad.shown", "ad.shown", "order.placed", "order.placed", "consent.given", "consent.withdrawn", "objection.raised",
      "purpose.declared",
    ]
  ) { world in
    let may = Naive.May(firm: world.firm)
    var ads = 0
    var wasted = 0
    var without = 0
    var most = 0
    for person in world.people {
      var days: [String: Int] = [:]
      for (index, ad) in person.events.enumerated() where ad.type == "ad.shown" && world.query.holds(ad.time) {
        let before = person.events[..<index]
        ads += 1
        days[world.query.day(ad.time), default: 0] += 1
        if !may.isAllowed(ad.text("purpose")!, before, at: ad.time) { without += 1 }
        let field = ad.text("sku") != nil ? "sku" : "group"
        guard let wanted = ad.data[field] else { continue }
        let orders = before.filter { order in
          order.type == "order.placed" && (order.data["lines"]?.elements ?? []).contains { $0[field] == wanted }
        }
        guard let last = orders.last, last.time.plus(days: 180) >= ad.time else { continue }
        let intervals = zip(orders, orders.dropFirst()).map { $1.time.nanoseconds(since: $0.time) }
        let since = ad.time.nanoseconds(since: last.time)
        if Naive.percentile(intervals, 50).map({ since * 10 < $0 * 8 }) ?? true { wasted += 1 }
      }
      most = max(most, days.values.max() ?? 0)
    }
    return Naive.Result(rows: [
      [
        "ads": count(ads), "wasted": count(wasted), "wasted_rate": rate(wasted, ads),
        "without_consent": count(without), "max_per_customer_day": count(most),
      ]
    ])
  }
}
