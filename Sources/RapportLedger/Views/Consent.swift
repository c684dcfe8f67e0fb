/// `consent`: who agreed to what, and whether we kept to it.
///
/// The rule is ``ConsentBook``'s, the same that `rapport may` answers by.
public struct Consent: View {
  public static let name = "consent"
  public static let version = 4
  public static let question = "Who agreed to what, and do we send only where we may?"
  public static let definition = ViewDefinition(
    formula: """
      For each person and purpose the latest decision of each of their ids, at as_of: given, refused, withdrawn, expired \
      (said so, or its end has come), stale (given, but the latest version of its notice is another). conflict: \
      merged ids whose latest decisions differ, which means no. unknown: people without a decision. touches_without: \
      messages, campaigns and ads to the customer with that purpose, when we were not allowed to: when the person was erased, \
      restricted or had objected, or when the purpose rests on consent (or was not declared) and there was none, given or \
      stale.
      """,
    unit: "people; touches", anchor: "the touch, for touches_without; decisions are those of as_of",
    exclusions: "nothing", groupings: ["purpose"], defaultGrouping: "purpose",
    keys: [
      "purpose", "given", "refused", "withdrawn", "expired", "stale", "conflict", "unknown", "touches_without",
    ])

  /// Something declared, a decision, or a touch that was not allowed.
  public struct Entry: BitwiseCopyable, Sendable {
    var what: What
    var time: Int64 = 0
    var purpose: UInt32 = 0
    /// Of a decision: when it ends by itself, and the notice agreed to. Of a declaration: see ``Declarations``.
    var expires = Int64.max
    var position: UInt64 = 0
    var notice: UInt32 = 0
    var version: UInt32 = 0
    var kind: ConsentBook.Decision.Kind = .given
    var basis: UInt8 = 0
    var isNotice = false

    enum What: UInt8, BitwiseCopyable { case declared, decided, touchWithout }

    init(what: What, time: Int64, purpose: UInt32) {
      self.what = what
      self.time = time
      self.purpose = purpose
    }

    init(_ declaration: Declarations.Declaration) {
      self.init(what: .declared, time: declaration.time, purpose: declaration.name)
      version = declaration.version
      basis = declaration.basis
      isNotice = declaration.isNotice
      position = declaration.position
    }

    init(_ decision: ConsentBook.Decision) {
      self.init(what: .decided, time: decision.time, purpose: decision.purpose)
      expires = decision.expires
      position = decision.position
      notice = decision.notice
      version = decision.version
      kind = decision.kind
    }

    var declaration: Declarations.Declaration {
      .init(time: time, name: purpose, version: version, basis: basis, isNotice: isNotice, position: position)
    }

    var decision: ConsentBook.Decision {
      .init(
        time: time, expires: expires, position: position, purpose: purpose, subject: 0, notice: notice,
        version: version,
        kind: kind)
    }
  }

  public init() {}

  public let kinds = EventKindSet.interactions.union(ConsentBook.kinds).union(Declarations.kinds)
  public let columns = ConsentBook.columns.union(ColumnSet(.code, .term2, .direction))
  public let readsFirm = true

  public struct Scratch {
    var declarations = Declarations()
    var book = ConsentBook()
  }

  public func makeScratch(firm: Span<Entry>, names: borrowing Snapshot) -> Scratch {
    var scratch = Scratch()
    for index in firm.indices { scratch.declarations.add(firm[index].declaration) }
    return scratch
  }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Entry]) {
    guard history.customer != 0 else {
      for index in history.events.indices {
        guard let declaration = Declarations.Declaration(history.events[index]) else { continue }
        records.append(Entry(declaration))
      }
      return
    }
    scratch.book.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      scratch.book.apply(event)
      let purpose = event.purposeSentFor
      guard purpose != 0, !scratch.book.may(purpose, at: event.time, scratch.declarations).isAllowed else { continue }
      records.append(Entry(what: .touchWithout, time: event.time, purpose: purpose))
    }
    for decision in scratch.book.decisions { records.append(Entry(decision)) }
  }

  public func digest(_ entry: Entry, into hasher: inout DigestHasher) {
    hasher.add(
      values: entry.what.rawValue, entry.time, entry.expires, entry.kind.rawValue, entry.basis, entry.isNotice ? 1 : 0)
    hasher.add(names: entry.purpose, entry.notice, entry.version)
  }

  public struct Counts {
    var states: [ConsentBook.State: Int] = [:]
    var decided = 0, without = 0
  }

  public struct Tally {
    var declarations = Declarations()
    var people = 0
    var groups = Groups(Counts())
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ entries: Span<Entry>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    if person != 0 { tally.people += 1 }
    for index in entries.indices {
      let entry = entries[index]
      switch entry.what {
      case .declared: tally.declarations.add(entry.declaration)
      case .touchWithout where query.includes(entry.time): tally.groups[.name(entry.purpose)].without += 1
      case .decided, .touchWithout: continue
      }
    }
    for standing in Self.standings(entries, at: query.asOf, tally.declarations) {
      tally.groups[.name(standing.purpose)].states[standing.state, default: 0] += 1
      tally.groups[.name(standing.purpose)].decided += 1
    }
  }

  private static func standings(
    _ entries: Span<Entry>, at time: Int64, _ declarations: Declarations
  ) -> [Standing] {
    var decisions: [ConsentBook.Decision] = []
    for index in entries.indices where entries[index].what == .decided { decisions.append(entries[index].decision) }
    var standings: [Standing] = []
    while let first = decisions.first {
      let state = ConsentBook.state(of: first.purpose, decisions, at: time, declarations).state
      var notices: Set<UInt64> = []
      for decision in decisions where state == .stale && decision.purpose == first.purpose {
        if let notice = declarations.noticeSuperseding(decision, at: time) { notices.insert(notice.position) }
      }
      standings.append(Standing(purpose: first.purpose, state: state, notices: notices))
      decisions.removeAll { $0.purpose == first.purpose }
    }
    return standings
  }

  /// How a person stands to a purpose.
  struct Standing {
    var purpose: UInt32
    var state: ConsentBook.State
    /// Of a consent that is stale the positions of the notices that supersede the one agreed to.
    var notices: Set<UInt64>
  }

  /// How one person stands to each purpose that they decided about, as the view counts it.
  static func standings(
    of person: borrowing PersonReader, in snapshot: borrowing Snapshot, at time: Int64
  ) throws(LedgerError) -> [Standing] {
    var declarations = Declarations()
    var found: [Standing] = []
    let replay = Replay(limits: person.limits)
    let outcomes = try replay.outcomes(of: person.number, Consent(), person.belief, over: snapshot)
    outcomes.forEach { person, entries in
      if person == 0 {
        for index in entries.indices { declarations.add(entries[index].declaration) }
      } else {
        found = standings(entries, at: time, declarations)
      }
    }
    return found
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try tally.groups.rows(by: "purpose", names) { counts in
        func people(_ state: ConsentBook.State) -> ViewRow.Cell { .count(counts.states[state] ?? 0) }
        return [
          "given": people(.given), "refused": people(.refused), "withdrawn": people(.withdrawn),
          "expired": people(.expired), "stale": people(.stale), "conflict": people(.conflict),
          "unknown": .count(tally.people - counts.decided), "touches_without": .count(counts.without),
        ]
      })
  }
}
