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

      A view that breaks is named, with the customer and the position, and the others are rebuilt without it.

      Interrupted at any point, it leaves each view its former state or the new one; the next replay starts over and \
      says so.

      Exits 4 when --check finds that a stored state is not what the log says, and when a view broke.
      """)

  @Option(
    name: .long, help: ArgumentHelp("Rebuild only these, separated by commas. (default: all)", valueName: "names"))
  var views: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Use so many threads. (default: one for each processor)", valueName: "n"))
  var threads: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Replay only up to this position, and store nothing.", valueName: "position"))
  var to: UInt64?

  @Flag(name: .long, help: "Compare with the stored states and change nothing.")
  var check = false

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  /// What broke when this process ran the same command before, the last at the end.
  @Option(name: .long, help: .hidden, transform: BrokenView.init)
  var broken: [BrokenView] = []

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if let views, views.split(separator: ",").isEmpty {
      throw ValidationError("--views names no view; without it all are rebuilt.")
    }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 … 1024.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    var names = views.map { $0.split(separator: ",").map(String.init) }
    if !broken.isEmpty { names = try othersThanBroken(names, ledger) }
    beginAnewWhenOneBreaks()
    if to == nil, !check, broken.isEmpty, ledger.wasReplayInterrupted {
      options.note(
        Rich(
          "the last replay was interrupted: starting over; former states stay in force until theirs is done", .warning))
    }
    let total = try ledger.read(upTo: to) { Int($0.position) }
    let progress = options.quiet ? nil : ProgressLine.onTerminal(total: UInt64(total), noColor: options.noColor)
    let report = try replay(ledger, names, progress, total)
    try Output.run(noColor: options.noColor) { output in
      if json { return try output.json(report.json) }
      try output.table(ReplayPage.table(of: report, isTerminal: output.terminal.isTerminal))
      try output.flush()
      options.note(ReplayPage.summary(of: report))
    }
    if !report.isStorable, to == nil, !check {
      options.note(
        Rich(
          "no states are stored: a correction that an older version recorded brings a name that no event has; every question folds the log",
          .warning))
    }
    for difference in report.differences { Exit.say(difference) }
    if !report.differences.isEmpty || !broken.isEmpty { throw Failure(.damaged) }
    guard check else { return }
    options.note(
      ledger.checkpoints().isEmpty
        ? Rich("nothing is stored that could be compared") : Rich("what is stored is what the log says", .good))
  }

  /// A trap ends whatever the process is at. Nothing is stored before all views are done, so it can begin anew without
  /// the one that broke.
  private func beginAnewWhenOneBreaks() {
    RapportLedger.Replay.onTrap(become: System.executable, CommandLine.arguments + ["--broken"])
  }

  /// Says what broke last, and which views are left.
  private func othersThanBroken(_ names: [String]?, _ ledger: Ledger) throws -> [String] {
    let broken = broken.map(\.trap)
    let others = (names ?? ["card"] + Catalogue.infos.map(\.name)).filter { name in
      !broken.contains { $0.projection == name }
    }
    let last = broken[broken.count - 1]
    let whose = last.customer == 0 ? "the firm" : "customer \(try ledger.read { try $0.subject(last.customer) })"
    let place = last.position.map { ", at position \($0)" } ?? ""
    Exit.say(
      "\(last.projection) broke on the history of \(whose)\(place); what was stored of it stays as it was"
        + (others.isEmpty ? "" : ", the others go on without it"))
    if others.isEmpty { throw Failure(.damaged) }
    return others
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

/// The value of `--broken`.
struct BrokenView {
  let trap: FoldTrap

  init(_ text: String) throws {
    guard let trap = FoldTrap(text) else { throw ValidationError("--broken is for `rapport replay` itself.") }
    self.trap = trap
  }
}
