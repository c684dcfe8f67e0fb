extension Twin {
  static let authenticity = Twin(
    view: "authenticity",
    types: [
      "message.received", "message.sent", "review.published", "mention.published", "feedback.received",
      "survey.answered", "note.added", "case.replied", "handoff.requested", "handoff.done", "order.placed",
    ]
  ) { world in
    let types = [
      "message.received", "message.sent", "review.published", "mention.published", "feedback.received",
      "survey.answered", "note.added", "case.replied",
    ]
    let known = ["customer", "employee", "bot", "system", "partner"]
    let events = world.people.flatMap(\.events).filter {
      world.query.holds($0.time) && ($0.touch != nil || types.contains($0.type))
    }
    var handoffs: [Int] = []
    for person in world.people {
      var asked: Naive.Time?
      for event in person.events {
        if event.type == "handoff.requested", asked == nil { asked = event.time }
        guard event.type == "handoff.done", let start = asked else { continue }
        if world.query.holds(start) { handoffs.append(event.time.seconds(since: start)) }
        asked = nil
      }
    }
    if world.query.grouping != nil { handoffs = [] }
    return Naive.Result(
      rows: world.rows(events, by: { $0.actor.map { known.contains($0) ? $0 : "other" } }) { group in
        let utterances = group.filter { types.contains($0.type) }
        let undisclosed = utterances.filter { event in
          event.isStaff && !(event.type.hasPrefix("message.") && event.flag("disclosed") == true)
        }
        let touches = group.filter { $0.touch != nil }
        return [
          "utterances": count(utterances.count), "undisclosed": count(undisclosed.count),
          "undisclosed_rate": rate(undisclosed.count, utterances.count),
          "human_share": rate(touches.filter { !["bot", "system"].contains($0.actor) }.count, touches.count),
          "handoff_p50": count(Naive.percentile(handoffs, 50)), "handoff_p90": count(Naive.percentile(handoffs, 90)),
        ]
      })
  }
}
