import Foundation
import Testing

/// The published answers for real orders, through the real executable.
@Suite(
  "Olist", .enabled(if: SharedData.hasOlist, "the Olist events are not there: ../shared/data/olist/events.ndjson.gz"))
struct OlistTests {
  /// One ledger for all tests of the suite: recording takes a while in a debug build.
  private static let folder: TemporaryFolder? = try? {
    let folder = try TemporaryFolder()
    // Statics are never torn down.
    atexit { try? FileManager.default.removeItem(atPath: OlistTests.folder?.path ?? "") }
    _ = try Executable.run(["ingest", "--ledger", folder.ledger, "--quiet"], input: SharedData.olist())
    return folder
  }()

  private func run(_ arguments: String...) throws -> Executable.Result { try run(arguments: arguments) }

  private func run(arguments: [String]) throws -> Executable.Result {
    let folder = try #require(Self.folder)
    return try Executable.run(arguments + ["--ledger", folder.ledger])
  }

  @Test("all 46,266 events are recorded, and recording them again adds nothing")
  func twice() throws {
    let folder = try #require(Self.folder)
    let again = try Executable.run(["ingest", "--json", "--ledger", folder.ledger], input: SharedData.olist())
    #expect(again.status == 0)
    #expect(again.json["lines"] as? Int == 46_266)
    #expect(again.json["accepted"] as? Int == 0)
    #expect(again.json["duplicates"] as? Int == 46_266)
    #expect(again.json["position"] as? Int == 46_266)
  }

  @Test("status counts events, people and types")
  func status() throws {
    let status = try run("status", "--json").json
    #expect(status["events"] as? Int == 46_266)
    #expect(status["customers"] as? Int == 8_016)
    let types = try #require(status["types"] as? [String: Int])
    #expect(
      types == [
        "order.placed": 8_135, "order.shipped": 6_353, "order.delivered": 5_170, "order.cancelled": 1_234,
        "payment.received": 8_924, "survey.sent": 8_225, "survey.answered": 8_225,
      ])
  }

  @Test("perfect-orders gives the published answer")
  func perfectOrders() throws {
    let rows = try #require(try run("view", "perfect-orders", "--json").json["rows"] as? [[String: Any]])
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    let counts = [
      "due": 8_135, "delivered": 5_170, "on_time": 4_827, "perfect": 4_827, "lead_p50": 893_591, "lead_p90": 1_970_675,
    ]
    for (key, value) in counts { #expect(row[key] as? Int == value, "\(key)") }
    #expect(row["perfect_rate"] as? Double == 0.593362)
    #expect(row["on_time_of_delivered_rate"] as? Double == 0.933656)
  }

  @Test("satisfaction gives the published answer")
  func satisfaction() throws {
    let rows = try #require(try run("view", "satisfaction", "--json").json["rows"] as? [[String: Any]])
    let csat = try #require(rows.first { $0["kind"] as? String == "csat" })
    #expect(csat["n"] as? Int == 8_016)
    #expect(csat["value"] as? Double == 0.547031)
    #expect(csat["distribution"] as? [String: Int] == ["1": 2_600, "2": 378, "3": 653, "4": 1_152, "5": 3_233])
  }

  @Test("value, finding and retention give the published answers")
  func published() throws {
    func rows(_ view: String) throws -> [[String: Any]] {
      try #require(try run("view", view, "--json").json["rows"] as? [[String: Any]])
    }
    let value = try #require(try rows("value").first)
    #expect(value["currency"] as? String == "BRL")
    #expect(value["revenue"] as? String == "1093264.35")
    let finding = try #require(try rows("finding").first)
    #expect(finding["lines"] as? Int == 8_365)
    #expect(finding["repeat_lines"] as? Int == 13)
    let cohort = try #require(try rows("retention").first { $0["cohort"] as? String == "2017-11" })
    #expect(cohort["size"] as? Int == 662)
    #expect((cohort["active"] as? [Int])?.prefix(2) == [662, 1])
  }

  @Test("every view has an answer in every form")
  func everyView() throws {
    let views = try #require(try run("view", "--json").json["views"] as? [[String: Any]]).map { $0["view"] as! String }
    #expect(views.count == 27)
    for view in views {
      for form in [["--json"], ["--csv"], [], ["--define"]] {
        let result = try run(arguments: ["view", view] + form)
        #expect(result.status == 0 && !result.output.isEmpty, "\(view) \(form): \(result.errors)")
      }
    }
  }

  @Test("a customer's card and timeline agree")
  func card() throws {
    let customer = "b7d76e111c89f7ebf14761390f0f7d17"
    let card = try run("show", customer, "--json").json
    #expect(card["orders"] as? Int == 1)
    #expect((card["revenue"] as? [String: String]) == ["BRL": "72.89"])
    let timeline = try run("timeline", customer, "--json").lines
    #expect(timeline.count == card["events"] as? Int)
    #expect(timeline.first?.contains("order.placed") == true)
  }
}
