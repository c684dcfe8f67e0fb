import Synchronization

/// Keeps the stored states of views close behind a log that grows, beside the daemon that writes it.
///
/// Now and then it rebuilds, one after the other, the views whose state is of another version of their definition or too
/// far behind. The former state answers until the new one is there as a whole. It works for at most a tenth of the time,
/// on one thread, so a flood is hardly slowed; what the states lack, a question makes up for itself (``Replay``). That
/// takes the longer the more they lack, so more rarely – for at most a hundredth of the time – those that are only a little
/// behind are rebuilt as well.
public final class StateKeeper: Sendable {
  /// Rebuilds and stores the state of one view; to throw ``LedgerError/interrupted`` soon after `isCancelled` says yes.
  public typealias Rebuild = @Sendable (_ view: String, _ isCancelled: @escaping @Sendable () -> Bool) throws -> Void

  private let ledger: Ledger
  private let interval: Duration
  private let rebuild: Rebuild
  private let onFailure: @Sendable (_ view: String?, _ error: any Error) -> Void
  private let stopping = StopFlag()
  private let failures = Mutex<[String: Failures]>([:])

  /// A state may lack so many events, and for a while this share of the log.
  static let lagMin: UInt64 = 1_024
  static let lagShare: UInt64 = 64
  /// At least so long lies between times when what is only a little behind is rebuilt.
  static let calm: Duration = .seconds(600)

  /// A view that could not be rebuilt is left alone: twice as long each time, up to an hour.
  private struct Failures {
    var count = 0
    /// On the monotonic clock.
    var restsUntil: Int64 = 0
  }

  static let restMax: Duration = .seconds(3_600)

  /// - Parameters:
  ///   - interval: how long to pause at least.
  ///   - rebuild: how a view is rebuilt: in this process if nil. In a process of its own a projection that traps ends
  ///     that one only, and the memory for the outcomes is its, too.
  ///   - onFailure: called when a view cannot be rebuilt, which then rests while the others go on; and with nil when it
  ///     cannot even be found out which are behind.
  public init(
    _ ledger: Ledger, interval: Duration = .seconds(10), rebuild: Rebuild? = nil,
    onFailure: @escaping @Sendable (_ view: String?, _ error: any Error) -> Void = { _, _ in }
  ) {
    self.ledger = ledger
    self.interval = interval
    self.rebuild =
      rebuild ?? { view, isCancelled in _ = try ledger.replay(views: [view], threads: 1, isCancelled: isCancelled) }
    self.onFailure = onFailure
  }

  /// Keeps states until ``stop()``. For a thread of its own, which it makes give way to others.
  public func run() {
    Threads.yieldToOthers()
    var pause = interval
    var calmFrom = Clock.monotonic + Int64(Self.calm / .nanoseconds(1))
    while !stopping.wait(atMost: pause) {
      let started = Clock.monotonic
      let isCalm = started >= calmFrom
      do { try catchUp(isCalm: isCalm) } catch LedgerError.interrupted { return } catch { onFailure(nil, error) }
      let (ended, spent) = (Clock.monotonic, Duration.nanoseconds(Clock.monotonic - started))
      pause = max(interval, spent * 9)
      if isCalm { calmFrom = ended + Int64(max(Self.calm, spent * 99) / .nanoseconds(1)) }
    }
  }

  /// Ends ``run()`` soon; what was being rebuilt is left as it was. Safe from any thread.
  public func stop() { stopping.raise() }

  /// Rebuilds what is behind: one view at a time, for the memory of its outcomes.
  ///
  /// - Parameter isCalm: also what is only a little behind.
  func catchUp(isCalm: Bool = false) throws {
    for view in try viewsBehind(isCalm: isCalm) {
      if stopping.isRaised { throw LedgerError.interrupted }
      if isResting(view) { continue }
      do {
        try rebuild(view) { [stopping] in stopping.isRaised }
        failures.withLock { $0[view] = nil }
      } catch LedgerError.interrupted {
        throw LedgerError.interrupted
      } catch {
        letRest(view)
        onFailure(view, error)
      }
    }
  }

  private func isResting(_ view: String) -> Bool {
    failures.withLock { $0[view].map { $0.restsUntil > Clock.monotonic } ?? false }
  }

  private func letRest(_ view: String) {
    failures.withLock {
      var failures = $0[view] ?? Failures()
      failures.count += 1
      let rest = min(Self.restMax, interval * (1 << min(failures.count, 20)))
      failures.restsUntil = Clock.monotonic + Int64(rest / .nanoseconds(1))
      $0[view] = failures
    }
  }

  /// The views whose stored state is missing, of another version, or too far behind.
  func viewsBehind(isCalm: Bool = false) throws -> [String] {
    let position = try ledger.read { $0.position }
    if position == 0 { return [] }
    let stored = ledger.checkpoints()
    return Catalogue.projections.compactMap { projection in
      let (name, version) = (type(of: projection).name, type(of: projection).version)
      guard let kept = stored[name], kept.version == version, kept.position <= position else { return name }
      return Self.isBehind(kept.position, of: position, isCalm: isCalm) ? name : nil
    }
  }

  /// Whether a state of a position lacks too much.
  static func isBehind(_ kept: UInt64, of position: UInt64, isCalm: Bool) -> Bool {
    position - kept > (isCalm ? lagMin : max(lagMin, position / lagShare))
  }
}
