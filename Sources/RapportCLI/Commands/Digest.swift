import ArgumentParser
import RapportLedger

struct Digest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Print the digest of the log, to keep elsewhere.",
    discussion: """
      One line, POSITION:HEX: the head of a Merkle tree (RFC 9162) over all events. Keep it where nobody who can write \
      to the ledger can change it, or publish it; later `rapport verify --against` tells whether those events are still \
      the same.

      Examples:
        rapport digest >> digests.txt
        rapport verify --against "$(tail -1 digests.txt)"
      """)

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func run() throws {
    let digest = try options.open(for: .reading).read { snapshot in try snapshot.digest() }
    try Output.run(noColor: options.noColor) { output in
      if json { try output.json(digest.json) } else { try output.line(Rich(digest.description)) }
    }
  }
}
