extension Twin {
  static let perceptionGap = Twin(
    view: "perception-gap", types: ["selfassessment.recorded", "survey.answered", "survey.answered"]
  ) { world in
    let query = world.query
    let inside = Dictionary(
      grouping: world.firm.filter { $0.type == "selfassessment.recorded" && query.holds($0.time) }
    ) {
      $0.text("question")
    }
    var outside: [String?: [Bool]] = [:]
    var leftOut: [String: Int] = [:]
    for person in world.people {
      var latest: [String?: Bool] = [:]
      for event in person.events where query.holds(event.time) {
        guard event.type == "survey.answered", event.text("kind") == "perception" else { continue }
        if event.isStaff {
          leftOut["not_a_customer", default: 0] += 1
        } else if let yes = event.flag("yes") {
          latest[event.text("question")] = yes
        } else {
          leftOut["no_answer", default: 0] += 1
        }
      }
      for (question, yes) in latest { outside[question, default: []].append(yes) }
    }
    let rows: [JSON] = Naive.ordered(Set(inside.keys).union(outside.keys)).map { question in
      let firm = inside[question] ?? []
      let people = firm.reduce(0) { $0 + $1.number("n")! }
      let thought = people == 0 ? nil : firm.reduce(0) { $0 + $1.number("yes_share")! * $1.number("n")! } / people
      let answers = outside[question] ?? []
      let said = answers.isEmpty ? nil : Double(answers.filter { $0 }.count) / Double(answers.count)
      return [
        "question": text(question), "inside": number(thought), "inside_n": count(Int(people)), "outside": number(said),
        "outside_n": count(answers.count),
        "gap_pp": thought == nil || said == nil ? .null : number(100 * (thought! - said!)),
      ]
    }
    return Naive.Result(rows: rows, leftOut: leftOut)
  }

  static let stewardship = Twin(
    view: "stewardship",
    types: [
      "touchpoint.registered", "touchpoint.retired", "journey.walked", "employee.joined", "employee.joined",
      "employee.left", "initiative.proposed", "initiative.launched", "initiative.measured", "advocate.objected",
      "target.set", "message.sent", "order.placed",
    ]
  ) { world in
    func last(
      _ field: String, _ types: [String], where isWanted: (Naive.Event) -> Bool = { _ in true }
    ) -> [String: Naive.Event] {
      var last: [String: Naive.Event] = [:]
      for event in world.firm where types.contains(event.type) && isWanted(event) {
        if let name = event.text(field) { last[name] = event }
      }
      return last
    }
    func isRecent(_ event: Naive.Event, _ days: Int) -> Bool { event.time.plus(days: days) >= world.query.now }
    let touchpoints = last("touchpoint", ["touchpoint.registered", "touchpoint.retired"]).filter {
      $0.value.type == "touchpoint.registered"
    }
    let employees = last("employee", ["employee.joined", "employee.left"]).filter { $0.value.type == "employee.joined" }
    let leaders = employees.filter { ["lead", "manager", "executive"].contains($0.value.text("role")) }
    let staff = employees.filter { $0.value.text("role") != "executive" }
    let walked = last("by", ["journey.walked"])
    let touches = world.people.flatMap(\.events).filter { $0.touch != nil && isRecent($0, 90) }
    let launches = world.firm.filter { $0.type == "initiative.launched" }
    let launched = Set(launches.map { $0.text("initiative")! })
    let proposals = last("initiative", ["initiative.proposed"])
    let measurements = last("initiative", ["initiative.measured"], where: { $0.number("value") != nil })
    let withTarget = world.firm.filter { $0.type == "initiative.proposed" && $0.number("target") != nil }
    let targets = Dictionary(withTarget.map { ($0.text("initiative")!, $0.number("target")!) }) { _, last in last }
    let judged = targets.filter { measurements[$0.key] != nil }
    let metrics = last("metric", ["target.set"])
    func row(_ kind: String, _ names: some Sequence<String>, of whole: Int) -> JSON {
      let list = names.sorted()
      return [
        "kind": .string(kind), "n": count(list.count), "of": count(whole), "rate": rate(list.count, whole),
        "list": .array(list.map { .string($0) }),
      ]
    }
    return Naive.Result(rows: [
      row(
        "touchpoints_without_owner", touchpoints.filter { ($0.value.text("owner") ?? "").isEmpty }.keys,
        of: touchpoints.count),
      row(
        "initiatives_without_benefit", launched.filter { proposals[$0] == nil }, of: launched.count),
      row(
        "initiatives_over_objection",
        launched.filter { name in
          launches.contains { launch in
            launch.text("initiative") == name
              && world.firm.contains {
                $0.type == "advocate.objected" && $0.text("initiative") == name && Naive.precedes($0, launch)
              }
          }
        }, of: launched.count),
      row(
        "initiatives_on_target", judged.filter { measurements[$0.key]!.number("value")! >= $0.value }.keys,
        of: judged.count),
      row("leaders_walked", leaders.keys.filter { walked[$0].map { isRecent($0, 365) } ?? false }, of: leaders.count),
      row(
        "employees_in_touch", staff.keys.filter { name in touches.contains { $0.attribute("employee") == name } },
        of: staff.count),
      row("targets_with_owner", metrics.filter { !($0.value.text("owner") ?? "").isEmpty }.keys, of: metrics.count),
    ])
  }

