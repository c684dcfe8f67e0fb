import ArgumentParser
import RapportLedger

/// The command; the library's engine of the same name is `RapportLedger.Replay`.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Rebuild views from the log.",
    discussion: """
      Prints a digest for each view: equal digests mean equal states, on every machine, for every number of threads and \
      every order in which the same events arrived.

      Examples:
        rapport replay
        rapport replay --views card,perfect-orders --check

      Exits 4 when --check finds that a stored state is not what the log says.
      """)

  @Option(
    name: .long, help: ArgumentHelp("Rebuild only these, separated by commas. (default: all)", valueName: "names"))
  var views: String?

  @Option(name: .long, help: ArgumentHelp("Use so many threads. (default: one for each processor)", valueName: "n"))
  var threads: Int?

  @Option(name: .long, help: ArgumentHelp("Replay only up to this position, and store nothing.", valueName: "position"))
  var to: UInt64?

  @Flag(name: .long, help: "Compare with the stored states and change nothing.")
  var check = false

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 … 1024.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    let names = views.map { $0.split(separator: ",").map(String.init) }
    let total = try ledger.read(upTo: to) { Int($0.position) }
    let progress = options.quiet ? nil : ProgressLine.onTerminal(total: UInt64(total), noColor: options.noColor)
    let report = try replay(ledger, names, progress, total)
    try Output.run(noColor: options.noColor) { output in
      if json { return try output.json(report.json) }
      try output.table(ReplayPage.table(of: report, isTerminal: output.terminal.isTerminal))
      try output.flush()
      options.note(ReplayPage.summary(of: report))
    }
    for difference in report.differences { Exit.say(difference) }
    if !report.differences.isEmpty { throw Failure(.damaged) }
    if check { options.note(Rich("what is stored is what the log says", .good)) }
  }

  private func replay(
    _ ledger: Ledger, _ names: [String]?, _ progress: ProgressLine?, _ total: Int
  ) throws -> ReplayReport {
    defer { progress?.clear() }
    return try ledger.replay(
      views: names, threads: threads ?? RapportLedger.Replay.processors, upTo: to, check: check
    ) { events in
      progress?.update(UInt64(events)) {
        "\(Human.count(events)) of \(Human.count(total, "event")) · \(Human.rate(Double(events) / progress!.seconds))"
      }
    }
  }
}
