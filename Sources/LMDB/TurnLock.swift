/// Lets the writers of several processes take turns, with a time limit and a name for whoever is in the way.
///
/// LMDB's own writer mutex waits for ever, says nothing about its holder, and is not fair: a process that commits and
/// begins again at once can keep another out indefinitely. Take a turn first:
///
/// ```swift
/// let turns = TurnLock(in: directory)
/// let turn = try turns.acquire(waitingAtMost: .seconds(5))
/// // … write transactions …
/// turn.release()
/// ```
///
/// Two files make it fair. A writer takes `turn.lock`, then `writer.lock`, then lets go of `turn.lock`. Whoever waits
/// for the writer therefore holds the turn, and the writer cannot get past him when it comes back. Among those who wait
/// for the turn itself there is no order.
///
/// The lock excludes threads as well as processes, is not re-entrant, and is released by the kernel when its holder
/// dies. It is advisory and independent of `Environment`; the directory must exist.
public struct TurnLock: Sendable {
  private let directory: String

  public init(in directory: String) {
    self.directory = directory
  }

  /// Waits for the turn to write, polling every 1 to 10 ms, and tries at least once.
  ///
  /// - Throws: `.lockTimedOut`, with the holder's process where it is known; a system error if the lock files cannot be
  ///   opened.
  public func acquire(waitingAtMost limit: Duration) throws(LMDBError) -> Turn {
    let operation = "take the turn to write to"
    let deadline = ContinuousClock.now + limit
    let writer = try LockFile(at: directory + "/writer.lock", for: operation)
    let turn = try LockFile(at: directory + "/turn.lock", for: operation)

    guard
      try turn.lock(until: deadline, for: operation),
      try writer.lock(until: deadline, for: operation)
    else {
      // Whoever is ahead waits for the writer too, so the writer is the one to name in both cases.
      throw LMDBError(.lockTimedOut(holder: writer.holder), operation, directory)
    }
    try writer.nameHolder(for: operation)
    return Turn(writer)
  }

  /// The right to write, until it is released or goes out of scope.
  public struct Turn: ~Copyable, Sendable {
    private let writer: LockFile

    fileprivate init(_ writer: consuming LockFile) {
      self.writer = writer
    }

    deinit { writer.forgetHolder() }

    /// Lets the next one write.
    public consuming func release() {}
  }
}
