import CHash

/// A line that was scanned: its tokens, and the text that they point into.
///
/// It is what the reader of an event hands around: small, so that asking it costs no copy of the reader.
struct ScannedLine: BitwiseCopyable {
  let tokens: UnsafePointer<JSONToken>
  /// The chunk, padded (``JSONScanner/padding``).
  let chunk: UnsafePointer<UInt8>
  /// There is no escape in it, and no control character.
  let isPlain: Bool
  /// What the strings with escapes mean, once an event is read that has any.
  var meanings: UnsafePointer<ResolvedTexts>?

  /// Stands for nothing.
  static var none: ScannedLine {
    ScannedLine(tokens: UnsafePointer(bitPattern: 16)!, chunk: UnsafePointer(bitPattern: 16)!, isPlain: true)
  }

  /// What a string or number token says. Valid as long as the line is being read.
  @inline(__always)
  func text(of token: Int) -> UnsafeBufferPointer<UInt8> {
    tokens[token].hasEscape ? meanings!.pointee[token] : rawText(of: token)
  }

  /// The same in place, for comparison with a word.
  @inline(__always)
  func shortText(of token: Int) -> ShortText {
    let text = text(of: token)
    return ShortText(padded: text.baseAddress!, count: text.count)
  }

  /// 1 + index of a word, 255 if it is none of them.
  func code(of token: Int, _ words: ShortWords) -> UInt8 {
    guard tokens[token].kind == .string, let index = words.index(of: shortText(of: token)) else { return 255 }
    return UInt8(index + 1)
  }

  /// The raw text of a token: of a string without its quotes.
  @inline(__always)
  func rawText(of token: Int) -> UnsafeBufferPointer<UInt8> {
    let token = tokens[token]
    return UnsafeBufferPointer(start: chunk + Int(token.start), count: Int(token.end - token.start))
  }

  /// The same with the quotes of a string.
  @inline(__always)
  func quotedText(of token: Int) -> UnsafeBufferPointer<UInt8> {
    let range = tokens[token].quotedText
    return UnsafeBufferPointer(start: chunk + Int(range.start), count: range.count)
  }

  /// Whether a text has a control character: C0, DEL or C1.
  @inline(__always)
  func hasControlCharacter(in token: Int) -> Bool { !isPlain && Self.hasControlCharacter(text(of: token)) }

  private static func hasControlCharacter(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    for (index, byte) in text.enumerated() {
      if byte < 0x20 || byte == 0x7F { return true }
      if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
    }
    return false
  }

  /// The token of a member's value; nil unless it is there and not null, and its owner is an object.
  func member(_ name: ShortText, of object: Int) -> Int? {
    value(of: name, in: object).flatMap { tokens[$0].isNull ? nil : $0 }
  }

  /// Whether an object has a key, be its value null.
  func hasMember(_ name: ShortText, of object: Int) -> Bool { value(of: name, in: object) != nil }

  private func value(of name: ShortText, in object: Int) -> Int? {
    guard tokens[object].kind == .object else { return nil }
    var key = object + 1
    while key < tokens[object].after {
      if shortText(of: key) == name { return key + 1 }
      key = tokens[key + 1].after
    }
    return nil
  }

  /// The hash of an event's text without insignificant white space and what is no part of its content.
  ///
  /// - Parameter isWhole: it has neither, so that the text is hashed where it stands.
  @inline(__always)
  func contentHash(of object: Int, isWhole: Bool, seed: UInt64) -> UInt64 {
    guard isWhole else { return contentHash(of: object, seed: seed) }
    let text = rawText(of: object)
    return rpt_hash64(text.baseAddress, text.count, seed)
  }

  @inline(never)
  private func contentHash(of object: Int, seed: UInt64) -> UInt64 {
    var content = ByteBuffer()
    content.append(UInt8(ascii: "{"))
    var key = object + 1
    while key < tokens[object].after {
      let value = key + 1
      if tokens[value].isNull || Attribute.named(shortText(of: key))?.isOutsideContent != true {
        if content.count > 1 { content.append(UInt8(ascii: ",")) }
        appendMember(key, to: &content)
      }
      key = tokens[value].after
    }
    content.append(UInt8(ascii: "}"))
    return rpt_hash64(content.text.baseAddress, content.count, seed)
  }

  /// Appends a value without insignificant white space.
  @inline(__always)
  func append(_ value: Int, to bytes: inout ByteBuffer) {
    guard tokens[value].hasSpace else {
      let range = tokens[value].quotedText
      return bytes.append(padded: chunk + Int(range.start), range.count)
    }
    bytes.append(minified: quotedText(of: value))
  }

  /// Appends a member, the key included, without insignificant white space.
  @inline(__always)
  func appendMember(_ key: Int, to bytes: inout ByteBuffer) {
    let range = tokens[key].quotedText
    bytes.append(padded: chunk + Int(range.start), range.count)
    bytes.append(UInt8(ascii: ":"))
    append(key + 1, to: &bytes)
  }
}

/// Strings of an event whose escapes were resolved, by their tokens.
struct ResolvedTexts: ~Copyable {
  private var places: [(token: Int, start: Int, count: Int)] = []
  private var resolved: [UInt8] = []
  private var bytes = ByteBuffer()

  /// Resolves the escapes of all strings of an event.
  mutating func resolve(_ object: Int, of line: ScannedLine) {
    places.removeAll(keepingCapacity: true)
    resolved.removeAll(keepingCapacity: true)
    for token in object..<line.tokens[object].after where line.tokens[token].hasEscape {
      guard line.tokens[token].kind == .string else { continue }
      let start = resolved.count
      JSONText.unescape(Span(_unsafeElements: line.rawText(of: token)), to: &resolved)
      places.append((token, start, resolved.count - start))
    }
    bytes.removeAll()
    // Short texts are loaded as 24 bytes.
    bytes.reserve(resolved.count + JSONScanner.padding)
    resolved.withUnsafeBufferPointer { bytes.append($0) }
  }

  /// - Precondition: it is a string of the event, and has escapes.
  subscript(_ token: Int) -> UnsafeBufferPointer<UInt8> {
    // Tokens are in order; a line has few strings with escapes, or it is slow anyway.
    let index = places.indices.partitioningIndex { places[$0].token >= token }
    let place = places[index]
    precondition(place.token == token, "the escapes of an event are resolved before it is read")
    return UnsafeBufferPointer(rebasing: bytes.text[place.start..<place.start + place.count])
  }
}
