/// `contact-person`: a certain person looks after this customer, and the customer knows who.
public struct ContactPerson: View {
  public static let name = "contact-person"
  public static let version = 1
  public static let question = "Does every customer have a contact person, and know who it is?"
  public static let definition = ViewDefinition(
    formula: """
      current: the employee assigned last, unless that has ended. introduced: the customer was told since the assignment. \
      active: customers with a touch or an order in the 365 days up to as_of. assigned and introduced: of the active. \
      coverage_rate: active customers with an introduced current person / active. changes_per_year: assignments of another \
      employee than the one before in the 365 days up to as_of / active.
      """,
    unit: "customers", anchor: "as_of; --from and --to do not matter", exclusions: "nothing", groupings: ["employee"],
    keys: ["active", "assigned", "introduced", "coverage_rate", "changes_per_year"])

  /// Who looks after a customer, or when that changed.
  public struct Care: BitwiseCopyable, Sendable {
    /// Of the state the last touch or order.
    var time: Int64
    /// Current; 0 is nobody.
    var employee: UInt32 = 0
    var isIntroduced = false
    var isChange = false
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(.term, .direction)

  /// Changes come before the state of the customer whom they concern.
  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Care]) {
    var state = Care(time: .min)
    var before: UInt32 = 0
    for index in history.events.indices {
      let event = history.events[index]
      if event.isActivity { state.time = event.time }
      switch event.kind {
      case .contactpersonAssigned:
        if before != 0, before != event.term { records.append(Care(time: event.time, isChange: true)) }
        before = event.term
        state.employee = event.term
        state.isIntroduced = false
      case .contactpersonIntroduced: state.isIntroduced = state.employee != 0
      case .contactpersonEnded:
        state.employee = 0
        state.isIntroduced = false
      default: continue
      }
    }
    records.append(state)
  }

  public func digest(_ care: Care, into hasher: inout DigestHasher) {
    hasher.add(care.time)
    hasher.add(name: care.employee)
    hasher.add(care.isIntroduced)
    hasher.add(care.isChange)
  }

  public struct Counts { var active = 0, assigned = 0, introduced = 0, changes = 0 }

  public func makeTally() -> Groups<Counts> { Groups(Counts()) }

  public func add(_ cares: Span<Care>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery) {
    var changes = 0
    for index in cares.indices {
      let care = cares[index]
      let isRecent = care.time != .min && elapsed(from: care.time, to: query.asOf) <= activePeriod
      if care.isChange {
        if isRecent { changes += 1 }
        continue
      }
      guard isRecent else { continue }
      let group: Group = query.grouping == nil ? .all : .name(orAbsent: care.employee)
      groups[group].active += 1
      groups[group].changes += changes
      if care.employee != 0 { groups[group].assigned += 1 }
      if care.isIntroduced { groups[group].introduced += 1 }
    }
  }

  public func rows(_ groups: Groups<Counts>, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try groups.rows(by: query.grouping, names) { counts in
        [
          "active": .count(counts.active), "assigned": .count(counts.assigned), "introduced": .count(counts.introduced),
          "coverage_rate": .rate(part: counts.introduced, whole: counts.active),
          "changes_per_year": .per(1, part: counts.changes, whole: counts.active),
        ]
      })
  }
}
