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
    case .int(let value): bytes.append(contentsOf: "\(value)".utf8)
    case .number(let value): bytes.append(contentsOf: JSONValue.decimals(value).utf8)
    case .string(let value):
      let text = Array(value.utf8)
      JSONText.appendString(text.span, to: &bytes)
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
        JSONValue.string(member.key).append(to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Six decimals at most, rounded half away from zero, trailing zeros kept off; `null` for what is no number.
  static func decimals(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 9e12 else { return "null" }
    let millionths = Int64((value * 1_000_000).rounded())
    let (whole, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    var text = (millionths < 0 ? "-" : "") + "\(whole)"
    if rest != 0 {
      let digits = "\(rest)"
      var decimals = String(repeating: "0", count: 6 - digits.count) + digits
      while decimals.hasSuffix("0") { decimals.removeLast() }
      text += "." + decimals
    }
    return text
  }
}
