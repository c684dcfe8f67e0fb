extension Naive {
  /// One case as `service` sees it.
  struct ServiceCase {
    var opened: Event
    /// Whose case it is: of its first event.
    var customer: String
    var replies: [Int?] = []
    var botReplies: [Int?] = []
    var resolutions: [Int] = []
    var isReopened: Bool
    var isOneTouch = false
    var wait: Int

    /// - Parameter events: of the case, from its first opening on.
    init(_ events: [Event], of customer: String, asOf: Time) {
      opened = events[0]
      self.customer = customer
      let starts = events.indices.filter { ["case.opened", "case.reopened"].contains(events[$0].type) }
      func reply(_ start: Int, _ actor: String) -> Int? {
        events[start...].first { Self.isPublicReply($0) && $0.actor == actor }?.time.seconds(since: events[start].time)
      }
      for start in starts where (events[start].attribute("direction") ?? "in") != "out" {
        replies.append(reply(start, "employee"))
        botReplies.append(reply(start, "bot"))
      }
      isReopened = events.contains { $0.type == "case.reopened" }
      resolutions = events.filter { $0.type == "case.resolved" }.map { [opened] in $0.time.seconds(since: opened.time) }
      if let last = events.lastIndex(where: { $0.type == "case.resolved" }) {
        isOneTouch = events[..<last].filter { Self.isPublicReply($0) && $0.actor == "employee" }.count == 1
      }
      wait = Self.wait(events, asOf: asOf)
    }

    private static func isPublicReply(_ event: Event) -> Bool {
      event.type == "case.replied" && event.flag("public") != false
    }

    /// Seconds in which the case waited on us or on a third.
    static func wait(_ events: [Event], asOf: Time) -> Int {
      var total = 0
      for (index, event) in events.enumerated() {
        let end = index + 1 < events.count ? events[index + 1].time : asOf
        if isWaiting(Array(events[...index])) { total += end.nanoseconds(since: event.time) }
      }
      return total / 1_000_000_000
    }

    /// Whether the customer waits after these events.
    private static func isWaiting(_ events: [Event]) -> Bool {
      let turns = ["case.opened", "case.reopened", "case.resolved", "case.closed"]
      guard let turn = events.lastIndex(where: { turns.contains($0.type) }), events[turn].type.hasSuffix("opened")
      else {
        return false
      }
      guard let on = events[turn...].last(where: { $0.type == "case.waiting" })?.text("on") else { return true }
      return on == "us" || on == "third"
    }
  }

  static func serviceCases(_ world: World) -> (cases: [ServiceCase], unopened: Int) {
    let types = ["opened", "replied", "waiting", "resolved", "reopened", "closed"].map { "case.\($0)" }
    var cases: [ServiceCase] = []
    var unopened = 0
    for all in world.cases.values {
      let events = all.filter { types.contains($0.type) }
      guard !events.isEmpty else { continue }
      guard let first = events.firstIndex(where: { $0.type == "case.opened" }) else {
        unopened += 1
        continue
      }
      cases.append(
        ServiceCase(Array(events[first...]), of: world.person(events[0].customer), asOf: world.query.now))
    }
    return (cases.filter { world.query.holds($0.opened.time) }, unopened)
  }

  static func orders(_ world: World) -> [Event] {
    world.people.flatMap { person in
      Dictionary(grouping: person.events.filter { $0.type == "order.placed" }, by: { $0.text("order")! }).values.map {
        $0[0]
      }
    }.filter { world.query.holds($0.time) }
  }
}

