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

/// The beliefs of one snapshot.
final class SharedBeliefs: Sendable {
  fileprivate let known = Mutex<[(time: Int64?, position: UInt64?, shared: SharedBelief)]>([])
}

extension Snapshot {
  /// What is held to be so within some limits. Who comes while it is being found waits for it.
  ///
  /// - Complexity: that of ``Belief/init(_:limits:)``, once for the same limits.
  func belief(limits: ReplayLimits) throws(LedgerError) -> SharedBelief {
    let result = beliefs.known.withLock { known -> Result<SharedBelief, LedgerError> in
      if let found = known.first(where: { $0.time == limits.time && $0.position == limits.position }) {
        return .success(found.shared)
      }
      do throws(LedgerError) {
        let shared = try SharedBelief(self, limits: limits)
        known.append((limits.time, limits.position, shared))
        return .success(shared)
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}
