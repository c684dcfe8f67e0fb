@testable import RapportLedger

/// A second opinion on what the engine makes of identity, corrections and clocks: whole histories from decoded events,
/// after the words of the contract.
enum NaiveHistories {
  private struct Event {
    var position: Int
    var json: [String: JSON]
    var type: String { json["type"]!.text! }
    var subject: String? { json["subject"]?.text }
    var name: String { json["source"]!.text! + " " + json["id"]!.text! }
    var time: Naive.Time { Naive.Time(json["time"]!.text!) }
    var data: [String: JSON] { json["data"]?.members ?? [:] }
    /// Of a correction or retraction.
    var target: String { data["source"]!.text! + " " + data["id"]!.text! }
  }

  /// The types that the histories are made of, in the order of the vocabulary.
  static let vocabulary = [
    "customer.merged", "customer.unmerged", "note.added", "case.opened", "case.assigned", "case.replied",
    "order.placed",
    "cost.booked", "event.corrected", "event.retracted", "thing.happened",
  ]
  private static let uncounted = ["customer.merged", "customer.unmerged", "event.corrected", "event.retracted"]

  /// - Parameter count: so many lines are known.
  static func histories(_ lines: [String], upTo end: String, knowing count: Int, perCase: Bool = false) throws
    -> [[String]]
  {
    var all: [Event] = []
    for (index, line) in lines.prefix(count).enumerated() {
      all.append(Event(position: index + 1, json: try JSON(reading: line).members))
    }
    let events = corrected(all).filter { $0.time <= Naive.Time(end) }
    let people = people(events)
    var groups: [String: [Event]] = [:]
    for event in events where !uncounted.contains(event.type) {
      if perCase {
        let key =
          (event.type.hasPrefix("case.") || event.type == "cost.booked" ? event.data["case"]?.text : nil)
          ?? event.json["correlationid"]?.text
        if let key { groups[key, default: []].append(event) }
      } else if let subject = event.subject {
        groups[people[subject] ?? subject, default: []].append(event)
      }
    }
    var histories: [[String]] = []
    for (key, group) in groups {
      let sorted = group.sorted(by: precedes)
      let owner = perCase ? sorted[0].subject.map { people[$0] ?? $0 } : key
      histories.append(sorted.map { describe($0, owner) })
    }
    return histories.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private static func describe(_ event: Event, _ owner: String?) -> String {
    var time = event.json["time"]!.text!
    time.removeLast()
    var words = [(owner ?? "firm") + ":", time + "Z", event.type == "thing.happened" ? "other" : event.type]
    if event.subject != owner { words.append("(\(event.subject ?? ""))") }
    if let amount = event.data["amount"]?.text ?? event.data["revenue"]?.text {
      words.append(amount)
    }
    if let channel = event.json["channel"]?.text { words.append(channel) }
    if let department = event.json["department"]?.text { words.append(department) }
    if let lines = event.data["lines"]?.elements, !lines.isEmpty {
      let quantity = lines.reduce(0) { $0 + Int($1["quantity"]!.double!) }
      words.append("\(lines.count) lines of \(quantity)")
    }
    return words.joined(separator: " ")
  }

  // MARK: Corrections

  private static func corrected(_ all: [Event]) -> [Event] {
    var kept: [Event] = []
    for event in all {
      let isCorrection = event.type.hasPrefix("event.")
      let acts =
        isCorrection
        ? []
        : all.filter {
          $0.type.hasPrefix("event.") && $0.target == event.name && $0.subject == event.subject
        }
      if acts.contains(where: { $0.type == "event.retracted" }) { continue }
      var event = event
      for act in acts.sorted(by: precedes) { apply(act.data["set"]!.members, to: &event) }
      kept.append(event)
    }
    return kept
  }

  private static let attributes = ["time", "channel", "department", "correlationid", "sequence"]

  private static func apply(_ set: [String: JSON], to event: inout Event) {
    // The only unacceptable values of the soup.
    if set["revenue"] == "nonsense" || set["country"] == "nowhere" { return }
    var data = event.data
    for (field, value) in set {
      let isOfType = field == "department" && event.type == "case.assigned"
      if attributes.contains(field), !isOfType { event.json[field] = value } else { data[field] = value }
    }
    event.json["data"] = .object(data)
  }

  // MARK: People

  /// The canonical id of everybody who is not alone.
  private static func people(_ events: [Event]) -> [String: String] {
    var inForce: [(from: String, into: String)] = []
    for event in events.sorted(by: precedes) {
      if event.type == "customer.merged" { inForce.append((event.subject!, event.data["into"]!.text!)) }
      if event.type == "customer.unmerged" {
        let pair = (event.subject!, event.data["from"]!.text!)
        if let index = inForce.lastIndex(where: { $0 == pair }) { inForce.remove(at: index) }
      }
    }
    var component: [String: Set<String>] = [:]
    for (from, into) in inForce {
      let joined = (component[from] ?? [from]).union(component[into] ?? [into])
      for id in joined { component[id] = joined }
    }
    var canonical: [String: String] = [:]
    for (id, ids) in component {
      let tops = ids.filter { id in !inForce.contains { $0.from == id && $0.into != id } }
      canonical[id] = (tops.isEmpty ? ids : tops).min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    return canonical
  }

  private static func precedes(_ a: Event, _ b: Event) -> Bool {
    if a.time != b.time { return a.time < b.time }
    let (left, right) = (vocabulary.firstIndex(of: a.type)!, vocabulary.firstIndex(of: b.type)!)
    if left != right { return left < right }
    let (first, second) = (a.json["sequence"]?.text, b.json["sequence"]?.text)
    if first != second {
      guard let first else { return true }
      guard let second else { return false }
      return first.utf8.count != second.utf8.count ? first.utf8.count < second.utf8.count : first < second
    }
    return a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
  }
}

/// Random histories full of merges, corrections and equal times.
struct IdentitySoup {
  private var random: SeededGenerator
  private var events: [Event] = []

  static func lines(seed: UInt64, events count: Int = 160) -> [String] {
    var soup = IdentitySoup(random: SeededGenerator(state: seed))
    for number in 0..<count { soup.tell(number) }
    return soup.events.map { $0.line() }.shuffled(using: &soup.random)
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
  private mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  private mutating func customer() -> String { "C\(below(9))" }

  private mutating func tell(_ number: Int) {
    // Few instants, so that many events tie.
    let time = "2025-01-0\(1 + below(9))T0\(below(3)):00:00Z"
    var event: Event
    switch below(20) {
    case 0..<3:
      // G0 and G1 are never subjects.
      event = Event("customer.merged", time, ["into": .string(pick([customer(), customer(), customer(), "G0", "G1"]))])
      event = event.of(pick(["C0", "C2", "C4", "C6", "C7"]))
    case 3..<5:
      event = Event("customer.unmerged", time, ["from": .string(customer())]).of(pick(["C0", "C2", "C4", "C6"]))
      if below(2) == 0, let merge = events.last(where: { $0.type == "customer.merged" }) {
        event = Event("customer.unmerged", time, ["from": merge.data["into"]!]).of(merge.subject!)
      }
    case 5..<8: event = correction(number, time)
    case 8..<10:
      let target = below(number + 20)
      event = Event("event.retracted", time, ["source": "/spec", "id": .string("e\(target)"), "reason": "wrong"])
      event = event.of(target < events.count ? events[target].subject ?? "C1" : customer())
    case 10: event = Event("thing.happened", time).ofTheFirm().with("correlationid", .string("k\(below(5))"))
    case 11: event = Event("thing.happened", time).of(customer()).with("correlationid", .string("k\(below(5))"))
    case 12..<14:
      event = Event("case.\(pick(["opened", "replied"]))", time, ["case": .string("k\(below(5))"), "kind": "concern"])
      event = event.of(customer())
    case 14:
      event = Event("case.assigned", time, ["case": .string("k\(below(5))"), "department": .string(pick(["a", "b"]))])
      event = event.of(customer())
    case 15..<17:
      event = Event(
        "cost.booked", time,
        [
          "amount": .string("\(1 + below(90)).50"), "currency": "EUR", "purpose": "goods",
          "case": below(3) == 0 ? .string("k\(below(5))") : .null,
        ]
      ).of(customer())
    default:
      event = Event(
        "order.placed", time,
        [
          "order": .string("o\(number)"), "revenue": .string("\(1 + below(90)).25"), "currency": "EUR",
          "lines": [["sku": "a", "quantity": .number("\(1 + below(5))")]],
        ]
      ).of(customer()).with("channel", .string(pick(["web", "shop"])))
    }
    if below(3) == 0 { event = event.with("sequence", .string("\(below(4))")) }
    events.append(event.id("e\(number)"))
  }

  /// A correction of something earlier, or of something that comes later or never.
  private mutating func correction(_ number: Int, _ time: String) -> Event {
    let target = below(number + 10)
    let known = target < events.count ? events[target] : nil
    let isForeign = below(8) == 0
    var set: [String: JSON] = [:]
    switch known?.type {
    case "order.placed":
      set["revenue"] = pick(["77.75", "8.25", "nonsense"])
      if below(2) == 0 { set["lines"] = [["sku": "new", "quantity": 3], ["sku": "b", "quantity": 2]] }
    case "cost.booked": set["amount"] = pick(["66.50", "5.50"])
    case "customer.merged": set["into"] = .string(customer())
    case "case.assigned": set["department"] = pick(["a", "c"])
    default: set["channel"] = "unheard-of"
    }
    switch below(5) {
    case 0 where below(3) == 0: set["country"] = "nowhere"
    case 0: set["time"] = pick(["2025-01-05T12:00:00Z", "2025-01-02T01:00:00Z"])
    case 1 where known?.type != "case.assigned": set["department"] = "d"
    case 2: set["correlationid"] = .string("k\(below(5))")
    default: break
    }
    return Event(
      "event.corrected", time,
      ["source": "/spec", "id": .string("e\(target)"), "set": .object(set)]
    ).of(isForeign ? customer() : known?.subject ?? customer())
  }
}
