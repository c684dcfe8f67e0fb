import CHash

/// Texts of an envelope: named, hashed, and checked.
extension EnvelopeReader {
  /// The number of a text in the batch's name table.
  @inline(__always)
  mutating func name(_ token: Int, _ batch: inout EventBatch) -> UInt32 {
    let text = line.text(of: token)
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

  /// Whether a valid time has the form in which the ledger prints it, so that its text need not be kept.
  static func isPrintedForm(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let count = text.count
    guard text[10] == UInt8(ascii: "T"), text[count - 1] == UInt8(ascii: "Z") else { return false }
    return count == 20 || text[count - 2] != UInt8(ascii: "0")
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
