import Foundation
import Testing

@testable import RapportLedger

/// Specifications of views as sentences:
///
/// ```swift
/// try given {
///   order("o1", promised: "2025-03-10").placed("2025-03-01")
///   delivered("o1", "2025-03-10T18:00:00Z")
/// }.whenAsked("perfect-orders").then(["due": 1, "on_time": 1])
/// ```
///
/// What a specification does not say has a default: the customer is `C1`, a date without a time is its midnight (UTC),
/// ids are numbered, and questions are asked long after everything has happened.
func given(@HistoryBuilder _ events: () -> [Event]) throws -> Given { try Given(events()) }

/// One event on its way into a ledger.
struct Event {
  var type: String
  var data: [String: JSON]
  var time: String?
  /// Nil is an event of the firm.
  var subject: String? = "C1"
  var id: String?
  var source: String = "/spec"
  var attributes: [String: JSON] = [:]

  init(_ type: String, _ time: String?, _ data: [String: JSON] = [:]) {
    self.type = type
    self.time = time.map { $0.count == 10 ? $0 + "T00:00:00Z" : $0 }
    self.data = data.filter { $0.value != .null }
  }

  func of(_ customer: String) -> Event { with { $0.subject = customer } }
  func ofTheFirm() -> Event { with { $0.subject = nil } }
  func id(_ id: String) -> Event { with { $0.id = id } }
  func from(_ source: String) -> Event { with { $0.source = source } }
  func with(_ attribute: String, _ value: JSON) -> Event { with { $0.attributes[attribute] = value } }
  func saying(_ field: String, _ value: JSON) -> Event { with { $0.data[field] = value } }

  private func with(_ change: (inout Event) -> Void) -> Event {
    var copy = self
    change(&copy)
    return copy
  }

  /// The event as a line; `number` names it if it has no id.
  func line(_ number: Int = 0) -> String {
    var members = attributes
    members["specversion"] = members["specversion"] ?? "1.0"
    members["id"] = .string(id ?? "e\(number)")
    members["source"] = .string(source)
    members["type"] = .string(type)
    if let subject { members["subject"] = .string(subject) }
    if let time { members["time"] = .string(time) }
    if !data.isEmpty { members["data"] = .object(data) }
    return JSON.object(members).line
  }
}

@resultBuilder
enum HistoryBuilder {
  static func buildExpression(_ event: Event) -> [Event] { [event] }
  static func buildExpression(_ events: [Event]) -> [Event] { events }
  static func buildBlock(_ parts: [Event]...) -> [Event] { parts.flatMap { $0 } }
  static func buildArray(_ parts: [[Event]]) -> [Event] { parts.flatMap { $0 } }
}

// MARK: The words

/// An order before it is placed.
struct OrderWords {
  var data: [String: JSON]
  func placed(_ time: String) -> Event { Event("order.placed", time, data) }
}

/// Lines as `["a": 2]`, quantities by sku.
func order(
  _ order: String, promised: String? = nil, lines: KeyValuePairs<String, JSON>? = nil, currency: String = "EUR"
) -> OrderWords {
  OrderWords(data: [
    "order": .string(order), "promised_at": promised.map { .string($0) } ?? .null, "lines": quantities(lines),
    "currency": .string(currency),
  ])
}

func delivered(
  _ order: String, _ time: String, lines: KeyValuePairs<String, JSON>? = nil, condition: String? = nil
) -> Event {
  Event(
    "order.delivered", time,
    [
      "order": .string(order), "lines": quantities(lines), "condition": condition.map { .string($0) } ?? .null,
    ])
}

func changed(
  _ order: String, _ time: String, by: String, promised: String? = nil, lines: KeyValuePairs<String, JSON>? = nil
) -> Event {
  Event(
    "order.changed", time,
    [
      "order": .string(order), "by": .string(by), "promised_at": promised.map { .string($0) } ?? .null,
      "lines": quantities(lines),
    ])
}

func cancelled(_ order: String, _ time: String, by: String) -> Event {
  Event("order.cancelled", time, ["order": .string(order), "by": .string(by)])
}

func returned(_ order: String, _ time: String, because reason: String) -> Event {
  Event("order.returned", time, ["order": .string(order), "reason": .string(reason)])
}

