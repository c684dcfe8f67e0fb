import ArgumentParser
import RapportLedger

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Record one event by hand.",
    discussion: """
      Its id and time are filled in, its source is urn:rapport:record. key=value takes the type that the vocabulary gives \
      the field; names of the envelope (channel, department, time, …) become attributes; key:=JSON is taken as it stands.

      Examples:
        rapport record C0042 note.added text="call after six" channel=phone
        rapport record C0042 order.placed order=O1 currency=EUR revenue=9.90
        rapport record C0042 order.delivered order=O1 lines:='[{"sku":"S7"}]'

      Prints the position of the event. Exits 65 when the event is not acceptable, and says why.
      """)

  @Argument(help: "The customer's id: the subject of the event.")
  var customer: String

  @Argument(help: "The type of the event, such as note.added.")
  var type: String

  @Argument(help: ArgumentHelp("The fields and attributes of the event.", valueName: "key=value"))
  var assignments: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("Wait for so long while another writer has the ledger.", valueName: "duration"))
  var wait = DurationArgument.seconds(10)

  @Flag(name: .long, help: "Print {\"position\": P}.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func run() throws {
    let event = try EventComposer.event(customer: customer, type: type, assignments: assignments)
    let ledger = try options.open(for: .writing)
    let outcome = try ledger.record(event, waitingAtMost: wait.duration)
    try Output.run { output in
      switch outcome {
      case .recorded(let position):
        if json {
          try output.json(.members(["position": .int(Int(position))]))
        } else {
          try output.line(Rich("\(position)"))
        }
      case .duplicate:
        if json { try output.json(.members(["position": .null])) }
        options.note(Rich("the same event is there already: nothing to record", .dim))
      }
    }
  }
}
