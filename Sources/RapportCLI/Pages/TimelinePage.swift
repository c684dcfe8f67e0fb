import RapportLedger

/// A customer's events as lines: when, what, where, and the gist of the data.
enum TimelinePage {
  static func table() -> Table {
    Table([.init("time"), .init("type"), .init("channel"), .init("details", isFlexible: true)])
  }

  /// - Parameter isTerminal: then long ids are cut, so that the rest of the line is seen.
  static func row(_ event: RecordedEvent, isTerminal: Bool) -> [Rich] {
    [
      Rich(Human.time(event.time), .dim), Rich(event.type), Rich(event.channel ?? ""),
      .joined([note(event), event.data.map { details($0, isTerminal: isTerminal) }].compactMap { $0 }),
    ]
  }

  // MARK: A journey

  static func journeyTable() -> Table {
    Table([.init("time"), .init("waited", isRight: true), .init("step"), .init("type", isFlexible: true)])
  }

  static func journeyRow(_ event: RecordedEvent) -> [Rich] {
    [
      Rich(Human.time(event.time), .dim), Rich(waited(event).map { Human.duration($0) } ?? "", .accent),
      Rich(event.step), Rich(event.touchpoint == nil ? "" : event.type, .dim),
    ]
  }

  static func step(_ event: RecordedEvent) -> JSONValue {
    .members([
      "time": .string(Timestamp(nanoseconds: event.time).description), "waited": .int(waited(event)),
      "step": .string(event.step), "type": .string(event.type),
    ])
  }

  /// Seconds since the step before it.
  private static func waited(_ event: RecordedEvent) -> Int? {
    event.previousTime.map { Human.seconds(from: $0, to: event.time) }
  }

  private static func note(_ event: RecordedEvent) -> Rich? {
    if event.retractedBy != nil { return Rich("retracted", .bad) }
    return event.correctedBy == nil ? nil : Rich("corrected", .warning)
  }

  /// The fields of an event's data, short: `order O1 · revenue 72.89 EUR · 2 lines`.
  static func details(_ data: String, isTerminal: Bool) -> Rich {
    guard let members = JSONReader.members(of: data) else { return Rich(data) }
    let currency = members.first { $0.key == "currency" }.map { text($0.value) }
    return .joined(members.compactMap { key, value in item(key, value, currency, isTerminal) })
  }

  /// Fields that are amounts in the currency of their event.
  private static let money: Set<String> = [
    "amount", "revenue", "shipping", "tax", "discount", "price", "expected_gain", "value_per_year",
  ]

  /// Longer words are ids of machines, and these are told apart by their beginning.
  private static let idBytesMax = 18

  private static func item(_ key: String, _ value: JSONReader.Node, _ currency: String?, _ isTerminal: Bool) -> Rich? {
    let label = Rich(key + " ", .dim)
    switch value {
    case .array(let elements):
      let nouns = key.hasSuffix("s") ? String(key.dropLast()) : key
      return Rich(Human.count(elements.count, nouns))
    case .object(let members):
      return label + Rich(members.map { "\($0.key) = \(text($0.value))" }.joined(separator: ", "))
    case .word("true"): return Rich(key)
    case .word("false"): return Rich("not " + key)
    case .word("null"): return nil
    case .string, .word:
      if key == "currency" { return nil }
      if key == "text" { return Rich("“\(text(value))”") }
      let amount = money.contains(key) ? currency.map { " " + $0 } ?? "" : ""
      let shown = text(value) + amount
      let isLongID = isTerminal && shown.utf8.count > idBytesMax && !shown.contains(" ")
      return label + Rich(isLongID ? shown.prefix(8) + "…" : shown)
    }
  }

  private static func text(_ node: JSONReader.Node) -> String {
    switch node {
    case .string(let text): readable(text)
    case .word(let text): text
    case .array(let elements): elements.map(text).joined(separator: ", ")
    // A value with its basis, as in customer.updated, is shown as the value.
    case .object(let members): members.first { $0.key == "value" }.map { text($0.value) } ?? "…"
    }
  }

  /// A time as elsewhere on the page; prose without its line ends.
  private static func readable(_ text: String) -> String {
    let bytes = Array(text.utf8)
    if let time = try? Timestamp.parse(bytes.span) { return Human.time(time.nanoseconds) }
    return text.contains(where: \.isNewline) ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
  }
}
