/// A projection with a published definition: what `rapport view NAME` prints.
///
/// A view is one file: its definition in words, the fold from a person's history to records (facts that do not depend
/// on the clock), and the tally from records to rows (windows, groupings, percentiles).
public protocol View: Projection {
  /// What is counted while rows are being made; tallies of different people are merged.
  associatedtype Tally

  /// What the view answers, in one sentence.
  static var question: String { get }
  static var definition: ViewDefinition { get }

  func makeTally() -> Tally
  /// Adds one person's records.
  func add(_ records: Span<Record>, of person: UInt32, to tally: inout Tally, for query: ViewQuery)
  /// Turns the tally into rows in their order.
  func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows

  /// What else has to be asked to answer a query: views made of others name them here.
  static func parts(for query: ViewQuery) -> [ViewPart]
  /// Takes the answer of a part; parts come before the first record.
  func add(_ answer: ViewAnswer, to tally: inout Tally)
  /// Who answers a query that needs other histories than this view's: cases instead of people. Nil: the view itself.
  func delegate(for query: ViewQuery) -> (any View)?
}

extension View {
  public static func parts(for query: ViewQuery) -> [ViewPart] { [] }
  public func add(_ answer: ViewAnswer, to tally: inout Tally) {}
  public func delegate(for query: ViewQuery) -> (any View)? { nil }
}

/// A question that one view puts to another, in the same window and at the same time.
public struct ViewPart: Sendable {
  public var view: String
  public var grouping: String?

  public init(_ view: String, by grouping: String? = nil) {
    self.view = view
    self.grouping = grouping
  }
}

/// A view's answer.
public struct ViewAnswer: Sendable {
  public var view: String
  public var version: Int
  public var from: Int64?
  public var to: Int64?
  public var asOf: Int64
  public var knownAt: UInt64?
  public var position: UInt64
  public var rows: ViewRows
  /// The rows of the views that keep this one honest, in the order of its definition.
  public var counterweights: [(view: String, rows: [ViewRow])] = []

  public var json: JSONValue {
    func time(_ value: Int64?) -> JSONValue { .string(value.map { Timestamp(nanoseconds: $0).description }) }
    return .members([
      "view": .string(view), "version": .int(version), "from": time(from), "to": time(to), "as_of": time(asOf),
      "known_at": .int(knownAt.map { Int($0) }), "position": .int(Int(position)),
      "rows": .array(rows.rows.map(\.json)),
      "left_out": .object(rows.leftOut.map { .init(key: $0.reason, value: .int($0.count)) }),
      "counterweight": .object(counterweights.map { .init(key: $0.view, value: .array($0.rows.map(\.json))) }),
    ])
  }
}

extension View {
  /// Answers a query: from the log, for it is not known what a view of another package made of it before.
  ///
  /// ```swift
  /// let query = ViewQuery(from: start, asOf: now, grouping: "month")
  /// let answer = try SecondChance().answer(query, over: snapshot)
  /// print(answer.json.text)
  /// ```
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` for a grouping or an option that the view does not have, and what rows throw.
  /// - Complexity: O(events + blocks · chunks).
  public func answer(_ query: ViewQuery, over snapshot: borrowing Snapshot) throws -> ViewAnswer {
    try answer(query, over: snapshot, replay: Replay(limits: ReplayLimits(time: query.asOf)))
  }

  /// Answers a query with the events that a replay sees.
  public func answer(_ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay) throws -> ViewAnswer {
    try Self.definition.check(query, of: Self.name)
    var answer =
      if let delegate = delegate(for: query) {
        try delegate.answerAlone(query, over: snapshot, replay: replay)
      } else {
        try answerAlone(query, over: snapshot, replay: replay)
      }
    answer.view = Self.name
    for name in Self.definition.counterweights {
      var plain = query
      plain.grouping = nil
      plain.options = [:]
      let other = try Catalogue.answer(name, plain, over: snapshot, replay: replay)
      answer.counterweights.append((name, other.rows.rows))
    }
    return answer
  }

  /// The rows without what is printed beside them; the query is known to be one that the view takes.
  func answerAlone(_ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay) throws -> ViewAnswer {
    var tally = makeTally()
    for part in Self.parts(for: query) {
      var partQuery = query
      partQuery.grouping = part.grouping
      partQuery.options = [:]
      add(try Catalogue.part(part.view, partQuery, over: snapshot, replay: replay), to: &tally)
    }
    let outcomes = try replay.run(self, over: snapshot, customer: query.customer)
    outcomes.forEach { person, records in add(records, of: person, to: &tally, for: query) }
    return ViewAnswer(
      view: Self.name, version: Self.version, from: query.from, to: query.to, asOf: query.asOf,
      knownAt: replay.limits.position, position: snapshot.position,
      rows: try rows(tally, for: query, names: snapshot))
  }
}
