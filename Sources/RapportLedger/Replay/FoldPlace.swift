import CTraps
import Synchronization

/// What a thread folds: written while it folds, read when it traps.
///
/// Histories and tiles note here whose event was asked for last: a store to memory that is always near.
@usableFromInline
struct FoldPlace {
  /// Number of the person; 0 is the firm, or nobody yet.
  @usableFromInline var customer: UInt32 = 0
  /// The event that was asked for last: its index in the history, or its row of the tile. ``noEvent`` is none.
  @usableFromInline var event: UInt32 = FoldPlace.noEvent
  /// Tells the rest, with much of the library's help.
  var describe: ((_ customer: UInt32, _ event: UInt32) -> FoldTrap)?

  static let noEvent = UInt32.max
}

/// A thread's ``FoldPlace``, at an address that stays.
final class FoldPlaceBox {
  let start: UnsafeMutablePointer<FoldPlace>

  init(describe: @escaping (_ customer: UInt32, _ event: UInt32) -> FoldTrap) {
    start = .allocate(capacity: 1)
    start.initialize(to: FoldPlace(describe: describe))
  }

  deinit {
    start.deinitialize(count: 1)
    start.deallocate()
  }

  /// From now on a trap of this thread is told.
  func enter() {
    start.pointee.customer = 0
    start.pointee.event = FoldPlace.noEvent
    rpt_set_place(start)
  }

  /// No longer.
  func leave() { rpt_set_place(nil) }
}

/// A projection that trapped – an overflow, an index out of range, a broken precondition – and at what.
public struct FoldTrap: Sendable, CustomStringConvertible {
  /// Name of the projection.
  public var projection: String
  /// Id of the person, of a case that of its first event; nil is the firm.
  public var customer: String?
  /// Position of the event that was looked at last; nil if there was none, or it cannot be told.
  public var position: UInt64?

  public var description: String {
    let whose = customer.map { "the history of customer \($0)" } ?? "the history of the firm"
    return "\(projection) broke on \(whose)" + (position.map { ", at position \($0)" } ?? "")
  }
}

extension Replay {
  private static let reporter = Mutex<(@Sendable (FoldTrap) -> Void)?>(nil)

  /// Has `report` called when a projection traps, on the thread that traps: the last that this process does, for a trap
  /// cannot be undone. It may end the process itself.
  ///
  /// What was stored of views stays as it is. For programs; a library leaves the signals of its process alone.
  public static func reportTraps(_ report: @escaping @Sendable (FoldTrap) -> Void) {
    reporter.withLock { $0 = report }
    rpt_on_traps { place in
      guard let place = place?.assumingMemoryBound(to: FoldPlace.self).pointee, let trap = place.trap else { return }
      Replay.reporter.withLock { $0 }?(trap)
    }
  }
}

extension FoldPlace {
  fileprivate var trap: FoldTrap? { describe?(customer, event) }
}

extension FoldTrap {
  /// - Parameter index: of an event in the person's history of these kinds.
  init(
    _ projection: some Projection, _ customer: UInt32, event index: UInt32, limits: ReplayLimits,
    _ snapshot: borrowing Snapshot
  ) {
    self.init(
      projection: type(of: projection).name, customer: customer == 0 ? nil : try? snapshot.subject(customer))
    guard index != FoldPlace.noEvent, projection.gathering == .people else { return }
    let positions = Positions(kinds: projection.kinds)
    let found = try? Replay(limits: limits, threads: 1).run(positions, over: snapshot, customer: customer).records
    guard let found, Int(index) < found.count else { return }
    position = found[Int(index)]
  }
}

/// The positions of a person's events in canonical order.
private struct Positions: Projection {
  static let name = "positions"
  static let version = 1
  let kinds: EventKindSet
  let columns = ColumnSet(.rank)

  func fold(_ history: borrowing History, scratch: inout Void, into positions: inout [UInt64]) {
    for index in history.events.indices { positions.append(history.events[index].position) }
  }

  func digest(_ position: UInt64, into hasher: inout DigestHasher) { hasher.add(position) }
}
