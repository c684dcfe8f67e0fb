import ArgumentParser
import RapportLedger

struct Timeline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timeline",
    abstract: "Show a customer's events in order.",
    discussion: """
      Oldest first, by the time at which things happened; events that arrived late stand where they belong, corrected \
      ones say what they say now, and the events of merged customers are those of one person.

      Examples:
        rapport timeline C0042 --type case.opened --type case.resolved
        rapport timeline C0042 --from 2026-01-01 --limit 100 --json

      With --json each line is an event as `rapport log` prints it, with correctedby where it was corrected. Where --limit left some out, a last line \
      {"cursor": …} says how to go on: give its text to --cursor.
      """)

  @Argument(help: "The customer's id: the subject of their events.")
  var customer: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Show only events of this type, with or without its prefix. May be given several times.", valueName: "noun.verb"))
  var type: [String] = []

  @Option(name: .long, help: "Show only events of this channel.")
  var channel: String?

  @Option(name: .long, help: "Show only events of this department.")
  var department: String?

  @OptionGroup var window: WindowOptions

  @Option(name: .long, parsing: .unconditional, help: ArgumentHelp("Show at most so many events.", valueName: "n"))
  var limit: Int?

  @Option(name: .long, help: "Go on where a former call with --limit ended.")
  var cursor: String?

  @Flag(name: .long, help: "Show retracted events, too.")
  var all = false

  @Flag(
    name: .long,
    help: "Walk the journey again: each step, its touchpoint or type, with the time that passed since the one before.")
  var relive = false

  @Flag(name: .long, help: "Print the events as JSON, one a line.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    var filter = EventFilter()
    filter.types = type
    filter.channel = channel
    filter.department = department
    filter.from = window.from?.start()
    filter.to = window.to?.start()
    filter.isOfInteractions = relive
    try Output.run(noColor: options.noColor) { output in
      var table = relive ? TimelinePage.journeyTable() : TimelinePage.table()
      let next = try ledger.read { snapshot in
        try snapshot.timeline(of: customer, filter: filter, limit: limit, cursor: cursor, showsAll: all) { event in
          if relive {
            if json { try output.json(TimelinePage.step(event)) }
            table.append(TimelinePage.journeyRow(event))
          } else if json {
            try output.json(event.json)
          } else {
            table.append(TimelinePage.row(event, isTerminal: output.terminal.isTerminal))
          }
          return true
        }
      }
      if json {
        if let next { try output.json(.members(["cursor": .string(next)])) }
        return
      }
      try output.table(table)
      try output.flush()
      if table.rows.isEmpty { options.note(Rich("no such events of \(customer)", .dim)) }
      if let next { options.note(Rich("more remain: add --cursor \(next)", .dim)) }
    }
    options.noteMissingKeys(of: ledger)
  }
}
