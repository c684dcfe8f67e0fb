import CHash

/// Texts of an envelope: escapes resolved, named, hashed, and checked.
extension EnvelopeReader {
  /// Calls `body` with what a string or number token says, escapes resolved.
  mutating func withText<R>(
    _ token: JSONToken, _ text: Span<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> R
  ) -> R {
    guard token.hasEscape else { return text.extracting(token.text).withUnsafeBufferPointer(body) }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.extracting(token.text), to: &scratch)
    return scratch.withUnsafeBufferPointer(body)
  }

  /// The number of a text in the batch's name table. After the call `scratch` holds a text that had escapes.
  ///
  /// - Parameter place: an attribute, whose last text is tried first: most events have the source, the channel, the
  ///   country of the one before.
  mutating func name(
    _ token: JSONToken, _ text: Span<UInt8>, _ batch: inout EventBatch, like place: Attribute? = nil
  ) -> UInt32 {
    guard token.hasEscape else {
      return text.extracting(token.text).withUnsafeBufferPointer { bytes in
        guard let place else { return batch.names.intern(bytes).number }
        let last = lastNames[place.rawValue]
        if last != 0, batch.names.isEqual(last, bytes) { return last }
        let number = batch.names.intern(bytes).number
        lastNames[place.rawValue] = number
        return number
      }
    }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.extracting(token.text), to: &scratch)
    return scratch.withUnsafeBufferPointer { batch.names.intern($0).number }
  }

  /// The hash of the id of a thing; never 0.
  mutating func reference(_ token: JSONToken, _ text: Span<UInt8>) -> UInt64 {
    let seed = seed
    return withText(token, text) { References.hash($0, seed: seed) }
  }

  /// The fingerprint of the event that a `causationid` names: an id of the same source, or `SOURCE#ID`.
  mutating func cause(_ token: JSONToken, _ envelope: borrowing Envelope) -> UInt64 {
    let seed = seed
    guard let index = envelope.index(.source) else { return 0 }
    var source: [UInt8] = []
    withText(envelope.tokens[index], envelope.text) { source.append(contentsOf: $0) }
    return withText(token, envelope.text) { named in
      if let hash = named.firstIndex(of: UInt8(ascii: "#")) {
        return References.fingerprint(
          source: UnsafeBufferPointer(rebasing: named[..<hash]),
          id: UnsafeBufferPointer(rebasing: named[(hash + 1)...]),
          seed: seed)
      }
      return source.withUnsafeBufferPointer { References.fingerprint(source: $0, id: named, seed: seed) }
    }
  }

  mutating func fingerprint(_ envelope: borrowing Envelope) -> UInt64 {
    let seed = seed
    return id.withUnsafeBufferPointer { id in
      withText(envelope.tokens[envelope.index(.source)!], envelope.text) {
        References.fingerprint(source: $0, id: id, seed: seed)
      }
    }
  }

  mutating func kind(_ type: UInt32, _ batch: borrowing EventBatch) -> EventKind {
    while kinds.count <= Int(type) { kinds.append(nil) }
    if let kind = kinds[Int(type)] { return kind }
    let kind = batch.names.withText(type) { Vocabulary.kind(ofType: String(decoding: $0, as: UTF8.self)) }
    kinds[Int(type)] = kind
    return kind
  }

  /// Hash of a value's text without insignificant white space.
  mutating func hash(_ token: JSONToken, _ text: Span<UInt8>, _ seed: UInt64) -> UInt64 {
    guard token.hasSpace else {
      return text.extracting(token.quotedText).withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, seed) }
    }
    scratch.removeAll(keepingCapacity: true)
    JSONText.appendMinified(token, of: text, to: &scratch)
    return scratch.withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, seed) }
  }

  func hash(_ text: Span<UInt8>) -> UInt64 {
    text.withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, 0) }
  }

  mutating func isWord(_ token: JSONToken, _ text: Span<UInt8>, _ words: [ShortText]) -> Bool {
    withText(token, text) { Self.code(Span(_unsafeElements: $0), words) != 255 }
  }

  /// 1 + index of a word, 255 if it is none of them.
  static func code(_ text: Span<UInt8>, _ words: [ShortText]) -> UInt8 {
    let wanted = text.withUnsafeBufferPointer { ShortText($0) }
    for index in words.indices where words[index] == wanted { return UInt8(index + 1) }
    return 255
  }

  func hasControlCharacter(_ token: JSONToken, _ text: Span<UInt8>) throws(Rejection) -> Bool {
    guard token.hasEscape else { return Self.hasControlCharacter(text.extracting(token.text)) }
    var bytes: [UInt8] = []
    JSONText.unescape(text.extracting(token.text), to: &bytes)
    return Self.hasControlCharacter(bytes.span)
  }

  /// Whether a valid time has the form in which the ledger prints it, so that its text need not be kept.
  static func isPrintedForm(_ text: Span<UInt8>) -> Bool {
    let count = text.count
    guard text[10] == UInt8(ascii: "T"), text[count - 1] == UInt8(ascii: "Z") else { return false }
    return count == 20 || text[count - 2] != UInt8(ascii: "0")
  }

  /// C0, DEL and C1.
  static func hasControlCharacter(_ text: Span<UInt8>) -> Bool {
    let low: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    // Eight bytes at once as long as none is below 0x20, DEL, or the first byte of a C1 character.
    while index + 8 <= text.count {
      let bytes = text.loadEightBytes(at: index)
      let (delete, lead) = (bytes ^ (low &* 0x7F), bytes ^ (low &* 0xC2))
      let suspicious =
        ((bytes &- low &* 0x20) & ~bytes) | ((delete &- low) & ~delete) | ((lead &- low) & ~lead)
      if suspicious & high != 0 { break }
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte < 0x20 || byte == 0x7F { return true }
      if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
      index += 1
    }
    return false
  }

  static func isURIReference(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      switch text[index] {
      case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"),
        UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"):
        return false
      default: continue
      }
    }
    return true
  }

  /// A subject with `@`, or one that as a whole is `+` and 7–15 digits with separators.
  static func looksPersonal(_ subject: [UInt8]) -> Bool {
    if subject.contains(UInt8(ascii: "@")) { return true }
    guard subject.first == UInt8(ascii: "+") else { return false }
    var digits = 0
    for byte in subject.dropFirst() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("),
        UInt8(ascii: ")"):
        continue
      default: return false
      }
    }
    return digits >= 7 && digits <= 15
  }
}

/// The keyed hashes by which columns name things and events.
enum References {
  /// Of the id of an order, a case, a survey …; never 0, which means absent.
  static func hash(_ text: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
    let hash = rpt_hash64(text.baseAddress, text.count, seed)
    return hash == 0 ? 1 : hash
  }

  /// Of `source` + `id`; never 0.
  static func fingerprint(
    source: UnsafeBufferPointer<UInt8>, id: UnsafeBufferPointer<UInt8>, seed: UInt64
  ) -> UInt64 {
    hash(id, seed: rpt_hash64(source.baseAddress, source.count, seed))
  }
}

extension JSONKind {
  /// `an array`, for messages.
  var article: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "text"
    case .number: "a number"
    case .true, .false: "a boolean"
    case .null: "null"
    }
  }
}

extension Span<UInt8> {
  /// A copy as text, invalid UTF-8 replaced.
  var string: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
