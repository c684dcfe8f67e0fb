/// What states of an earlier position do not know: whom the events since are about, who is one person now, and what is
/// held to be so of those people. Shared by all views with such a state.
///
/// Corrections are looked up among the events of their subject, and every mapping is its subject's, so people whom no event
/// since is about – under any id that was theirs or is – are what they were, and so is what their corrections come to.
final class ChangesSince: Sendable {
  let position: UInt64
  /// Who is one person now; of corrections those of the people who are touched.
  let belief: Belief
  /// What acts on other events than before, or otherwise, comes to.
  private let changed: ActsEffect
  /// What acted on those events.
  private let former: Corrections
  /// Whom events since are about, with all ids of their persons, then and now, in ascending order; never the firm.
  let customers: [UInt32]
  /// Those whom acts since are about, likewise.
  let actedOn: [UInt32]
  /// The persons of them now, in the order of their numbers.
  let persons: [People.Person]
  /// The numbers of their persons, then and now.
  let numbers: Set<UInt32>
  /// The kinds of the events since that are the firm's.
  let firmKinds: EventKindSet

  /// More people touched since than one in so many: a replay is as fast.
  private static let touchedShare = 8
  /// So few may always be touched.
  private static let touchedMin = 64

  /// - Returns: nil if too many are touched.
  /// - Complexity: O(events since + blocks · log rows for those of them who have corrections); where customers were merged,
  ///   a pass over the kinds.
  init?(_ snapshot: borrowing Snapshot, limits: ReplayLimits, since position: UInt64) throws(LedgerError) {
    let events = try Self.events(since: position, snapshot)
    let last = limits.position ?? .max
    let most = max(Self.touchedMin, snapshot.customerCount / Self.touchedShare)
    guard events.customers.count <= most else { return nil }
    var people = People()
    var formerPeople = People()
    if !events.customers.isEmpty {
      let corrections = try Corrections(ofMappings: snapshot, upTo: last)
      people = try People(snapshot, limits: limits, corrections: corrections)
      formerPeople = people
      if !events.actedOn.isEmpty {
        let corrections = try Corrections(ofMappings: snapshot, upTo: position)
        formerPeople = try People(snapshot, limits: ReplayLimits(position: position), corrections: corrections)
      }
    }
    func withOtherIds(_ customers: [UInt32]) -> [UInt32] {
      if people.isEmpty, formerPeople.isEmpty { return customers }
      var ids: Set<UInt32> = []
      for customer in customers {
        ids.formUnion(people.members(of: customer))
        ids.formUnion(formerPeople.members(of: customer))
      }
      return ids.sorted()
    }
    self.position = position
    customers = withOtherIds(events.customers)
    guard customers.count <= most else { return nil }
    actedOn = withOtherIds(events.actedOn)
    firmKinds = events.firmKinds
    let now = Set(customers.map { people.person(of: $0) })
    numbers = now.union(customers.map { formerPeople.person(of: $0) })
    persons = now.sorted().map { People.Person(number: $0, members: people.members(of: $0)) }
    let known = customers.filter { $0 <= snapshot.customerCount }
    let difference = try Corrections.difference(snapshot, upTo: last, of: known, since: position)
    (changed, former) = (difference.changed, difference.before)
    belief = Belief(difference.now, people)
  }

  /// Whom events behind a position are about, and whom of them those that act.
  private static func events(
    since position: UInt64, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> (customers: [UInt32], actedOn: [UInt32], firmKinds: EventKindSet) {
    var isTouched = [Bool](repeating: false, count: snapshot.customerCount + 1)
    var actedOn: Set<UInt32> = []
    var firmKinds = EventKindSet()
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > position else { break }
      try snapshot.check(index, ColumnSet(.customer, .rank, .kind).rawValue)
      let (customers, ranks, kinds) = (block.column(.customer), block.column(.rank), block.column(.kind))
      for row in 0..<block.count where block.firstPosition + UInt64(ranks[row]) > position {
        let customer = UInt32(truncatingIfNeeded: customers[row])
        isTouched[Int(customer)] = true
        let kind = UInt8(truncatingIfNeeded: kinds[row])
        if customer == 0 { firmKinds.insert(rawValue: kind) }
        if EventKindSet.acts.contains(rawValue: kind) { actedOn.insert(customer) }
      }
    }
    let customers = isTouched.indices.dropFirst().filter { isTouched[$0] }.map { UInt32($0) }
    return (customers, actedOn.sorted(), firmKinds)
  }

  /// What acts come to, by what they came to before.
  func effect(after before: ActsEffect) -> ActsEffect {
    var effect = before
    effect.withoutTarget += changed.withoutTarget - former.effect.withoutTarget
    effect.notAccepted += changed.notAccepted - former.effect.notAccepted
    if !actedOn.isEmpty { effect.withoutMerge = belief.effect.withoutMerge }
    // Too late a time, where a correction was taken back, only makes a state of less use.
    effect.latest = max(before.latest, changed.latest)
    return effect
  }

  /// The cases that events since belong to, and those in which events that they act on were or are.
  ///
  /// - Returns: nil if they act on too many customers' events: a replay is as fast.
  func cases(_ request: HistoryRequest, in snapshot: borrowing Snapshot) throws(LedgerError) -> Set<UInt64>? {
    guard actedOn.count <= Self.touchedMin || Cohort.areFew(actedOn.count, snapshot) else { return nil }
    var cases: Set<UInt64> = []
    var keys = CaseKeys(snapshot, request)
    let columns = CaseRows.columns.union(ColumnSet(.kind, .rank)).rawValue
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > position else { break }
      try snapshot.check(index, columns)
      keys.read(index, belief.corrections, snapshot)
      let ranks = block.column(.rank)
      keys.forEach { row, key in
        if block.firstPosition + UInt64(ranks[Int(row)]) > position { cases.insert(key) }
      }
    }
    for index in snapshot.blocks.indices {
      for customer in actedOn where customer <= snapshot.customerCount {
        let rows = try snapshot.rows(of: customer, in: index)
        guard !rows.isEmpty else { continue }
        try snapshot.check(index, columns, rows: rows)
        keys.read(index, rows, former, snapshot)
        keys.forEach { _, key in cases.insert(key) }
        keys.read(index, rows, belief.corrections, snapshot)
        keys.forEach { _, key in cases.insert(key) }
      }
    }
    return cases
  }
}
