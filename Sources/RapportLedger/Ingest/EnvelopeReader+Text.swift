import CHash

/// Texts of an envelope: escapes resolved, named, hashed, and checked.
extension EnvelopeReader {
  /// What a string or number token says. Valid as long as the line is being read.
  @inline(__always)
  func text(_ token: Int) -> UnsafeBufferPointer<UInt8> {
    line.tokens[token].hasEscape ? resolvedText(token) : line.text(of: token)
  }

  /// The same in place, for comparison with a word.
  @inline(__always)
  func shortText(_ token: Int) -> ShortText {
    let text = text(token)
    return ShortText(padded: text.baseAddress!, count: text.count)
  }

  /// Resolves the escapes of all strings of an event.
  mutating func resolveEscapes(_ object: Int) {
    resolved.removeAll(keepingCapacity: true)
    var all: [UInt8] = []
    for token in object..<line.tokens[object].after where line.tokens[token].hasEscape {
      guard line.tokens[token].kind == .string else { continue }
      let start = all.count
      JSONText.unescape(Span(_unsafeElements: line.text(of: token)), to: &all)
      resolved.append((token, start, all.count - start))
    }
    unescaped.removeAll()
    // Short texts are loaded as 24 bytes.
    unescaped.reserve(all.count + JSONScanner.padding)
    all.withUnsafeBufferPointer { unescaped.append($0) }
  }

  @inline(never)
  private func resolvedText(_ token: Int) -> UnsafeBufferPointer<UInt8> {
    // Tokens are in order; a line has few strings with escapes, or it is slow anyway.
    var low = 0
    var high = resolved.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if resolved[middle].token <= token { low = middle } else { high = middle }
    }
    let place = resolved[low]
    precondition(place.token == token, "the escapes of an event are resolved before it is read")
    return UnsafeBufferPointer(rebasing: unescaped.text[place.start..<place.start + place.count])
  }

  /// The number of a text in the batch's name table.
  @inline(__always)
  mutating func name(_ token: Int, _ batch: inout EventBatch) -> UInt32 {
    let text = text(token)
    let short = ShortText(padded: text.baseAddress!, count: text.count)
    if let known = recentNames.number(of: short) { return known }
    let number = batch.names.intern(text).number
    recentNames.remember(short, number)
    return number
  }

  /// The fingerprint of the event that a `causationid` names: an id of the same source, or `SOURCE#ID`.
  func cause(_ named: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let hash = named.firstIndex(of: UInt8(ascii: "#")) else { return References.hash(named, seed: source.hash) }
    let seed = References.seed(ofSource: UnsafeBufferPointer(rebasing: named[..<hash]), seed: seed)
    return References.hash(UnsafeBufferPointer(rebasing: named[(hash + 1)...]), seed: seed)
  }

  @inline(__always)
  mutating func kind(_ type: UInt32, _ batch: borrowing EventBatch) -> EventKind {
    if Int(type) < kinds.count, let kind = kinds[Int(type)] { return kind }
    return learnKind(type, batch)
  }

  @inline(never)
  private mutating func learnKind(_ type: UInt32, _ batch: borrowing EventBatch) -> EventKind {
    while kinds.count <= Int(type) { kinds.append(nil) }
    let kind = batch.names.withText(type) { Vocabulary.kind(ofType: String(decoding: $0, as: UTF8.self)) }
    kinds[Int(type)] = kind
    return kind
  }

  func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 { rpt_hash64(text.baseAddress, text.count, seed) }

  /// The hash of an event's text without insignificant white space and what is no part of its content.
  @inline(never)
  func contentHash(_ object: Int) -> UInt64 {
    var content = ByteBuffer()
    content.append(UInt8(ascii: "{"))
    var key = object + 1
    while key < line.tokens[object].after {
      let value = key + 1
      if line.tokens[value].isNull || Attribute.named(shortText(key))?.isOutsideContent != true {
        if content.count > 1 { content.append(UInt8(ascii: ",")) }
        line.appendMember(key, to: &content)
      }
      key = line.tokens[value].after
    }
    content.append(UInt8(ascii: "}"))
    return hash(content.text)
  }

  /// 1 + index of a word, 255 if it is none of them.
  func code(of token: Int, _ words: [ShortText]) -> UInt8 {
    guard line.tokens[token].kind == .string else { return 255 }
    let text = shortText(token)
    for index in words.indices where words[index] == text { return UInt8(index + 1) }
    return 255
  }

  func hasControlCharacter(_ token: Int) -> Bool { !line.isPlain && Self.hasControlCharacter(text(token)) }

  /// Whether a valid time has the form in which the ledger prints it, so that its text need not be kept.
  static func isPrintedForm(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let count = text.count
    guard text[10] == UInt8(ascii: "T"), text[count - 1] == UInt8(ascii: "Z") else { return false }
    return count == 20 || text[count - 2] != UInt8(ascii: "0")
  }

  /// C0, DEL and C1.
  static func hasControlCharacter(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    for (index, byte) in text.enumerated() {
      if byte < 0x20 || byte == 0x7F { return true }
      if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
    }
    return false
  }

  static func isURIReference(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    text.allSatisfy { byte in
      switch byte {
      case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"),
        UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"):
        false
      default: true
      }
    }
  }

  /// A subject with `@`, or one that as a whole is `+` and 7–15 digits with separators.
  static func looksPersonal(_ subject: UnsafeBufferPointer<UInt8>) -> Bool {
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

/// Names that were seen lately, with their numbers: most events have a source, a channel, a country, an article that
/// was there a moment ago.
struct RecentNames: ~Copyable {
  private let entries = UnsafeMutablePointer<(text: ShortText, number: UInt32)>.allocate(capacity: size)
  private static let size = 512

  init() { entries.initialize(repeating: (.tooLong, 0), count: Self.size) }

  deinit { entries.deallocate() }

  mutating func removeAll() { entries.update(repeating: (.tooLong, 0), count: Self.size) }

  @inline(__always)
  private func place(_ text: ShortText) -> Int { Int(text.mixed >> 55) }

  @inline(__always)
  func number(of text: ShortText) -> UInt32? {
    let entry = entries + place(text)
    return entry.pointee.text == text ? entry.pointee.number : nil
  }

  @inline(__always)
  mutating func remember(_ text: ShortText, _ number: UInt32) { entries[place(text)] = (text, number) }
}

/// The keyed hashes by which columns name things and events.
enum References {
  /// Of the id of an order, a case, a survey …; never 0, which means absent.
  @inline(__always)
  static func hash(_ text: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
    let hash = rpt_hash64(text.baseAddress, text.count, seed)
    return hash == 0 ? 1 : hash
  }

  /// Of `source` + `id`; never 0.
  static func fingerprint(
    source: UnsafeBufferPointer<UInt8>, id: UnsafeBufferPointer<UInt8>, seed: UInt64
  ) -> UInt64 {
    hash(id, seed: Self.seed(ofSource: source, seed: seed))
  }

  /// What seeds the fingerprints of a source's events.
  static func seed(ofSource source: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
    rpt_hash64(source.baseAddress, source.count, seed)
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

extension UnsafeBufferPointer<UInt8> {
  /// For messages.
  var string: String { String(decoding: self, as: UTF8.self) }
}
