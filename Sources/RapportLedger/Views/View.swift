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
  func add(_ records: Span<Record>, to tally: inout Tally, for query: ViewQuery)
  /// Turns the tally into rows in their order.
  func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows
}

/// A view's published definition: a number without it is worth nothing.
public struct ViewDefinition: Sendable {
  /// The formula in words.
  public var formula: String
  /// What the keys are counted in.
  public var unit: String
  /// The time by which `--from` and `--to` select.
  public var anchor: String
  /// What is left out, and under which name it is counted.
  public var exclusions: String
  /// The values of `--by`; the first is the default where the view groups by itself.
  public var groupings: [String]
  /// The JSON keys of a row, in order.
  public var keys: [String]
  /// Views whose rows are printed beside it.
  public var counterweights: [String] = []
}

/// What is asked of a view.
public struct ViewQuery: Sendable {
  /// The window [from, to) of the view's anchor, nanoseconds since 1970; nil is open.
  public var from: Int64?
  public var to: Int64?
  /// Facts after this instant do not count; waiting, overdue and provisional are measured at it.
  public var asOf: Int64
  /// `--by`; nil is the view's default.
  public var grouping: String?
  /// A single customer; nil is all.
  public var customer: UInt32?

  public init(from: Int64? = nil, to: Int64? = nil, asOf: Int64 = Clock.now, grouping: String? = nil) {
    self.from = from
    self.to = to
    self.asOf = asOf
    self.grouping = grouping
  }

  /// Whether an anchor lies in the window.
  func includes(_ time: Int64) -> Bool {
    if let from, time < from { return false }
    if let to, time >= to { return false }
    return true
  }
}

/// One row: keys and values in their order.
public struct ViewRow: Sendable, Equatable {
  public var cells: [(key: String, value: Cell)] = []

  public static func == (a: ViewRow, b: ViewRow) -> Bool {
    a.cells.elementsEqual(b.cells) { $0.key == $1.key && $0.value == $1.value }
  }

  mutating func set(_ key: String, _ value: Cell) { cells.append((key, value)) }

  /// A value with its kind, so that JSON, CSV and a table can each show it their way.
  public enum Cell: Sendable, Equatable {
    case none
    case count(Int)
    case text(String)
    /// Part of a whole, 0…1; printed as a percentage with its n.
    case rate(part: Int, whole: Int)
    /// Whole seconds.
    case seconds(Int)
    case number(Double)
    /// Ten-thousandths of the major unit.
    case money(Int64)
    case time(Int64)
    case list([Cell])
    /// Counts by text key.
    case distribution([(key: String, count: Int)])

    public static func == (a: Cell, b: Cell) -> Bool { a.json == b.json }

    public var json: JSONValue {
      switch self {
      case .none: .null
      case .count(let value), .seconds(let value): .int(value)
      case .text(let text): .string(text)
      case .rate(let part, let whole): whole == 0 ? .null : .number(Double(part) / Double(whole))
      case .number(let value): .number(value)
      case .money(let amount): .string(DecimalText.tenThousandths(amount))
      case .time(let time): .string(Timestamp(nanoseconds: time).description)
      case .list(let cells): .array(cells.map(\.json))
      case .distribution(let counts): .object(counts.map { .init(key: $0.key, value: .int($0.count)) })
      }
    }
  }
}

/// The rows of a view and what it left out.
public struct ViewRows: Sendable {
  public var rows: [ViewRow] = []
  /// Reasons and how often they applied.
  public var leftOut: [(reason: String, count: Int)] = []
  /// What a reader should know before believing the rows.
  public var warnings: [String] = []
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

  public var json: JSONValue {
    func time(_ value: Int64?) -> JSONValue { .string(value.map { Timestamp(nanoseconds: $0).description }) }
    return .members([
      "view": .string(view), "version": .int(version), "from": time(from), "to": time(to), "as_of": time(asOf),
      "known_at": .int(knownAt.map { Int($0) }), "position": .int(Int(position)),
      "rows": .array(
        rows.rows.map { row in .object(row.cells.map { .init(key: $0.key, value: $0.value.json) }) }),
      "left_out": .object(rows.leftOut.map { .init(key: $0.reason, value: .int($0.count)) }),
      "counterweight": .object([]),
    ])
  }
}

extension View {
  /// Answers a query by replaying the log.
  func answer(_ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay) throws -> ViewAnswer {
    let groupings = Self.definition.groupings
    if let grouping = query.grouping, !groupings.contains(grouping) {
      throw LedgerError.invalid(
        "\(Self.name) cannot be grouped by “\(grouping)”; --by takes \(groupings.joined(separator: ", "))")
    }
    let outcomes = try replay.run(self, over: snapshot, customer: query.customer)
    var tally = makeTally()
    outcomes.forEach { _, records in add(records, to: &tally, for: query) }
    return ViewAnswer(
      view: Self.name, version: Self.version, from: query.from, to: query.to, asOf: query.asOf,
      knownAt: replay.limits.position, position: snapshot.position,
      rows: try rows(tally, for: query, names: snapshot))
  }
}

/// All views, in bytewise order of their names.
public enum Catalogue {
  static let views: [any View] = [PerfectOrders(), Satisfaction()]

  /// Projections with a digest: the views and the card.
  static let projections: [any Projection] = [CardProjection()] + views

  /// The views by name and what they answer.
  public static var infos: [ViewInfo] { views.map { info(type(of: $0)) } }

  private static func info(_ view: any View.Type) -> ViewInfo {
    ViewInfo(name: view.name, version: view.version, question: view.question, definition: view.definition)
  }

  /// Answers a view's query.
  ///
  /// - Throws: ``LedgerError/noSuchView(_:)``, ``LedgerError/invalid(_:)`` for a grouping that the view does not have.
  public static func answer(
    _ name: String, _ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay
  ) throws -> ViewAnswer {
    guard let view = views.first(where: { type(of: $0).name == name }) else { throw LedgerError.noSuchView(name) }
    return try view.answer(query, over: snapshot, replay: replay)
  }
}

/// What is published of a view.
public struct ViewInfo: Sendable {
  public var name: String
  public var version: Int
  public var question: String
  public var definition: ViewDefinition
}
