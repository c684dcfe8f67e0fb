extension Twin {
  static let selfservice = Twin(
    view: "selfservice",
    types: [
      "selfservice.started", "selfservice.started", "selfservice.completed", "selfservice.completed", "answer.given",
      "answer.rated", "case.opened", "help.requested", "message.received", "order.placed",
    ]
  ) { world in
    struct Step {
      var what: String
      var topic: String?
      var source: String?
      var isCompleted = false, isSuccess = false, isRated = false, isHelpful = false
    }
    var steps: [Step] = []
    for person in world.people {
      for (index, event) in person.events.enumerated() where world.query.holds(event.time) {
        let later = person.events[index...].dropFirst()
        func isFirst(_ field: String) -> Bool {
          !person.events[..<index].contains { $0.type == event.type && $0.text(field) == event.text(field) }
        }
        switch event.type {
        case "selfservice.started" where isFirst("run"):
          var run = Step(what: "run", topic: event.text("topic"))
          if let done = later.firstIndex(where: {
            $0.type == "selfservice.completed" && $0.text("run") == event.text("run")
          }) {
            let end = person.events[done].time
            run.isCompleted = true
            run.isSuccess = !person.events[done...].contains {
              $0.type == "case.opened" && run.topic != nil && $0.text("topic") == run.topic
                && $0.time <= end.plus(days: 7)
            }
          }
          steps.append(run)
        case "answer.given" where isFirst("answer"):
          let ratings = later.filter {
            $0.type == "answer.rated" && $0.text("answer") == event.text("answer") && !$0.isStaff
          }
          let by = event.text("by")!
          steps.append(
            Step(
              what: "answer", source: ["human", "bot", "article"].contains(by) ? by : "other",
              isRated: !ratings.isEmpty, isHelpful: ratings.last?.flag("helpful") == true))
        case "order.placed": steps.append(Step(what: "order"))
        case _ where event.isContact: steps.append(Step(what: "contact", topic: event.text("topic")))
        default: continue
        }
      }
    }
    let staff = world.people.flatMap(\.events).filter {
      $0.type == "answer.rated" && $0.isStaff && world.query.holds($0.time)
    }
    let orders = steps.filter { $0.what == "order" }.count
    let grouping = world.query.grouping
    let counted = steps.filter {
      switch grouping {
      case "topic": $0.what == "run" || $0.what == "contact"
      case "source": $0.what == "answer"
      default: true
      }
    }
    return Naive.Result(
      rows: world.rows(counted, by: { grouping == "topic" ? $0.topic : $0.source }) { group in
        let runs = group.filter { $0.what == "run" }
        let answers = group.filter { $0.what == "answer" }
        let rated = answers.filter(\.isRated)
        let contacts = Double(group.filter { $0.what == "contact" }.count)
        return [
          "started": count(runs.count), "completed": count(runs.filter(\.isCompleted).count),
          "success_rate": rate(runs.filter(\.isSuccess).count, runs.count),
          "helpful_rate": rate(rated.filter(\.isHelpful).count, rated.count),
          "rated_rate": rate(rated.count, answers.count),
          "contacts_per_100_orders": orders == 0 || grouping == "source"
            ? .null : number(contacts * 100 / Double(orders)),
        ]
      }, leftOut: staff.isEmpty ? [:] : ["not_a_customer": staff.count])
  }
}