func opened(_ name: String, _ time: String, kind: String = "complaint", order: String? = nil) -> Event {
  Event(
    "case.opened", time,
    ["case": .string(name), "kind": .string(kind), "order": order.map { .string($0) } ?? .null])
}

func sent(_ kind: String, _ time: String) -> Event {
  Event("survey.sent", time, ["survey": "s", "kind": .string(kind)])
}

func answered(_ kind: String, _ time: String, score: JSON = .null, scale: JSON = .null) -> Event {
  Event("survey.answered", time, ["survey": "s", "kind": .string(kind), "score": score, "scale": scale])
}

func reviewed(_ time: String, score: JSON = .null, relation: JSON = .null) -> Event {
  Event("review.published", time, ["score": score, "scale": 5, "relation": relation])
}

/// Lines as `["a": 2]`, quantities by sku.
func quantities(_ lines: KeyValuePairs<String, JSON>?) -> JSON {
  guard let lines else { return .null }
  return .array(lines.map { ["sku": .string($0.key), "quantity": $0.value] })
}

// MARK: Asking

struct Given {
  let ledger: TestLedger

  init(_ events: [Event]) throws {
    ledger = try TestLedger(height: 4)
    let lines = events.enumerated().map { $1.line($0) }
    let summary = try ledger.record(lines, commits: [3])
    try #require(summary.accepted == lines.count, "every given event must be acceptable")
  }

  /// Long after everything that specifications tell.
  static let later = "2026-01-01"

  func whenAsked(
    _ view: String, from: String? = nil, to: String? = nil, by: String? = nil, at: String = Given.later,
    tz: String = "UTC", options: [String: String] = [:], customer: String? = nil
  ) throws -> Answer {
    var query = ViewQuery(from: from.map(instant), to: to.map(instant), asOf: instant(at), grouping: by)
    query.zone = try ZoneRules(named: tz)
    query.options = options
    let answer = try ledger.ledger.read { snapshot in
      if let customer { query.customer = try snapshot.customer(customer) }
      return try Catalogue.answer(
        view, query, over: snapshot, replay: Replay(limits: ReplayLimits(time: query.asOf), threads: 1))
    }
    return Answer(json: try JSON(reading: answer.json.text), warnings: answer.rows.warnings)
  }

  /// Shows a card as JSON.
  func whenShown(
    _ customer: String = "C1", at: String = Given.later, knownAt: UInt64? = nil, explained: Bool = false
  ) throws -> JSON {
    let time = instant(at)
    return try ledger.ledger.read { snapshot in
      let limits = ReplayLimits(time: time, position: knownAt)
      let card = try Card(of: customer, in: snapshot, asOf: time, limits: limits, explained: explained)
      return try JSON(reading: card.json.text)
    }
  }
}

struct Answer {
  let json: JSON
  let warnings: [String]

  var rows: [JSON] { json["rows"]?.elements ?? [] }

  /// The one row has these values, and others that do not matter here.
  func then(_ wanted: [String: JSON], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(rows.count == 1, "one row", sourceLocation: sourceLocation)
    if let row = rows.first { expect(row, wanted, sourceLocation) }
  }

  /// These rows in this order.
  func then(_ wanted: [[String: JSON]], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(rows.count == wanted.count, "\(json.line)", sourceLocation: sourceLocation)
    for (row, wanted) in zip(rows, wanted) { expect(row, wanted, sourceLocation) }
  }

  func leavesOut(_ wanted: [String: JSON], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(json.members["left_out"] == .object(wanted), sourceLocation: sourceLocation)
  }

  private func expect(_ row: JSON, _ wanted: [String: JSON], _ sourceLocation: SourceLocation) {
    for (key, value) in wanted.sorted(by: { $0.key < $1.key }) {
      #expect(row.members[key] == value, "\(key) of \(row.line)", sourceLocation: sourceLocation)
    }
  }
}

/// Nanoseconds since 1970 of a time, or of the midnight that begins a date.
func instant(_ text: String) -> Int64 {
  let bytes = Array((text.count == 10 ? text + "T00:00:00Z" : text).utf8)
  return try! Timestamp.parse(bytes.span).nanoseconds
}
