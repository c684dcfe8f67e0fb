/// A calendar date of the Gregorian calendar without a time: what `due` or `promised_at` hold.
///
/// Counted in days since 1970-01-01, so that dates subtract and compare as numbers. Dates from outside are within
/// 1678-01-01…2262-01-01, the range in which a date's midnight is a `Timestamp`.
public struct CivilDate: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Days since 1970-01-01.
  public var days: Int32

  @inlinable
  public init(days: Int32) { self.days = days }

  /// The day on which an instant falls in UTC.
  @inlinable
  public init(_ time: Timestamp) {
    let (days, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: Timestamp.nanosecondsPerDay)
    self.days = Int32(truncatingIfNeeded: rest < 0 ? days - 1 : days)
  }

  /// The day of a year, month and day that exist; 0 < month < 13. From 0000-03-01 on.
  ///
  /// The calendar begins on 1 March here, so that the leap day is the last of its year.
  /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".)
  @inlinable
  public init(year: Int, month: Int, day: Int) {
    let early = month <= 2
    let marchYear = UInt32(truncatingIfNeeded: year &- (early ? 1 : 0))
    let marchMonth = UInt32(truncatingIfNeeded: early ? month &+ 9 : month &- 3)
    let century = marchYear / 100
    let dayOfYear = (153 &* marchMonth &+ 2) / 5 &+ UInt32(truncatingIfNeeded: day) &- 1
    let dayNumber = marchYear &* 365 &+ marchYear / 4 &- century &+ century / 4 &+ dayOfYear
    self.days = Int32(bitPattern: dayNumber &- 719_468)
  }

  @inlinable
  public static func < (a: CivilDate, b: CivilDate) -> Bool { a.days < b.days }

  /// Midnight in UTC at the beginning of the day. Traps outside the range of `Timestamp`.
  @inlinable public var start: Timestamp { Timestamp(nanoseconds: Int64(days) * Timestamp.nanosecondsPerDay) }

  /// Year, month 1…12 and day 1…31.
  @inlinable public var components: (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  /// 1 is Monday, 7 is Sunday.
  @inlinable public var weekday: Int { (Int(days) % 7 + 10) % 7 + 1 }

  /// The calendar month it lies in.
  @inlinable public var month: CivilMonth {
    let parts = components
    return CivilMonth(year: parts.year, month: parts.month)
  }

  /// How many days a month has. 0 < month < 13.
  @inlinable
  public static func daysInMonth(year: Int, month: Int) -> Int {
    if month == 2 {
      return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    }
    return 30 | (month ^ (month >> 3)) & 1
  }
}

/// A calendar month, written `2017-11`: what cohorts and charts group by.
public struct CivilMonth: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Months since January of the year 0, so that months subtract.
  public var index: Int32

  @inlinable
  public init(index: Int32) { self.index = index }

  /// 0 < month < 13.
  @inlinable
  public init(year: Int, month: Int) { index = Int32(truncatingIfNeeded: year * 12 + month - 1) }

  @inlinable public var year: Int { Int(index) / 12 }
  @inlinable public var month: Int { Int(index) % 12 + 1 }

  @inlinable
  public static func < (a: CivilMonth, b: CivilMonth) -> Bool { a.index < b.index }
}
