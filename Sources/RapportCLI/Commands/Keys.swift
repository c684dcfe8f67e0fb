import ArgumentParser
import RapportLedger

struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Carry the customers' keys apart from the ledger.",
    discussion: """
      Personal fields are sealed under a key of each customer. The keys are never part of a backup: they are carried in a \
      file of their own, which opens every personal field and is to be kept like the master key.

      Examples:
        rapport keys export /media/safe/customers.keys
        rapport keys import /media/safe/customers.keys --ledger restored.ledger
      """,
    subcommands: [Export.self, Import.self])

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Write the customers' keys to a new file that only its owner can read.",
      discussion: """
        Examples:
          rapport keys export /media/safe/customers.keys
          rapport keys export keys.ndjson --ledger shop.ledger

        Exits 73 when there is something at the file's place already.
        """)

    @Argument(help: "The file to write.", completion: .file()) var file: String
    @Flag(name: .long, help: "Print one JSON document.") var json = false
    @OptionGroup var options: LedgerOptions

    func run() throws {
      let count = try options.open(for: .reading).exportKeys(to: file)
      if json {
        return try Output.run { try $0.json(.members(["file": .string(file), "customers": .int(count)])) }
      }
      options.note(
        Rich("the keys of \(Human.count(count, "customer")) are in \(file): whoever has it reads all personal fields"))
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Take over keys of a file; customers that have keys keep theirs.",
      discussion: """
        Examples:
          rapport keys import /media/safe/customers.keys --ledger restored.ledger
          rapport keys import keys.ndjson
        """)

    @Argument(help: "The file that was exported.", completion: .file()) var file: String
    @Flag(name: .long, help: "Print one JSON document.") var json = false
    @OptionGroup var options: LedgerOptions

    func run() throws {
      // Keys are for a ledger that is there: to write would begin another one.
      _ = try options.open(for: .reading)
      let done = try options.open(for: .writing).importKeys(from: file)
      if json {
        try Output.run {
          try $0.json(
            .members(["added": .int(done.added), "differing": .int(done.differing), "missing": .int(done.missing)]))
        }
      } else {
        options.note(Rich("the keys of \(Human.count(done.added, "customer")) were added"))
      }
      if done.differing > 0 {
        options.note(
          Rich("\(Human.count(done.differing, "customer")) had other keys here and kept them", .warning))
      }
      if done.missing > 0 {
        options.note(
          Rich(
            "\(Human.count(done.missing, "customer")) with personal fields still lack their keys: import a later export",
            .warning))
      }
    }
  }
}
