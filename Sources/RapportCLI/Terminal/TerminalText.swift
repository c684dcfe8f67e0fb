/// Text that came from outside, made safe for a terminal, and how many columns it takes there.
enum TerminalText {
  /// Control characters could drive the terminal, bidirectional ones show another text than the one that is there, and
  /// what has no glyph hides.
  static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Arabic letter mark, zero-width characters and direction marks; line separators, embeddings, isolates.
    case 0xAD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    // Tags: invisible copies of ASCII.
    case 0xE0000...0xE007F: true
    default: false
    }
  }

  /// Nearly all texts are, and nothing is dangerous in them.
  private static func isPrintableASCII(_ bytes: some Sequence<UInt8>) -> Bool {
    // Without a way out at the first byte that is not, so that many are looked at at once.
    var others: UInt8 = 0
    for byte in bytes { others |= byte &- 0x20 < 0x5F ? 0 : 1 }
    return others == 0
  }

  /// Makes safe what a line ends with, from `start`.
  static func escape(_ line: inout [UInt8], from start: Int) {
    guard !isPrintableASCII(line[start...]) else { return }
    let safe = escaped(String(decoding: line[start...], as: UTF8.self))
    line.replaceSubrange(start..., with: safe.utf8)
  }

  /// Dangerous characters as `\u{202E}`, line ends and tabs as `\n`, `\t`.
  static func escaped(_ text: String) -> String {
    guard !isPrintableASCII(text.utf8) else { return text }
    guard text.unicodeScalars.contains(where: isDangerous) else { return text }
    var safe = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": safe += "\\n"
      case "\r": safe += "\\r"
      case "\t": safe += "\\t"
      case let scalar where isDangerous(scalar): safe += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }

  /// JSON with dangerous characters as `\u202e`: the same document, safe to look at.
  static func escapedJSON(_ json: [UInt8]) -> [UInt8] {
    // Whatever is dangerous and may stand in JSON text is DEL or not ASCII.
    guard json.contains(where: { $0 >= 0x7F }) else { return json }
    var safe = ""
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      if isDangerous(scalar) {
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16)
          safe += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      } else {
        safe.unicodeScalars.append(scalar)
      }
    }
    return Array(safe.utf8)
  }

  /// Columns of a text on a terminal.
  static func width(_ text: String) -> Int {
    text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + width($1) }
  }

  static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.value {
    case 0x20..<0x7F: return 1
    // East Asian wide and full-width blocks (Unicode TR 11).
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
      0x20000...0x3FFFD:
      return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }

  /// Breaks text at spaces into lines of at most so many columns; longer words stand alone.
  static func wrapped(_ text: String, to columns: Int) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      var used = 0
      for word in paragraph.split(separator: " ") {
        let wide = width(String(word))
        if used > 0, used + 1 + wide > columns {
          lines.append(line)
          line = ""
          used = 0
        }
        if used > 0 {
          line += " "
          used += 1
        }
        line += word
        used += wide
      }
      lines.append(line)
    }
    return lines
  }
}
