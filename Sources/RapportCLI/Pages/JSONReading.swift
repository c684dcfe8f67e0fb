import RapportLedger

extension JSONValue {
  /// A member of an object.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var members: [Member] { if case .object(let members) = self { members } else { [] } }
  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var string: String? { if case .string(let text) = self { text } else { nil } }
  var int: Int? { if case .int(let value) = self { value } else { nil } }

  /// What a person reads: text without quotes, anything else as JSON.
  var plainText: String {
    switch self {
    case .string(let text): text
    case .raw(let text): JSONReader.value(of: text).flatMap { if case .raw = $0 { nil } else { $0.plainText } } ?? text
    default: text
    }
  }
}

/// Reads JSON that the ledger has validated, for showing it. Numbers stay as they were written.
struct JSONReader {
  private let text: [UInt8]
  private var offset = 0

  private init(_ text: String) { self.text = Array(text.utf8) }

  /// The document as key-value pairs and lists; nil for what is no JSON.
  static func members(of text: String) -> [(key: String, value: Node)]? {
    var reader = JSONReader(text)
    guard case .object(let members)? = reader.node() else { return nil }
    return members
  }

  static func value(of text: String) -> JSONValue? {
    var reader = JSONReader(text)
    switch reader.node() {
    case .string(let text): return .string(text)
    case nil: return nil
    default: return .raw(text)
    }
  }

  indirect enum Node {
    case string(String)
    /// A number, true, false or null.
    case word(String)
    case array([Node])
    case object([(key: String, value: Node)])
  }

  private mutating func node() -> Node? {
    skipSpace()
    switch current {
    case UInt8(ascii: "\"")?: return string().map { .string($0) }
    case UInt8(ascii: "[")?: return array()
    case UInt8(ascii: "{")?: return object()
    case nil: return nil
    default:
      let start = offset
      while let byte = current, !" \t\r\n,]}".utf8.contains(byte) { offset += 1 }
      return start == offset ? nil : .word(String(decoding: text[start..<offset], as: UTF8.self))
    }
  }

  private mutating func array() -> Node? {
    offset += 1
    var elements: [Node] = []
    while true {
      if take("]") { return .array(elements) }
      guard elements.isEmpty || take(","), let element = node() else { return nil }
      elements.append(element)
    }
  }

  private mutating func object() -> Node? {
    offset += 1
    var members: [(key: String, value: Node)] = []
    while true {
      if take("}") { return .object(members) }
      guard members.isEmpty || take(",") else { return nil }
      skipSpace()
      guard current == UInt8(ascii: "\""), let key = string(), take(":"), let value = node() else { return nil }
      members.append((key, value))
    }
  }

  private mutating func string() -> String? {
    offset += 1
    var bytes: [UInt8] = []
    while let byte = current {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        bytes.append(contentsOf: Array(String(scalar).utf8))
      default: bytes.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = current else { return nil }
    offset += 1
    switch byte {
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let unit = hexadecimal() else { return nil }
      guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) }
      offset += 2
      guard let low = hexadecimal() else { return nil }
      return Unicode.Scalar(0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF))
    default: return Unicode.Scalar(byte)
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard offset + 4 <= text.count else { return nil }
    defer { offset += 4 }
    return UInt32(String(decoding: text[offset..<offset + 4], as: UTF8.self), radix: 16)
  }

  private var current: UInt8? { offset < text.count ? text[offset] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || 0x09...0x0D ~= byte { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard current == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }
}
