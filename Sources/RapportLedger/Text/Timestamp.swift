/// An instant: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// A wrapper of eight bytes around the `Int64` that columns store. Instants from outside are within `earliest` and
/// `latest`; between them and the ends of Int64 are 99 days, so that a day more or less does not overflow.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
  public var nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let nanosecondsPerSecond: Int64 = 1_000_000_000
  public static let nanosecondsPerDay: Int64 = 86_400 * 1_000_000_000

  /// 1678-01-01T00:00:00Z
  public static let earliest = Timestamp(nanoseconds: -9_214_560_000 * 1_000_000_000)
  /// 2262-01-01T00:00:00Z
  public static let latest = Timestamp(nanoseconds: 9_214_646_400 * 1_000_000_000)

  @inlinable
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// Why text is not a time that the ledger takes.
public enum TimestampError: Error, Hashable, Sendable, CustomStringConvertible {
  case notATime
  case notADate
  case notATimeOrDate
  /// The month, or the day of that month, does not exist.
  case noSuchDay
  case noSuchTimeOfDay
  case leapSecond
  case noSuchOffset
  case tooManyFractionDigits
  case outOfRange

  public var description: String {
    switch self {
    case .notATime: "This is not a time such as 2026-01-02T08:00:00Z."
    case .notADate: "This is not a date such as 2026-01-02."
    case .notATimeOrDate: "This is neither a time such as 2026-01-02T08:00:00Z nor a date such as 2026-01-02."
    case .noSuchDay: "There is no such day in the calendar."
    case .noSuchTimeOfDay: "There is no such time of day."
    case .leapSecond: "Second 60 is not accepted: write 59."
    case .noSuchOffset: "The offset from UTC must be Z or from -23:59 to +23:59."
    case .tooManyFractionDigits: "A second has at most nine decimals."
    case .outOfRange: "The time must lie between 1678-01-01 and 2262-01-01."
    }
  }
}
