import ArgumentParser
import RapportLedger

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a customer's card.",
    discussion: """
      Who the customer is, what is open, what was ordered, how satisfied they are, what they agreed to, and what is known \
      about them: computed from all their events at this moment, or as of another.

      Examples:
        rapport show C0042 --why
        rapport show C0042 --at 2026-01-31 --json

      Exits 2 when no event is about such a customer.
      """)

  @Argument(help: "The customer's id: the subject of their events.")
  var customer: String

  @OptionGroup var moment: MomentOptions

  @Flag(name: .long, help: "Name the events behind every line: those that gave it its present value.")
  var why = false

  @Flag(name: .long, help: "Instead of the card the products that the customer buys again, and when they are due.")
  var reorder = false

  @Flag(name: .long, help: "Print the card as one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if why, reorder { throw ValidationError("--why is about the card, which --reorder does not show.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    do {
      if reorder { try printReorder(ledger) } else { try printCard(ledger) }
    } catch LedgerError.noSuchCustomer(let id) {
      guard try ledger.read({ try $0.person(id) }) != nil else { throw LedgerError.noSuchCustomer(id) }
      throw Failure(.noSuch, "nothing was known of a customer “\(id)” at that time")
    }
  }

  private func printCard(_ ledger: Ledger) throws {
    let card = try ledger.read { snapshot in
      let asOf = moment.asOf()
      return try Card(
        of: customer, in: snapshot, asOf: asOf, limits: moment.limits(asOf: asOf, in: snapshot), explained: why)
    }
    try Output.run(noColor: options.noColor) { output in
      if json { return try output.json(card.json) }
      try output.page(CardPage.page(of: card.json))
      guard let why = card.json["why"] else { return }
      if output.terminal.isTerminal { try output.line() }
      try output.table(WhyPage.table(of: why, isTerminal: output.terminal.isTerminal))
    }
    options.noteMissingKeys(of: ledger)
  }

  private func printReorder(_ ledger: Ledger) throws {
    let list = try ledger.read { snapshot in
      try ReorderList(of: customer, in: snapshot, limits: moment.limits(asOf: moment.asOf(), in: snapshot))
    }
    try Output.run(noColor: options.noColor) { output in
      if json { try output.json(list.json) } else { try ViewPage.print(list.rows, keys: ReorderList.keys, on: &output) }
    }
  }
}
