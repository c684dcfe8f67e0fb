@testable import RapportLedger

/// Random small histories of given types: few customers, few ids, times that cluster and collide, every field there now
/// and then, words that nobody knows. What stories never tell happens here all the time.
struct Wild {
  private var random: SeededGenerator
  private var times: [Int] = []
  private static let start = instant("2025-01-01")
  private static let kinds = Dictionary(uniqueKeysWithValues: EventKind.allCases.map { ($0.name, $0) })

  static func lines(_ types: [String], events: Int = 260, seed: UInt64) -> [String] {
    var wild = Wild(random: SeededGenerator(state: seed &* 0x9E37_79B9))
    var told = (0..<events).map { number in wild.event(wild.pick(types)).id("e\(number)") }
    for number in 0..<events / 16 { told.append(wild.afterthought(told).id("z\(number)")) }
    return told.map { $0.line() }.shuffled(using: &wild.random)
  }

  /// Two customers turn out to be one, or not after all; an event is corrected or taken back.
  private mutating func afterthought(_ told: [Event]) -> Event {
    let (one, other) = (below(7), 1 + below(6))
    let time = text(time())
    switch below(6) {
    case 0:
      return Event("customer.merged", time, ["into": .string("C\((one + other) % 7)")]).of("C\(one)")
    case 1:
      let merges = told.filter { $0.type == "customer.merged" }
      guard !merges.isEmpty else { fallthrough }
      let merge = pick(merges)
      return Event("customer.unmerged", time, ["from": merge.data["into"]!]).of(merge.subject!)
    default:
      let target = pick(told.filter { $0.subject != nil && Self.kinds[$0.type] != nil && !$0.isAfterthought })
      var event = Event("event.retracted", time, ["source": .string(target.source), "id": .string(target.id!)])
      event.subject = target.subject
      guard chance(70) else { return event.saying("reason", "twice") }
      event.type = "event.corrected"
      return event.saying("set", .object([:].merging(change(of: target)) { $1 }))
    }
  }

  /// Another time, another country, or another value of one field.
  private mutating func change(of target: Event) -> [String: JSON] {
    let fields = Self.kinds[target.type]!.shape.fields.filter { !$0.isPersonal }
    switch below(4) {
    case 0: return ["time": .string(text(time()))]
    case 1 where !fields.contains { $0.name == "country" }: return ["country": .string(pick(["DE", "FR"]))]
    default:
      guard !fields.isEmpty else { return ["time": .string(text(time()))] }
      let field = pick(fields)
      return [field.name: value(field, below(100 * 86_400))]
    }
  }

  private init(random: SeededGenerator) { self.random = random }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  private mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  private mutating func customer() -> String { "C\(below(7))" }

  private func text(_ seconds: Int) -> String {
    Timestamp(nanoseconds: Self.start + Int64(seconds) * 1_000_000_000).description
  }

  /// Four months over the change of the clocks; sometimes together with another event, or soon after it.
  private mutating func time() -> Int {
    var time = below(120 * 86_400)
    if !times.isEmpty {
      switch below(10) {
      case 0: time = pick(times)
      case 1...3: time = pick(times) + below(3 * 3600)
      case 4...6: time = pick(times) + below(9 * 86_400)
      default: break
      }
    }
    times.append(time)
    return time
  }

  private mutating func event(_ type: String) -> Event {
    let shape = Self.kinds[type]!.shape
    let time = time()
    var data: [String: JSON] = [:]
    for field in shape.fields where field.isRequired || (!field.isPersonal && chance(70)) {
      data[field.name] = value(field, time)
    }
    var event = Event(type, text(time), data)
    event = shape.isFirm ? event.ofTheFirm() : event.of(customer())
    let attributes = [
      ("channel", ["web", "shop"], 40), ("touchpoint", ["app", "till"], 40), ("department", ["sales", "help"], 60),
      ("country", ["DE", "FR"], 50), ("direction", ["in", "out", "self"], 8),
      ("actorkind", ["customer", "employee", "bot", "system"], 25), ("correlationid", ["case0", "case1", "s1"], 25),
    ]
    for (name, words, percent) in attributes where chance(percent) { event = event.with(name, .string(pick(words))) }
    // The number of any other event of the stream.
    if chance(40) { event = event.with("causationid", .string("e\(below(260))")) }
    if chance(30) { event = event.with("employee", .string(pick(["e1", "e2", "e3"]))) }
    return event
  }

  private mutating func value(_ field: Field, _ time: Int) -> JSON {
    switch field.kind {
    case .text, .label, .any: .string(word(field.name))
    case .reference: .string(["to", "from", "into", "referrer"].contains(field.name) ? customer() : reference(field))
    case .money: .string(pick(["0.00", "12.5", "3.1234", "100", "7.77"]))
    case .currency: .string(pick(["EUR", "EUR", "USD"]))
    case .number: .number("\(below(11))")
    case .between(let low, let high):
      .number(high - low > 2 ? "\(low + below(high - low + 1))" : pick(["\(low)", "\(high)", "0.5"]))
    case .count: .number(field.name == "scale" ? pick(["5", "7", "10"]) : "\(below(40))")
    case .boolean: .bool(chance(50))
    case .choice(let words): .string(chance(4) ? "strange" : pick(words))
    case .dateOrInstant:
      chance(50)
        ? .string(text(time + below(40 * 86_400))) : .string(String(text(time + below(40 * 86_400)).prefix(10)))
    case .lines: .array((0..<1 + below(2)).map { _ in line() })
    case .list: .array([.string(pick(["email", "phone"]))])
    case .object: .object([pick(["email", "language"]): trait(), "size": trait()])
    }
  }

  private mutating func trait() -> JSON {
    [
      "value": .string(pick(["x", "y"])), "basis": .string(pick(["declared", "observed", "inferred", "inferred"])),
      "n": chance(70) ? .number("\(below(20))") : .null,
    ]
  }

  private mutating func line() -> JSON {
    var line: [String: JSON] = ["sku": .string(pick(["a", "b", "c"])), "quantity": .number("\(1 + below(3))")]
    if chance(60) { line["group"] = .string(pick(["g", "h"])) }
    if chance(60) { line["price"] = .string(pick(["1.00", "2.5"])) }
    return .object(line)
  }

  private mutating func reference(_ field: Field) -> String {
    let pools = ["session": ["s1", "s2"]]
    return pools[field.name].map { pick($0) } ?? "\(field.name)\(below(6))"
  }

  /// Few words for each field, some of them shared between fields that mean the same.
  private mutating func word(_ field: String) -> String {
    let pools = [
      "sku": ["a", "b", "c"], "group": ["g", "h"], "topic": ["t1", "t2"], "employee": ["e1", "e2", "e3"],
      "by": ["e1", "e2", "e3"], "purpose": ["marketing", "newsletter", "service"], "department": ["sales", "help"],
      "role": ["clerk", "lead", "executive"], "action": ["A", "B"], "initiative": ["I", "J"],
      "field": ["email", "phone"], "touchpoint": ["app", "till"], "owner": ["e1", ""],
    ]
    return pick(pools[field] ?? ["\(field)1", "\(field)2"])
  }
}

extension Event {
  /// About identity or about another event.
  fileprivate var isAfterthought: Bool {
    type.hasPrefix("event.") || type.hasPrefix("customer.merged") || type == "customer.unmerged"
  }
}
