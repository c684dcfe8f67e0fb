import ArgumentParser
import RapportLedger

struct Backup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Make a verified copy of the log, while others use the ledger.",
    discussion: """
      The copy is a folder that appears complete or not at all: it is made beside its place, flushed, verified from the \
      first page to the digest, and only then given its name. Every command that reads works on it, with --ledger.

      It holds no keys. Events in it keep their personal fields sealed, and whoever finds it cannot read them: carry the \
      keys apart, with `rapport keys export`, and keep them like the master key.

      Examples:
        rapport backup /mnt/backup/$(date +%F)
        rapport backup monday --ledger shop.ledger
        rapport keys export /media/safe/monday.keys --ledger shop.ledger

      Exits 73 when there is something at the destination already.
      """)

  @Argument(help: "The folder to make.", completion: .directory)
  var destination: String

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func run() throws {
    System.deferSignals()
    let ledger = try options.open(for: .reading)
    let staged = try StagedDirectory(for: destination)
    // What is there now must be in the copy; what is recorded while it is made may be.
    let digest = try ledger.read { snapshot in try snapshot.digest() }
    let copy = try CopyRun(in: staged, options.display)
    try copy.make(total: UInt64(ledger.usedBytes())) { copy in try copy.make(from: ledger) }
    let verification = try copy.complete(against: digest, damageHint: "run `rapport verify` on the ledger")
    try copy.report(verification, "backup", json: json)
  }
}

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a ledger from a backup.",
    discussion: """
      The new ledger stands where --ledger says, and appears there complete and verified or not at all. The backup is \
      only read.

      A backup holds no keys, so personal fields stay sealed until the keys are brought with `rapport keys import`; \
      everything else can be read at once. Until then events with personal fields are refused, because new keys would \
      keep the old ones out for ever.

      Examples:
        rapport restore /mnt/backup/2026-01-31 --ledger restored.ledger
        rapport restore monday --ledger shop.ledger
        rapport keys import /media/safe/monday.keys --ledger shop.ledger

      Exits 73 when there is something where the ledger is to be, 4 when the backup is damaged.
      """)

  @Argument(help: "The folder that `rapport backup` made.", completion: .directory)
  var source: String

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func run() throws {
    System.deferSignals()
    let staged = try StagedDirectory(for: options.path)
    let copy = try CopyRun(in: staged, options.display)
    do {
      let source = source
      try copy.make(total: LogCopy(in: source).byteCount) { copy in try copy.make(fromBackup: source) }
    } catch LedgerError.absent(let path) {
      throw Failure(.failed, "there is no backup at \(path): it has no log/data.mdb")
    }
    let verification = try copy.complete(damageHint: "restore an older backup")
    try copy.report(verification, "ledger", json: json)
  }
}
