import ArgumentParser
import RapportLedger

struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Print the events in the order in which they were recorded.",
    discussion: """
      One JSON object a line: the event as it was sent, with its ledgerposition and ledgertime. What is printed can be \
      ingested again.

      Examples:
        rapport log --reverse --limit 10
        rapport log --type order.placed | rapport ingest --ledger orders.ledger
      """)

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Begin at this position; with --reverse, go back from it.", valueName: "position"))
  var from: UInt64 = 1

  @Option(name: .long, parsing: .unconditional, help: ArgumentHelp("Print at most so many events.", valueName: "n"))
  var limit: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Print only events of this type, with or without its prefix. May be given several times.",
      valueName: "noun.verb"))
  var type: [String] = []

  @Option(name: .long, help: ArgumentHelp("Print only events about this customer.", valueName: "id"))
  var customer: String?

  @Flag(name: .long, help: "Print the latest event first.")
  var reverse = false

  @Flag(name: .shortAndLong, help: "Go on with events as they are recorded, until interrupted.")
  var follow = false

  @Flag(name: .long, help: "Change nothing: the output is JSON anyway. For scripts that say so to every command.")
  var json = false

  @OptionGroup var options: LedgerOptions

  /// How often the log is looked at for new events.
  private static let pauseMilliseconds: Int32 = 100

  func validate() throws {
    if from < 1 { throw ValidationError("Positions begin at 1.") }
    if let limit, limit < 0 { throw ValidationError("--limit must not be negative.") }
    if follow && reverse { throw ValidationError("--follow goes forward: it does not go with --reverse.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    var filter = EventFilter()
    filter.types = type
    filter.customer = customer
    defer { options.noteMissingKeys(of: ledger) }
    try Output.run { output in
      var next = from
      var left = limit ?? .max
      repeat {
        try ledger.read { snapshot in
          if follow, !isKnown(customer, snapshot) { return }
          try snapshot.log(from: next, limit: left, reverse: reverse, filter: filter) { event in
            try output.json(event.json)
            left -= 1
            return true
          }
          next = max(next, snapshot.position + 1)
        }
        try output.flush()
        guard follow, left > 0 else { return }
        guard System.rest(milliseconds: Self.pauseMilliseconds, whileRead: 1) else { throw ClosedPipe() }
      } while true
    }
  }

  /// Who waits for a customer's events may wait for the first one, too.
  private func isKnown(_ customer: String?, _ snapshot: borrowing Snapshot) -> Bool {
    guard let customer else { return true }
    return (try? snapshot.customer(customer)) ?? nil != nil
  }
}
