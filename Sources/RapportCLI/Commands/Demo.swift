import ArgumentParser
import RapportGenerator
import RapportLedger

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "See in a minute what this is about.",
    discussion: """
      Makes a small ledger in a temporary directory, asks it what a user would ask, shows each command that it runs, and \
      removes the ledger at the end.

      Examples:
        rapport demo
        rapport demo --no-color > demo.txt
      """)

  @Flag(name: .long, help: "Print without colours, as if NO_COLOR were set.")
  var noColor = false

  func run() throws {
    System.deferSignals()
    let directory = try System.makeTemporaryDirectory(prefix: "rapport-demo")
    defer { removeDirectory(directory) }
    try Output.run(noColor: noColor) { output in
      try Tour(directory: directory).run(on: &output)
    }
  }
}

/// What the demonstration shows, step by step.
private struct Tour {
  static let events = 20_000
  /// One customer for 25 events and the first seed are what `rapport generate` does by itself.
  static let customers = events / 25
  static let seed: UInt64 = 1
  static let days = 150

  let path: String
  /// So that the stories end today.
  let from = CivilDate(days: CivilDate(Timestamp(nanoseconds: Clock.now)).days - Int32(Tour.days))

  init(directory: String) { path = directory + "/rapport.ledger" }

  func run(on output: inout Output) throws {
    try output.lines([
      Rich("A ledger keeps what happens between a firm and its customers, and answers from it.", .bold),
      Rich("This one is made up, and gone at the end.", .dim),
    ])
    try step("export RAPPORT_LEDGER=\(path)", nil, &output)
    try step(
      "rapport generate --events \(Self.events) --from \(from) --days \(Self.days) | rapport ingest",
      nil, &output)
    let ledger = try Ledger(at: path, for: .writing)
    try output.line(IngestReport.summary(try ingest(into: ledger)))

    let customer = try ledger.read { try interestingCustomer(in: $0) }
    try step("rapport show \(customer)", "One customer at a glance:", &output)
    try ledger.read { snapshot in
      try output.page(CardPage.page(of: Card(of: customer, in: snapshot, asOf: Clock.now).json))
    }
    try timeline(of: customer, in: ledger, &output)
    try view(
      "perfect-orders", by: nil, "All customers: not the orders received, but those delivered as promised:", ledger,
      &output)
    try view("perfect-orders", by: "month", "The same by month:", ledger, &output)
    try view("satisfaction", by: nil, "What customers say themselves:", ledger, &output)

    try step("rapport replay", "Everything anew from the log; equal digests say that it comes out the same:", &output)
    let report = try ledger.replay()
    try output.table(ReplayPage.table(of: report, isTerminal: output.terminal.isTerminal))
    try output.line(ReplayPage.summary(of: report))
    try next(&output)
  }

  /// The command that a user would type.
  private func step(_ command: String, _ purpose: String?, _ output: inout Output) throws {
    try System.checkSignals()
    if let purpose { try output.lines([Rich(), Rich(purpose)]) }
    if purpose == nil { try output.line() }
    try output.lines([Rich("$ ", .dim) + Rich(command, .accent)])
    if purpose != nil { try output.line() }
    try output.flush()
  }

  private func next(_ output: inout Output) throws {
    try output.lines([Rich(), Rich("What to try next:", .bold)])
    let commands = [
      ("rapport generate --events 1000000 | rapport ingest", "a ledger of your own"),
      ("rapport status", "what is in it"),
      ("rapport view", "the questions it answers"),
      ("rapport view perfect-orders --define", "what exactly is counted"),
      ("rapport record C1 note.added text=hello", "an event by hand"),
      ("rapport --help", "everything else"),
    ]
    let width = commands.reduce(0) { max($0, $1.0.count) }
    for (command, purpose) in commands {
      try output.line(Rich("  ") + Rich(command, .accent).padded(to: width + 2) + Rich(purpose, .dim))
    }
  }

  // MARK: Steps

  /// Generates on one thread and ingests on this one, as the pipe in the command line would.
  private func ingest(into ledger: Ledger) throws -> IngestSummary {
    let ends = try System.pipe()
    let configuration = EventGenerator.Configuration(
      events: Self.events, customers: Self.customers, seed: Self.seed, from: Int(from.days), days: Self.days)
    try System.spawn {
      var generator = EventGenerator(configuration)
      var piece: [UInt8] = []
      while generator.next(into: &piece, atMost: 256 << 10) {
        guard (try? System.write(piece, to: ends.writing)) != nil else { break }
        piece.removeAll(keepingCapacity: true)
      }
      System.closeDescriptor(ends.writing)
    }
    defer { System.closeDescriptor(ends.reading) }
    return try Ingestor(ledger, input: ends.reading).run()
  }

  /// One with orders and a case, and a history that fits on a screen.
  private func interestingCustomer(in snapshot: borrowing Snapshot) throws -> String {
    struct Traces {
      var events = 0
      var kinds: Set<String> = []
    }
    let telling: Set<String> = [
      "order.placed", "order.delivered", "case.opened", "survey.answered", "customer.updated", "consent.given",
      "contactperson.introduced",
    ]
    var customers: [String: Traces] = [:]
    try snapshot.log { event in
      guard let subject = event.subject else { return true }
      customers[subject, default: Traces()].events += 1
      if telling.contains(event.type) { customers[subject]!.kinds.insert(event.type) }
      return true
    }
    let briefs = customers.filter { $0.value.events <= 120 }
    // The most telling; of those the one with the shortest history, then by name, so that it is always the same.
    let best = briefs.min { a, b in
      (-a.value.kinds.count, a.value.events, a.key) < (-b.value.kinds.count, b.value.events, b.key)
    }
    guard let best else { throw LedgerError.noSuchCustomer("with a history") }
    return best.key
  }

  /// The last events, from the day on that shows about ten of them.
  private func timeline(of customer: String, in ledger: Ledger, _ output: inout Output) throws {
    var events: [RecordedEvent] = []
    try ledger.read { snapshot in
      _ = try snapshot.timeline(of: customer) {
        events.append($0)
        return true
      }
    }
    let day = events.suffix(10).first.map { CivilDate(Timestamp(nanoseconds: $0.time)) } ?? from
    try step("rapport timeline \(customer) --from \(day)", "What happened last:", &output)
    var table = TimelinePage.table()
    for event in events where event.time >= day.start.nanoseconds {
      table.append(TimelinePage.row(event, isTerminal: output.terminal.isTerminal))
    }
    try output.table(table)
  }

  private func view(
    _ name: String, by grouping: String?, _ purpose: String, _ ledger: Ledger, _ output: inout Output
  ) throws {
    try step("rapport view \(name)\(grouping.map { " --by \($0)" } ?? "")", purpose, &output)
    let info = Catalogue.infos.first { $0.name == name }!
    let query = ViewQuery(asOf: Clock.now, grouping: grouping)
    let answer = try ledger.read { snapshot in
      try Catalogue.answer(
        name, query, over: snapshot, replay: RapportLedger.Replay(limits: ReplayLimits(time: query.asOf)))
    }
    // Remarks come after what they are about, also where both go to the same terminal.
    var remarks: [Rich] = []
    try ViewPage.print(answer, info: info, query: query, on: &output) { remarks.append($0) }
    try output.lines(remarks)
  }
}
