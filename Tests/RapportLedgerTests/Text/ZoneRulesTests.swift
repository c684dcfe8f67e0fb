import Foundation
import Testing

@testable import RapportLedger

/// Time zones against Foundation's, which reads the same files by other code.
@Suite("Time zones")
struct ZoneRulesTests {
  @Test(arguments: [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia", "Asia/Tehran", "Europe/Dublin", "UTC",
  ])
  func `offsets agree over two centuries`(name: String) throws {
    let zone = try ZoneRules(named: name)
    let other = try #require(TimeZone(identifier: name))
    // Every 31 hours and a bit, so that all times of day are met.
    for seconds in stride(from: -2_000_000_000 as Int64, to: 4_000_000_000, by: 1_111_111) {
      let wanted = other.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
      #expect(Int(zone.offset(at: seconds)) == wanted, "\(seconds)")
    }
  }

  @Test func `the hour before and after a change of the clocks`() throws {
    let berlin = try ZoneRules(named: "Europe/Berlin")
    #expect(berlin.hour(of: Timestamp(nanoseconds: instant("2025-03-30T00:59:59Z"))) == 1)
    #expect(berlin.hour(of: Timestamp(nanoseconds: instant("2025-03-30T01:00:00Z"))) == 3)
    #expect(berlin.hour(of: Timestamp(nanoseconds: instant("2060-07-01T00:00:00Z"))) == 2, "the rule for years to come")
  }

  @Test func `a day begins at its midnight, also on a leap day`() throws {
    let newYork = try ZoneRules(named: "America/New_York")
    let leapDay = CivilDate(year: 2024, month: 2, day: 29)
    #expect(newYork.start(of: leapDay).description == "2024-02-29T05:00:00Z")
    #expect(newYork.day(of: Timestamp(nanoseconds: instant("2024-03-01T04:59:59Z"))) == leapDay)
  }

  @Test func `a day whose midnight is put forward begins at the end of the gap`() throws {
    // São Paulo, 2018-11-04: 00:00 became 01:00.
    let zone = try ZoneRules(named: "America/Sao_Paulo")
    #expect(zone.start(of: CivilDate(year: 2018, month: 11, day: 4)).description == "2018-11-04T03:00:00Z")
  }

  @Test func `offsets are zones too`() throws {
    let zone = try ZoneRules(named: "-03:30")
    #expect(zone.offset(at: 0) == -12_600)
    #expect(zone.start(of: CivilDate(days: 0)).description == "1970-01-01T03:30:00Z")
  }

  @Test(arguments: [
    "Europe/Atlantis", "", "../../etc/passwd", "/etc/passwd", "+25:00", "+2:00", "posixrules/", "Europe",
  ])
  func `what is no zone is refused with a way out`(name: String) {
    #expect {
      try ZoneRules(named: name)
    } throws: { error in
      "\(error)".contains("no time zone") && "\(error)".contains("tzdata")
    }
  }

  @Test(arguments: ["", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CE-1", "EST5EDT,M3.2.0,M11.1.0 "])
  func `a rule that is none is not taken for one`(text: String) {
    #expect(YearlyZoneRule(Array(text.utf8)) == nil)
  }

  @Test func `rules by number of the day`() throws {
    // The leap day never counts for J: J60 is always 1 March.
    let rule = try #require(YearlyZoneRule(Array("AAA0BBB,J60/0,300/0".utf8)))
    #expect(rule.offset(at: instant("2024-02-29T23:59:59Z") / 1_000_000_000) == 0)
    #expect(rule.offset(at: instant("2024-03-01T00:00:00Z") / 1_000_000_000) == 3600)
    #expect(rule.offset(at: instant("2023-03-01T00:00:00Z") / 1_000_000_000) == 3600)
    // Day 300 of a leap year from zero is 27 October (26 October 23:00 in UTC).
    #expect(rule.offset(at: instant("2024-10-26T22:59:59Z") / 1_000_000_000) == 3600)
    #expect(rule.offset(at: instant("2024-10-26T23:00:00Z") / 1_000_000_000) == 0)
  }
}
