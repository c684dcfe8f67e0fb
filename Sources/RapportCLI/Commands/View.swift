import ArgumentParser
import RapportLedger

struct View: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Answer a question about all customers by a published definition.",
    discussion: """
      Without a name the views there are. What a view counts, and what not, is printed by --define: a number without its \
      definition is worth nothing.

      Examples:
        rapport view perfect-orders --by month --from 2026-01-01 --tz Europe/Berlin
        rapport view satisfaction --define

      Options that name a view belong to that view; retention --quiet lists the customers who have fallen silent.
      Exits 2 when there is no such view or customer.
      """)

  @Argument(help: "The name of the view.")
  var name: String?

  @Flag(name: .long, help: "Print the view's definition instead of its answer.")
  var define = false

  @Option(
    name: .long, help: ArgumentHelp("Print a row for each of these; --define lists what there is.", valueName: "key"))
  var by: String?

  @OptionGroup var window: WindowOptions
  @OptionGroup var moment: MomentOptions

  // Offsets may begin with a minus.
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Count days, months and hours, and read dates, as in this time zone.", valueName: "zone"))
  var tz = "UTC"

  @Option(name: .long, help: ArgumentHelp("Count only this customer.", valueName: "id"))
  var customer: String?

  @OptionGroup var viewOptions: ViewOptions

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  @Flag(name: .long, help: "Print the rows as CSV, without what was left out.")
  var csv = false

  @OptionGroup var options: LedgerOptions

  func validate() throws {
    if json && csv { throw ValidationError("Give --json or --csv, not both.") }
    if csv && define { throw ValidationError("A definition has no rows: --define goes with --json, not with --csv.") }
    if name == nil && (define || by != nil || customer != nil || !viewOptions.given.isEmpty) {
      throw ValidationError("Name a view; `rapport view` lists them.")
    }
  }

  func run() throws {
    try Output.run(noColor: options.noColor) { output in
      guard let name else { return try printCatalogue(&output) }
      guard let info = Catalogue.infos.first(where: { $0.name == name }) else { throw LedgerError.noSuchView(name) }
      if define {
        if json {
          try output.json(DefinitionPage.json(of: info))
        } else {
          try output.lines(DefinitionPage.lines(of: info, columns: output.terminal.columns))
        }
        return
      }
      let query = try query(of: info)
      let isQuiet = options.quiet && !query.has("quiet")
      let note: (Rich) -> Void = { if !isQuiet { StandardError.line($0, noColor: options.noColor) } }
      let answer = try self.answer(name, query)
      if json {
        try answer.writeJSON { try output.json(piece: $0) }
        try output.line()
      } else if csv {
        try ViewPage.printCSV(answer, keys: info.definition.keys(for: query), on: &output)
      } else {
        try ViewPage.print(answer, info: info, query: query, on: &output, note: note)
        return
      }
      try output.flush()
      for warning in answer.rows.warnings { note(Rich("warning: \(warning)", .warning)) }
    }
  }

  private func query(of info: ViewInfo) throws -> ViewQuery {
    let zone = try ZoneRules(named: tz)
    let to = window.to?.start(in: zone)
    var query = ViewQuery(
      from: window.from?.start(in: zone), to: to, asOf: moment.asOf(else: to, in: zone), grouping: by)
    query.zone = zone
    query.options = viewOptions.given
    if options.quiet, info.definition.options.contains(where: { $0.name == "quiet" }) { query.options["quiet"] = "" }
    return query
  }

  private func answer(_ name: String, _ query: ViewQuery) throws -> ViewAnswer {
    try options.open(for: .reading).read { snapshot in
      var query = query
      let limits = try moment.limits(asOf: query.asOf, in: snapshot)
      if let customer {
        guard let number = try snapshot.person(customer, limits: limits) else {
          throw LedgerError.noSuchCustomer(customer)
        }
        query.customer = number
      }
      let replay = RapportLedger.Replay(limits: limits)
      return try Catalogue.answer(name, query, over: snapshot, replay: replay)
    }
  }

  private func printCatalogue(_ output: inout Output) throws {
    let infos = Catalogue.infos
    if json {
      try output.json(
        .members([
          "views": .array(
            infos.map {
              .members(["view": .string($0.name), "version": .int($0.version), "question": .string($0.question)])
            })
        ]))
    } else if csv {
      try output.text(CSV.line(["view", "version", "question"]))
      for info in infos { try output.text(CSV.line([info.name, "\(info.version)", info.question])) }
    } else if output.terminal.isTerminal {
      try output.lines(DefinitionPage.catalogue(infos, columns: output.terminal.columns))
    } else {
      var table = Table([.init("view"), .init("version"), .init("question")])
      for info in infos { table.append([Rich(info.name), Rich("\(info.version)"), Rich(info.question)]) }
      try output.table(table)
    }
  }
}
