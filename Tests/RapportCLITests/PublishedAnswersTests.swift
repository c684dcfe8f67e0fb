import Foundation
import Testing

/// Recency, frequency and spend of real customers, as published with the data, and their cohorts.
@Suite("CDNOW", .enabled(if: SharedData.hasCDNOW, "the CDNOW purchases are not there: ../shared/data/cdnow"))
struct CDNOWTests {
  /// Records a table of purchases, each row an order; the rows have no ids but their numbers.
  private func recorded(_ table: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var events = ""
    for (row, fields) in try SharedData.rows("cdnow/\(table).csv").enumerated() {
      events += """
        {"specversion":"1.0","id":"\(row)","source":"/cdnow","type":"order.placed","subject":"\(fields[0])",\
        "time":"\(fields[1])T00:00:00Z","data":{"order":"\(row)","currency":"USD","revenue":"\(fields[3])"}}

        """
    }
    let ingest = ["ingest", "--quiet", "--ledger", folder.ledger]
    try Executable.succeed(ingest, input: Data(events.utf8))
    return folder
  }

  private func rows(_ question: [String], in folder: TemporaryFolder) throws -> [[String: Any]] {
    let answer = try Executable.run(["view"] + question + ["--json", "--ledger", folder.ledger])
    return try #require(answer.json["rows"] as? [[String: Any]])
  }

  @Test("retention gives the published cohorts of all 23,570 customers, value their revenue")
  func cohorts() throws {
    let folder = try recorded("master")
    let status = try Executable.run(["status", "--json", "--ledger", folder.ledger]).json
    #expect(status["events"] as? Int == 69_659)
    #expect(status["customers"] as? Int == 23_570)
    let cohorts = try rows(["retention", "--at", "1998-06-30"], in: folder)
    #expect(cohorts.map { $0["cohort"] as? String } == ["1997-01", "1997-02", "1997-03"])
    #expect(cohorts.map { $0["size"] as? Int } == [7_846, 8_476, 7_248])
    let active = cohorts.map { $0["active"] as? [Int] ?? [] }
    #expect(
      active.map { Array($0.prefix(7)) } == [
        [7_846, 1_157, 964, 810, 679, 736, 720], [8_476, 1_312, 980, 783, 847, 786, 626],
        [7_248, 1_032, 752, 756, 674, 564, 561],
      ])
    #expect(active.map(\.count) == [18, 17, 16], "a month each up to that of --at")
    let value = try rows(["value"], in: folder)
    #expect(value.count == 1)
    #expect(value[0]["currency"] as? String == "USD")
    #expect(value[0]["revenue"] as? String == "2500315.63")
    #expect(value[0]["customers"] as? Int == 23_570)
  }

  @Test("retention --rfm gives the published figures of all 2,357 customers at the end of the calibration")
  func calibration() throws {
    let rows = try self.rows(["retention", "--rfm", "--at", "1997-09-30"], in: recorded("sample"))
    let wanted = try SharedData.rows("cdnow/expected_rfm.csv")
    #expect(rows.count == 2_357)
    #expect(wanted.count == 2_357)
    for (row, expected) in zip(rows, wanted) {
      #expect(Int(try #require(row["customer"] as? String)) == Int(expected[0]))
      #expect(row["x"] as? Int == Int(expected[1]), "x of customer \(expected[0])")
      #expect(abs(try #require(row["t_x"] as? Double) - Double(expected[2])!) < 0.006)
      #expect(abs(try #require(row["t"] as? Double) - Double(expected[3])!) < 0.006)
      #expect(abs(Double(try #require(row["m"] as? String))! - Double(expected[4])!) < 0.0051)
    }
  }
}

/// Paths and seams of real tickets.
@Suite("Helpdesk", .enabled(if: SharedData.hasHelpdesk, "the tickets are not there: ../shared/data/helpdesk"))
struct HelpdeskTests {
  /// One ledger for each field that can stand for the department: recording takes a while in a debug build.
  private static let ledgers: [String: TemporaryFolder] = {
    var ledgers: [String: TemporaryFolder] = [:]
    for department in ["workgroup", "org:resource"] {
      guard let folder = try? TemporaryFolder() else { continue }
      _ = try? Executable.run(
        ["ingest", "--quiet", "--ledger", folder.ledger], input: SharedData.helpdesk(department: department))
      ledgers[department] = folder
    }
    // Statics are never torn down.
    atexit {
      for folder in HelpdeskTests.ledgers.values { try? FileManager.default.removeItem(atPath: folder.path) }
    }
    return ledgers
  }()

  private func asked(department: String, _ question: [String]) throws -> [[String: Any]] {
    let folder = try #require(Self.ledgers[department])
    let answer = try Executable.run(["view"] + question + ["--json", "--ledger", folder.ledger])
    return try #require(answer.json["rows"] as? [[String: Any]])
  }

  @Test("journey --per case gives the published edges and variants")
  func journeys() throws {
    let edges = try asked(department: "workgroup", ["journey", "--per", "case"])
    #expect(edges.count == 55)
    let top = edges.prefix(4).map { "\($0["from"]!) → \($0["to"]!) \($0["n"]!)" }
    #expect(
      top == [
        "Resolve ticket → Closed 4558", "Assign seriousness → Take in charge ticket 4160",
        "Take in charge ticket → Resolve ticket 3563", "Take in charge ticket → Wait 1265",
      ])
    let variants = try asked(department: "workgroup", ["journey", "--per", "case", "--variants"])
    #expect(variants.count == 226)
    #expect(variants.first?["n"] as? Int == 2_366)
  }

  @Test(
    "seams gives the published handovers",
    arguments: [("workgroup", [11, 5, 5, 1, 1]), ("org:resource", [8_648, 4_577, 291, 3, 4])])
  func seams(department: String, wanted: [Int]) throws {
    let row = try #require(try asked(department: department, ["seams"]).first)
    let keys = ["handovers", "cases_handed_over", "ping_pong_cases", "stations_p50", "stations_p90"]
    #expect(keys.map { row[$0] as? Int } == wanted)
  }
}
