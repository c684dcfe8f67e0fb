import Logging
import RapportLedger
import Synchronization

/// How ingest is doing: a line that is redrawn on a terminal, else a log entry a minute.
final class IngestReport: Sendable {
  private struct Logged {
    var time: Int64
    var lines = 0
  }

  private let progress: ProgressLine?
  private let interval: Int64
  private let clock: @Sendable () -> Int64
  private let logger: Logger
  private let logged: Mutex<Logged>

  /// - Parameters:
  ///   - progress: the line on a terminal; nil writes to the log.
  ///   - interval: nanoseconds between two entries of the log.
  ///   - clock: nanoseconds that never jump.
  init(
    progress: ProgressLine?, interval: Int64 = 60_000_000_000,
    clock: @escaping @Sendable () -> Int64 = { Clock.monotonic }, logger: Logger
  ) {
    self.progress = progress
    self.interval = interval
    self.clock = clock
    self.logger = logger
    logged = Mutex(Logged(time: clock()))
  }

  /// - Parameters:
  ///   - input: if it reads a regular file, its size says how much is left.
  ///   - isQuiet: only what failed is said.
  convenience init(input: Int32, noColor: Bool, isQuiet: Bool) {
    var logger = Logger(label: "rapport.ingest") { StreamLogHandler.standardError(label: $0) }
    if isQuiet { logger.logLevel = .error }
    let total = System.sizeOfRegularFile(input)
    self.init(progress: isQuiet ? nil : ProgressLine.onTerminal(total: total, noColor: noColor), logger: logger)
  }

  func update(_ progress: IngestProgress) {
    if let line = self.progress {
      line.update(progress.inputBytes) { Self.text(progress, seconds: line.seconds) }
    } else {
      log(progress)
    }
  }

  /// What such a line says may be half of what its writer had to say.
  func noteUnterminated(line: UInt64, _ outcome: UnterminatedLine) {
    clear()
    switch outcome {
    case .taken:
      logger.warning(
        "the input ended without a line end; its last line was taken as it stands", metadata: ["line": "\(line)"])
    case .refused:
      logger.warning(
        "the input ended without a line end; its last line was refused as it stands", metadata: ["line": "\(line)"])
    case .left(let bytes):
      logger.info(
        "ended within a line, which was not taken: send it again",
        metadata: ["line": "\(line)", "bytes_read": "\(bytes)"])
    }
  }

  /// Nothing is recorded until there is room for the next acknowledgement.
  func noteStandstill() {
    clear()
    logger.warning("recording stands still: nobody reads the acknowledgements")
  }

  /// The file is tried again within a second; what it would have said is not worth failing for.
  func noteMetricsFailure(path: String, _ error: any Error) {
    clear()
    logger.error(
      "metrics could not be written", metadata: ["path": "\(TerminalText.escaped(path))", "why": "\(error)"])
  }

  /// - Parameter view: nil where it is about all of them.
  func noteStateFailure(view: String?, why: String?) {
    clear()
    var metadata: Logger.Metadata = [:]
    if let view { metadata["view"] = "\(view)" }
    if let why { metadata["why"] = "\(TerminalText.escaped(why))" }
    logger.error("states are not kept close behind the log, and are tried again later", metadata: metadata)
  }

  func clear() { progress?.clear() }

  private static func text(_ progress: IngestProgress, seconds: Double) -> String {
    var text = "\(Human.count(progress.counts.lines, "line")) · \(Human.bytes(progress.inputBytes))"
    if seconds > 0.2 { text += " · \(Human.rate(Double(progress.counts.lines) / seconds))" }
    if progress.counts.rejected > 0 { text += " · \(Human.count(progress.counts.rejected)) rejected" }
    return text
  }

  private func log(_ progress: IngestProgress) {
    let rate: Double? = logged.withLock { logged in
      let now = clock()
      guard now - logged.time >= interval else { return nil }
      let rate = Double(progress.counts.lines - logged.lines) * 1e9 / Double(now - logged.time)
      logged = Logged(time: now, lines: progress.counts.lines)
      return rate
    }
    guard let rate else { return }
    logger.info(
      "ingesting",
      metadata: [
        "position": "\(progress.position)", "lines": "\(progress.counts.lines)",
        "accepted": "\(progress.counts.accepted)", "duplicates": "\(progress.counts.duplicates)",
        "rejected": "\(progress.counts.rejected)", "lines_per_second": "\(Int(rate))",
      ])
  }

  /// `20,000 events recorded in 80 ms (250,000/s) · position 20,000 · 12 duplicates`
  static func summary(_ summary: IngestSummary) -> Rich {
    var text = "\(Human.count(summary.accepted, "event")) recorded in \(Human.duration(summary.seconds))"
    if summary.seconds > 0, summary.lines > 0 {
      text += " (\(Human.rate(Double(summary.lines) / summary.seconds)))"
    }
    text += " · position \(Human.count(summary.position))"
    if summary.duplicates > 0 { text += " · \(Human.count(summary.duplicates, "duplicate"))" }
    if summary.blank > 0 { text += " · \(Human.count(summary.blank, "blank line"))" }
    return Rich(text, .dim)
  }
}
