import RapportLedger
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What ingest has done so far, in Prometheus' text format, for the textfile collector of a node exporter.
///
/// The file is replaced as a whole, at most once a second and at the end, so a reader never sees half of it. Counters
/// start at zero with the process.
final class MetricsFile: Sendable {
  private let path: String
  private let started = Clock.now
  private let lastWritten = Mutex<Int64>(0)

  init(path: String) { self.path = path }

  func update(_ progress: IngestProgress) {
    let isDue = lastWritten.withLock { last in
      guard Clock.monotonic - last >= 1_000_000_000 else { return false }
      last = Clock.monotonic
      return true
    }
    if isDue { write(progress.counts, inputBytes: progress.inputBytes) }
  }

  /// Writes the last state. A failure is not worth failing for: the events are recorded.
  func write(_ counts: IngestSummary, inputBytes: UInt64?) {
    let temporary = path + ".tmp"
    do {
      let file = try FileDescriptor.open(
        temporary, .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(Self.text(counts, inputBytes: inputBytes, since: started).utf8) }
      if rename(temporary, path) != 0 { throw Errno(rawValue: errno) }
    } catch {
      StandardError.line(Rich("metrics could not be written to \(path): \(error)", .dim), noColor: true)
    }
  }

  static func text(_ counts: IngestSummary, inputBytes: UInt64?, since started: Int64) -> String {
    var text = ""
    func metric(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: String)]) {
      text += "# HELP rapport_\(name) \(help)\n# TYPE rapport_\(name) \(kind)\n"
      for sample in samples { text += "rapport_\(name)\(sample.labels) \(sample.value)\n" }
    }
    metric(
      "ingest_lines_total", "counter", "Input lines by what became of them.",
      [
        ("{outcome=\"accepted\"}", "\(counts.accepted)"), ("{outcome=\"duplicate\"}", "\(counts.duplicates)"),
        ("{outcome=\"conflict\"}", "\(counts.conflicts)"),
        ("{outcome=\"rejected\"}", "\(counts.rejected - counts.conflicts)"), ("{outcome=\"blank\"}", "\(counts.blank)"),
      ])
    if let inputBytes {
      metric(
        "ingest_input_bytes_total", "counter", "Bytes of input up to the acknowledged line.", [("", "\(inputBytes)")])
    }
    metric("log_position", "gauge", "Position of the last event of the log.", [("", "\(counts.position)")])
    metric(
      "ingest_last_commit_timestamp_seconds", "gauge", "When the acknowledged line last moved.",
      [("", "\(Clock.now / 1_000_000_000)")])
    metric("ingest_start_timestamp_seconds", "gauge", "When the process began.", [("", "\(started / 1_000_000_000)")])
    return text
  }
}
