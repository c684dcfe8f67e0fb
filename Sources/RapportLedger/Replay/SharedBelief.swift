import Synchronization

/// What is held to be so within some limits, found once and shared by all that answer a question: to apply the
/// corrections of a log takes as long as thousands of rows for each of them.
final class SharedBelief: Sendable {
  let belief: Belief
  /// Whether all texts that it names are the log's own.
  let namesLogTextsOnly: Bool

  init(_ snapshot: borrowing Snapshot, limits: ReplayLimits) throws(LedgerError) {
    belief = try Belief(snapshot, limits: limits)
    // A text that another belief of this snapshot brought may be one of this one's, too.
    namesLogTextsOnly = snapshot.extraTextCount == 0
  }
}

/// The beliefs of one snapshot. Who comes while one is being found waits for it.
final class SharedBeliefs: Sendable {
  private let whole = Mutex<[(limits: ReplayLimits, found: SharedBelief)]>([])
  private let changes = Mutex<[(limits: ReplayLimits, since: UInt64, found: ChangesSince?)]>([])

  fileprivate func belief(
    _ limits: ReplayLimits, _ find: () throws(LedgerError) -> SharedBelief
  ) throws(LedgerError) -> SharedBelief {
    try whole.withLock { known in
      Result { () throws(LedgerError) in
        if let belief = known.first(where: { $0.limits == limits }) { return belief.found }
        let belief = try find()
        known.append((limits, belief))
        return belief
      }
    }.get()
  }

  fileprivate func changes(
    _ limits: ReplayLimits, since position: UInt64, _ find: () throws(LedgerError) -> ChangesSince?
  ) throws(LedgerError) -> ChangesSince? {
    try changes.withLock { known in
      Result { () throws(LedgerError) in
        if let changes = known.first(where: { $0.limits == limits && $0.since == position }) { return changes.found }
        let changes = try find()
        known.append((limits, position, changes))
        return changes
      }
    }.get()
  }

  fileprivate func isKnown(_ limits: ReplayLimits) -> Bool {
    whole.withLock { $0.contains { $0.limits == limits } }
  }
}

extension Snapshot {
  /// What is held to be so within some limits.
  ///
  /// - Complexity: that of ``Belief/init(_:limits:)``, once for the same limits.
  func belief(limits: ReplayLimits) throws(LedgerError) -> SharedBelief {
    try beliefs.belief(limits) { () throws(LedgerError) in try SharedBelief(self, limits: limits) }
  }

  /// Whether somebody has asked for ``belief(limits:)``.
  func isBeliefKnown(limits: ReplayLimits) -> Bool { beliefs.isKnown(limits) }

  /// What happened since a position; nil if it is too much.
  ///
  /// - Complexity: that of ``ChangesSince/init(_:limits:since:)``, once for the same limits and position.
  func changes(since position: UInt64, limits: ReplayLimits) throws(LedgerError) -> ChangesSince? {
    try beliefs.changes(limits, since: position) { () throws(LedgerError) in
      try ChangesSince(self, limits: limits, since: position)
    }
  }
}
