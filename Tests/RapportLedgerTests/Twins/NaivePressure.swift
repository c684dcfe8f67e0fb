extension Twin {
  static let pressure = Twin(
    view: "pressure",
    types: ["campaign.sent", "campaign.sent", "ad.shown", "message.sent", "topic.subscribed", "topic.unsubscribed"],
    options: [["cap-7d": "4", "cap-30d": "12"], ["cap-30d": "100", "cap-7d": "0"]]
  ) { world in
    var most: [(week: Int, month: Int)] = []
    var sent = 0
    var subscribed = 0
    var left = 0
    for person in world.people {
      let messages = person.events.filter(\.isUnsolicited)
      let counted = messages.filter { world.query.holds($0.time) }
      left += person.events.filter { $0.type == "topic.unsubscribed" && world.query.holds($0.time) }.count
      sent += counted.count
      for (index, event) in person.events.enumerated() where event.isUnsolicited && world.query.holds(event.time) {
        let last = person.events[..<index].last {
          $0.type.hasPrefix("topic.") && $0.text("topic") == event.text("topic")
        }
        if event.text("topic") != nil, last?.type == "topic.subscribed" { subscribed += 1 }
      }
      func largest(_ days: Int) -> Int {
        counted.map { last in
          messages.filter { $0.time <= last.time && $0.time.plus(days: days) > last.time }.count
        }.max() ?? 0
      }
      // Messages of the same instant all belong to the window that the last of them ends.
      if !counted.isEmpty { most.append((largest(7), largest(30))) }
    }
    let caps = (Double(world.query.options["cap-7d"] ?? "2")!, Double(world.query.options["cap-30d"] ?? "6")!)
    let over = most.filter { Double($0.week) > caps.0 || Double($0.month) > caps.1 }.count
    return Naive.Result(rows: [
      [
        "customers": count(most.count), "over_cap": count(over), "over_cap_rate": rate(over, most.count),
        "max_7d": count(most.map(\.week).max() ?? 0), "max_30d": count(most.map(\.month).max() ?? 0),
        "in_subscribed_topics_rate": rate(subscribed, sent),
        "unsubscribed_per_1000": sent == 0 ? .null : number(Double(left) * 1000 / Double(sent)),
      ]
    ])
  }
}
