/// Keeps the stored states of views close behind a log that grows, beside the daemon that writes it.
///
/// Now and then it rebuilds, one after the other, the views whose state is of another version of their definition or too
/// far behind. The former state answers until the new one is there as a whole. It works for at most a tenth of the time,
/// on one thread, so a flood is hardly slowed; what the states lack, a question makes up for itself (``Replay``).
public final class StateKeeper: Sendable {
  private let ledger: Ledger
  private let interval: Duration
  private let onFailure: @Sendable (any Error) -> Void
  private let stopping = StopFlag()

  /// A state may lack so many events, or this share of the log.
  static let lagMax: UInt64 = 1_024
  static let lagShare: UInt64 = 64

  /// - Parameters:
  ///   - interval: how long to pause at least.
  ///   - onFailure: called when states cannot be rebuilt or stored; it is tried again after the pause.
  public init(
    _ ledger: Ledger, interval: Duration = .seconds(10), onFailure: @escaping @Sendable (any Error) -> Void = { _ in }
  ) {
    self.ledger = ledger
    self.interval = interval
    self.onFailure = onFailure
  }

  /// Keeps states until ``stop()``. For a thread of its own, which it makes give way to others.
  public func run() {
    Threads.yieldToOthers()
    var pause = interval
    while !stopping.wait(atMost: pause) {
      let started = Clock.monotonic
      do { try catchUp() } catch LedgerError.interrupted { return } catch { onFailure(error) }
      pause = max(interval, .nanoseconds((Clock.monotonic - started) * 9))
    }
  }

  /// Ends ``run()`` soon; what was being rebuilt is left as it was. Safe from any thread.
  public func stop() { stopping.raise() }

  /// Rebuilds what is behind: one view at a time, for the memory of its outcomes.
  func catchUp() throws {
    for view in try viewsBehind() {
      if stopping.isRaised { throw LedgerError.interrupted }
      _ = try ledger.replay(views: [view], threads: 1, isCancelled: { [stopping] in stopping.isRaised })
    }
  }

  /// The views whose stored state is missing, of another version, or too far behind.
  func viewsBehind() throws -> [String] {
    let position = try ledger.read { $0.position }
    if position == 0 { return [] }
    let lag = max(Self.lagMax, position / Self.lagShare)
    let stored = ledger.checkpoints()
    return Catalogue.projections.compactMap { projection in
      let (name, version) = (type(of: projection).name, type(of: projection).version)
      guard let kept = stored[name], kept.version == version, kept.position <= position else { return name }
      return position - kept.position > lag ? name : nil
    }
  }
}
