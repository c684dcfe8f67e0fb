/// A projection with a published definition: what `rapport view NAME` prints.
///
/// A view is one file: its definition in words, the fold from a person's history to records (facts that do not depend
/// on the clock), and the tally from records to rows (windows, groupings, percentiles).
public protocol View: Projection {
  /// What is counted while rows are being made. People of a built-in view whose tally is `Mergeable` are counted on several
  /// threads.
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
  /// Takes the answer of a part; parts come after the last record, in their order.
  func add(_ answer: ViewAnswer, to tally: inout Tally)
  /// Who answers a query that needs other histories than this view's: cases instead of people. Nil: the view itself.
  func delegate(for query: ViewQuery) -> (any View)?

  /// Adds the records of some people, who lie one after the other. There is a default, compiled beside the view, so that
  /// its loop knows the view's types, whatever module it is of.
  func add(
    _ people: Span<OutcomePerson>, _ records: Span<Record>, to tally: inout Tally, for query: ViewQuery)
}

extension View {
  public static func parts(for query: ViewQuery) -> [ViewPart] { [] }
  public func add(_ answer: ViewAnswer, to tally: inout Tally) {}
  public func delegate(for query: ViewQuery) -> (any View)? { nil }

  @inlinable
  public func add(
    _ people: Span<OutcomePerson>, _ records: Span<Record>, to tally: inout Tally, for query: ViewQuery
  ) {
    var start = 0
    for index in people.indices {
      let person = people[index]
      add(records.extracting(start..<person.end), of: person.customer, to: &tally, for: query)
      start = person.end
    }
  }
}

/// A question that one view puts to another, in the same window and at the same time.
public struct ViewPart: Sendable {
  public var view: String
  public var grouping: String?
  /// See ``ViewQuery/lumpsKinds``.
  var lumpsKinds = false

  public init(_ view: String, by grouping: String? = nil) {
    self.view = view
    self.grouping = grouping
  }

  init(_ view: String, by grouping: String? = nil, lumpingKinds: Bool) {
    self.init(view, by: grouping)
    lumpsKinds = lumpingKinds
  }
}
