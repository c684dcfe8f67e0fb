extension Twin {
  static let understanding = Twin(
    view: "understanding",
    types: [
      "need.recorded", "understanding.confirmed", "offer.made", "goal.declared", "goal.achieved", "wish.expressed",
      "wish.fulfilled", "order.placed",
    ]
  ) { world in
    let query = world.query
    var offers: [(first: Bool, sponsored: Bool)] = []
    var goals: [Bool] = []
    var active: [Bool] = []
    var wishes: [String: [Bool]] = [:]
    for person in world.people {
      let events = person.events
      for (index, event) in events.enumerated() {
        func isFirst(_ field: String) -> Bool {
          query.holds(event.time)
            && !events[..<index].contains {
              $0.type == event.type && $0.text(field) == event.text(field) && query.holds($0.time)
            }
        }
        func isFollowed(by type: String, _ field: String) -> Bool {
          events[index...].contains { $0.type == type && $0.text(field) == event.text(field) }
        }
        switch event.type {
        case "offer.made" where query.holds(event.time):
          offers.append((events[..<index].contains { $0.type == "need.recorded" }, event.flag("sponsored") == true))
        case "goal.declared" where isFirst("goal"): goals.append(isFollowed(by: "goal.achieved", "goal"))
        case "wish.expressed" where isFirst("wish"):
          wishes[event.text("wish")!, default: []].append(isFollowed(by: "wish.fulfilled", "wish"))
        default: continue
        }
      }
      func isRecent(_ event: Naive.Event) -> Bool { event.time.plus(days: 365) >= query.now }
      guard events.contains(where: { ($0.touch != nil || $0.type == "order.placed") && isRecent($0) }) else { continue }
      active.append(events.contains { $0.type == "understanding.confirmed" && isRecent($0) })
    }
    if query.grouping == "wish" {
      return Naive.Result(
        rows: wishes.keys.sorted().map { wish in
          let people = wishes[wish]!
          let fulfilled = people.filter { $0 }.count
          return [
            "wish": .string(wish), "people": count(people.count), "fulfilled": count(fulfilled),
            "fulfilled_rate": rate(fulfilled, people.count),
          ]
        })
    }
    return Naive.Result(rows: [
      [
        "offers": count(offers.count), "need_first_rate": rate(offers.filter(\.first).count, offers.count),
        "goals": count(goals.count), "achieved_rate": rate(goals.filter { $0 }.count, goals.count),
        "active": count(active.count), "understood_rate": rate(active.filter { $0 }.count, active.count),
        "sponsored_rate": rate(offers.filter(\.sponsored).count, offers.count),
      ]
    ])
  }
}
