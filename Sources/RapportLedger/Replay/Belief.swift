/// What is held to be so at a valid time, as known at a position: which events say something else than they did, and
/// which customers are one person. Found once, before any history is gathered.
struct Belief: ~Copyable, Sendable {
  let corrections: Corrections
  let people: People
  /// What all acts come to that were looked at: of one person those of its ids.
  let effect: ActsEffect

  /// - Complexity: O(blocks) for a log without merges and corrections.
  init(_ snapshot: borrowing Snapshot, limits: ReplayLimits) throws(LedgerError) {
    let corrections = try Corrections(snapshot, upTo: limits.position ?? .max)
    self.init(corrections, try People(snapshot, limits: limits, corrections: corrections))
  }

  /// What concerns some customers, and who is one person.
  init(_ corrections: Corrections, _ people: People) {
    self.init(corrections, people, withoutMerge: people.withoutMerge.count)
  }

  /// What concerns one person.
  ///
  /// - Complexity: without merges O(blocks · log rows).
  init(
    _ snapshot: borrowing Snapshot, limits: ReplayLimits, of customer: UInt32, keepsTexts: Bool = false
  ) throws(LedgerError) {
    let last = limits.position ?? .max
    let mappings = try Corrections(ofMappings: snapshot, upTo: last)
    let people = try People(snapshot, limits: limits, corrections: mappings, of: customer)
    let members = people.members(of: customer)
    let corrections = try Corrections(
      snapshot, upTo: last, of: members.filter { $0 <= snapshot.customerCount }, keepsTexts: keepsTexts)
    self.init(
      corrections, people, withoutMerge: people.withoutMerge.count { members.contains($0) },
      latest: mappings.effect.latest)
  }

  private init(_ corrections: Corrections, _ people: People, withoutMerge: Int, latest: Int64 = .min) {
    self.corrections = corrections
    self.people = people
    var effect = corrections.effect
    effect.withoutMerge = withoutMerge
    effect.latest = max(effect.latest, latest)
    self.effect = effect
  }
}

extension Corrections {
  /// What acts on events that say who is one person.
  ///
  /// - Complexity: O(blocks) where nobody was merged.
  init(ofMappings snapshot: borrowing Snapshot, upTo last: UInt64) throws(LedgerError) {
    guard snapshot.blocks.contains(where: { !$0.header.kindSet.isDisjoint(with: .mappings) }) else {
      self.init()
      return
    }
    try self.init(snapshot, upTo: last, of: snapshot.customers(of: .mappings), on: .mappings)
  }
}

extension Snapshot {
  /// The number of the id of somebody: of a customer, or one that customers are merged into; nil if it is nobody's.
  ///
  /// - Complexity: O(blocks with new customers); where no event is about it, a pass over the kinds.
  public func person(_ subject: String, limits: ReplayLimits = ReplayLimits()) throws(LedgerError) -> UInt32? {
    if let number = try customer(subject) { return number }
    let number = try number(ofCustomer: Array(subject.utf8))
    let belief = try Belief(self, limits: limits, of: number)
    return belief.people.members(of: number).count > 1 ? number : nil
  }

  /// The customers who have events of some kinds, in ascending order.
  func customers(of kinds: EventKindSet) throws(LedgerError) -> [UInt32] {
    var found: Set<UInt32> = []
    try forEachRow(of: kinds, customers: nil, upTo: .max) { index, row throws(LedgerError) in
      found.insert(UInt32(truncatingIfNeeded: blocks[index].column(.customer)[row]))
    }
    return found.sorted()
  }
}
