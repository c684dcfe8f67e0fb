/// Text in and out of JSON: unescape what the scanner accepted, escape what is written, take out white space.
enum JSONText {
  /// Appends what the raw text of a string token means, as UTF-8.
  ///
  /// The text must be that of a scanned string, so that its escapes are known to be valid; else it traps or gives
  /// replacement characters. O(n).
  static func unescape(_ raw: Span<UInt8>, to bytes: inout [UInt8]) {
    var offset = 0
    while offset < raw.count {
      let plain = offset
      while offset < raw.count && raw[offset] != UInt8(ascii: "\\") { offset += 1 }
      bytes.append(raw.extracting(plain..<offset))
      guard offset < raw.count else { break }
      let escape = raw[offset + 1]
      offset += 2
      switch escape {
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "u"):
        var scalar = hexadecimal(raw, at: offset)
        offset += 4
        if scalar & 0xFC00 == 0xD800 {
          scalar = 0x10000 + ((scalar & 0x3FF) << 10) + (hexadecimal(raw, at: offset + 2) & 0x3FF)
          offset += 6
        }
        bytes.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}")!)
      default: bytes.append(escape)
      }
    }
  }

  /// Appends the string as JSON, with quotes. `text` is UTF-8 and is kept as it is but for quote, backslash and the
  /// control characters below U+0020.
  static func appendString(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    appendEscaped(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// The same without quotes, for a string put together from parts.
  static func appendEscaped(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    var offset = 0
    while offset < text.count {
      let plain = offset
      while offset < text.count && !mustBeEscaped(text[offset]) { offset += 1 }
      bytes.append(text.extracting(plain..<offset))
      guard offset < text.count else { break }
      let byte = text[offset]
      offset += 1
      bytes.append(UInt8(ascii: "\\"))
      switch byte {
      case 0x08: bytes.append(UInt8(ascii: "b"))
      case 0x09: bytes.append(UInt8(ascii: "t"))
      case 0x0A: bytes.append(UInt8(ascii: "n"))
      case 0x0C: bytes.append(UInt8(ascii: "f"))
      case 0x0D: bytes.append(UInt8(ascii: "r"))
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
      default:
        bytes.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, 0x30 + (byte >> 4)])
        let low = byte & 0xF
        bytes.append(low < 10 ? 0x30 + low : UInt8(ascii: "a") - 10 + low)
      }
    }
  }

  /// Appends the raw text of a token and its descendants without insignificant white space.
  ///
  /// One copy when the scanner saw none. Numbers and escapes stay as they were written.
  static func appendMinified(_ token: JSONToken, of chunk: Span<UInt8>, to bytes: inout [UInt8]) {
    let text = chunk.extracting(token.quotedText)
    guard token.hasSpace else { return bytes.append(text) }
    bytes += [UInt8](unsafeUninitializedCapacity: text.count) { target, count in
      count = minify(text, into: target.baseAddress!)
    }
  }

  /// Writes valid JSON without insignificant white space: at most as many bytes as it has.
  ///
  /// - Returns: how many.
  static func minify(_ text: Span<UInt8>, into target: UnsafeMutablePointer<UInt8>) -> Int {
    var count = 0
    var inString = false
    var offset = 0
    while offset < text.count {
      let byte = text[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        inString.toggle()
      case UInt8(ascii: "\\"):
        // In valid text only in a string, and the byte that it escapes is never the closing quote.
        target[count] = byte
        target[count + 1] = text[offset]
        count += 2
        offset += 1
        continue
      case 0x20, 0x09, 0x0A, 0x0D:
        if !inString { continue }
      default: break
      }
      target[count] = byte
      count += 1
    }
    return count
  }

  @inline(__always)
  private static func mustBeEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// Four hexadecimal digits, known to be valid.
  private static func hexadecimal(_ text: Span<UInt8>, at offset: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in offset..<offset + 4 {
      let byte = text[index]
      let nibble = digitValue(byte) < 10 ? digitValue(byte) : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
      value = value << 4 | UInt32(nibble & 0xF)
    }
    return value
  }
}
