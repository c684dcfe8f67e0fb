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
/// The file is replaced as a whole: when ingest begins, within a second of whatever changes, and at the end. So a reader
/// sees neither half of it nor, for long, what is not so any more. Counters start at zero with the process.
final class MetricsFile: Sendable {
  private struct State {
    var counts = IngestSummary()
    var inputBytes: UInt64 = 0
    /// When the acknowledged line last moved; nil if it has not.
    var lastCommit: Int64?
    var isWritten = false
    var hasComplained = false
  }

  private let path: String
  private let position: @Sendable () -> UInt64?
  private let onFailure: @Sendable (String, any Error) -> Void
  private let started = Clock.now
  private let state: Mutex<State>

  /// - Parameters:
  ///   - path: of a regular file, or of none; where it is a link, of what that leads to.
  ///   - position: says the last of the log, which others write to as well; nil if it cannot be read.
  ///   - onFailure: called with the path when it begins to fail; recording goes on, and the file is tried again.
  init(
    path: String, position: @escaping @Sendable () -> UInt64?,
    onFailure: @escaping @Sendable (String, any Error) -> Void
  ) throws {
    var status = stat()
    var target = path
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG, let resolved = realpath(path, nil) else {
        throw Failure(.cannotCreate, "\(path) cannot be the metrics file: it is something else; name a file")
      }
      defer { free(resolved) }
      target = String(cString: resolved)
    }
    self.path = target
    self.position = position
    self.onFailure = onFailure
    state = Mutex(State())
  }

  /// Notes what is to be written: whoever commits does not wait for this file.
  func update(_ progress: IngestProgress) {
    state.withLock { state in
      state.counts = progress.counts
      state.inputBytes = progress.inputBytes
      state.lastCommit = Clock.now
      state.isWritten = false
    }
  }

  /// Writes every second what has changed, until it is cancelled.
  func keepWritten() async {
    while !Task.isCancelled {
      write()
      try? await Task.sleep(for: .seconds(1))
    }
  }

  /// Writes what has changed. A failure is told once: it is not worth failing for, the events are recorded.
  func write() {
    let position = position()
    let current = state.withLock { state in
      if let position, position != state.counts.position {
        state.counts.position = position
        state.isWritten = false
      }
      defer { state.isWritten = true }
      return state
    }
    guard !current.isWritten else { return }
    do {
      try replaceFile(text(current))
      state.withLock { $0.hasComplained = false }
    } catch {
      state.withLock { $0.hasComplained = true }
      if !current.hasComplained { onFailure(path, error) }
    }
  }

  private func replaceFile(_ text: String) throws {
    let temporary = path + ".tmp"
    let file = try FileDescriptor.open(
      temporary, .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec], permissions: [.ownerReadWrite])
    do {
      try file.closeAfter {
        _ = try file.writeAll(text.utf8)
        // Whatever the umask says: whoever collects it is somebody else, and it holds numbers only.
        if fchmod(file.rawValue, 0o644) != 0 { throw Errno(rawValue: errno) }
      }
      if rename(temporary, path) != 0 { throw Errno(rawValue: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private func text(_ state: State) -> String {
    var text = ""
    func metric(_ name: String, _ kind: String, _ help: String, _ samples: (labels: String, value: String)...) {
      text += "# HELP rapport_\(name) \(help)\n# TYPE rapport_\(name) \(kind)\n"
      for sample in samples { text += "rapport_\(name)\(sample.labels) \(sample.value)\n" }
    }
    let counts = state.counts
    metric(
      "ingest_lines_total", "counter", "Input lines by what became of them; each is counted once.",
      ("{outcome=\"accepted\"}", "\(counts.accepted)"), ("{outcome=\"duplicate\"}", "\(counts.duplicates)"),
      ("{outcome=\"conflict\"}", "\(counts.conflicts)"),
      ("{outcome=\"rejected\"}", "\(counts.rejected - counts.conflicts)"), ("{outcome=\"blank\"}", "\(counts.blank)"))
    metric(
      "ingest_input_bytes_total", "counter", "Bytes of input up to the acknowledged line.", ("", "\(state.inputBytes)"))
    metric("log_position", "gauge", "Position of the last event of the log.", ("", "\(counts.position)"))
    if let time = state.lastCommit {
      metric(
        "ingest_last_commit_timestamp_seconds", "gauge", "When the acknowledged line last moved.",
        ("", "\(time / 1_000_000_000)"))
    }
    metric("ingest_start_timestamp_seconds", "gauge", "When the process began.", ("", "\(started / 1_000_000_000)"))
    return text
  }
}
