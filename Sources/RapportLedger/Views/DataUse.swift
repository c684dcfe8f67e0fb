/// `data-use`: no snooping, no hidden agenda, no stalking.
public struct DataUse: View {
  public static let name = "data-use"
  public static let version = 2
  public static let question = "What do we know of customers, what for, and do we use it only for that?"
  public static let definition = ViewDefinition(
    formula: """
      For each field: collected: customers from whom it was collected in the window. purposes: those it was collected for. \
      hidden: uses of it for a purpose for which it was not collected from that customer before; disclosures do not name a \
      field, so one for a purpose for which nothing was collected from that customer before is hidden in a row without a \
      field. unused: customers whose field was neither read nor used in the 365 days up to as_of, though collected before \
      them. overdue: customers whose field is kept for longer than the retention declared for its purpose when it was \
      collected. --by purpose, the record of processing: its basis and retention as last declared, the fields and people \
      whose data were collected for it, uses, and to whom and into which countries data were disclosed for it. Erased \
      customers are not counted as unused or overdue.
      """,
    unit: "customers; uses", anchor: "data.collected, data.used, data.disclosed, request.made, customer.updated",
    exclusions: """
      nothing; warnings count requests to customers without a reason, and values that were inferred from n < 10 \
      observations, with their fields (an inference that does not say its n is none of them)
      """,
    groupings: ["field", "purpose"], defaultGrouping: "field",
    keys: ["field", "collected", "purposes", "hidden", "unused", "overdue"],
    variants: [
      ViewVariant(
        "--by purpose",
        [
          "purpose", "basis", "retention_days", "fields", "people", "used", "disclosed", "recipients", "countries",
        ])
    ])

  /// A purpose declared, or what happened to a customer's data.
  public struct Entry: BitwiseCopyable, Sendable {
    var what: What
    var time: Int64
    var purpose: UInt32 = 0
    /// Field, or recipient of a disclosure.
    var name: UInt32 = 0
    var country: UInt32 = 0
    /// Of a declaration.
    var basis: UInt8 = 0
    /// Of a declaration; -1 not said.
    var retentionDays: Int64 = -1
    /// Of a use or a disclosure: not for that.
    var isHidden = false
    /// Of what is kept of a field: last read or used, and until when it may be kept; `Int64.min`, `Int64.max` never.
    var lastRead = Int64.min
    var keptUntil = Int64.max

    enum What: UInt8, BitwiseCopyable { case declared, collected, used, disclosed, kept, asked, guessed }
  }

  static let bases = [
    "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests",
  ]

  public init() {}

  public let kinds: EventKindSet = [
    .purposeDeclared, .dataCollected, .dataUsed, .dataRead, .dataDisclosed, .requestMade, .erasureExecuted,
    .customerUpdated,
  ]
  public let columns = ColumnSet(.term, .term2, .term3, .code, .number, .marks)
  public let readsLines = true
  public let readsFirm = true

  public func makeScratch(firm: Span<Entry>, names: borrowing Snapshot) -> DataBook {
    var declarations: [Entry] = []
    for index in firm.indices { declarations.append(firm[index]) }
    return DataBook(declarations: declarations)
  }

  public func fold(_ history: borrowing History, scratch book: inout DataBook, into records: inout [Entry]) {
    book.removeAll()
    for index in history.events.indices {
      book.apply(history.events[index], lines: history.lines(of: index), into: &records)
    }
    book.finish(&records)
  }

  public func digest(_ entry: Entry, into hasher: inout DigestHasher) {
    hasher.add(
      values: entry.what.rawValue, entry.time, entry.basis, entry.retentionDays, entry.lastRead, entry.keptUntil)
    hasher.add(names: entry.purpose, entry.name, entry.country)
    hasher.add(entry.isHidden)
  }

  public struct Counts {
    var people = 0, hidden = 0, unused = 0, overdue = 0, used = 0, disclosed = 0
    /// Purposes of a field, fields of a purpose.
    var others: Set<UInt32> = []
    var recipients: Set<UInt32> = []
    var countries: Set<UInt32> = []
  }

  public struct Tally {
    var groups = Groups(Counts())
    var declared: [UInt32: Entry] = [:]
    var asked = 0
    var guessed = 0
    var guessedFields: Set<UInt32> = []
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ entries: Span<Entry>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    let byPurpose = query.grouping == "purpose"
    var known: Set<UInt32> = []
    for index in entries.indices {
      let entry = entries[index]
      switch entry.what {
      case .declared: tally.declared[entry.purpose] = entry
      case .kept:
        guard !byPurpose else { continue }
        let group = Group.name(orAbsent: entry.name)
        if entry.keptUntil < query.asOf { tally.groups[group].overdue += 1 }
        let isOld = elapsed(from: entry.time, to: query.asOf) > activePeriod
        if isOld, elapsed(from: entry.lastRead, to: query.asOf) > activePeriod { tally.groups[group].unused += 1 }
      case _ where !query.includes(entry.time): continue
      case .collected:
        let key = byPurpose ? entry.purpose : entry.name
        let group = Group.name(orAbsent: key)
        if known.insert(key).inserted { tally.groups[group].people += 1 }
        tally.groups[group].others.insert(byPurpose ? entry.name : entry.purpose)
      case .used: count(entry, &tally.groups[.name(orAbsent: byPurpose ? entry.purpose : entry.name)])
      case .disclosed:
        guard byPurpose || entry.isHidden else { continue }
        count(entry, &tally.groups[byPurpose ? .name(orAbsent: entry.purpose) : .absent])
      case .asked: tally.asked += 1
      case .guessed:
        tally.guessed += 1
        tally.guessedFields.insert(entry.name)
      }
    }
  }

  private func count(_ entry: Entry, _ counts: inout Counts) {
    if entry.isHidden { counts.hidden += 1 }
    guard entry.what == .disclosed else {
      counts.used += 1
      return
    }
    counts.disclosed += 1
    counts.recipients.insert(entry.name)
    if entry.country != 0 { counts.countries.insert(entry.country) }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let byPurpose = query.grouping == "purpose"
    var rows: [ViewRow] = []
    for (group, counts) in try tally.groups.sorted(names) {
      var row = ViewRow([byPurpose ? "purpose" : "field": try group.cell(names)])
      let others = try names.list(of: counts.others)
      if byPurpose {
        var declared: Entry?
        if case .name(let purpose) = group { declared = tally.declared[purpose] }
        let days = declared.flatMap { $0.retentionDays < 0 ? nil : Int($0.retentionDays) }
        row.cells +=
          ViewRow([
            "basis": .text(orNone: declared.flatMap { word($0.basis, Self.bases) }),
            "retention_days": days.map { .count($0) } ?? .none, "fields": others, "people": .count(counts.people),
            "used": .count(counts.used), "disclosed": .count(counts.disclosed),
            "recipients": try names.list(of: counts.recipients), "countries": try names.list(of: counts.countries),
          ]).cells
      } else {
        row.cells +=
          ViewRow([
            "collected": .count(counts.people), "purposes": others, "hidden": .count(counts.hidden),
            "unused": .count(counts.unused), "overdue": .count(counts.overdue),
          ]).cells
      }
      rows.append(row)
    }
    var warnings: [String] = []
    if tally.asked > 0 { warnings.append("\(tally.asked) requests to customers gave no reason") }
    if tally.guessed > 0 {
      let fields = try names.texts(of: tally.guessedFields).joined(separator: ", ")
      warnings.append("\(tally.guessed) values were inferred from fewer than 10 observations: \(fields)")
    }
    return ViewRows(rows, warnings: warnings)
  }
}
