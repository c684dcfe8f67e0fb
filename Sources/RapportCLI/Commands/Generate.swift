import ArgumentParser
import RapportGenerator

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Print a stream of plausible events.",
    discussion: """
      Customers register, search, order, wait, complain, are helped and answer surveys; a few of them a lot, most of them \
      rarely. The same options give the same bytes on every machine. Do not draw conclusions from the numbers.

      Examples:
        rapport generate --events 1000000 | rapport ingest
        rapport generate --events 20 --customers 3 --from 2026-01-01 --days 30
      """)

  @Option(name: .long, help: ArgumentHelp("Print so many events.", valueName: "n"))
  var events = 10_000

  @Option(name: .long, help: ArgumentHelp("Let so many customers appear. (default: one for 25 events)", valueName: "n"))
  var customers: Int?

  @Option(
    name: .long, help: ArgumentHelp("Begin the randomness here: another number is another stream.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp("The first day of the stream (UTC). (default: 2025-01-01)", valueName: "date"),
    transform: TimeArgument.init)
  var from: TimeArgument?

  @Option(name: .long, help: ArgumentHelp("Spread the events over so many days.", valueName: "n"))
  var days = 365

  func validate() throws {
    guard events >= 0 else { throw ValidationError("--events must not be negative.") }
    guard (1...Int(Int32.max)).contains(customerCount) else {
      throw ValidationError("--customers must be 1 … 2147483647.")
    }
    guard (1...36_525).contains(days) else { throw ValidationError("--days must be 1 … 36525.") }
    let last = EventGenerator.Configuration.day(year: 2262, month: 1, day: 1)
    guard firstDay + days <= last else { throw ValidationError("The stream must end before 2262-01-01.") }
  }

  private var customerCount: Int { customers ?? max(1, min(events / 25, Int(Int32.max))) }
  private var firstDay: Int {
    from.map { Int($0.date.days) } ?? EventGenerator.Configuration.day(year: 2025, month: 1, day: 1)
  }

  /// A piece that is written at once.
  private static let pieceBytes = 256 << 10

  func run() throws {
    var generator = EventGenerator(
      .init(events: events, customers: customerCount, seed: seed, from: firstDay, days: days))
    var piece: [UInt8] = []
    piece.reserveCapacity(Self.pieceBytes + 4096)
    while generator.next(into: &piece, atMost: Self.pieceBytes) {
      try Output.writeNow(piece)
      piece.removeAll(keepingCapacity: true)
    }
  }
}
