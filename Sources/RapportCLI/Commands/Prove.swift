import ArgumentParser
import RapportLedger

struct Prove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove",
    abstract: "Print a proof that an event is in the log.",
    discussion: """
      One JSON document that anybody can check with SHA-256 alone, without the ledger: from the hash of the leaf along \
      the path to the root (RFC 9162, section 2.1.3), which must be that of a digest kept elsewhere.

      Examples:
        rapport prove 7f3a --source /shop/de
        rapport prove --position 1200 --size 46266
      """)

  @Argument(help: ArgumentHelp("The id of the event.", valueName: "id"))
  var id: String?

  @Option(name: .long, help: ArgumentHelp("Where it came from, if several sources use the id.", valueName: "source"))
  var source: String?

  @Option(name: .long, help: ArgumentHelp("The event at this position, instead of an id.", valueName: "position"))
  var position: UInt64?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Prove that it is among the first so many events: those of an older digest. (default: all)", valueName: "position"
    ))
  var size: UInt64?

  @Flag(name: .long, help: "Change nothing: the output is JSON anyway. For scripts that say so to every command.")
  var json = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if (id == nil) == (position == nil) { throw ValidationError("Name the event either by its id or by --position.") }
    if source != nil, id == nil { throw ValidationError("--source goes with an id.") }
  }

  func run() throws {
    let ledger = try options.open(for: .reading)
    let proof = try ledger.read(upTo: size) { snapshot in
      if let size, size > snapshot.position {
        throw Failure(.noSuch, "the log ends at position \(snapshot.position), before --size \(size)")
      }
      let position = try find(in: snapshot, of: ledger)
      guard position >= 1, position <= snapshot.position else {
        throw Failure(.noSuch, "no event at position \(position): there are \(snapshot.position)")
      }
      return try snapshot.proof(of: position)
    }
    try Output.run { output in try output.json(proof.json) }
  }

  private func find(in snapshot: borrowing Snapshot, of ledger: Ledger) throws -> UInt64 {
    guard let id else { return position! }
    let positions = try ledger.positions(ofID: id, source: source, in: snapshot)
    guard let position = positions.first else {
      throw Failure(.noSuch, "no event “\(id)”\(source.map { " of source “\($0)”" } ?? "") in this ledger")
    }
    guard positions.count == 1 else {
      let list = positions.map { "\($0)" }.joined(separator: ", ")
      throw Failure(.usage, "several sources use the id “\(id)” (positions \(list)): name one with --source")
    }
    return position
  }
}
