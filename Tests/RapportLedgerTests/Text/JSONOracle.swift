/// A naive strict JSON reader to check the scanner against: recursive, one byte at a time, obvious.
///
/// It returns the document without insignificant white space, or nil when the scanner must refuse it.
struct JSONOracle {
  private let text: [UInt8]
  private let depthMax: Int
  private var position = 0
  private var output: [UInt8] = []

  private struct Invalid: Error {}

  static func minified(_ text: [UInt8], depthMax: Int = 64) -> [UInt8]? {
    guard String(validating: text, as: UTF8.self) != nil else { return nil }
    var oracle = JSONOracle(text: text, depthMax: depthMax)
    do {
      try oracle.value(depth: 0)
      oracle.space()
      return oracle.position == text.count ? oracle.output : nil
    } catch {
      return nil
    }
  }

  private init(text: [UInt8], depthMax: Int) {
    self.text = text
    self.depthMax = depthMax
  }

  private var byte: UInt8? { position < text.count ? text[position] : nil }

  private mutating func space() {
    while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    guard byte == character.asciiValue else { return false }
    output.append(text[position])
    position += 1
    return true
  }

  private mutating func expect(_ characters: String) throws {
    for character in characters where !take(character) { throw Invalid() }
  }

  private mutating func value(depth: Int) throws {
    space()
    switch byte {
    case UInt8(ascii: "{"):
      guard depth < depthMax else { throw Invalid() }
      try object(depth: depth + 1)
    case UInt8(ascii: "["):
      guard depth < depthMax else { throw Invalid() }
      try expect("[")
      space()
      if take("]") { return }
      repeat {
        try value(depth: depth + 1)
        space()
      } while take(",")
      try expect("]")
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try expect("true")
    case UInt8(ascii: "f"): try expect("false")
    case UInt8(ascii: "n"): try expect("null")
    default: try number()
    }
  }

  private mutating func object(depth: Int) throws {
    var keys: Set<[UInt32]> = []
    try expect("{")
    space()
    if take("}") { return }
    repeat {
      space()
      guard keys.insert(try string()).inserted else { throw Invalid() }
      space()
      try expect(":")
      try value(depth: depth)
      space()
    } while take(",")
    try expect("}")
  }

  private mutating func number() throws {
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
  }

  private mutating func digits() throws {
    let start = position
    while let byte, 0x30...0x39 ~= byte {
      output.append(byte)
      position += 1
    }
    if position == start { throw Invalid() }
  }

  /// What the string means, as code points.
  private mutating func string() throws -> [UInt32] {
    try expect("\"")
    var meaning: [UInt8] = []
    while !take("\"") {
      guard let byte, byte >= 0x20 else { throw Invalid() }
      if take("\\") {
        try escape(&meaning)
      } else {
        meaning.append(byte)
        output.append(byte)
        position += 1
      }
    }
    return String(decoding: meaning, as: UTF8.self).unicodeScalars.map(\.value)
  }

  private mutating func escape(_ meaning: inout [UInt8]) throws {
    let plain: [(Character, UInt8)] = [
      ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 8), ("f", 12), ("n", 10), ("r", 13), ("t", 9),
    ]
    for (character, byte) in plain where take(character) { return meaning.append(byte) }
    var unit = try codeUnit()
    if 0xD800...0xDBFF ~= unit {
      try expect("\\")
      let low = try codeUnit()
      guard 0xDC00...0xDFFF ~= low else { throw Invalid() }
      unit = 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(unit) else { throw Invalid() }
    meaning += Array(String(Character(scalar)).utf8)
  }

  private mutating func codeUnit() throws -> UInt32 {
    try expect("u")
    guard position + 4 <= text.count else { throw Invalid() }
    let digits = text[position..<position + 4]
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { throw Invalid() }
    position += 4
    output += digits
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)!
  }
}