  static let priorities = Twin(
    view: "priorities",
    types: [
      "action.taken", "customer.registered", "content.sent", "ad.shown", "campaign.sent", "cost.booked", "message.sent",
      "offer.made", "order.delivered",
    ], streams: (1...2).map { Wild.lines(["message.sent", "order.delivered", "action.taken"], seed: $0) }
  ) { world in
    struct Act {
      var month: String
      var name: String
      var front: Double
      var rear: Double
    }
    var acts: [Act] = []
    func add(_ event: Naive.Event, _ name: String, _ isFront: Bool, _ weight: Double = 1) {
      guard world.query.holds(event.time) else { return }
      let month = world.query.month(event.time)
      acts.append(Act(month: month, name: name, front: isFront ? weight : 0, rear: isFront ? 0 : weight))
    }
    for event in world.firm where event.type == "action.taken" {
      let benefit = event.text("benefit")
      if benefit == "both" || benefit == "customer" { add(event, "customer", true, benefit == "both" ? 0.5 : 1) }
      if benefit == "both" || benefit == "company" { add(event, "customer", false, benefit == "both" ? 0.5 : 1) }
    }
    for person in world.people {
      for (index, event) in person.events.enumerated() {
        if event.touch == "out" {
          add(event, "touch", person.events[..<index].contains { $0.type == "order.delivered" })
        }
        if event.type == "customer.registered", person.events[..<index].contains(where: { $0.type == event.type }) {
          continue
        }
        switch (event.type, event.text("acquired") ?? event.text("purpose") ?? event.text("kind")) {
        case ("customer.registered", "referral"): add(event, "advocacy", true)
        case ("customer.registered", "ad"): add(event, "advocacy", false)
        case ("content.sent", _): add(event, "content", true)
        case ("ad.shown", _): add(event, "content", false)
        case ("campaign.sent", _): if event.text("kind") == "ad" { add(event, "content", false) }
        case ("cost.booked", "retention"), ("cost.booked", "acquisition"), ("cost.booked", "advertising"):
          let amount = Double(event.money("amount")!) / 10_000
          add(event, "cost \(event.text("currency")!)", event.text("purpose") == "retention", amount)
        case ("message.sent", _), ("offer.made", _): add(event, "individual", event.flag("personalised") == true)
        default: continue
        }
      }
    }
    let isOneCurrency = Set(acts.map(\.name).filter { $0.hasPrefix("cost ") }).count == 1
    func lines(_ acts: [Act]) -> [(name: String, row: [String: JSON], isMet: Bool)] {
      let costs = Set(acts.map(\.name).filter { $0.hasPrefix("cost ") }).sorted()
      let existing: [(String, String)] =
        costs.isEmpty
        ? [("existing", "touch")]
        : costs.map { (isOneCurrency ? "existing" : "existing " + $0.dropFirst(5), $0) }
      let wanted =
        [("customer", "customer"), ("advocacy", "advocacy"), ("content", "content")] + existing
        + [("individual", "individual")]
      return wanted.map { name, source in
        let own = acts.filter { $0.name == source }
        let (front, rear) = (own.reduce(0) { $0 + $1.front }, own.reduce(0) { $0 + $1.rear })
        let share = front + rear == 0 ? nil : front / (front + rear)
        let row: [String: JSON] = [
          "priority": .string(name), "front": number(front), "rear": number(rear), "share": number(share),
          "met": share.map { .bool($0 >= 0.5) } ?? .null,
        ]
        return (name, row, share.map { $0 >= 0.5 } ?? false)
      }
    }
    guard world.query.grouping == "month" else { return Naive.Result(rows: lines(acts).map { .object($0.row) }) }
    let months = Dictionary(grouping: acts, by: \.month)
    let met = months.values.flatMap { lines($0) }.filter(\.isMet).map(\.name)
    return Naive.Result(
      rows: months.keys.sorted().flatMap { month in
        lines(months[month]!).map { name, row, _ in
          .object(
            row.merging(["month": .string(month), "months_met": count(met.filter { $0 == name }.count)]) { $1 })
        }
      })
  }

