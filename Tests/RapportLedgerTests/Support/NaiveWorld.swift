import Foundation

@testable import RapportLedger

extension Naive {
  /// What a naive view may look at: everybody's events in canonical order, and the question.
  struct World {
    var people: [Person]
    var firm: [Event]
    /// By the case that they belong to, across subjects.
    var cases: [String: [Event]]
    var query: Query
    /// What was recorded and acts on nothing.
    var leftOut: [String: Int] = [:]
    private var owners: [String: String]

    struct Person {
      var name: String
      var events: [Event]
    }
  }

  struct Query {
    var from: String?
    var to: String?
    var asOf: String
    var zone = "UTC"
    var grouping: String?
    var options: [String: String] = [:]

    var now: Time { Time(asOf) }
    func holds(_ time: Time) -> Bool {
      Window(from: from.map { Time($0) }, to: to.map { Time($0) }).holds(time)
    }
    func has(_ option: String) -> Bool { options[option] != nil }

    private var calendar: Calendar {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = TimeZone(identifier: zone)!
      return calendar
    }

    private func parts(_ time: Time) -> DateComponents {
      calendar.dateComponents(
        [.year, .month, .day, .hour], from: Date(timeIntervalSince1970: TimeInterval(time.seconds)))
    }

    /// `2025-03-01` as people of the zone say it.
    func day(_ time: Time) -> String {
      let parts = parts(time)
      return String(format: "%04d-%02d-%02d", parts.year!, parts.month!, parts.day!)
    }
    func month(_ time: Time) -> String { String(day(time).prefix(7)) }
    func hour(_ time: Time) -> Int { parts(time).hour! }

    /// When a day begins in the zone; an instant is itself.
    func start(_ text: String) -> Time {
      guard text.utf8.count == 10 else { return Time(text) }
      let parts = text.split(separator: "-").map { Int($0)! }
      let noon = calendar.date(from: DateComponents(year: parts[0], month: parts[1], day: parts[2], hour: 12))!
      return Time(seconds: Int(calendar.startOfDay(for: noon).timeIntervalSince1970), nanoseconds: 0)
    }

    /// Days from one date to another.
    static func days(from: String, to: String) -> Int { (Time(to).seconds - Time(from).seconds) / 86_400 }
    /// Months from one `2025-03` to another.
    static func months(from: String, to: String) -> Int {
      func index(_ text: String) -> Int {
        let parts = text.split(separator: "-").map { Int($0)! }
        return parts[0] * 12 + parts[1]
      }
      return index(to) - index(from)
    }
  }

  struct Result {
    var rows: [JSON] = []
    var leftOut: [String: Int] = [:]
    /// What a reader is warned of; nil where the twin has no opinion.
    var warnings: [String]?
  }

  /// All events of a stream, decoded once.
  static func decode(_ lines: [String]) throws -> [Event] {
    try lines.map { line in
      let event = try JSON(reading: line)
      let sequence: String? =
        switch event["sequence"] {
        case .string(let text), .number(let text): text
        default: nil
        }
      return Event(
        type: event["type"]!.text!, customer: event["subject"]?.text ?? "", time: Time(event["time"]!.text!),
        source: event["source"]!.text!, id: event["id"]!.text!, sequence: sequence, attributes: event,
        data: event["data"] ?? [:])
    }
  }
}

