import Foundation
import Testing

@testable import RapportLedger

@Suite struct TimestampTests {
  func parsed(_ text: String) -> Result<Int64, TimestampError> {
    Result { () throws(TimestampError) in try Timestamp.parse(Array(text.utf8).span).nanoseconds }
  }

  func parsedDate(_ text: String) -> Result<CivilDate, TimestampError> {
    Result { () throws(TimestampError) in try CivilDate.parse(Array(text.utf8).span) }
  }

  func parsedEither(_ text: String) -> Result<Timestamp.TimeOrDate, TimestampError> {
    Result { () throws(TimestampError) in try Timestamp.parseTimeOrDate(Array(text.utf8).span) }
  }

  static let utc: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0)!
    return calendar
  }()

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01T01:00:00+01:00", 0),
      ("1969-12-31T23:59:59.999999999Z", -1), ("1970-01-01T00:00:00.000000001Z", 1),
      ("1970-01-01T00:00:00.5z", 500_000_000),
      ("1970-01-01T00:00:00-00:00", 0), ("1969-12-31T00:01:00-23:59", 0), ("1970-01-01T23:59:00+23:59", 0),
      ("1970-01-01T00:00:00.25-00:01", 60_250_000_000), ("2016-09-04T21:15:19Z", 1_473_023_719_000_000_000),
      ("2000-02-29T12:00:00Z", 951_825_600_000_000_000), ("1678-01-01T00:00:00Z", -9_214_560_000_000_000_000),
      ("2262-01-01T00:00:00Z", 9_214_646_400_000_000_000), ("1677-12-31T23:00:00-01:00", -9_214_560_000_000_000_000),
      ("2262-01-01T05:30:00+05:30", 9_214_646_400_000_000_000),
    ] as [(String, Int64)])
  func `times are read to the nanosecond`(text: String, nanoseconds: Int64) {
    #expect(parsed(text) == .success(nanoseconds))
  }

  @Test(
    arguments: [
      "", "2026-01-02", "2026-01-02T08:00Z", "2026-01-02 08:00:00Z", "2026-01-02T08:00:00", "2026-01-02T08:00:00+01",
      "2026-01-02T08:00:00+0100", "2026-01-02T08:00:00.Z", "2026-01-02T08:00:00,5Z", "2026-01-02T08:00:00ZZ",
      "2026-01-02T08:00:00Z ", " 2026-01-02T08:00:00Z", "2026/01/02T08:00:00Z", "2026-1-02T08:00:00.0Z",
      "+2026-01-02T08:00:00Z", "2026-01-02T08-00:00Z", "2026-01-02T08:00:00.5", "2026-01-02T08:00:00*01:00",
      "2026-01-02T08:00:00+01:0x", "2026-01-02T08:00:00+01:000", "20260102T080000Z0000", "２026-01-02T08:00:00",
      "2026-01-02T08:00:0\u{E4}Z", "2026-W01-5T08:00:00Z",
    ])
  func `what is not RFC 3339 is no time`(text: String) {
    #expect(parsed(text) == .failure(.notATime))
  }

  @Test(
    arguments: [
      ("2026-02-29T00:00:00Z", .noSuchDay), ("1900-02-29T00:00:00Z", .noSuchDay), ("2026-04-31T00:00:00Z", .noSuchDay),
      ("2026-00-01T00:00:00Z", .noSuchDay), ("2026-13-01T00:00:00Z", .noSuchDay), ("2026-01-00T00:00:00Z", .noSuchDay),
      ("2026-01-32T00:00:00Z", .noSuchDay), ("2026-01-01T24:00:00Z", .noSuchTimeOfDay),
      ("2026-01-01T23:60:00Z", .noSuchTimeOfDay), ("2026-01-01T23:59:61Z", .noSuchTimeOfDay),
      ("2016-12-31T23:59:60Z", .leapSecond), ("2026-01-01T00:00:00+24:00", .noSuchOffset),
      ("2026-01-01T00:00:00+00:60", .noSuchOffset), ("2026-01-01T00:00:00.1234567890Z", .tooManyFractionDigits),
      ("1677-12-31T23:59:59.999999999Z", .outOfRange), ("2262-01-01T00:00:00.000000001Z", .outOfRange),
      ("1678-01-01T00:00:00+00:01", .outOfRange), ("0000-01-01T00:00:00Z", .outOfRange),
      ("9999-12-31T23:59:59Z", .outOfRange),
    ] as [(String, TimestampError)])
  func `an impossible time says why`(text: String, error: TimestampError) {
    #expect(parsed(text) == .failure(error))
  }

  @Test func `a time is written in its shortest form`() {
    #expect(Timestamp(nanoseconds: 0).description == "1970-01-01T00:00:00Z")
    #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
    #expect(Timestamp(nanoseconds: 1_500_000_000).description == "1970-01-01T00:00:01.5Z")
    #expect(Timestamp(nanoseconds: 10).description == "1970-01-01T00:00:00.00000001Z")
    #expect(Timestamp.earliest.description == "1678-01-01T00:00:00Z")
    #expect(Timestamp.latest.description == "2262-01-01T00:00:00Z")
    #expect(Timestamp(nanoseconds: .min).description == "1677-09-21T00:12:43.145224192Z")
    #expect(Timestamp(nanoseconds: .max).description == "2262-04-11T23:47:16.854775807Z")
  }

  @Test func `every time survives being written and read`() {
    var generator = SeededGenerator(state: 6)
    for _ in 0..<2000 {
      let range = Timestamp.earliest.nanoseconds...Timestamp.latest.nanoseconds
      let unit = [1, 1000, 1_000_000_000 as Int64].randomElement(using: &generator)!
      let nanoseconds = Int64.random(in: range, using: &generator) / unit * unit
      #expect(parsed(Timestamp(nanoseconds: nanoseconds).description) == .success(nanoseconds))
    }
  }

  @Test func `offsets are taken off as another calendar does`() throws {
    var generator = SeededGenerator(state: 7)
    let style = ISO8601DateFormatter()
    for _ in 0..<300 {
      let seconds = Int64.random(in: -9_000_000_000...9_000_000_000, using: &generator)
      let minutes = Int.random(in: -1439...1439, using: &generator)
      let local = String(Timestamp(nanoseconds: seconds * 1_000_000_000).description.dropLast())
      func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
      let offset = (minutes < 0 ? "-" : "+") + two(abs(minutes) / 60) + ":" + two(abs(minutes) % 60)
      let text = local + offset
      #expect(parsed(text) == .success((seconds - Int64(minutes) * 60) * 1_000_000_000))
      if abs(minutes) <= 14 * 60 {
        let date = try #require(style.date(from: text))
        #expect(Int64(date.timeIntervalSince1970) == seconds - Int64(minutes) * 60, "\(text)")
      }
    }
  }

  @Test func `dates agree with another calendar`() {
    var generator = SeededGenerator(state: 8)
    for _ in 0..<2000 {
      let days = Int32.random(in: -106_650...106_651, using: &generator)
      let date = CivilDate(days: days)
      let other = Date(timeIntervalSince1970: Double(days) * 86_400)
      let parts = Self.utc.dateComponents([.year, .month, .day, .weekday], from: other)
      #expect(date.components.year == parts.year)
      #expect(date.components.month == parts.month)
      #expect(date.components.day == parts.day)
      #expect(date.weekday % 7 + 1 == parts.weekday)
      #expect(CivilDate(year: parts.year!, month: parts.month!, day: parts.day!) == date)
      #expect(parsedDate(date.description) == .success(date))
      #expect(CivilDate(date.start) == date)
      #expect(CivilDate(Timestamp(nanoseconds: date.start.nanoseconds - 1)).days == days - 1)
      let length = Self.utc.range(of: .day, in: .month, for: other)!.count
      #expect(CivilDate.daysInMonth(year: parts.year!, month: parts.month!) == length)
    }
  }

  @Test func `dates are strict`() {
    #expect(parsedDate("2016-10-20") == .success(CivilDate(days: 17_094)))
    #expect(parsedDate("2016-02-29").map(\.description) == .success("2016-02-29"))
    for text in ["", "2016-10-2", "2016-10-200", "2016/10/20", "16-10-20", "2016-1a-20", "20161020--"] {
      #expect(parsedDate(text) == .failure(.notADate))
    }
    #expect(parsedDate("2015-02-29") == .failure(.noSuchDay))
    #expect(parsedDate("2015-13-01") == .failure(.noSuchDay))
    #expect(parsedDate("1677-12-31") == .failure(.outOfRange))
    #expect(parsedDate("2262-01-02") == .failure(.outOfRange))
    #expect(parsedDate("1678-01-01").map(\.start) == .success(.earliest))
    #expect(parsedDate("2262-01-01").map(\.start) == .success(.latest))
  }

  @Test func `options take a time or a date and tell which it was`() {
    #expect(parsedEither("2016-10-20") == .success(.date(CivilDate(days: 17_094))))
    #expect(parsedEither("1970-01-01T00:00:01Z") == .success(.time(Timestamp(nanoseconds: 1_000_000_000))))
    #expect(parsedEither("yesterday") == .failure(.notATimeOrDate))
    #expect(parsedEither("yesterday!") == .failure(.notATimeOrDate))
    #expect(parsedEither("2016-13-20") == .failure(.noSuchDay))
  }

  @Test func `months group the days of a calendar month`() {
    let month = CivilDate(year: 2017, month: 11, day: 30).month
    #expect(month.description == "2017-11")
    #expect(month == CivilDate(year: 2017, month: 11, day: 1).month)
    #expect(CivilMonth(index: month.index + 2).description == "2018-01")
    #expect(CivilDate(year: 2018, month: 1, day: 31).month.index - month.index == 2)
  }
}
