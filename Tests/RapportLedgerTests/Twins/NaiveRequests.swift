import Foundation

extension Twin {
  static let requests = Twin(
    view: "requests",
    types: ["request.received", "request.received", "request.extended", "request.fulfilled", "request.refused"]
  ) { world in
    struct Request {
      var right: String
      var received: Naive.Time
      var isExtended: Bool
      var fulfilled: Naive.Event?
      var isRefused: Bool
    }
    let query = world.query
    var requests: [Request] = []
    var unreceived = 0
    for person in world.people {
      let own = person.events.filter { $0.type.hasPrefix("request.") && $0.text("request") != nil }
      for events in Dictionary(grouping: own, by: { $0.text("request")! }).values {
        guard let received = events.first(where: { $0.type == "request.received" }) else {
          unreceived += 1
          continue
        }
        let rights = ["access", "rectification", "erasure", "restriction", "portability", "objection"]
        let right = received.text("right")!
        requests.append(
          Request(
            right: rights.contains(right) ? right : "other", received: received.time,
            isExtended: events.contains { $0.type == "request.extended" },
            fulfilled: events.first { $0.type == "request.fulfilled" },
            isRefused: events.contains { $0.type == "request.refused" }))
      }
    }
    requests = requests.filter { query.holds($0.received) }
    func isOverdue(_ request: Request) -> Bool {
      if request.right == "objection" { return query.now > request.received }
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = TimeZone(identifier: "UTC")!
      let parts = query.day(request.received).split(separator: "-").map { Int($0)! }
      let start = calendar.date(from: DateComponents(year: parts[0], month: parts[1], day: parts[2]))!
      let due = calendar.date(byAdding: .month, value: request.isExtended ? 3 : 1, to: start)!
      let day = calendar.dateComponents([.year, .month, .day], from: due)
      return query.day(query.now) > String(format: "%04d-%02d-%02d", day.year!, day.month!, day.day!)
    }
    let groups = Dictionary(grouping: requests, by: \.right)
    let rows: [JSON] = groups.keys.sorted().map { right in
      let open = groups[right]!.filter { $0.fulfilled == nil && !$0.isRefused }
      let fulfilled = groups[right]!.filter { $0.fulfilled != nil }
      let days = fulfilled.map { max(0, $0.fulfilled!.time.seconds(since: $0.received)) / 86_400 }
      return [
        "right": .string(right), "open": count(open.count), "overdue": count(open.filter(isOverdue).count),
        "fulfilled": count(fulfilled.count), "days_p50": count(Naive.percentile(days, 50)),
      ]
    }
    return Naive.Result(rows: rows, leftOut: unreceived > 0 ? ["not_received": unreceived] : [:])
  }
}
