import Foundation
import Testing

/// What people see: tables, cards and bars on a terminal, which a pipe gets as plain columns.
///
/// `RAPPORT_UPDATE_SNAPSHOTS=1 swift test --filter Terminal` writes the snapshots anew.
@Suite(
  "On a terminal", .enabled(if: PseudoTerminal.isThere, "skipped: there are no pseudo-terminals here"),
  .timeLimit(.minutes(2)))
struct TerminalTests {
  private final class Fixture: Sendable {
    let folder: TemporaryFolder
    let events: String

    init() throws {
      folder = try TemporaryFolder()
      events = folder.path + "/events.ndjson"
      let generated = try Executable.succeed(["generate", "--events", "4000", "--customers", "60", "--seed", "5"])
      try generated.output.write(toFile: events, atomically: true, encoding: .utf8)
      try Executable.succeed(["ingest", "--quiet", "--ledger", folder.ledger], input: Data(generated.output.utf8))
    }
  }

  private static let fixture = Result { try Fixture() }

  /// By the name of the snapshot: what is asked, and how wide the terminal is.
  static let pages: [(name: String, arguments: String, columns: UInt16)] = [
    ("views", "view", 80), ("define", "view losses --define", 100),
    ("one-row", "view perfect-orders", 80), ("months", "view perfect-orders --by month", 140),
    ("months-narrow", "view perfect-orders --by month", 60), ("kinds", "view satisfaction", 100),
    ("money", "view value", 80), ("cohorts", "view retention", 120), ("durations", "view service", 100),
    ("counterweight", "view selfservice", 80), ("long", "view journey --dead-ends", 80),
    ("card", "show C000001", 80), ("card-why", "show C000001 --why", 100),
    ("timeline", "timeline C000001 --limit 15", 80), ("relive", "timeline C000001 --relive --limit 15", 80),
    ("reorder", "show C000003 --reorder", 80),
  ]

  @Test(arguments: pages.indices)
  func `a page looks as it did`(index: Int) throws {
    let (name, arguments, columns) = Self.pages[index]
    var words = arguments.split(separator: " ").map(String.init)
    if !words.contains("--define"), words != ["view"] {
      words += ["--ledger", try Self.fixture.get().folder.ledger]
      if words[0] != "timeline" { words += ["--at", "2026-01-01T00:00:00Z"] }
    }
    let plain = try PseudoTerminal.run(words + ["--no-color"], columns: columns)
    #expect(plain.status == 0)
    #expect(!plain.shown.contains("\u{1B}"))
    // Sentences are broken by the terminal; tables must not be.
    for line in plain.shown.split(separator: "\n").dropFirst() where line.contains("  ") {
      #expect(line.count <= columns, "too wide: \(line)")
    }
    try SnapshotTests.compare(plain.shown, with: "terminal-\(name)")
    let coloured = try PseudoTerminal.run(words, columns: columns)
    let codes = coloured.shown.matches(of: /\u{1B}\[([0-9]*)m/).compactMap { Int($0.output.1) }
    #expect(codes.isEmpty == !coloured.shown.contains("\u{1B}"))
    #expect(codes.allSatisfy { [0, 1, 2, 4, 31, 32, 33, 36].contains($0) })
    for environment in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
      #expect(try PseudoTerminal.run(words, columns: columns, environment: environment).shown == plain.shown)
    }
  }

  @Test func `progress is drawn while a file is read, and gone at the end`() throws {
    let fixture = try Self.fixture.get()
    let ledger = fixture.folder.path + "/again"
    let result = try PseudoTerminal.run(["ingest", "--ledger", ledger], input: fixture.events)
    #expect(result.status == 0)
    let parts = result.shown.components(separatedBy: "\r\u{1B}[K")
    #expect(parts.count >= 3, "drawn and cleared")
    #expect(parts.dropFirst().dropLast().allSatisfy { $0.contains(" % ") && $0.contains("lines") && $0.contains("█") })
    #expect(parts.last?.contains("4,000 events recorded in ") == true)
    let piped = try PseudoTerminal.run(["ingest", "--quiet", "--ledger", ledger], input: fixture.events)
    #expect(piped.status == 0 && piped.shown.isEmpty)
    let replayed = try PseudoTerminal.run(["replay", "--ledger", ledger], columns: 100)
    #expect(replayed.status == 0 && replayed.shown.contains("\r\u{1B}[K"))
    #expect(replayed.shown.contains("perfect-orders"))
  }
}
