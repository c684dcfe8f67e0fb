import Foundation
import Testing

@testable import RapportLedger

/// The catalogue is whole: every view of the contract is there, with its keys, its options and its counterweight; each has
/// a definition, a specification of its clauses and a naive twin; and the article about it says what runs.
@Suite("The catalogue")
struct CatalogueTests {
  /// What the contract says of a view: keys in order, groupings, options, keys of groupings and options, counterweight.
  struct Promise: Sendable {
    var keys: String
    var by = ""
    var options = ""
    var variants: [String: String] = [:]
    var counterweight = ""
  }

  /// `views.md`, view by view.
  static let contract: [String: Promise] = [
    "perfect-orders": Promise(
      keys: """
        due delivered on_time perfect perfect_rate on_time_rate on_time_of_delivered_rate in_full_rate undamaged_rate \
        complaint_free_rate provisional lead_p50 lead_p90 received
        """, by: "month country channel"),
    "losses": Promise(
      keys: "action exposed gain loss_stated loss_est net currency", by: "reason friction recovery",
      variants: [
        "--by reason": "reason to_competitor lost",
        "--by friction": "severity n lost_90d lost_90d_rate lost_90d_rate_without",
        "--by recovery": "frictions recovered recovered_rate",
      ]),
    "service": Promise(
      keys: """
        kind cases waiting first_reply_n first_reply_p50 first_reply_p90 resolve_first_n resolve_first_p50 \
        resolve_first_p90 resolve_full_n resolve_full_p50 resolve_full_p90 bot_first_reply_n bot_first_reply_p50 \
        customer_wait_p50 customer_wait_p90 reopened reopened_rate one_touch_rate complaints_per_100_orders
        """, by: "kind channel department country month"),
    "selfservice": Promise(
      keys: "started completed success_rate helpful_rate rated_rate contacts_per_100_orders", by: "topic",
      counterweight: "reach"),
    "seams": Promise(
      keys: "cases handovers cases_handed_over ping_pong_cases stations_p50 stations_p90", by: "seam customer",
      variants: [
        "--by seam": "from to n wait_p50 wait_p90", "--by customer": "customer touches silo_index effort_minutes",
      ]),
    "journey": Promise(
      keys: "from to n gap_p50 gap_p90", options: "per variants dead-ends",
      variants: ["--variants": "steps n", "--dead-ends": "step n"]),
    "reach": Promise(
      keys: "attempts answered_rate abandoned_rate waited_p50 waited_p90 failures_per_1000",
      by: "channel hour reason need"),
    "listening": Promise(
      keys: """
        inbound outbound ratio feedback closed_loop_rate acknowledged_p50 acted_p50 answered_p50 heard_first_rate
        """, options: "open"),
    "pressure": Promise(
      keys: """
        customers over_cap over_cap_rate max_7d max_30d in_subscribed_topics_rate unsubscribed_per_1000
        """),
    "finding": Promise(keys: "lines repeat_lines re_searched re_search_rate zero_result_rate"),
    "retargeting": Promise(keys: "ads wasted wasted_rate without_consent max_per_customer_day"),
    "priorities": Promise(
      keys: "priority front rear share met", by: "month",
      variants: ["--by month": "month priority front rear share met months_met"]),
    "wants": Promise(keys: "want measure value n complaints"),
    "perception-gap": Promise(keys: "question inside inside_n outside outside_n gap_pp"),
    "satisfaction": Promise(
      keys: "kind n value plus_minus response_rate distribution score_mean score_n",
      by: "kind sample country touchpoint month"),
    "promises": Promise(keys: "due kept kept_rate broken late_p50 late_p90", by: "department customer"),
    "understanding": Promise(
      keys: "offers need_first_rate goals achieved_rate active understood_rate sponsored_rate", by: "wish",
      variants: ["--by wish": "wish people fulfilled fulfilled_rate"]),
    "value": Promise(
      keys: "currency revenue refunds cost contribution customers unprofitable", by: "currency customer",
      variants: [
        "--by customer": """
        customer currency revenue refunds cost contribution customers unprofitable ideas referrals reviews \
        goals_achieved confirmed_solutions
        """
      ]),
    "retention": Promise(
      keys: "cohort size active", options: "rfm alive quiet",
      variants: [
        "--rfm": "customer currency x t_x t m", "--alive": "customer currency x t_x t m p_alive_est",
        "--quiet": "customer last_inbound days days_interval_p50",
      ]),
    "consent": Promise(
      keys: "purpose given refused withdrawn expired stale conflict unknown touches_without", by: "purpose"),
    "requests": Promise(keys: "right open overdue fulfilled days_p50", by: "right"),
    "data-use": Promise(keys: "field collected purposes hidden unused overdue", by: "purpose"),
    "contact-person": Promise(keys: "active assigned introduced coverage_rate changes_per_year", by: "employee"),
    "stewardship": Promise(keys: "kind n of rate list"),
    "advocacy": Promise(keys: "referrals converted_rate depth_max mentions_positive went_public"),
    "authenticity": Promise(
      keys: "utterances undisclosed undisclosed_rate human_share handoff_p50 handoff_p90", by: "actorkind"),
    "countries": Promise(
      keys: """
        country csat csat_n nps nps_n perfect_rate perfect_n resolve_p50 complaints_per_100_orders currency revenue
        """),
  ]

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  @Test func `it has the views of the contract and no others, in bytewise order`() {
    let names = Catalogue.infos.map(\.name)
    #expect(names.sorted() == Self.contract.keys.sorted())
    #expect(names == names.sorted())
  }

