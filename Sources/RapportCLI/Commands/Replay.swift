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

      A view that cannot be computed is named, with the customer and the position, and the others are rebuilt without it.

      Exits 4 when --check finds that a stored state is not what the log says, and when a view could not be computed.
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

  /// Some view broke when the same command was tried with it.
  @Flag(name: .long, help: .hidden)
  var goingOn = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 … 1024.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    let names = views.map { $0.split(separator: ",").map(String.init) }
    goOnWithoutWhatBreaks(names ?? ["card"] + Catalogue.infos.map(\.name))
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
    if goingOn { throw Failure(.damaged) }
    if check { options.note(Rich("what is stored is what the log says", .good)) }
  }

  /// Has the command begin again without a view that traps: nothing of it is stored before all are done.
  private func goOnWithoutWhatBreaks(_ names: [String]) {
    let arguments = Array(CommandLine.arguments.dropFirst())
    RapportLedger.Replay.reportTraps { trap in
      let others = names.filter { $0 != trap.projection }
      Exit.say(
        "\(trap); what was stored of it stays as it was" + (others.isEmpty ? "" : ", the others go on without it"))
      if !others.isEmpty {
        System.becomeAgain(arguments + ["--views", others.joined(separator: ","), "--going-on"])
      }
      System.exit(Exit.damaged.rawValue)
    }
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
