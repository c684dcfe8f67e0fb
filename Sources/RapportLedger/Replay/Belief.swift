/// What is held to be so at a valid time, as known at a position: which events say something else than they did, and
/// which customers are one person. Found once, before any history is gathered.
struct Belief: ~Copyable, Sendable {
  let corrections: Corrections
  let people: People
  /// Bits by customer number: set for those who belong to a person with several ids.
  let merged: [UInt64]
  /// The latest valid time that any of the corrected events has now, those among them that say who is one person.
  let latestCorrected: Int64

  /// - Complexity: O(blocks) for a log without merges and corrections.
  init(_ snapshot: borrowing Snapshot, limits: ReplayLimits) throws(LedgerError) {
    let corrections = try Corrections(snapshot, upTo: limits.position ?? .max)
    let people = try People(snapshot, limits: limits, corrections: corrections)
    self.init(
      corrections, people, merged: people.isEmpty ? [] : people.bits(customers: snapshot.customerCount),
      latestCorrected: corrections.latest)
  }

  /// What concerns one person.
  ///
  /// - Complexity: without merges O(blocks · log rows).
  init(
    _ snapshot: borrowing Snapshot, limits: ReplayLimits, of customer: UInt32, keepsTexts: Bool = false
  ) throws(LedgerError) {
    let last = limits.position ?? .max
    // Corrections of identity events may be anyone's; where there are none the customer's own are enough.
    let hasMappings = snapshot.blocks.contains { !$0.header.kindSet.isDisjoint(with: .mappings) }
    var people = People()
    var latestMapping = Int64.min
    if hasMappings {
      let corrections = try Corrections(snapshot, upTo: last, of: snapshot.customers(of: .mappings))
      people = try People(snapshot, limits: limits, corrections: corrections, of: customer)
      latestMapping = corrections.latest
    }
    let corrections = try Corrections(
      snapshot, upTo: last, of: people.members(of: customer).filter { $0 <= snapshot.customerCount },
      keepsTexts: keepsTexts)
    self.init(corrections, people, merged: [], latestCorrected: max(latestMapping, corrections.latest))
  }

  /// What was recorded and acts on nothing, by the reasons of ``ViewRows/leftOut``.
  ///
  /// - Parameter customer: only what concerns this person; nil is everybody.
  static func leftOut(
    _ snapshot: borrowing Snapshot, limits: ReplayLimits, of customer: UInt32?
  ) throws(LedgerError) -> KeyValuePairs<String, Int> {
    func reasons(_ belief: borrowing Belief, _ unmerges: Int) -> KeyValuePairs<String, Int> {
      [
        "correction_without_target": belief.corrections.withoutTarget,
        "correction_not_accepted": belief.corrections.notAccepted, "unmerge_without_merge": unmerges,
      ]
    }
    guard let customer else {
      let shared = try snapshot.belief(limits: limits)
      return reasons(shared.belief, shared.belief.people.withoutMerge.count)
    }
    let belief = try Belief(snapshot, limits: limits, of: customer)
    let members = belief.people.members(of: customer)
    return reasons(belief, belief.people.withoutMerge.count { members.contains($0) })
  }

  private init(_ corrections: Corrections, _ people: People, merged: [UInt64], latestCorrected: Int64) {
    self.corrections = corrections
    self.people = people
    self.merged = merged
    self.latestCorrected = latestCorrected
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
