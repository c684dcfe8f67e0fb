/// When clocks change in every year to come: the rule at the end of a zone file, `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// The form is POSIX's `TZ` with the extensions of RFC 9636: offsets count westwards, times of day may lie outside
/// the day.
struct YearlyZoneRule: Sendable, Equatable {
  /// Seconds ahead of UTC.
  private var standard: Int32 = 0
  private var summer: (offset: Int32, from: Change, until: Change)?

  static func == (a: YearlyZoneRule, b: YearlyZoneRule) -> Bool {
    a.standard == b.standard && a.summer?.offset == b.summer?.offset && a.summer?.from == b.summer?.from
      && a.summer?.until == b.summer?.until
  }

  /// A day of the year and a time of that day, by the clock that is changed.
  private struct Change: Sendable, Equatable {
    enum Day: Equatable {
      /// Week 5 is the last; 0 is Sunday.
      case weekday(month: Int, week: Int, day: Int)
      /// 1…365, the leap day never counted.
      case julian(Int)
      /// 0…365, the leap day counted.
      case ofYear(Int)
    }
    var day: Day
    var seconds: Int64 = 7200

    /// Seconds since 1970 by that clock.
    func local(in year: Int) -> Int64 { Int64(date(in: year).days) * 86_400 + seconds }

    private func date(in year: Int) -> CivilDate {
      switch day {
      case .ofYear(let number): return CivilDate(days: CivilDate(year: year, month: 1, day: 1).days + Int32(number))
      case .julian(let number):
        let isAfterLeapDay = number > 59 && CivilDate.daysInMonth(year: year, month: 2) == 29
        return CivilDate(
          days: CivilDate(year: year, month: 1, day: 1).days + Int32(number - 1 + (isAfterLeapDay ? 1 : 0)))
      case .weekday(let month, let week, let day):
        let first = CivilDate(year: year, month: month, day: 1)
        var number = 1 + (day - first.weekday % 7 + 7) % 7 + (week - 1) * 7
        while number > CivilDate.daysInMonth(year: year, month: month) { number -= 7 }
        return CivilDate(year: year, month: month, day: number)
      }
    }
  }

  /// - Returns: nil for text that is no rule, the empty text included.
  init?(_ text: [UInt8]) {
    var reader = Reader(text: text)
    guard reader.name(), let west = reader.time() else { return nil }
    standard = Int32(-west)
    guard !reader.isAtEnd else { return }
    guard reader.name() else { return nil }
    var offset = standard + 3600
    if !reader.isAt(","), let west = reader.time() { offset = Int32(-west) }
    guard reader.take(","), let from = Self.change(&reader), reader.take(","), let until = Self.change(&reader),
      reader.isAtEnd
    else { return nil }
    summer = (offset, from, until)
  }

  private static func change(_ reader: inout Reader) -> Change? {
    var change: Change
    if reader.take("M") {
      guard let month = reader.number(), (1...12).contains(month), reader.take("."), let week = reader.number(),
        (1...5).contains(week), reader.take("."), let day = reader.number(), day < 7
      else { return nil }
      change = Change(day: .weekday(month: month, week: week, day: day))
    } else if reader.take("J") {
      guard let number = reader.number(), (1...365).contains(number) else { return nil }
      change = Change(day: .julian(number))
    } else {
      guard let number = reader.number(), number < 366 else { return nil }
      change = Change(day: .ofYear(number))
    }
    if reader.take("/") {
      guard let time = reader.time() else { return nil }
      change.seconds = time
    }
    return change
  }

  /// Seconds ahead of UTC at a time in seconds since 1970.
  func offset(at seconds: Int64) -> Int32 {
    guard let summer else { return standard }
    let local = seconds + Int64(standard)
    let year = CivilDate(days: Int32(local.flooredQuotient(by: 86_400))).components.year
    let from = summer.from.local(in: year) - Int64(standard)
    let until = summer.until.local(in: year) - Int64(summer.offset)
    let isSummer = from < until ? seconds >= from && seconds < until : seconds >= from || seconds < until
    return isSummer ? summer.offset : standard
  }

  private struct Reader {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == text.count }
    func isAt(_ character: Character) -> Bool { position < text.count && text[position] == character.asciiValue }

    mutating func take(_ character: Character) -> Bool {
      guard isAt(character) else { return false }
      position += 1
      return true
    }

    /// `CET`, `<+03>`.
    mutating func name() -> Bool {
      let start = position
      if take("<") {
        while position < text.count, !isAt(">") { position += 1 }
        return take(">")
      }
      while position < text.count, (0x61...0x7A).contains(text[position] | 0x20) { position += 1 }
      return position - start >= 3
    }

    mutating func number() -> Int? {
      let start = position
      while position < text.count, (0x30...0x39).contains(text[position]), position - start < 4 { position += 1 }
      return Int(String(decoding: text[start..<position], as: UTF8.self))
    }

    /// `-1`, `+5:30`, `3:00:00` in seconds.
    mutating func time() -> Int64? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number() else { return nil }
      var seconds = Int64(hours) * 3600
      for unit: Int64 in [60, 1] where take(":") {
        guard let part = number() else { return nil }
        seconds += Int64(part) * unit
      }
      return isNegative ? -seconds : seconds
    }
  }
}
