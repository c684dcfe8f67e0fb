import ArgumentParser
import RapportLedger

/// Which ledger, and how much is said about it: common to all commands that have one.
struct LedgerOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The directory of the ledger. (default: $RAPPORT_LEDGER, else ./rapport.ledger)", valueName: "dir"),
    completion: .directory)
  var ledger: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The file of the key that wraps the customers' keys. (default: master.key in the ledger)", valueName: "file"),
    completion: .file())
  var masterKey: String?

  @OptionGroup var display: DisplayOptions

  func validate() throws {
    if ledger == "" { throw ValidationError("--ledger is empty: name a folder.") }
  }

  var path: String { ledger ?? System.variable("RAPPORT_LEDGER") ?? "./rapport.ledger" }

  func open(for purpose: Ledger.Purpose) throws -> Ledger {
    do {
      return try Ledger(at: path, for: purpose, masterKeyPath: masterKey)
    } catch .forbidden(let path, let why) where purpose == .writing {
      throw Failure(.cannotCreate, LedgerError.forbidden(path: path, why: why).description)
    }
  }

  var noColor: Bool { display.noColor }
  var quiet: Bool { display.quiet }

  /// A remark on standard error, unless nobody wants any.
  func note(_ text: Rich) {
    if !quiet { StandardError.line(text, noColor: noColor) }
  }

  /// Says why events were shown without their personal fields, if they were.
  func noteMissingKeys(of ledger: Ledger) {
    let count = ledger.unopenedEvents
    guard count > 0 else { return }
    note(
      Rich(
        "\(Human.count(count, "event")) shown without personal fields (\"sealed\": true): this copy of a ledger came without keys; `rapport keys import FILE` brings them",
        .warning))
  }
}

struct DisplayOptions: ParsableArguments {
  @Flag(name: .long, help: "Print without colours, as if NO_COLOR were set.")
  var noColor = false

  @Flag(name: .shortAndLong, help: "Print only data and errors: no progress, summaries or remarks.")
  var quiet = false
}

/// `--at` and `--known-at`: the two clocks that a question can be put to.
struct MomentOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Answer as of this time: what was so then. A date alone is the end of that day (UTC).", valueName: "time"),
    transform: TimeArgument.init)
  var at: TimeArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Answer from what the ledger knew at this position, or had recorded by this time.", valueName: "position|time"),
    transform: KnownAt.init)
  var knownAt: KnownAt?

  /// - Parameter end: what as_of is without `--at`; nil is the clock.
  func asOf(else end: Int64? = nil, in zone: ZoneRules = .utc) -> Int64 { at?.end(in: zone) ?? end ?? Clock.now }

  func limits(asOf: Int64, in snapshot: borrowing Snapshot) throws -> ReplayLimits {
    switch knownAt {
    case nil: ReplayLimits(time: asOf)
    case .position(let position): ReplayLimits(time: asOf, position: position)
    case .time(let time): ReplayLimits(time: asOf, position: try snapshot.position(recordedBy: time.end()))
    }
  }
}

/// `--from` and `--to`: the window [from, to).
struct WindowOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Leave out what lies before this time. A date alone is its beginning (UTC).", valueName: "time"),
    transform: TimeArgument.init)
  var from: TimeArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Leave out what lies at or after this time. A date alone is its beginning (UTC), so that day is out.",
      valueName: "time"),
    transform: TimeArgument.init)
  var to: TimeArgument?

  func validate() throws {
    if let from, let to, from.start() > to.start() { throw ValidationError("--from lies after --to.") }
  }
}
