/// What replay knows of one event without touching its payload: a fixed-size row of numbers.
///
/// The log keeps each field as a column of a block (``Column``); the replay engine lays the rows of a person side by
/// side and hands them to projections in canonical order. Texts are numbers of the ledger's name table, ids of things
/// are 64-bit hashes, money is in ten-thousandths of the major unit, times are nanoseconds since 1970 UTC. Zero means
/// absent everywhere but in `time`, `amount`, `number` and `number2`, for which ``present`` says so.
///
/// The fields that nearly every projection reads stand in the first 64 bytes: one cache line.
public struct Facts: BitwiseCopyable, Sendable {
  /// Valid time.
  public var time: Int64 = 0
  /// Position in the log, from 1. Not a column: it follows from the block and the rank of the row.
  public var position: UInt64 = 0
  /// Hash of the id of the thing that the event is about: an order, a case, a survey; of a correction or retraction the
  /// fingerprint of the event that it means.
  public var object: UInt64 = 0
  /// Money, in ten-thousandths of the major unit of `currency`.
  public var amount: Int64 = 0
  /// A second instant: promised, due, expires, ends. For a date without a time its first nanosecond (UTC), with
  /// ``Marks/instantIsDate``.
  public var instant: Int64 = 0
  /// A score, a sentiment, minutes, seconds: in millionths.
  public var number: Int64 = 0
  /// Dense number of the subject in order of first appearance, as a subject or as an id that others are merged into; 0 is
  /// the firm.
  public var customer: UInt32 = 0
  /// Booleans of the event and what the ledger noted about it.
  public var marks: Marks = []
  /// Three letters, five bits each (``Currency``).
  public var currency: UInt16 = 0
  /// Raw value of ``kind``. Zero in an empty row like everything else: sparse columns write no zeros.
  var kindCode: UInt8 = 0
  /// ``Direction`` as sent, 0 if absent, 255 if unknown.
  public var directionCode: UInt8 = 0
  /// ``ActorKind`` as sent, 0 if absent, 255 if unknown.
  public var actorCode: UInt8 = 0
  /// The first enumeration of the type: 1 + index of its word, 0 if absent, 255 for a word not in the vocabulary.
  public var code: UInt8 = 0

  /// The second enumeration.
  public var code2: UInt8 = 0
  /// Top of the scale of a score.
  public var scale: UInt16 = 0
  public var term: UInt32 = 0
  public var term2: UInt32 = 0
  public var term3: UInt32 = 0
  /// Hash of the id of a second thing: the order of a case, the need of an offer.
  public var related: UInt64 = 0
  public var number2: Int64 = 0
  /// Fingerprint of the event named by `causationid`.
  public var cause: UInt64 = 0
  /// Hash of `correlationid`, comparable with `object`.
  public var correlation: UInt64 = 0
  public var channel: UInt32 = 0
  public var touchpoint: UInt32 = 0
  public var department: UInt32 = 0
  public var country: UInt32 = 0
  public var employee: UInt32 = 0
  /// The type as sent, prefix included.
  public var type: UInt32 = 0
  public var source: UInt32 = 0
  /// Row within the block. Not a column.
  var row: UInt32 = 0
  /// Sort key of the producer's `sequence` (``SequenceKey``).
  var sequence: UInt64 = 0

  public init() {}

  /// The meaning of the type.
  public var kind: EventKind { EventKind(rawValue: kindCode) ?? .other }

  /// Booleans, presence bits and flags of an event.
  public struct Marks: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var aIsKnown: Marks { Marks(rawValue: 1 << 0) }
    @inlinable public static var aIsTrue: Marks { Marks(rawValue: 1 << 1) }
    @inlinable public static var bIsKnown: Marks { Marks(rawValue: 1 << 2) }
    @inlinable public static var bIsTrue: Marks { Marks(rawValue: 1 << 3) }
    @inlinable public static var cIsKnown: Marks { Marks(rawValue: 1 << 4) }
    @inlinable public static var cIsTrue: Marks { Marks(rawValue: 1 << 5) }
    /// `amount` was sent or follows from what was sent.
    @inlinable public static var hasAmount: Marks { Marks(rawValue: 1 << 6) }
    @inlinable public static var hasNumber: Marks { Marks(rawValue: 1 << 7) }
    @inlinable public static var hasNumber2: Marks { Marks(rawValue: 1 << 8) }
    @inlinable public static var hasInstant: Marks { Marks(rawValue: 1 << 9) }
    /// `instant` was sent as a date without a time.
    @inlinable public static var instantIsDate: Marks { Marks(rawValue: 1 << 10) }
    /// No `time` was sent: `time` is the time of recording.
    public static let timeAssumed = Marks(rawValue: 1 << 11)
    /// `time` was not sent in the form in which the ledger prints it; the payload keeps its text.
    static let timeInPayload = Marks(rawValue: 1 << 12)
    /// The event has order lines (an empty list counts).
    public static let hasLines = Marks(rawValue: 1 << 13)
    /// `data_base64`, or `data` of another content type than JSON.
    static let isOpaque = Marks(rawValue: 1 << 14)
    /// A correction that may change which case an event belongs to.
    static let setsCase = Marks(rawValue: 1 << 15)
  }

  public var hasAmount: Bool { marks.contains(.hasAmount) }
}

/// One line of an order, a delivery or a return; also a field that was read, or one that was inferred, with the number of
/// observations that it rests on as its quantity.
public struct OrderLine: BitwiseCopyable, Sendable, Equatable {
  /// Name number of the sku.
  public var sku: UInt32
  /// Name number of the product group, 0 if absent.
  public var group: UInt32
  /// In ten-thousandths.
  public var quantity: Int64
  /// Price of one, in ten-thousandths of the major unit; 0 if absent.
  public var price: Int64
}

extension Vocabulary {
  /// The direction that a type has by itself, by raw kind: a raw value, 0 if it has none.
  static let directionCodes: InlineArray<256, UInt8> = InlineArray { shapes[$0].direction?.rawValue ?? 0 }
}

/// ISO 4217 codes in five bits a letter.
public enum Currency {
  /// - Returns: nil unless the text is three capital letters.
  static func code(_ text: UnsafeBufferPointer<UInt8>) -> UInt16? {
    guard text.count == 3 else { return nil }
    var code: UInt16 = 0
    for byte in text {
      guard byte >= 65, byte <= 90 else { return nil }
      code = code << 5 | UInt16(byte - 64)
    }
    return code
  }

  public static func text(_ code: UInt16) -> String {
    var text = ""
    for shift in [10, 5, 0] as [UInt16] {
      text.unicodeScalars.append(Unicode.Scalar(UInt8(code >> shift & 31) + 64))
    }
    return text
  }
}

/// The order of `sequence` values – absent first, shorter first, then byte by byte – as far as eight bytes carry it.
///
/// The key is one more than the length (up to 254) and the first seven bytes; 0 is absent. Unequal keys decide; equal ones are equal texts if the
/// text has at most seven bytes, else the texts themselves must be compared.
enum SequenceKey {
  static func make(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var key = UInt64(min(text.count, 254) + 1) << 56
    for index in 0..<min(text.count, 7) { key |= UInt64(text[index]) << UInt64(48 - 8 * index) }
    return key
  }
  /// False if two equal keys may hide different texts.
  static func isExact(_ key: UInt64) -> Bool { key >> 56 <= 8 }
}
