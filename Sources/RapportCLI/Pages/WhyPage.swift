import RapportLedger

/// The events behind the lines of a card, a row each.
enum WhyPage {
  /// So many events of a line are shown on a terminal, the latest ones.
  private static let eventsMax = 3

  /// - Parameters:
  ///   - why: the member `why` of a card.
  ///   - isTerminal: then a line is named once, and what names an event is one column, which may be cut.
  static func table(of why: JSONValue, isTerminal: Bool) -> Table {
    let names: [Table.Column] =
      isTerminal ? [.init("event", isFlexible: true)] : [.init("id"), .init("source"), .init("correctedby")]
    var table = Table(
      [.init("line", isKey: true), .init("position", isRight: true), .init("time"), .init("type")] + names)
    for (line, events) in lines(of: why) {
      let shown = isTerminal ? events.suffix(eventsMax) : events[...]
      for (index, event) in shown.enumerated() {
        let position = event["position"]?.int ?? 0
        table.append(
          [
            Rich(isTerminal && index > 0 ? "" : line), Rich(isTerminal ? Human.count(position) : "\(position)"),
            Rich(Human.time(text("time", of: event)), .dim), Rich(text("type", of: event)),
          ] + (isTerminal ? [name(of: event)] : ["id", "source", "correctedby"].map { Rich(text($0, of: event)) }))
      }
      if shown.count < events.count {
        let rest = Rich("and \(Human.count(events.count - shown.count)) before", .dim)
        table.append([Rich(), Rich(), rest, Rich(), Rich()])
      }
    }
    return table
  }

  /// `7f3a of /shop/de`
  private static func name(of event: JSONValue) -> Rich {
    let name = Rich(text("id", of: event)) + Rich(" of \(text("source", of: event))", .dim)
    return event["correctedby"]?.string == nil ? name : .joined([Rich("corrected", .warning), name])
  }

  private static func text(_ key: String, of event: JSONValue) -> String { event[key]?.string ?? "" }

  /// `contact person`, `consent newsletter`, with their events.
  private static func lines(of why: JSONValue) -> [(line: String, events: [JSONValue])] {
    why.members.flatMap { member -> [(line: String, events: [JSONValue])] in
      let key = member.key.split(separator: "_").joined(separator: " ")
      if case .array(let events) = member.value { return [(key, events)] }
      return member.value.members.map { ("\(key) \($0.key)", $0.value.elements) }
    }
  }
}
