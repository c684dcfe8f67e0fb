/// One row: keys and values in their order.
public struct ViewRow: Sendable, Equatable {
  public var cells: [(key: String, value: Cell)] = []

  public init() {}

  /// - Parameter cells: keys and values in the order in which they are printed.
  public init(_ cells: KeyValuePairs<String, Cell>) { self.cells = cells.map { ($0.key, $0.value) } }

  public static func == (a: ViewRow, b: ViewRow) -> Bool {
    a.cells.elementsEqual(b.cells) { $0.key == $1.key && $0.value == $1.value }
  }

  /// Appends a value. A key must not be there already.
  public mutating func set(_ key: String, _ value: Cell) { cells.append((key, value)) }

  /// The text of the first cell, which says what group a row of a grouping is about; nil if there is none.
  var group: String? { if case .text(let text)? = cells.first?.value { text } else { nil } }

  public subscript(key: String) -> Cell? { cells.first { $0.key == key }?.value }

  public var json: JSONValue { .object(cells.map { .init(key: $0.key, value: $0.value.json) }) }

  /// Appends the text of ``json``.
  func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    for index in cells.indices {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONValue.append(cells[index].key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      cells[index].value.appendJSON(to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// A value with its kind, so that JSON, CSV and a table can each show it their way.
  public enum Cell: Sendable, Equatable {
    case none
    case bool(Bool)
    case count(Int)
    case text(String)
    /// Part of a whole, 0…1; printed as a percentage with its n.
    case rate(part: Int, whole: Int)
    /// Part for so many of a whole: complaints per 100 orders; printed with its n.
    case per(Int, part: Int, whole: Int)
    /// Whole seconds.
    case seconds(Int)
    case number(Double)
    /// Ten-thousandths of the major unit.
    case money(Int64)
    case time(Int64)
    case list([Cell])
    /// A list of texts that many rows share.
    case texts(SharedTexts)
    /// Counts by text key.
    case distribution([(key: String, count: Int)])

    public static func == (a: Cell, b: Cell) -> Bool { a.json == b.json }

    /// Seconds, or nothing.
    public static func seconds(_ value: Int64?) -> Cell { value.map { .seconds(Int($0)) } ?? .none }
    /// A text, or nothing.
    public static func text(orNone text: String?) -> Cell { text.map { .text($0) } ?? .none }
    /// A number, or nothing.
    public static func number(orNone value: Double?) -> Cell { value.map { .number($0) } ?? .none }
    /// An instant in nanoseconds since 1970, or nothing.
    public static func time(orNone value: Int64?) -> Cell { value.map { .time($0) } ?? .none }
    /// A sum of money; one that no longer fits an amount is the greatest or the least there is.
    public static func money(_ sum: Int128) -> Cell { .money(Int64(clamping: sum)) }

    /// Appends the text of ``json``, without making that.
    public func appendJSON(to bytes: inout [UInt8]) {
      switch self {
      case .text(let text): JSONValue.append(text, to: &bytes)
      case .count(let value), .seconds(let value): JSONValue.append(value, to: &bytes)
      case .number(let value): JSONValue.append(value, to: &bytes)
      case .list(let cells):
        bytes.append(UInt8(ascii: "["))
        for index in cells.indices {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          cells[index].appendJSON(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
      case .texts(let texts): texts.appendJSON(to: &bytes)
      default: json.append(to: &bytes)
      }
    }

    public var json: JSONValue {
      switch self {
      case .none: .null
      case .bool(let value): .bool(value)
      case .count(let value), .seconds(let value): .int(value)
      case .text(let text): .string(text)
      case .rate(let part, let whole): whole == 0 ? .null : .number(Double(part) / Double(whole))
      case .per(let many, let part, let whole):
        whole == 0 ? .null : .number(Double(many) * Double(part) / Double(whole))
      case .number(let value): .number(value)
      case .money(let amount): .string(DecimalText.tenThousandths(amount))
      case .time(let time): .string(Timestamp(nanoseconds: time).description)
      case .list(let cells): .array(cells.map(\.json))
      case .texts(let texts): .array(texts.map { .string($0) })
      case .distribution(let counts): .object(counts.map { .init(key: $0.key, value: .int($0.count)) })
      }
    }
  }
}

/// The rows of a view and what it left out.
public struct ViewRows: Sendable {
  public var rows = Rows([])
  /// Reasons and how often they applied.
  public var leftOut: [(reason: String, count: Int)] = []
  /// What a reader should know before believing the rows.
  public var warnings: [String] = []

  public init() {}

  /// - Parameter leftOut: reasons that never applied are not mentioned.
  public init(_ rows: [ViewRow], leftOut: KeyValuePairs<String, Int> = [:], warnings: [String] = []) {
    self.init(Rows(rows), leftOut: leftOut, warnings: warnings)
  }

  /// - Parameter leftOut: reasons that never applied are not mentioned.
  public init(_ rows: Rows, leftOut: KeyValuePairs<String, Int> = [:], warnings: [String] = []) {
    self.rows = rows
    leaveOut(leftOut)
    self.warnings = warnings
  }

  /// Adds to what was left out; reasons that never applied are not mentioned.
  mutating func leaveOut(_ reasons: KeyValuePairs<String, Int>) {
    leftOut += reasons.filter { $0.value > 0 }.map { ($0.key, $0.value) }
  }
}
