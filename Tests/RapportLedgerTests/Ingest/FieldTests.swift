import Testing

@testable import RapportLedger

/// The fields of the types: what is required, and what does not fit.
@Suite("Fields")
struct FieldTests {
  /// Some types with all of their required fields.
  static let required: [(type: String, data: [String: JSON], firm: Bool)] = [
    ("customer.registered", ["kind": "b2c"], false),
    ("customer.lost", ["reason": "price"], false),
    ("identity.linked", ["namespace": "crm", "id": "7"], false),
    ("contact.attempted", ["outcome": "answered"], false),
    ("case.opened", ["case": "c", "kind": "enquiry"], false),
    ("case.assigned", ["case": "c", "department": "d"], false),
    ("selfservice.started", ["process": "p", "run": "r"], false),
    ("order.placed", ["order": "o", "currency": "EUR"], false),
    ("order.changed", ["order": "o", "by": "customer"], false),
    ("order.cancelled", ["order": "o", "by": "company"], false),
    ("order.returned", ["order": "o", "reason": "late"], false),
    ("order.refunded", ["order": "o", "amount": "1", "currency": "EUR"], false),
    ("cost.booked", ["amount": 1, "currency": "EUR", "purpose": "goods"], false),
    ("survey.answered", ["survey": "s", "kind": "nps"], false),
    ("promise.made", ["promise": "p", "due": "2025-03-01"], false),
    ("friction.experienced", ["friction": "f", "severity": 3], false),
    ("consent.given", ["purpose": "p", "method": "form"], false),
    ("event.corrected", ["source": "/s", "id": "e", "set": [:]], false),
    ("selfassessment.recorded", ["question": "q", "yes_share": 0.8, "n": 12], true),
    ("action.taken", ["action": "a", "friendly": true, "benefit": "both"], true),
    ("target.set", ["metric": "m", "value": 1, "owner": "o"], true),
    ("import.batch", ["format": "csv", "sha256": "00", "rows": 1, "rejected": 0], true),
  ]

  @Test(arguments: required.indices)
  func `a type is accepted with its required fields and not without any of them`(index: Int) {
    let (type, data, firm) = Self.required[index]
    #expect(judge(event(type, .object(data), firm: firm)) == [.accepted])
    for field in data.keys {
      var rest = data
      rest[field] = nil
      #expect(judge(event(type, .object(rest), firm: firm)) == [.rejected("data.\(field)")])
      rest[field] = .null
      #expect(judge(event(type, .object(rest), firm: firm)) == [.rejected("data.\(field)")])
    }
  }

  @Test func `fields that the vocabulary does not know are accepted, whatever they hold`() {
    #expect(judge(event("note.added", ["mine": [1, [:]], "other": .null])) == [.accepted])
  }

  // MARK: Money

  static let money: [(JSON, Int64?)] = [
    ("72.89", 728_900), (.number("72.89"), 728_900), (.number("5"), 50_000), ("1e2", 1_000_000), ("-0.5", -5000),
    ("0.0001", 1), ("1.230000", 12_300), (.number("1.0E-4"), 1), ("0.00001", nil), (.number("0.00001"), nil),
    ("1.23456", nil), ("922337203685477.5807", .max), ("-922337203685477.5808", .min), ("922337203685477.5808", nil),
    (.number("1e15"), nil), (.number("1e400"), nil), ("1,50", nil), ("", nil), (" 1", nil), ("+1", nil), (".5", nil),
    ("0x10", nil), ("NaN", nil), (true, nil), ([], nil),
  ]

  @Test(arguments: money.indices)
  func `money is exact, or rejected`(index: Int) {
    let (value, amount) = Self.money[index]
    let batch = parsed(Array(event("order.refunded", ["order": "o", "amount": value, "currency": "EUR"]).utf8))
    #expect(batch.value.facts.map(\.amount) == (amount.map { [$0] } ?? []))
    #expect(batch.value.rejects.map(\.rejection.field) == (amount == nil ? ["data.amount"] : []))
  }

