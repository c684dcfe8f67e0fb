import ArgumentParser
import RapportLedger

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that the ledger is what was written.",
    discussion: """
      Reads every page, checksum and event; checks positions, order, texts, fingerprints and the customers' keys, compares \
      stored views with a replay, and computes the digest of the log anew. With --against it also proves that the log \
      still begins with the events that a digest was taken of, and that nobody has rewritten them.

      Examples:
        rapport verify
        rapport verify --against 46266:6fe2…

      Exits 4 when anything is damaged or the digest does not match, and names the first place of each kind.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("A digest kept elsewhere, as `rapport digest` printed it.", valueName: "position:hex"),
    transform: digest)
  var against: LogDigest?

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  /// A damaged page may end the process that reads it, so a child reads and this one tells.
  @Flag(name: .long, help: .hidden)
  var tellParent = false

  @OptionGroup var options: LedgerOptions

  private static func digest(_ text: String) throws -> LogDigest {
    guard let digest = LogDigest(text) else {
      throw ValidationError("“\(text)” is no digest: a position, a colon, 64 hexadecimal digits")
    }
    return digest
  }

  func run() throws {
    let (path, masterKey) = (options.path, options.masterKey)
    if tellParent { return try VerificationReport.tell(path: path, masterKey: masterKey, against: against) }
    let verification = try VerificationReport.ofChild(
      path: path, masterKey: masterKey, against: against, options.display)
    try Output.run(noColor: options.noColor) { output in
      if json { return try output.json(verification.json) }
      try output.page(VerificationPage.page(of: verification, path: options.path, against: against))
      if !verification.isSound {
        try output.line()
        try output.table(VerificationPage.damage(in: verification))
      }
    }
    if !verification.isSound { throw Failure(.damaged) }
    let key = masterKey ?? path + "/master.key"
    if System.isThere(path + "/keys/data.mdb"), !System.isThere(key) {
      options.note(Rich("the customers' keys were not opened: the master key, \(key), is not there", .warning))
    }
  }
}
