import ArgumentParser
import Logging
import RapportLedger
import ServiceLifecycle
import Synchronization
import UnixSignals

struct Ingest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Record events from standard input until it ends.",
    discussion: """
      One CloudEvent as a JSON object, or a batch of them as an array, a line. An event with a known source and id is \
      recorded once, however often it is sent, so the same input can always be sent again. On SIGTERM and SIGINT what was \
      read is committed before the end; SIGHUP opens the rejects file anew.

      Examples:
        rapport ingest < events.ndjson
        rapport ingest --follow /run/rapport.fifo --ack --linger 5ms

      Exits 65 when lines were refused; everything else was recorded, and the rejects file says what and why.
      """)

  @Flag(
    name: .long,
    help: "After each commit print {\"position\": P, \"line\": L}: everything up to input line L is durable.")
  var ack = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Append refused lines to this file. (default: rejects.ndjson in the ledger)", valueName: "file"),
    completion: .file())
  var rejects: String?

  @Flag(name: .long, help: "Leave the text of refused lines out of the rejects file.")
  var noKeepRejected = false

  @Option(name: .long, help: ArgumentHelp("Refuse lines longer than this; at most 16MiB.", valueName: "bytes"))
  var maxLine = BytesArgument.mebibytes(1)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Commit at the latest so long after the first waiting event; a number without a unit is seconds.",
      valueName: "duration"))
  var linger = DurationArgument.milliseconds(20)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Stay within so much memory, at least 256MiB; what is known of ids beyond it goes to files in the ledger.",
      valueName: "bytes"))
  var memory = BytesArgument.mebibytes(2048)

  @Option(
    name: .long, help: ArgumentHelp("Wait for so long while another writer has the ledger.", valueName: "duration"))
  var wait = DurationArgument.seconds(10)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Read this FIFO instead of standard input, and open it again when its writers have gone.", valueName: "path"),
    completion: .file())
  var follow: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Keep what was done so far in this file, in the text format of Prometheus; it is replaced within a second of a change.",
      valueName: "file"),
    completion: .file())
  var metrics: String?

  @Flag(name: .long, help: "Accept subjects that look like an e-mail address or a phone number.")
  var allowPersonalSubjects = false

  @Flag(name: .long, help: "Print the summary as one JSON document on standard output.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    guard (1...16 << 20).contains(maxLine.count) else { throw ValidationError("--max-line must be 1B … 16MiB.") }
    guard memory.count >= IngestOptions.memoryMin else { throw ValidationError("--memory must be 256MiB or more.") }
  }

  func run() async throws {
    if let rejects { try System.checkCanBeFile(rejects, "the rejects file") }
    let input = try follow.map { try System.openFIFO($0) } ?? 0
    let ledger = try options.open(for: .writing)
    if ledger.isOnOverlay {
      options.note(
        Rich("\(ledger.path) is in the container's own layer and goes with it: keep a ledger on a volume", .warning))
    }
    if System.isTerminal(input) { options.note(Rich("reading events from the terminal; Ctrl-D ends them", .dim)) }
    let report = IngestReport(input: input, noColor: options.noColor, isQuiet: options.quiet)
    let acknowledgements = ack ? Acknowledgements { report.noteStandstill() } : nil
    let metricsFile = try metrics.map {
      try MetricsFile(path: $0) {
        try? ledger.read { $0.position }
      } onFailure: {
        report.noteMetricsFailure(path: $0, $1)
      }
    }
    let ingestor = Ingestor(ledger, input: input, options: ingestOptions(input, report, acknowledgements, metricsFile))
    acknowledgements?.attach(ingestor)
    let keeper = keeper(of: ledger, report)
    let service = IngestService(ingestor: ingestor, keeper: keeper, metrics: metricsFile)
    do {
      defer {
        metricsFile?.write()
        report.clear()
      }
      try await runUntilDone(service)
    } catch let error as LedgerError {
      if case .forbidden = error { throw Failure(.cannotCreate, error.description) }
      throw error
    }
    try conclude(service.summary.withLock { $0 }, ledger, acknowledgements)
  }

  /// Rebuilds views in a process of its own: one that breaks ends only that, and needs no memory of the daemon's.
  private func keeper(of ledger: Ledger, _ report: IngestReport) -> StateKeeper {
    var arguments = ["replay", "--quiet", "--threads", "1", "--ledger", ledger.path]
    if let key = options.masterKey { arguments += ["--master-key", key] }
    return StateKeeper(ledger) { [arguments] view, isCancelled in
      let stop = { if isCancelled() { throw LedgerError.interrupted } }
      switch try ChildProcess.run(arguments + ["--views", view], check: stop, line: { _ in }) {
      case .exited(0): return
      // It has said why.
      case .exited(let code): throw Failure(Exit(rawValue: code) ?? .failed)
      case .signalled(let number): throw Failure(.failed, ChildProcess.name(ofSignal: number))
      }
    } onFailure: { view, error in
      report.noteStateFailure(view: view, why: (error as? Failure)?.message ?? (error as? LedgerError)?.description)
    }
  }

  private func ingestOptions(
    _ input: Int32, _ report: IngestReport, _ acknowledgements: Acknowledgements?, _ metrics: MetricsFile?
  ) -> IngestOptions {
    var ingest = IngestOptions()
    ingest.rules.maxLineBytes = maxLine.count
    ingest.rules.allowsPersonalSubjects = allowPersonalSubjects
    ingest.linger = linger.duration
    ingest.memory = memory.count
    ingest.patience = wait.duration
    ingest.rejectsPath = rejects
    ingest.keepsRejectedText = !noKeepRejected
    ingest.onCommit = { progress in
      acknowledgements?.write(progress)
      report.update(progress)
      metrics?.update(progress)
    }
    ingest.onUnterminatedLine = { line, outcome in report.noteUnterminated(line: line, outcome) }
    if let follow {
      ingest.onInputEnd = {
        try System.reopenFIFO(follow, as: input)
        return true
      }
    }
    return ingest
  }

  /// Runs until the input ends or a signal comes.
  private func runUntilDone(_ service: IngestService) async throws {
    var logger = Logger(label: "rapport") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(
            service: service, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  private func conclude(_ summary: IngestSummary, _ ledger: Ledger, _ acknowledgements: Acknowledgements?) throws {
    if !json { options.note(IngestReport.summary(summary)) }
    // What could not be said matters more than what was refused, and where it could not, nothing else can.
    try acknowledgements?.check()
    if json { try Output.run { try $0.json(summary.json) } }
    guard summary.rejected > 0 else { return }
    let file = rejects ?? ledger.path + "/rejects.ndjson"
    let were = summary.rejected == 1 ? "1 was refused" : "\(Human.count(summary.rejected)) were refused"
    let conflicts = summary.conflicts > 0 ? ", \(Human.count(summary.conflicts, "conflict")) among them" : ""
    throw Failure(.rejected, "\(were)\(conflicts); \(file) says what and why. Everything else was recorded")
  }
}

/// Ingest as a service: a signal ends its reading, and what was read is committed. Beside it the states of views are kept
/// close behind the log.
///
/// The only service of its group: with another one to be shut down before, a group that a signal ends takes it for a
/// failure when the input ends at the same moment, as it does when Ctrl-C ends a whole pipe.
private final class IngestService: Service {
  let ingestor: Ingestor
  private let keeper: StateKeeper
  private let metrics: MetricsFile?
  let summary = Mutex(IngestSummary())

  init(ingestor: Ingestor, keeper: StateKeeper, metrics: MetricsFile?) {
    self.ingestor = ingestor
    self.keeper = keeper
    self.metrics = metrics
  }

  func run() async throws {
    let (ingestor, keeper, metrics) = (ingestor, keeper, metrics)
    async let kept: Void = System.onThread { keeper.run() }
    // Until this returns, which cancels both.
    async let _ = reopenRejectsOnSIGHUP()
    async let _ = metrics?.keepWritten()
    let result = try await withGracefulShutdownHandler {
      try await System.onThread {
        defer { keeper.stop() }
        return try ingestor.run()
      }
    } onGracefulShutdown: {
      ingestor.stop()
    }
    try await kept
    summary.withLock { $0 = result }
  }

  /// For log rotation.
  private func reopenRejectsOnSIGHUP() async {
    for await _ in await UnixSignalsSequence(trapping: .sighup) { ingestor.reopenRejects() }
  }
}