extension Twin {
  static let service = Twin(
    view: "service",
    types: [
      "case.opened", "case.replied", "case.replied", "case.replied", "case.waiting", "case.resolved", "case.reopened",
      "case.closed", "order.placed",
    ]
  ) { world in
    let (cases, unopened) = Naive.serviceCases(world)
    let orders = Naive.orders(world)
    let grouping = world.query.grouping
    func key(_ event: Naive.Event) -> String? {
      switch grouping {
      case nil, "kind": nil
      case "month": world.query.month(event.time)
      case let name?: event.attribute(name)
      }
    }
    func kind(_ item: Naive.ServiceCase) -> String {
      let kind = item.opened.text("kind")!
      return ["enquiry", "concern", "complaint"].contains(kind) ? kind : "other"
    }
    var rows: [JSON] = []
    let groups = Dictionary(grouping: cases) { key($0.opened) }
    for group in Naive.ordered(groups.keys) {
      let kinds = Dictionary(grouping: groups[group]!, by: kind)
      for kind in kinds.keys.sorted() {
        let base = grouping == "department" ? orders.count : orders.filter { key($0) == group }.count
        var row = cells(kinds[kind]!, orders: kind == "complaint" ? base : 0)
        row["kind"] = .string(kind)
        if let grouping, grouping != "kind" { row[grouping] = text(group) }
        rows.append(.object(row))
      }
    }
    return Naive.Result(rows: rows, leftOut: unopened > 0 ? ["not_opened": unopened] : [:])
  }

  private static func cells(_ cases: [Naive.ServiceCase], orders: Int) -> [String: JSON] {
    let replies = cases.flatMap(\.replies)
    let replied = replies.compactMap { $0 }
    let bots = cases.flatMap(\.botReplies).compactMap { $0 }
    let resolved = cases.filter { !$0.resolutions.isEmpty }
    let (first, full) = (resolved.map { $0.resolutions[0] }, resolved.map { $0.resolutions.last! })
    let waits = cases.map(\.wait)
    let reopened = cases.filter(\.isReopened).count
    return [
      "cases": count(cases.count), "waiting": count(replies.count - replied.count),
      "first_reply_n": count(replied.count),
      "first_reply_p50": count(Naive.percentile(replied, 50)), "first_reply_p90": count(Naive.percentile(replied, 90)),
      "resolve_first_n": count(first.count), "resolve_first_p50": count(Naive.percentile(first, 50)),
      "resolve_first_p90": count(Naive.percentile(first, 90)), "resolve_full_n": count(full.count),
      "resolve_full_p50": count(Naive.percentile(full, 50)), "resolve_full_p90": count(Naive.percentile(full, 90)),
      "bot_first_reply_n": count(bots.count), "bot_first_reply_p50": count(Naive.percentile(bots, 50)),
      "customer_wait_p50": count(Naive.percentile(waits, 50)), "customer_wait_p90": count(Naive.percentile(waits, 90)),
      "reopened": count(reopened), "reopened_rate": rate(reopened, resolved.count),
      "one_touch_rate": rate(cases.filter(\.isOneTouch).count, resolved.count),
      "complaints_per_100_orders": orders == 0 ? .null : number(100 * Double(cases.count) / Double(orders)),
    ]
  }

  // MARK: Seams

  static let seams = Twin(
    view: "seams",
    types: [
      "case.opened", "case.assigned", "case.assigned", "case.replied", "case.replied", "case.waiting", "case.resolved",
      "message.received", "note.added", "formality.imposed",
    ]
  ) { world in
    if world.query.grouping == "customer" { return Naive.Result(rows: silos(world)) }
    struct Station {
      var department: String
      var events: ArraySlice<Naive.Event>
    }
    var cases: [[Station]] = []
    for events in world.cases.values where world.query.holds(events[0].time) {
      var stations: [Station] = []
      for (index, event) in events.enumerated() {
        let department = event.type == "case.assigned" ? event.text("department") : event.attribute("department")
        guard let department, stations.last?.department != department else { continue }
        stations.append(Station(department: department, events: events[index...]))
      }
      if !stations.isEmpty { cases.append(stations) }
    }
    guard world.query.grouping == "seam" else {
      let distinct = cases.map { Set($0.map(\.department)).count }
      return Naive.Result(rows: [
        [
          "cases": count(cases.count), "handovers": count(cases.reduce(0) { $0 + $1.count - 1 }),
          "cases_handed_over": count(cases.filter { $0.count > 1 }.count),
          "ping_pong_cases": count(zip(cases, distinct).filter { $0.count > $1 }.count),
          "stations_p50": count(Naive.percentile(distinct, 50)), "stations_p90": count(Naive.percentile(distinct, 90)),
        ]
      ])
    }
    var seams: [[String]: [Int?]] = [:]
    for stations in cases {
      for (from, to) in zip(stations, stations.dropFirst()) {
        let reply = to.events.first {
          $0.type == "case.replied" && $0.attribute("department") == to.department && $0.actor == "employee"
            && $0.flag("public") != false
        }
        seams[[from.department, to.department], default: []].append(reply?.time.seconds(since: to.events.first!.time))
      }
    }
    return Naive.Result(
      rows: seams.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { seam, waits in
        let known = waits.compactMap { $0 }
        return [
          "from": .string(seam[0]), "to": .string(seam[1]), "n": count(waits.count),
          "wait_p50": count(Naive.percentile(known, 50)), "wait_p90": count(Naive.percentile(known, 90)),
        ]
      })
  }

