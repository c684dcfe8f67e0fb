extension Timestamp {
  /// An RFC 3339 time with any offset: `2026-01-02T08:00:00Z`, `2026-01-02t08:00:00.123456789+01:00`.
  ///
  /// Strict: `T` or `t` and nothing else in the middle, seconds and an offset always, at most nine decimals, only
  /// days and times of day that exist. Throws `TimestampError`. Some nanoseconds; never allocates.
  @inlinable
  public static func parse(_ text: Span<UInt8>) throws(TimestampError) -> Timestamp {
    guard text.count >= 20 else { throw .notATime }
    guard
      let (year, month) = EightCharacters.yearAndMonth(text.loadEightBytes(at: 0)),
      let (day, hour, minute) = EightCharacters.dayAndMinute(text.loadEightBytes(at: 8)),
      text[16] == UInt8(ascii: ":"), digitValue(text[17]) < 10, digitValue(text[18]) < 10
    else { throw .notATime }
    let second = Int(digitValue(text[17])) * 10 + Int(digitValue(text[18]))

    var nanoseconds: Int64 = 0
    var offsetSeconds = 0
    if text.count != 20 || text[19] | 0x20 != UInt8(ascii: "z") {
      (nanoseconds, offsetSeconds) = try parseFractionAndOffset(text)
    }
    guard month >= 1, month <= 12, day >= 1, day <= 28 || day <= CivilDate.daysInMonth(year: year, month: month)
    else { throw .noSuchDay }
    guard hour < 24, minute < 60, second < 60 else {
      throw second == 60 && hour < 24 && minute < 60 ? .leapSecond : .noSuchTimeOfDay
    }
    guard year >= 1677, year <= 2262 else { throw .outOfRange }
    let days = Int(CivilDate(year: year, month: month, day: day).days)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds
    // Whole seconds first: they tell whether the nanoseconds fit.
    guard seconds >= earliest.nanoseconds / 1_000_000_000, seconds <= latest.nanoseconds / 1_000_000_000 else {
      throw .outOfRange
    }
    let time = Timestamp(nanoseconds: Int64(seconds) * 1_000_000_000 + nanoseconds)
    guard time <= latest else { throw .outOfRange }
    return time
  }

  /// A time as on the command line: RFC 3339, or a date alone.
  public enum TimeOrDate: Hashable, Sendable {
    case time(Timestamp)
    /// What a date means as a time – the beginning or the end of the day – depends on the option.
    case date(CivilDate)
  }

  /// Throws `TimestampError`.
  public static func parseTimeOrDate(_ text: Span<UInt8>) throws(TimestampError) -> TimeOrDate {
    do {
      if text.count == 10 { return .date(try CivilDate.parse(text)) }
      return .time(try parse(text))
    } catch {
      throw error == .notATime || error == .notADate ? .notATimeOrDate : error
    }
  }

  /// What follows the seconds, at byte 19: an optional fraction, and the offset.
  @usableFromInline
  static func parseFractionAndOffset(
    _ text: Span<UInt8>
  ) throws(TimestampError) -> (nanoseconds: Int64, offsetSeconds: Int) {
    var position = 19
    var nanoseconds: Int64 = 0
    if text[position] == UInt8(ascii: ".") {
      position += 1
      let start = position
      while position < text.count, digitValue(text[position]) < 10 {
        if position - start == 9 { throw .tooManyFractionDigits }
        nanoseconds = nanoseconds * 10 + Int64(digitValue(text[position]))
        position += 1
      }
      guard position > start else { throw .notATime }
      for _ in position - start..<9 { nanoseconds *= 10 }
    }
    guard position < text.count else { throw .notATime }
    if text[position] | 0x20 == UInt8(ascii: "z") {
      guard position + 1 == text.count else { throw .notATime }
      return (nanoseconds, 0)
    }
    let negative = text[position] == UInt8(ascii: "-")
    guard
      negative || text[position] == UInt8(ascii: "+"), position + 6 == text.count,
      text[position + 3] == UInt8(ascii: ":"),
      digitValue(text[position + 1]) < 10, digitValue(text[position + 2]) < 10,
      digitValue(text[position + 4]) < 10, digitValue(text[position + 5]) < 10
    else { throw .notATime }
    let hours = Int(digitValue(text[position + 1])) * 10 + Int(digitValue(text[position + 2]))
    let minutes = Int(digitValue(text[position + 4])) * 10 + Int(digitValue(text[position + 5]))
    guard hours < 24, minutes < 60 else { throw .noSuchOffset }
    let seconds = hours * 3600 + minutes * 60
    return (nanoseconds, negative ? -seconds : seconds)
  }
}

extension CivilDate {
  /// A date alone, `2016-10-20`, within 1678-01-01…2262-01-01. Throws `TimestampError`.
  @inlinable
  public static func parse(_ text: Span<UInt8>) throws(TimestampError) -> CivilDate {
    guard
      text.count == 10,
      let (year, month) = EightCharacters.yearAndMonth(text.loadEightBytes(at: 0)),
      digitValue(text[8]) < 10, digitValue(text[9]) < 10
    else { throw .notADate }
    let day = Int(digitValue(text[8])) * 10 + Int(digitValue(text[9]))
    guard month >= 1, month <= 12, day >= 1, day <= daysInMonth(year: year, month: month) else { throw .noSuchDay }
    guard year >= 1678, year < 2262 || (year == 2262 && month == 1 && day == 1) else { throw .outOfRange }
    return CivilDate(year: year, month: month, day: day)
  }
}

/// Eight characters at once, the first in the lowest byte.
@usableFromInline
enum EightCharacters {
  /// `0000-00-`
  @usableFromInline static let dateSeparators: UInt64 = 0x2D30_302D_3030_3030
  /// In each byte what must be added to reach 0x80 with anything but a digit (0x76) or the separator (0x7F).
  @usableFromInline static let dateMask: UInt64 = 0x7F76_767F_7676_7676
  /// `00t00:00`
  @usableFromInline static let timeSeparators: UInt64 = 0x3030_3A30_3074_3030
  @usableFromInline static let timeMask: UInt64 = 0x7676_7F76_767F_7676
  /// Makes a T of the third character lower-case.
  @usableFromInline static let lowerCaseT: UInt64 = 0x0020_0000

  /// Each byte that is followed by a digit becomes the number of both digits; nil unless every character is a digit
  /// or the separator that belongs there.
  @inlinable
  @inline(__always)
  static func digitPairs(_ characters: UInt64, separators: UInt64, mask: UInt64) -> UInt64? {
    let values = characters ^ separators
    guard (values | (values &+ mask)) & 0x8080_8080_8080_8080 == 0 else { return nil }
    return values &* 10 &+ values >> 8
  }

  /// `YYYY-MM-`
  @inlinable
  @inline(__always)
  static func yearAndMonth(_ characters: UInt64) -> (year: Int, month: Int)? {
    guard let pairs = digitPairs(characters, separators: dateSeparators, mask: dateMask) else { return nil }
    return (Int(pairs & 0xFF) * 100 + Int(pairs >> 16 & 0xFF), Int(pairs >> 40 & 0xFF))
  }

  /// `DDThh:mm`
  @inlinable
  @inline(__always)
  static func dayAndMinute(_ characters: UInt64) -> (day: Int, hour: Int, minute: Int)? {
    guard let pairs = digitPairs(characters | lowerCaseT, separators: timeSeparators, mask: timeMask) else {
      return nil
    }
    return (Int(pairs & 0xFF), Int(pairs >> 24 & 0xFF), Int(pairs >> 48 & 0xFF))
  }
}
