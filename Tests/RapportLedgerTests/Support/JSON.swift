/// JSON for tests, apart from the library's own: literals to write events with, and a plain reader to compare with.
///
/// Numbers stay the text they were; objects compare without regard to the order of their members.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  subscript(_ key: String) -> JSON? {
    guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
    return value
  }

  var text: String? { if case .string(let text) = self { text } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var elements: [JSON] { if case .array(let values) = self { values } else { [] } }
  var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
  /// A number, or text that says one: for small values in tests.
  var double: Double? {
    switch self {
    case .number(let text), .string(let text): Double(text)
    default: nil
    }
  }

  /// Compact text, members in order of their keys.
  var line: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): JSON.quoted(text)
    case .array(let values): "[" + values.map(\.line).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.sorted { $0.key < $1.key }.map { JSON.quoted($0.key) + ":" + $0.value.line }.joined(separator: ",")
        + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\" + String(scalar)
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .number("\(value)") }
  init(floatLiteral value: Double) { self = .number("\(value)") }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: JSON...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
  init(nilLiteral: ()) { self = .null }
}

extension JSON {
  struct Invalid: Error {}

  /// Reads text that is known to be strict JSON; it checks no more than it needs.
  init(reading text: some StringProtocol) throws {
    var reader = Reader(bytes: Array(text.utf8))
    self = try reader.value()
    reader.space()
    guard reader.position == reader.bytes.count else { throw Invalid() }
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func space() {
      while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func take(_ character: Character) -> Bool {
      space()
      guard position < bytes.count, bytes[position] == character.asciiValue! else { return false }
      position += 1
      return true
    }

    mutating func expect(_ character: Character) throws { guard take(character) else { throw Invalid() } }

    mutating func value() throws -> JSON {
      if take("{") { return try object() }
      if take("[") { return try array() }
      if take("\"") { return .string(try string()) }
      let start = position
      while position < bytes.count, ![0x20, 0x2C, 0x5D, 0x7D, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
        position += 1
      }
      let word = String(decoding: bytes[start..<position], as: UTF8.self)
      switch word {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      default:
        guard Double(word) != nil else { throw Invalid() }
        return .number(word)
      }
    }

    mutating func object() throws -> JSON {
      var members: [String: JSON] = [:]
      if take("}") { return .object(members) }
      repeat {
        try expect("\"")
        let key = try string()
        try expect(":")
        members[key] = try value()
      } while take(",")
      try expect("}")
      return .object(members)
    }

    mutating func array() throws -> JSON {
      var values: [JSON] = []
      if take("]") { return .array(values) }
      repeat { values.append(try value()) } while take(",")
      try expect("]")
      return .array(values)
    }

    mutating func string() throws -> String {
      var text: [UInt8] = []
      while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
        guard bytes[position] == UInt8(ascii: "\\") else {
          text.append(bytes[position])
          position += 1
          continue
        }
        let escape = bytes[position + 1]
        position += 2
        switch escape {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
          var unit = codeUnit()
          if unit & 0xFC00 == 0xD800 {
            position += 2
            unit = 0x10000 + (unit & 0x3FF) << 10 + codeUnit() & 0x3FF
          }
          text += Array(String(Unicode.Scalar(unit)!).utf8)
        default: text.append(escape)
        }
      }
      guard position < bytes.count else { throw Invalid() }
      position += 1
      return String(decoding: text, as: UTF8.self)
    }

    mutating func codeUnit() -> UInt32 {
      defer { position += 4 }
      return UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)!
    }
  }
}