  static let advocacy = Twin(
    view: "advocacy",
    types: [
      "customer.registered", "referral.made", "referral.converted", "mention.published", "mention.published",
      "case.opened", "case.resolved", "case.reopened",
    ]
  ) { world in
    let query = world.query
    var made = 0
    var converted = 0
    var positive = 0
    var staff = 0
    var went = 0
    var parents: [String: String] = [:]
    for person in world.people {
      let inWindow = person.events.filter { query.holds($0.time) }
      made += inWindow.filter { $0.type == "referral.made" }.count
      converted += inWindow.filter { $0.type == "referral.converted" }.count
      let mentions = person.events.filter { $0.type == "mention.published" && !$0.isStaff }
      staff += inWindow.filter { $0.type == "mention.published" && $0.isStaff }.count
      positive += mentions.filter { query.holds($0.time) && $0.flag("unsolicited") == true && isPositive($0) }.count
      let from = inWindow.first { $0.type == "referral.converted" && $0.text("from") != nil }?.text("from")
      let referrer = inWindow.first { $0.type == "customer.registered" && $0.text("referrer") != nil }?.text("referrer")
      if let parent = from ?? referrer { parents[person.name] = world.person(parent) }
      let opened = Dictionary(grouping: person.events.filter { $0.type == "case.opened" }) { $0.text("case")! }
      for (id, openings) in opened where query.holds(openings[0].time) {
        let start = person.events.firstIndex { $0.id == openings[0].id }!
        let wentPublic = mentions.contains { mention in
          let place = person.events.firstIndex { $0.id == mention.id }!
          guard place > start, mention.time <= openings[0].time.plus(days: 30) else { return false }
          let turn = person.events[start..<place].last {
            ["case.resolved", "case.reopened"].contains($0.type) && $0.text("case") == id
          }
          return turn?.type != "case.resolved"
        }
        if wentPublic { went += 1 }
      }
    }
    let depths = parents.keys.map { person -> Int in
      var chain = [person]
      while let parent = parents[chain.last!] {
        if chain.contains(parent) { return chain.count }
        chain.append(parent)
      }
      return chain.count - 1
    }
    return Naive.Result(
      rows: [
        [
          "referrals": count(made), "converted_rate": rate(converted, made), "depth_max": count(depths.max() ?? 0),
          "mentions_positive": count(positive), "went_public": count(went),
        ]
      ], leftOut: staff > 0 ? ["not_a_customer": staff] : [:])
  }

  private static func isPositive(_ event: Naive.Event) -> Bool {
    if let sentiment = event.number("sentiment"), sentiment > 0 { return true }
    guard let score = event.number("score"), let scale = event.number("scale") else { return false }
    return score > 0.6 * scale + 1e-9
  }
}
