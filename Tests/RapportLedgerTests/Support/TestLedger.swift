import Foundation
import RapportGenerator
import Testing

@testable import RapportLedger

/// A ledger in a folder of its own that goes away with it.
final class TestLedger {
  let path: String
  let ledger: Ledger

  /// - Parameter height: segments of 2^height events, so that small data seals.
  init(height: Int = 4) throws {
    path = NSTemporaryDirectory() + "rapport-test-\(UUID().uuidString)"
    ledger = try Ledger(at: path, for: .writing, height: height, mapBytes: 1 << 30)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Records lines in commits of the given sizes, the last size again and again.
  @discardableResult
  func record(_ lines: [String], commits: [Int] = [1_000_000]) throws -> IngestSummary {
    let recording = Recording(ledger, options: IngestOptions())
    _ = try recording.prepare()
    var start = 0
    var commit = 0
    while start < lines.count {
      let size = max(1, commits[min(commit, commits.count - 1)])
      let end = min(lines.count, start + size)
      try recording.record(
        BatchBox(parsing: Array((lines[start..<end].joined(separator: "\n") + "\n").utf8), seed: ledger.meta.seed))
      start = end
      commit += 1
    }
    return recording.summary
  }

  /// The digest of every view and of the card, by name.
  func digests(threads: Int = 1, upTo position: UInt64? = nil) throws -> [String: String] {
    let report = try ledger.replay(threads: threads, upTo: position)
    return Dictionary(uniqueKeysWithValues: report.views.map { ($0.view, $0.digest.description) })
  }

  func answer(_ view: String, _ query: ViewQuery = ViewQuery(asOf: .max)) throws -> ViewAnswer {
    try ledger.read { snapshot in try Catalogue.answer(view, query, over: snapshot, replay: Replay(threads: 1)) }
  }

  func card(_ customer: String) throws -> String {
    try ledger.read { snapshot in try Card(of: customer, in: snapshot, asOf: 0).json.text }
  }

  /// All events as `log` prints them, without the ledger's own attributes.
  func log() throws -> [String] {
    var lines: [String] = []
    try ledger.read { snapshot in
      try snapshot.log { event in
        let text = String(decoding: event.json, as: UTF8.self)
        lines.append(String(text[..<text.range(of: ",\"ledgerposition\"")!.lowerBound]) + "}")
        return true
      }
    }
    return lines
  }
}

/// A small stream of plausible events as lines.
func generatedLines(_ events: Int, customers: Int = 40, seed: UInt64 = 1) -> [String] {
  let bytes = EventGenerator.lines(
    .init(
      events: events, customers: customers, seed: seed,
      from: EventGenerator.Configuration.day(year: 2025, month: 1, day: 1),
      days: 90))
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
