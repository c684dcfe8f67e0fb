/// JSON to be written: objects keep the order of their members.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  /// A number, printed with up to six decimals.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])
  /// JSON text that is known to be valid.
  case raw(String)

  public struct Member: Sendable, Equatable {
    public var key: String
    public var value: JSONValue
  }

  public static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  public static func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
  public static func int(_ value: Int?) -> JSONValue { value.map { .int($0) } ?? .null }

  /// Compact text on one line.
  public var text: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the compact text.
  public func append(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .int(let value): JSONValue.append(value, to: &bytes)
    case .number(let value): JSONValue.append(value, to: &bytes)
    case .string(let value): JSONValue.append(value, to: &bytes)
    case .raw(let text): bytes.append(contentsOf: text.utf8)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONValue.append(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Six decimals at most, rounded half away from zero, trailing zeros kept off; `null` for what is no number.
  static func decimals(_ value: Double) -> String {
    var bytes: [UInt8] = []
    append(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What many rows are written with: into bytes, without a text in between.
extension JSONValue {
  static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { JSONText.appendString($0.span, to: &bytes) }
  }

  static func append(_ value: Int, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let first = bytes.count
    var rest = value.magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[first...].reverse()
  }

  /// See ``decimals(_:)``.
  static func append(_ value: Double, to bytes: inout [UInt8]) {
    guard value.isFinite, value.magnitude < 9e12 else { return bytes.append(contentsOf: "null".utf8) }
    let millionths = Int64((value * 1_000_000).rounded())
    var (whole, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    if millionths < 0 { bytes.append(UInt8(ascii: "-")) }
    append(Int(whole), to: &bytes)
    guard rest != 0 else { return }
    bytes.append(UInt8(ascii: "."))
    // The next digit, and what is left below it.
    var unit: UInt64 = 100_000
    while rest > 0 {
      (whole, rest) = rest.quotientAndRemainder(dividingBy: unit)
      bytes.append(UInt8(ascii: "0") + UInt8(whole))
      unit /= 10
    }
  }
}
