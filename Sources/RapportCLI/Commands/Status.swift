import ArgumentParser
import RapportLedger

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what is in the ledger and how it is doing.",
    discussion: """
      Positions, customers, events by type, bytes, how far stored views are behind, and who is reading at this moment. A \
      reader that is far behind keeps the log from using freed pages again: it is named by its process, and how many \
      positions have been recorded since it began.

      Examples:
        rapport status
        rapport status --json | jq .position
      """)

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func run() throws {
    let ledger = try options.open(for: .reading)
    let status = try ledger.status()
    try Output.run(noColor: options.noColor) { output in
      if json { return try output.json(status.json) }
      try output.page(StatusPage.page(of: status, path: ledger.path))
      if output.terminal.isTerminal {
        try output.line()
        try output.lines(StatusPage.typeColumns(of: status, columns: output.terminal.columns))
      } else {
        try output.table(StatusPage.types(of: status))
      }
    }
  }
}