  @Test(arguments: ["eur", "EU", "EURO", "€", ""])
  func `a currency is three capital letters`(currency: String) {
    #expect(
      judge(event("order.placed", ["order": "o", "currency": .string(currency)])) == [.rejected("data.currency")])
  }

  // MARK: Numbers

  static let numbers: [(type: String, field: String, value: JSON, verdict: Verdict)] = [
    ("survey.answered", "score", 9.5, .accepted), ("survey.answered", "score", "9", .rejected("data.score")),
    ("survey.answered", "score", .number("1e300"), .rejected("data.score")),
    ("survey.answered", "scale", 10, .accepted), ("survey.answered", "scale", 0, .rejected("data.scale")),
    ("survey.answered", "scale", 65_536, .rejected("data.scale")),
    ("survey.answered", "scale", 5.5, .rejected("data.scale")), ("survey.answered", "scale", .number("5.0"), .accepted),
    ("survey.answered", "yes", true, .accepted), ("survey.answered", "yes", "yes", .rejected("data.yes")),
    ("message.received", "sentiment", -1, .accepted), ("message.received", "sentiment", 1, .accepted),
    ("message.received", "sentiment", 1.000001, .rejected("data.sentiment")),
    ("message.received", "sentiment", .number("1.0000000001"), .rejected("data.sentiment")),
    ("message.received", "sentiment", "positive", .rejected("data.sentiment")),
    ("meeting.held", "minutes", 30, .accepted), ("meeting.held", "minutes", 1.5, .rejected("data.minutes")),
    ("meeting.held", "minutes", -1, .rejected("data.minutes")),
    ("meeting.held", "minutes", .number("9e18"), .rejected("data.minutes")),
    ("goal.declared", "due", "2025-03-01", .accepted), ("goal.declared", "due", "2025-03-01T00:00:00+01:00", .accepted),
    ("goal.declared", "due", "tomorrow", .rejected("data.due")),
    ("goal.declared", "due", "2025-02-30", .rejected("data.due")),
    ("goal.declared", "due", 20_250_301, .rejected("data.due")),
    ("goal.declared", "due", "1677-01-01", .rejected("data.due")),
  ]

  @Test(arguments: numbers.indices)
  func `numbers and times must fit their field`(index: Int) {
    let (type, field, value, verdict) = Self.numbers[index]
    var data: [String: JSON] = ["survey": "s", "kind": "nps", "goal": "g"]
    data[field] = value
    #expect(judge(event(type, .object(data))) == [verdict])
  }

  @Test(arguments: [
    (0, Verdict.rejected("data.severity")), (1, .accepted), (5, .accepted), (6, .rejected("data.severity")),
  ])
  func `severity lies between one and five`(severity: Int, verdict: Verdict) {
    let data: JSON = ["friction": "f", "severity": .number("\(severity)")]
    #expect(judge(event("friction.experienced", data)) == [verdict])
  }

  // MARK: Words and references

  @Test func `a word that is not known is kept and counted as other`() throws {
    let line = event("case.opened", ["case": "c", "kind": "grumble"])
    #expect(parsed(Array(line.utf8)).value.facts.map(\.code) == [255])
    let ledger = try TestLedger()
    try ledger.record([line])
    #expect(try ledger.log()[0].contains("\"kind\":\"grumble\""))
  }

  @Test func `an enumeration must be text`() {
    #expect(judge(event("case.opened", ["case": "c", "kind": 1])) == [.rejected("data.kind")])
  }

  @Test(arguments: ["", nil, 7, []] as [JSON])
  func `the id of a thing is text that is not empty`(value: JSON) {
    #expect(judge(event("case.closed", ["case": value])) == [.rejected("data.case")])
  }

  @Test func `a label may be a number`() {
    #expect(judge(event("goal.progressed", ["goal": "g", "value": 7])) == [.accepted])
    #expect(judge(event("goal.progressed", ["goal": "g", "value": true])) == [.rejected("data.value")])
  }

  // MARK: Lines

  static let lines: [(JSON, Verdict)] = [
    ([], .accepted), ([["sku": "a", "quantity": 1]], .accepted),
    ([["sku": "a", "group": "g", "quantity": 0.5, "price": "1.25", "mine": [:]]], .accepted),
    ([:], .rejected("data.lines")), ("a", .rejected("data.lines")), ([1], .rejected("data.lines[0]")),
    ([["quantity": 1]], .rejected("data.lines[0].sku")),
    ([["sku": "", "quantity": 1]], .rejected("data.lines[0].sku")),
    ([["sku": 7, "quantity": 1]], .rejected("data.lines[0].sku")),
    ([["sku": "a"]], .rejected("data.lines[0].quantity")),
    ([["sku": "a", "quantity": "1"]], .rejected("data.lines[0].quantity")),
    ([["sku": "a", "quantity": 0.00001]], .rejected("data.lines[0].quantity")),
    ([["sku": "a", "quantity": 1], ["sku": "b", "quantity": 1, "price": "x"]], .rejected("data.lines[1].price")),
    ([["sku": "a", "quantity": 1, "price": 0.00001]], .rejected("data.lines[0].price")),
    ([["sku": "a", "quantity": 100_000_000, "price": 100_000_000]], .rejected("data.lines")),
  ]

  @Test(arguments: lines.indices)
  func `every line has a sku and a quantity`(index: Int) {
    let (value, verdict) = Self.lines[index]
    #expect(judge(event("order.placed", ["order": "o", "currency": "EUR", "lines": value])) == [verdict])
  }

  @Test func `escapes in the name of a line's field change nothing about its meaning`() {
    let line = event("order.placed", ["order": "o", "currency": "EUR", "lines": [["sku": "a", "quantity": 1]]])
    #expect(judge(line.replacing("\"sku\"", with: "\"s\\u006bu\"")) == [.accepted])
  }
}
