import Foundation
import RapportGenerator
import Testing

@testable import RapportLedger

/// Every view against its naive twin: over wild and plausible histories, in every grouping, with every option, in
/// windows, seen from within, and in other time zones.
@Suite("Twins")
struct TwinTests {
  static let frames: [Naive.Query] = [
    Naive.Query(asOf: "2026-01-01T00:00:00Z"),
    Naive.Query(
      from: "2025-01-20T05:00:00Z", to: "2025-03-20T04:00:00Z", asOf: "2025-12-01T00:00:00Z", zone: "America/New_York"),
    Naive.Query(to: "2025-03-20T00:00:00Z", asOf: "2025-03-10T12:00:00Z", zone: "Europe/Berlin"),
  ]

  private static let stories = generatedLines(700, customers: 20, seed: 7)

  @Test(arguments: Twin.all.map(\.view))
  func `the view agrees with its twin`(name: String) throws {
    let twin = try #require(Twin.all.first { $0.view == name })
    var compared = 0
    for (index, lines) in streams(twin).enumerated() {
      let ledger = try TestLedger(height: 8)
      let summary = try ledger.record(lines, commits: [90])
      try #require(summary.accepted == lines.count, "every line must be acceptable")
      compared += try compare(twin, ledger, try Naive.decode(lines), "stream \(index)")
    }
    #expect(compared > 10, "the streams have rows worth comparing")
  }

  private func streams(_ twin: Twin) -> [[String]] {
    (1...4).map { Wild.lines(twin.types, seed: $0) } + twin.streams + [Self.stories]
  }

  /// - Returns: how many rows agree.
  private func compare(_ twin: Twin, _ ledger: TestLedger, _ events: [Naive.Event], _ stream: String) throws -> Int {
    let definition = try #require(Catalogue.infos.first { $0.name == twin.view }).definition
    var compared = 0
    for frame in Self.frames {
      for (grouping, options) in definition.groupings.map({ ($0, [:]) }) + [(nil, [:])]
        + twin.options.map({ (nil, $0) })
      {
        var question = frame
        question.grouping = grouping
        question.options = options
        let world = Naive.World(events, question)
        let wanted = twin.answer(world)
        let answer = try ask(ledger, twin.view, question)
        let found = try JSON(reading: answer.json.text)
        let context = "\(stream), as of \(frame.asOf) in \(frame.zone), by \(grouping ?? "-"), \(options)"
        let rows = found["rows"]!.elements.map { comparable($0) }
        #expect(difference(rows, wanted.rows.map { comparable($0) }) == nil, "\(context)")
        #expect(
          found["left_out"]!.members.mapValues { Int($0.double!) } == wanted.leftOut.merging(world.leftOut) { $1 },
          "\(context)")
        if let warnings = wanted.warnings { #expect(answer.rows.warnings == warnings, "\(context)") }
        compared += rows.count
      }
    }
    return compared
  }

  /// What is on one side only.
  private func difference(_ found: [String], _ wanted: [String]) -> String? {
    guard found != wanted else { return nil }
    let extra = found.filter { !wanted.contains($0) }
    let missing = wanted.filter { !found.contains($0) }
    if extra.isEmpty, missing.isEmpty { return "another order or repetition of \(found)" }
    return "found \(extra.prefix(3)), wanted \(missing.prefix(3))"
  }

  private func ask(_ ledger: TestLedger, _ view: String, _ question: Naive.Query) throws -> ViewAnswer {
    var query = ViewQuery(
      from: question.from.map(instant), to: question.to.map(instant), asOf: instant(question.asOf),
      grouping: question.grouping)
    query.zone = try ZoneRules(named: question.zone)
    query.options = question.options
    return try ledger.ledger.read { snapshot in
      let replay = Replay(limits: ReplayLimits(time: query.asOf), threads: 2)
      return try Catalogue.answer(view, query, over: snapshot, replay: replay)
    }
  }
}