extension Naive.World {
  init(_ events: [Naive.Event], _ query: Naive.Query) {
    self.query = query
    let seen = Self.corrected(events).filter { $0.time <= query.now }.sorted(by: Naive.precedes)
    let (names, unmerges) = Self.canonicalNames(seen)
    let keys = Set(events.filter { !$0.type.hasPrefix("event.") }.map { [$0.customer, $0.source, $0.id] })
    let aimless = events.filter {
      ["event.corrected", "event.retracted"].contains($0.type)
        && !keys.contains([$0.customer, $0.text("source")!, $0.text("id")!])
    }
    leftOut = ["correction_without_target": aimless.count, "unmerge_without_merge": unmerges].filter { $0.value > 0 }
    // Reading and erasing data are no interactions, but some views are about them.
    let counted = seen.filter { $0.isInteraction || $0.type == "data.read" || $0.type == "erasure.executed" }
    firm = counted.filter { $0.customer.isEmpty }
    people = Dictionary(grouping: counted.filter { !$0.customer.isEmpty }) { names[$0.customer] ?? $0.customer }.map {
      Person(name: $0.key, events: $0.value)
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    cases = Dictionary(grouping: counted.filter { $0.isInteraction && $0.caseKey != nil }) { $0.caseKey! }
    owners = names
  }

  /// The canonical id of any id.
  func person(_ id: String) -> String { owners[id] ?? id }

  /// Without what was retracted, and the rest in its corrected form.
  private static func corrected(_ events: [Naive.Event]) -> [Naive.Event] {
    let acts = Dictionary(grouping: events.filter { $0.type == "event.corrected" || $0.type == "event.retracted" }) {
      [$0.customer, $0.text("source")!, $0.text("id")!]
    }
    return events.compactMap { event in
      guard !event.type.hasPrefix("event."), let own = acts[[event.customer, event.source, event.id]] else {
        return event
      }
      if own.contains(where: { $0.type == "event.retracted" }) { return nil }
      var event = event
      for act in own.sorted(by: Naive.precedes) {
        for (field, value) in act.data["set"]!.members {
          let isOfType =
            ["contactperson.introduced channel", "data.disclosed country"].contains("\(event.type) \(field)")
          if ["time", "channel", "country", "touchpoint"].contains(field), !isOfType {
            var attributes = event.attributes.members
            attributes[field] = value
            event.attributes = .object(attributes)
            if field == "time" { event.time = Naive.Time(value.text!) }
          } else {
            var data = event.data.members
            data[field] = value
            event.data = .object(data)
          }
        }
      }
      return event
    }
  }

  /// For every id that is merged with another: the id that is merged into no other, else the smallest of them.
  ///
  /// - Returns: the names, and how many unmerges cancel nothing.
  private static func canonicalNames(_ events: [Naive.Event]) -> ([String: String], Int) {
    var unmerges = 0
    var mappings: [(from: String, into: String)] = []
    for event in events {
      if event.type == "customer.merged" { mappings.append((event.customer, event.text("into")!)) }
      if event.type == "customer.unmerged" {
        if let last = mappings.lastIndex(where: { $0 == (event.customer, event.text("from")!) }) {
          mappings.remove(at: last)
        } else {
          unmerges += 1
        }
      }
    }
    var groups: [Set<String>] = []
    for (from, into) in mappings {
      let touching = groups.filter { $0.contains(from) || $0.contains(into) }
      groups.removeAll { touching.contains($0) }
      groups.append(touching.reduce([from, into]) { $0.union($1) })
    }
    var names: [String: String] = [:]
    for group in groups {
      let tops = group.filter { id in !mappings.contains { $0.from == id && $0.into != id } }
      let name = (tops.isEmpty ? group : tops).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }[0]
      for id in group { names[id] = name }
    }
    return (names, unmerges)
  }

  /// A row for each value of `key`, in order; without a grouping exactly one.
  func rows<T>(_ items: [T], by key: (T) -> String?, _ row: ([T]) -> [String: JSON]) -> [JSON] {
    guard let grouping = query.grouping else { return [.object(row(items))] }
    let groups = Dictionary(grouping: items, by: key)
    return Naive.ordered(groups.keys).map { name in
      .object(row(groups[name]!).merging([grouping: name.map { .string($0) } ?? .null]) { $1 })
    }
  }
}

extension Naive.Event {
  func attribute(_ name: String) -> String? { attributes[name]?.text }
  func text(_ field: String) -> String? { data[field]?.text }
  func flag(_ field: String) -> Bool? { data[field]?.bool }
  func number(_ field: String) -> Double? { data[field]?.double }
  /// Ten-thousandths of the major unit.
  func money(_ field: String) -> Int? {
    switch data[field] {
    case .number(let text), .string(let text):
      NSDecimalNumber(decimal: Decimal(string: text)! * 10_000).intValue
    default: nil
    }
  }

