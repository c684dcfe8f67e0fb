extension Twin {
  static let promises = Twin(
    view: "promises", types: ["promise.made", "promise.made", "promise.kept", "promise.broken"]
  ) { world in
    struct Promise {
      var customer: String
      var department: String?
      var due: String
      var kept: Naive.Time?
      var isBroken: Bool
    }
    let query = world.query
    func isInTime(_ time: Naive.Time, _ due: String) -> Bool {
      due.utf8.count == 10 ? query.day(time) <= due : time <= Naive.Time(due)
    }
    var promises: [Promise] = []
    var unmade = 0
    for person in world.people {
      let own = person.events.filter { $0.type.hasPrefix("promise.") }
      for events in Dictionary(grouping: own, by: { $0.text("promise")! }).values {
        guard let made = events.first(where: { $0.type == "promise.made" }) else {
          unmade += 1
          continue
        }
        promises.append(
          Promise(
            customer: person.name, department: made.attribute("department"), due: made.text("due")!,
            kept: events.first { $0.type == "promise.kept" }?.time,
            isBroken: events.contains { $0.type == "promise.broken" }))
      }
    }
    promises = promises.filter { query.holds(query.start($0.due)) }
    let rows = world.rows(promises, by: { query.grouping == "customer" ? $0.customer : $0.department }) { group in
      func isKept(_ promise: Promise) -> Bool { promise.kept.map { isInTime($0, promise.due) } ?? false }
      let kept = group.filter(isKept)
      let unkept = group.filter { !isKept($0) }
      let late = unkept.filter { $0.kept != nil }.map { promise -> Int in
        guard promise.due.utf8.count == 10 else { return promise.kept!.seconds(since: Naive.Time(promise.due)) }
        // A day and a half later is in the next day, also where a day has 23 or 25 hours.
        let next = query.day(query.start(promise.due).plus(days: 1).plus(hours: 12))
        return promise.kept!.seconds(since: query.start(next))
      }
      return [
        "due": count(group.count), "kept": count(kept.count), "kept_rate": rate(kept.count, group.count),
        "broken": count(unkept.filter { $0.isBroken || !isInTime(query.now, $0.due) }.count),
        "late_p50": count(Naive.percentile(late, 50)), "late_p90": count(Naive.percentile(late, 90)),
      ]
    }
    return Naive.Result(rows: rows, leftOut: unmade > 0 ? ["not_made": unmade] : [:])
  }
}

extension Naive.Time {
  func plus(hours: Int) -> Naive.Time { Naive.Time(seconds: seconds + hours * 3600, nanoseconds: nanoseconds) }
}
