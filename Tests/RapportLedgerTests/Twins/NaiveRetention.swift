import Foundation

extension Twin {
  static let retention = Twin(
    view: "retention", types: ["order.placed", "order.placed", "message.received", "message.sent", "note.added"],
    options: [["rfm": ""], ["alive": ""], ["quiet": ""], ["alive": "", "r": "0.5", "alpha": "2", "a": "1", "b": "3"]]
  ) { world in
    if world.query.has("quiet") { return Naive.Result(rows: quiet(world)) }
    if world.query.has("rfm") || world.query.has("alive") { return Naive.Result(rows: recency(world)) }
    var cohorts: [String: [Int]] = [:]
    for person in world.people {
      let orders = person.events.filter { $0.type == "order.placed" }
      guard let first = orders.first, world.query.holds(first.time) else { continue }
      let cohort = world.query.month(first.time)
      let size = Naive.Query.months(from: cohort, to: world.query.month(world.query.now)) + 1
      let months = Set(orders.map { Naive.Query.months(from: cohort, to: world.query.month($0.time)) })
      var active = cohorts[cohort] ?? Array(repeating: 0, count: size)
      for month in months { active[month] += 1 }
      cohorts[cohort] = active
    }
    return Naive.Result(
      rows: cohorts.sorted { $0.key < $1.key }.map {
        ["cohort": .string($0.key), "size": count($0.value[0]), "active": .array($0.value.map { count($0) })]
      })
  }

  private static func recency(_ world: Naive.World) -> [JSON] {
    var rows: [JSON] = []
    for person in world.people {
      let orders = person.events.filter { $0.type == "order.placed" }
      guard let opening = orders.first, world.query.holds(opening.time) else { continue }
      for currency in Set(orders.map { $0.text("currency")! }).sorted() {
        let own = orders.filter { $0.text("currency") == currency }
        let days = Dictionary(grouping: own) { world.query.day($0.time) }
        let (first, last) = (days.keys.min()!, days.keys.max()!)
        let x = days.count - 1
        let spent = own.filter { world.query.day($0.time) != first }.reduce(0) {
          $0 + ($1.money("revenue") ?? Naive.sum($1))
        }
        let tx = Double(Naive.Query.days(from: first, to: last)) / 7
        let t = Double(Naive.Query.days(from: first, to: world.query.day(world.query.now))) / 7
        let mean = x == 0 ? 0 : (Double(spent) / Double(x)).rounded(.toNearestOrAwayFromZero)
        var row: [String: JSON] = [
          "customer": .string(person.name), "currency": .string(currency), "x": count(x), "t_x": number(tx),
          "t": number(t), "m": money(Int(mean)),
        ]
        if world.query.has("alive") {
          func parameter(_ name: String, _ value: Double) -> Double {
            world.query.options[name].map { Double($0)! } ?? value
          }
          let (r, alpha) = (parameter("r", 0.243), parameter("alpha", 4.414))
          let (a, b) = (parameter("a", 0.793), parameter("b", 2.426))
          let odds = a / (b + Double(x) - 1) * pow((alpha + t) / (alpha + tx), r + Double(x))
          row["p_alive_est"] = number(x == 0 ? 1 : 1 / (1 + odds))
        }
        rows.append(.object(row))
      }
    }
    return rows
  }

  private static func quiet(_ world: Naive.World) -> [JSON] {
    world.people.compactMap { person in
      let inbound = person.events.filter { $0.touch == "in" }
      guard inbound.count > 3, let last = inbound.last else { return nil }
      let median = Naive.percentile(zip(inbound, inbound.dropFirst()).map { $1.time.nanoseconds(since: $0.time) }, 50)!
      let silence = world.query.now.nanoseconds(since: last.time)
      guard world.query.holds(last.time), silence > 2 * median else { return nil }
      let day = 86_400_000_000_000
      return [
        "customer": .string(person.name), "last_inbound": .string(last.time.text), "days": count(silence / day),
        "days_interval_p50": count(median / day),
      ]
    }
  }
}