  private static let inbound: Set<String> = [
    "message.received", "contact.attempted", "help.requested", "handoff.requested", "case.opened", "case.reopened",
    "resolution.confirmed", "resolution.denied", "answer.rated", "search.performed", "product.viewed", "reorder.used",
    "order.placed", "order.returned", "survey.answered", "feedback.received", "review.published", "mention.published",
    "referral.made", "content.rated", "topic.subscribed", "topic.unsubscribed", "consent.given", "consent.refused",
    "consent.withdrawn", "consent.expired", "objection.raised", "objection.lifted", "request.received",
    "wish.expressed", "need.recorded", "goal.declared", "offer.accepted", "offer.declined", "selfservice.started",
    "selfservice.completed", "selfservice.abandoned",
  ]
  private static let outbound: Set<String> = [
    "message.sent", "case.replied", "answer.given", "handoff.done", "order.shipped", "order.delivered", "survey.sent",
    "feedback.acknowledged", "feedback.answered", "campaign.sent", "ad.shown", "content.sent", "offer.made",
    "contactperson.introduced", "apology.made", "recovery.offered", "invoice.issued", "payment.reminded",
    "request.fulfilled", "request.refused", "request.extended", "request.made",
  ]
  private static let noInteraction: Set<String> = [
    "customer.merged", "customer.unmerged", "event.corrected", "event.retracted", "import.batch", "data.read",
    "erasure.executed",
  ]

  /// The `case` of the types that have one, else the `correlationid`.
  var caseKey: String? {
    let hasCase =
      type.hasPrefix("case.")
      || ["resolution.confirmed", "resolution.denied", "answer.given", "cost.booked"].contains(type)
    return (hasCase ? text("case") : nil) ?? attribute("correlationid")
  }

  var isInteraction: Bool { !Self.noInteraction.contains(type) }

  /// `in` or `out` for a touch.
  var touch: String? {
    guard isInteraction, !customer.isEmpty else { return nil }
    if let sent = attribute("direction") { return sent == "in" || sent == "out" ? sent : nil }
    return Self.inbound.contains(type) ? "in" : Self.outbound.contains(type) ? "out" : nil
  }

  /// Who acted, as sent or as the direction says.
  var actor: String? { attribute("actorkind") ?? touch.map { $0 == "in" ? "customer" : "employee" } }

  var isStaff: Bool {
    if ["employee", "bot"].contains(attribute("actorkind")) { return true }
    return ["review.published", "mention.published"].contains(type) && ["employee", "paid"].contains(text("relation"))
  }

  var isUnsolicited: Bool {
    switch type {
    case "campaign.sent": flag("unsolicited") != false
    case "ad.shown": true
    case "message.sent": flag("unsolicited") == true
    default: false
    }
  }

  var isContact: Bool { ["case.opened", "help.requested", "message.received"].contains(type) }
}

extension Naive.Time {
  /// `2025-03-01T08:00:00.5Z`
  var text: String {
    let formatter = ISO8601DateFormatter()
    var whole = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    guard nanoseconds > 0 else { return whole }
    var fraction = String(format: "%09d", nanoseconds)
    while fraction.hasSuffix("0") { fraction.removeLast() }
    whole.removeLast()
    return whole + "." + fraction + "Z"
  }

  /// Nanoseconds from another time to this one.
  func nanoseconds(since other: Naive.Time) -> Int {
    (seconds - other.seconds) * 1_000_000_000 + nanoseconds - other.nanoseconds
  }
}

// MARK: Cells

func count(_ value: Int?) -> JSON { value.map { .number("\($0)") } ?? .null }
func number(_ value: Double?) -> JSON { value.map { .number("\($0)") } ?? .null }
func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
func rate(_ part: Int, _ whole: Int) -> JSON { whole == 0 ? .null : .number("\(Double(part) / Double(whole))") }

/// Ten-thousandths as `12.30`, with two to four decimals.
func money(_ value: Int) -> JSON {
  var decimals = String(format: "%04d", abs(value) % 10_000)
  while decimals.count > 2, decimals.hasSuffix("0") { decimals.removeLast() }
  return .string((value < 0 ? "-" : "") + "\(abs(value) / 10_000).\(decimals)")
}

/// A row as text in which numbers are equal to six decimals, whatever the keys.
func comparable(_ row: JSON) -> String { comparable([row], keys: row.members.keys.sorted())[0] }
