import ArgumentParser
import RapportLedger

/// The command line of Rapport.
///
/// Each command is one file under `Commands`; it parses its options, asks the library, and hands what it got to a page
/// (`Pages`) or prints it as JSON. Nothing here imports Foundation: `rapport --version` must not wait for it. Every command
/// says its name: to derive it from its type takes the parser longer than to show a customer.
@main
struct Rapport: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "rapport",
    abstract: "A ledger of a firm's interactions with its customers.",
    discussion: """
      Events go in as CloudEvents, one JSON object a line. They are never changed, and every number that comes out is \
      computed from them by a published definition.

      Examples:
        rapport demo
        rapport generate --events 100000 | rapport ingest
        rapport view perfect-orders --by month

      The ledger is the directory of --ledger, else of the variable RAPPORT_LEDGER, else ./rapport.ledger.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Begin:", subcommands: [Demo.self, Generate.self]),
      CommandGroup(name: "Put events in:", subcommands: [Ingest.self, Record.self]),
      CommandGroup(name: "Look at one customer:", subcommands: [Show.self, Timeline.self]),
      CommandGroup(name: "Look at all of them:", subcommands: [View.self]),
      CommandGroup(name: "Look at the ledger:", subcommands: [Status.self, Log.self, Replay.self]),
      CommandGroup(name: "Trust the ledger:", subcommands: [Verify.self, Digest.self, Prove.self]),
      CommandGroup(name: "Keep a copy of the ledger:", subcommands: [Backup.self, Restore.self, Keys.self]),
    ])

  static func main() async {
    System.occupyStandardDescriptors()
    // Writing to a closed pipe then is an error that ends the program quietly, instead of a signal that kills it.
    System.ignoreBrokenPipes()
    Faults.install()
    RapportLedger.Replay.nameTraps()
    do {
      if let argument = System.firstInvalidArgument {
        throw Failure(.usage, "argument \(argument) is not valid UTF-8: nothing was done")
      }
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Exit.end(with: error)
    }
  }
}
