/// A set of event kinds: 256 bits.
public struct EventKindSet: Sendable, Equatable, ExpressibleByArrayLiteral {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  public init(arrayLiteral kinds: EventKind...) {
    for kind in kinds { insert(kind) }
  }

  init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Every kind there is, unknown types included.
  public static let all = EventKindSet(words: (.max, .max, .max, .max))

  /// What happened between the firm and a customer: every kind but those about identity, corrections and the ledger's
  /// own. Unknown types are among them.
  public static let interactions = all.subtracting([
    .customerMerged, .customerUnmerged, .eventCorrected, .eventRetracted, .importBatch, .dataRead, .erasureExecuted,
  ])

  /// The kinds that change who a person is.
  static let mappings: EventKindSet = [.customerMerged, .customerUnmerged]

  /// The kinds that change what other events say.
  static let corrections: EventKindSet = [.eventCorrected, .eventRetracted]

  /// What acts on other events, or says who is one person: blocks list the rows of these.
  static let acts = mappings.union(corrections)

  public mutating func insert(_ kind: EventKind) { insert(rawValue: kind.rawValue) }

  mutating func insert(rawValue: UInt8) {
    let bit: UInt64 = 1 << UInt64(rawValue & 63)
    switch rawValue >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  public func contains(_ kind: EventKind) -> Bool { contains(rawValue: kind.rawValue) }

  func contains(rawValue: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(rawValue & 63)
    switch rawValue >> 6 {
    case 0: return words.0 & bit != 0
    case 1: return words.1 & bit != 0
    case 2: return words.2 & bit != 0
    default: return words.3 & bit != 0
    }
  }

  public func union(_ other: EventKindSet) -> EventKindSet {
    EventKindSet(
      words: (
        words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
      ))
  }

  public func subtracting(_ other: EventKindSet) -> EventKindSet {
    EventKindSet(
      words: (
        words.0 & ~other.words.0, words.1 & ~other.words.1, words.2 & ~other.words.2, words.3 & ~other.words.3
      ))
  }

  public func isSubset(of other: EventKindSet) -> Bool { subtracting(other) == [] }

  public func isDisjoint(with other: EventKindSet) -> Bool {
    words.0 & other.words.0 == 0 && words.1 & other.words.1 == 0 && words.2 & other.words.2 == 0
      && words.3 & other.words.3 == 0
  }

  /// The 256 bits, least significant kind first, as they stand in a block's header.
  var bits: [UInt64] { [words.0, words.1, words.2, words.3] }

  public static func == (left: EventKindSet, right: EventKindSet) -> Bool { left.words == right.words }
}
