import Foundation
import RapportGenerator
import RapportLedger

/// What is sent: events of all kinds, and among them lines that are sent twice, contradict earlier ones, are no events,
/// or are blank.
///
/// What must become of each line is known by construction; what the ledger must say in the end is asked of a ledger that
/// nothing ever happened to.
struct Stream: Sendable {
  enum Kind { case event, duplicate, conflict, refused, blank }

  private(set) var lines: [String] = []
  private(set) var kinds: [Kind] = []
  /// How many events lines 1 … L bring, by L from 0.
  private(set) var eventsThrough: [Int] = [0]
  /// The events as the log prints them, in order, without what the ledger adds.
  private(set) var log: [String] = []
  /// The digest of each view.
  private(set) var digests: [String: String] = [:]

  /// - Parameter events: what the generator tells; every fifth brings one more line of another kind.
  init(events: Int, seed: UInt64) throws {
    let first = EventGenerator.Configuration.day(year: 2025, month: 1, day: 1)
    let told = EventGenerator.lines(.init(events: events, customers: 12, seed: seed, from: first, days: 60))
    for line in String(decoding: told, as: UTF8.self).split(separator: "\n") {
      append(String(line), .event)
      if kinds.count % 6 == 5 { appendOther() }
    }
    let scratch = try Scratch()
    let path = scratch.ledger
    let summary = try Feeding.feed(self, to: path)
    guard summary == expectedSummary else { throw Unexpected("without any fault: \(summary), not \(expectedSummary)") }
    let ledger = try Ledger(at: path, for: .reading)
    log = try Self.log(of: ledger)
    digests = try Self.digests(of: ledger)
  }

  private mutating func append(_ line: String, _ kind: Kind) {
    lines.append(line)
    kinds.append(kind)
    eventsThrough.append(eventsThrough.last! + (kind == .event ? 1 : 0))
  }

  private mutating func appendOther() {
    let number = kinds.count
    let earlier = lines[number * 2 / 3]
    switch number / 6 % 6 {
    case 0: append(Self.note(number), .event)
    case 1 where kinds[number * 2 / 3] == .event: append(earlier, .duplicate)
    case 2 where kinds[number * 2 / 3] == .event: append("{\"contradiction\":1," + earlier.dropFirst(), .conflict)
    case 3:
      append("{\"specversion\":\"1.0\",\"id\":\"r\(number)\",\"source\":\"/t\",\"type\":\"order.placed\"}", .refused)
    case 4: append("no JSON, number \(number)", .refused)
    default: append("", .blank)
    }
  }

  /// An event with a text that is sealed under the key of a new customer.
  private static func note(_ number: Int) -> String {
    """
    {"specversion":"1.0","id":"n\(number)","source":"/t","type":"note.added","subject":"N\(number)",\
    "time":"2025-02-01T00:00:00Z","data":{"text":"a word about number \(number)"}}
    """
  }

  var eventCount: Int { eventsThrough.last! }

  /// Numbers, from 1, of the lines that belong into the rejects file.
  var refusedLines: [Int] {
    kinds.indices.filter { kinds[$0] == .refused || kinds[$0] == .conflict }.map { $0 + 1 }
  }

  func count(_ kind: Kind) -> Int { kinds.reduce(0) { $0 + ($1 == kind ? 1 : 0) } }

  /// What a first, undisturbed run must report.
  var expectedSummary: IngestSummary {
    var summary = IngestSummary()
    summary.lines = lines.count
    summary.accepted = count(.event)
    summary.duplicates = count(.duplicate)
    summary.conflicts = count(.conflict)
    summary.rejected = count(.conflict) + count(.refused)
    summary.blank = count(.blank)
    summary.position = UInt64(eventCount)
    return summary
  }

  /// Lines, numbered from 0, as bytes.
  func bytes(_ range: Range<Int>) -> [UInt8] { Array(lines[range].map { $0 + "\n" }.joined().utf8) }
  var bytes: [UInt8] { bytes(0..<lines.count) }

  // MARK: Asking a ledger

  static func log(of ledger: Ledger, from position: UInt64 = 1) throws -> [String] {
    var lines: [String] = []
    try ledger.read { snapshot in
      guard snapshot.position >= position else { return }
      try snapshot.log(from: position) { event in
        lines.append(withoutPosition(String(decoding: event.json, as: UTF8.self)))
        return true
      }
    }
    return lines
  }

  /// An event as the log prints it, without what the ledger adds.
  static func withoutPosition(_ text: String) -> String {
    guard let own = text.range(of: ",\"ledgerposition\"") else { return text }
    return String(text[..<own.lowerBound])
  }

  /// Of all views, or of three of them where there is little time: the log itself is compared text by text anyway.
  static func digests(of ledger: Ledger) throws -> [String: String] {
    // Up to a position, so that nothing is stored.
    let position = try ledger.read { $0.position }
    let report = try ledger.replay(
      views: ProofSize.isRelease ? nil : ["card", "perfect-orders", "satisfaction"], threads: 1, upTo: position)
    return Dictionary(uniqueKeysWithValues: report.views.map { ($0.view, $0.digest.description) })
  }
}

/// Feeding a stream through the library, in this process.
enum Feeding {
  /// - Parameter height: of a ledger that is not there yet: segments of 2^height events.
  static func feed(_ stream: Stream, to path: String, height: Int = 16) throws -> IngestSummary {
    let file = try Scratch()
    let name = file.path + "/input"
    try Data(stream.bytes).write(to: URL(fileURLWithPath: name))
    let input = open(name, O_RDONLY)
    guard input >= 0 else { throw Unexpected("no input") }
    defer { close(input) }
    let ledger = try Ledger(at: path, for: .writing, height: height, mapBytes: 1 << 30)
    var summary = try Ingestor(ledger, input: input).run()
    summary.seconds = 0
    return summary
  }
}
