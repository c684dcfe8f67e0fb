extension Twin {
  static let reach = Twin(
    view: "reach", types: ["contact.attempted", "contact.attempted", "access.failed", "message.sent", "note.added"]
  ) { world in
    let events = world.people.flatMap(\.events).filter { world.query.holds($0.time) }
    let touches = events.filter { $0.touch != nil }
    let bySource = ["reason", "need"].contains(world.query.grouping)
    let counted = events.filter {
      bySource
        ? $0.type == "access.failed" : $0.touch != nil || ["contact.attempted", "access.failed"].contains($0.type)
    }
    func key(_ event: Naive.Event) -> String? {
      switch world.query.grouping {
      case "channel": return event.attribute("channel")
      case "hour":
        let hour = world.query.hour(event.time)
        return hour < 10 ? "0\(hour)" : "\(hour)"
      case let field?: return event.text(field)
      case nil: return nil
      }
    }
    return Naive.Result(
      rows: world.rows(counted, by: key) { group in
        let attempts = group.filter { $0.type == "contact.attempted" }
        let waited = attempts.compactMap { $0.number("waited").map { Int($0) } }
        let failures = group.filter { $0.type == "access.failed" }.count
        let base = bySource ? touches.count : group.filter { $0.touch != nil }.count
        return [
          "attempts": count(attempts.count),
          "answered_rate": rate(attempts.filter { $0.text("outcome") == "answered" }.count, attempts.count),
          "abandoned_rate": rate(attempts.filter { $0.text("outcome") == "abandoned" }.count, attempts.count),
          "waited_p50": count(Naive.percentile(waited, 50)), "waited_p90": count(Naive.percentile(waited, 90)),
          "failures_per_1000": base == 0 ? .null : number(Double(failures) * 1000 / Double(base)),
        ]
      })
  }
}
