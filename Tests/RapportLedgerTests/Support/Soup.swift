@testable import RapportLedger

/// Random small histories that dwell on what the generator's plausible stories seldom tell: several deliveries, lines
/// that do not fit, complaints around the fourteenth day, changes, cancellations, surveys of every scale.
struct Soup {
  private var random: SeededGenerator
  private var events: [Event] = []
  private static let start = instant("2025-01-01")

  static func lines(seed: UInt64) -> [String] {
    var soup = Soup(random: SeededGenerator(state: seed))
    for number in 0..<40 { soup.order(number) }
    for _ in 0..<60 { soup.voice() }
    return soup.events.enumerated().map { $1.line($0) }.shuffled(using: &soup.random)
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  private mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  private mutating func customer() -> String { "C\(below(9))" }

  /// A time from the first of January 2025 on.
  private func time(_ seconds: Int) -> String {
    Timestamp(nanoseconds: Self.start + Int64(seconds) * 1_000_000_000).description
  }

  private mutating func lines(max: Int = 3) -> JSON {
    var lines: [JSON] = []
    for _ in 0...below(max) {
      lines.append(["sku": .string(pick(["a", "b"])), "quantity": .number("\(1 + below(2))")])
    }
    return .array(lines)
  }

  private mutating func promise(_ seconds: Int) -> JSON {
    switch below(5) {
    case 0: .null
    case 1, 2: .string(time(seconds))
    default: .string(String(time(seconds).prefix(10)))
    }
  }

  private mutating func order(_ number: Int) {
    let day = 86_400
    let customer = customer()
    let name = JSON.string("o\(number)")
    var now = below(60 * day)
    func tell(_ type: String, _ data: [String: JSON]) {
      var event = Event(type, time(now), data.merging(["order": name]) { $1 }).of(customer)
      if type == "order.placed", number % 3 != 0 { event = event.with("country", number % 3 == 1 ? "DE" : "FR") }
      if type == "order.placed", number % 2 != 0 { event = event.with("channel", "web") }
      events.append(event)
    }
    tell(
      "order.placed",
      ["currency": "EUR", "promised_at": promise(now + 5 * day), "lines": chance(70) ? lines() : .null])
    for _ in 0..<below(3) where chance(50) {
      now += 1 + below(day)
      let lines: JSON = chance(40) ? self.lines() : .null
      tell(
        "order.changed",
        ["by": .string(pick(["customer", "company"])), "promised_at": promise(now + 4 * day), "lines": lines])
    }
    let cancelledAfter = chance(15) ? 1 + below(8 * day) : nil
    if let cancelledAfter {
      now += cancelledAfter
      tell("order.cancelled", ["by": .string(pick(["customer", "company", "unknown"]))])
      now -= cancelledAfter
    }
    for _ in 0..<below(4) {
      now += 1 + below(4 * day)
      let lines: JSON = chance(75) ? self.lines(max: 2) : .null
      tell("order.delivered", ["lines": lines, "condition": pick([.null, .null, "ok", "damaged", "missing"])])
    }
    for _ in 0..<below(2) {
      // Exactly fourteen days, a second more, soon, or long after the last delivery.
      now += pick([14 * day, 14 * day + 1, 1 + below(5 * day), 20 * day])
      if chance(50) {
        tell("order.returned", ["reason": .string(pick(["wrong", "defective", "late", "changed_mind"]))])
      } else {
        tell("case.opened", ["case": "k\(number)-\(now)", "kind": .string(pick(["complaint", "enquiry"]))])
      }
    }
  }

  private mutating func voice() {
    let kind = pick(["nps", "csat", "ces", "perception", "open"])
    var event = Event("survey.answered", time(below(90 * 86_400)), ["survey": "s", "kind": .string(kind)])
    switch below(6) {
    case 0: event = sent(kind, event.time!)
    case 1:
      event = reviewed(
        event.time!, score: chance(80) ? .number("\(1 + below(5))") : .null,
        relation: pick([.null, "customer", "paid", "employee"]))
    default:
      let scale = pick([5, 7, 10])
      if chance(90) { event = event.saying("score", .number(pick(["\(below(scale + 1))", "2.5"]))) }
      if chance(80) { event = event.saying("scale", .number("\(scale)")) }
      if kind == "perception", chance(80) { event = event.saying("yes", .bool(chance(50))) }
      if chance(60) { event = event.saying("sample", .string(pick(["existing", "lost", "noncustomer"]))) }
    }
    if chance(15) { event = event.with("actorkind", .string(pick(["customer", "employee", "bot", "system"]))) }
    if chance(50) { event = event.with("country", .string(pick(["DE", "FR"]))) }
    if chance(50) { event = event.with("touchpoint", .string(pick(["shop", "app"]))) }
    events.append(event.of(customer()))
  }
}