  @Test(arguments: Catalogue.infos.map(\.name))
  func `a view keeps what the contract says of it`(name: String) throws {
    let info = try #require(Catalogue.infos.first { $0.name == name })
    let promise = try #require(Self.contract[name])
    let definition = info.definition
    #expect(info.version >= 1 && info.question.hasSuffix("?"))
    for text in [definition.formula, definition.unit, definition.anchor, definition.exclusions] {
      #expect(!text.isEmpty)
    }
    #expect(definition.keys == words(promise.keys))
    #expect(Set(definition.groupings).isSuperset(of: words(promise.by)))
    #expect(Set(definition.options.map(\.name)).isSuperset(of: words(promise.options)))
    #expect(definition.counterweights == words(promise.counterweight))
    for (when, keys) in promise.variants {
      #expect(definition.variants.first { $0.when == when }?.keys == words(keys), "\(when)")
    }
    if let grouping = definition.defaultGrouping { #expect(definition.groupings.contains(grouping)) }
    // A number without its formula is worth nothing: every key is explained, or says itself what it is.
    #expect(definition.options.allSatisfy { !$0.help.isEmpty })
  }

  // MARK: What rows have

  private static let types = EventKind.allCases.filter {
    ![.other, .importBatch, .eventCorrected, .eventRetracted, .customerMerged, .customerUnmerged].contains($0)
  }

  @Test(arguments: [11, 12] as [UInt64])
  func `whatever the order of arrival, every view has the same digest`(seed: UInt64) throws {
    let lines = Wild.lines(Self.types.map(\.name), events: 700, seed: seed)
    var digests: [[String: String]] = []
    for (order, threads) in [(lines, 1), (lines.reversed(), 2), (lines.sorted(), 2)] {
      let ledger = try TestLedger(height: 7)
      try ledger.record(order, commits: [100, 33, 250])
      digests.append(try ledger.digests(threads: threads))
    }
    for name in digests[0].keys.sorted() {
      #expect(digests[1][name] == digests[0][name] && digests[2][name] == digests[0][name], "\(name)")
    }
    #expect(Set(digests[0].values).count == Catalogue.infos.count + 1, "no two views know the same")
  }

  // Written once, and only read by the tests.
  nonisolated(unsafe) private static let ledger: TestLedger? = {
    let ledger = try? TestLedger(height: 10)
    _ = try? ledger?.record(Wild.lines(types.map(\.name), events: 1500, seed: 99), commits: [500])
    _ = try? ledger?.record(generatedLines(1200, customers: 25, seed: 3), commits: [500])
    return ledger
  }()

  @Test(arguments: Catalogue.infos.map(\.name))
  func `its rows have the keys that it publishes, in every grouping and with every option`(name: String) throws {
    let ledger = try #require(Self.ledger)
    let definition = try #require(Catalogue.infos.first { $0.name == name }).definition
    var questions: [ViewQuery] = [ViewQuery(asOf: .max - 1)]
    for grouping in definition.groupings { questions.append(ViewQuery(asOf: .max - 1, grouping: grouping)) }
    for option in definition.options {
      var question = ViewQuery(asOf: instant("2025-06-01"))
      question.options = [option.name: option.kind == .choice(["case"]) ? "case" : option.kind == .flag ? "" : "1"]
      questions.append(question)
    }
    var rows = 0
    for question in questions {
      let answer = try ledger.answer(name, question)
      let keys = definition.keys(for: question)
      for row in answer.rows.rows {
        #expect(row.cells.map(\.key) == keys, "\(question.grouping ?? "") \(question.options)")
      }
      #expect(answer.counterweights.map(\.view) == definition.counterweights)
      #expect(answer.rows.leftOut.allSatisfy { definition.exclusions.contains($0.reason) }, "\(answer.rows.leftOut)")
      rows += answer.rows.rows.count
    }
    #expect(rows > 0, "the stream has something to say about it")
  }

  @Test(arguments: Catalogue.infos.map(\.name))
  func `an empty ledger has one row without a grouping and none with one`(name: String) throws {
    let ledger = try TestLedger()
    let definition = try #require(Catalogue.infos.first { $0.name == name }).definition
    let rows = try ledger.answer(name, ViewQuery(asOf: 0)).rows.rows
    // These have a fixed list of rows, or one for each path.
    let fixed = ["wants": 10, "priorities": 5, "stewardship": 7, "journey": 0]
    #expect(rows.count == fixed[name] ?? (definition.defaultGrouping == nil ? 1 : 0))
    for row in rows { #expect(row.cells.map(\.key) == definition.keys) }
    if let grouping = definition.groupings.first { _ = try ledger.answer(name, ViewQuery(asOf: 0, grouping: grouping)) }
  }

  @Test(arguments: Catalogue.infos.map(\.name))
  func `groupings and options that a view does not have are refused`(name: String) throws {
    let ledger = try TestLedger()
    #expect(throws: LedgerError.self) { try ledger.answer(name, ViewQuery(asOf: 0, grouping: "moon")) }
    var query = ViewQuery(asOf: 0)
    query.options = ["moon": ""]
    #expect(throws: LedgerError.self) { try ledger.answer(name, query) }
  }

  // MARK: What else there must be

  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  @Test(arguments: Catalogue.infos.map(\.name))
  func `it has a naive twin and a specification of its clauses`(name: String) throws {
    #expect(Twin.all.contains { $0.view == name }, "Tests/RapportLedgerTests/Twins")
    let files = try FileManager.default.contentsOfDirectory(at: Self.tests, includingPropertiesForKeys: nil)
    let specifications = try files.map { try String(contentsOf: $0, encoding: .utf8) }
    let own = try #require(specifications.first { $0.contains("@Suite(\"\(name)\")") }, "a suite named \(name)")
    #expect(own.components(separatedBy: "@Test").count > 4, "a test for each clause")
  }

  @Test func `the article of the catalogue says what runs`() throws {
    let file = Self.tests.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/RapportLedger/RapportLedger.docc/Catalogue.md")
    let wanted = article()
    if ProcessInfo.processInfo.environment["RAPPORT_UPDATE_SNAPSHOTS"] != nil {
      try wanted.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == wanted, "RAPPORT_UPDATE_SNAPSHOTS=1 writes it anew")
  }

  private func article() -> String {
    var text = """
      # The catalogue

      All views with their definitions, as `rapport view NAME --define` prints them. Generated from the code.


      """
    func code(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }
    for info in Catalogue.infos {
      let definition = info.definition
      text +=
        "## \(info.name)\n\n\(info.question)\n\n\(definition.formula.replacingOccurrences(of: "\n", with: "\n\n"))\n\n"
      var lines = [
        "Version: \(info.version)", "Unit: \(definition.unit)", "Window: by \(definition.anchor)",
        "Left out: \(definition.exclusions)", "Keys: \(code(definition.keys))",
      ]
      if !definition.groupings.isEmpty { lines.append("`--by`: \(code(definition.groupings))") }
      if let grouping = definition.defaultGrouping { lines.append("Grouped by: `\(grouping)`, where nothing is said") }
      lines += definition.variants.map { "Keys with `\($0.when)`: \(code($0.keys))" }
      lines += definition.options.map { "`\($0.synopsis)`: \($0.help)" }
      if !definition.counterweights.isEmpty { lines.append("Printed with: \(code(definition.counterweights))") }
      text += lines.map { "- \($0)\n" }.joined() + "\n"
    }
    return text.trimmingCharacters(in: .newlines) + "\n"
  }
}