  private static func silos(_ world: Naive.World) -> [JSON] {
    let cases = Dictionary(grouping: Naive.serviceCases(world).cases, by: \.customer)
    return world.people.compactMap { person in
      let touches = person.events.filter {
        $0.touch != nil && $0.attribute("department") != nil && world.query.holds($0.time)
      }
      guard touches.count >= 3 else { return nil }
      let shares = Dictionary(grouping: touches) { $0.attribute("department")! }.values.map {
        Double($0.count) / Double(touches.count)
      }
      let minutes = person.events.filter { $0.type == "formality.imposed" && world.query.holds($0.time) }.reduce(0) {
        $0 + Int($1.number("minutes")!)
      }
      let wait = cases[person.name, default: []].reduce(0) { $0 + $1.wait }
      return [
        "customer": .string(person.name), "touches": count(touches.count),
        "silo_index": number(shares.reduce(0) { $0 + $1 * $1 }), "effort_minutes": count(minutes + wait / 60),
      ]
    }
  }

  // MARK: Journeys

  static let journey = Twin(
    view: "journey",
    types: ["message.received", "order.placed", "order.delivered", "case.opened", "case.replied", "customer.lost"],
    options: [
      ["variants": ""], ["dead-ends": ""], ["per": "case"], ["per": "case", "variants": ""],
      ["per": "case", "dead-ends": ""],
    ]
  ) { world in
    let query = world.query
    let people = world.people.map { $0.events.filter(\.isInteraction) }
    let histories = query.has("per") ? Array(world.cases.values) : people
    func step(_ event: Naive.Event) -> String { event.attribute("touchpoint") ?? event.type }
    var edges: [[String]: [Int]] = [:]
    var variants: [[String]: Int] = [:]
    var ends: [String: Int] = [:]
    for events in histories {
      let path = events.filter { query.holds($0.time) }.map(step)
      if !path.isEmpty { variants[path, default: 0] += 1 }
      for (before, event) in zip(events, events.dropFirst()) where query.holds(event.time) {
        edges[[step(before), step(event)], default: []].append(event.time.seconds(since: before.time))
        if event.type == "customer.lost" { ends[step(before), default: 0] += 1 }
      }
    }
    func ranked(_ counts: [[String]: Int]) -> [[String]] {
      counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key) }.map(\.key)
    }
    if query.has("variants") {
      return Naive.Result(
        rows: ranked(variants).map { ["steps": .array($0.map { .string($0) }), "n": count(variants[$0]!)] })
    }
    if query.has("dead-ends") {
      let keyed = Dictionary(uniqueKeysWithValues: ends.map { ([$0.key], $0.value) })
      return Naive.Result(rows: ranked(keyed).map { ["step": .string($0[0]), "n": count(keyed[$0]!)] })
    }
    return Naive.Result(
      rows: ranked(edges.mapValues(\.count)).map { edge in
        [
          "from": .string(edge[0]), "to": .string(edge[1]), "n": count(edges[edge]!.count),
          "gap_p50": count(Naive.percentile(edges[edge]!, 50)), "gap_p90": count(Naive.percentile(edges[edge]!, 90)),
        ]
      })
  }
}
