import Logging
import Synchronization
import Testing

@testable import RapportCLI
@testable import RapportLedger

/// What a daemon says of itself where nobody looks at a terminal.
@Suite("The status line of ingest")
struct IngestReportTests {
  private static let second: Int64 = 1_000_000_000

  private final class Entries: Sendable {
    let all = Mutex<[(level: Logger.Level, message: String, metadata: [String: String])]>([])
    let now = Atomic<Int64>(0)
  }

  private struct Collector: LogHandler {
    let entries: Entries
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let texts = (event.metadata ?? [:]).mapValues { "\($0)" }
      entries.all.withLock { $0.append((event.level, "\(event.message)", texts)) }
    }
  }

  private func report(_ entries: Entries) -> IngestReport {
    IngestReport(
      progress: nil, interval: 10 * Self.second, clock: { entries.now.load(ordering: .relaxed) },
      logger: Logger(label: "test") { _ in Collector(entries: entries) })
  }

  private func progress(lines: Int, position: UInt64) -> IngestProgress {
    var counts = IngestSummary()
    (counts.lines, counts.accepted, counts.duplicates, counts.rejected) = (lines, lines - 3, 2, 1)
    return IngestProgress(position: position, line: UInt64(lines), counts: counts, inputBytes: 0)
  }

  @Test("one entry when the interval has passed, however many commits there were")
  func interval() {
    let entries = Entries()
    let report = report(entries)
    // From the second 1 to 35 a commit of 100 lines every second.
    for second in 1...35 as ClosedRange<Int64> {
      entries.now.store(second * Self.second, ordering: .relaxed)
      report.update(progress(lines: Int(second) * 100, position: UInt64(second) * 97))
    }
    let all = entries.all.withLock { $0 }
    #expect(all.map { $0.metadata["lines"] } == ["1000", "2000", "3000"])
    #expect(all.allSatisfy { $0.level == .info && $0.message == "ingesting" })
    #expect(all.allSatisfy { $0.metadata["lines_per_second"] == "100" })
    #expect(
      all.last?.metadata == [
        "position": "2910", "lines": "3000", "accepted": "2997", "duplicates": "2", "rejected": "1",
        "lines_per_second": "100",
      ])
  }

  @Test("the rate is that since the entry before, over the time that passed")
  func rate() {
    let entries = Entries()
    let report = report(entries)
    for (second, lines) in [(10, 1_000), (14, 5_000), (30, 1_200)] as [(Int64, Int)] {
      entries.now.store(second * Self.second, ordering: .relaxed)
      report.update(progress(lines: lines, position: 1))
    }
    #expect(entries.all.withLock { $0.map { $0.metadata["lines_per_second"] } } == ["100", "10"])
  }

  @Test("nothing is said before the first interval has passed")
  func quiet() {
    let entries = Entries()
    entries.now.store(1_000 * Self.second, ordering: .relaxed)
    let report = report(entries)
    entries.now.store(1_000 * Self.second + 10 * Self.second - 1, ordering: .relaxed)
    report.update(progress(lines: 9, position: 9))
    #expect(entries.all.withLock { $0.isEmpty })
  }
}
