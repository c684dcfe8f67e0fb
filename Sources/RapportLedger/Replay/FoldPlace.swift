import CTraps

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What of a ``FoldPlace`` changes with every event: the first members of `rpt_place_t`.
///
/// Histories and tiles note here which row was asked for last: a store to memory that is always near.
@usableFromInline
struct FoldCursor: BitwiseCopyable {
  /// Number of the person; 0 is the firm, or nobody yet.
  @usableFromInline var customer: UInt32
  /// The row that was asked for last; ``noRow`` is none.
  @usableFromInline var row: UInt32

  @inlinable static var noRow: UInt32 { .max }

  @inlinable @inline(__always)
  init(customer: UInt32, row: UInt32) {
    self.customer = customer
    self.row = row
  }
}

/// What a thread folds, in memory that stays where it is: written while it folds, read when it traps.
final class FoldPlace {
  private let place: UnsafeMutablePointer<rpt_place_t>
  private let name: UnsafeMutablePointer<CChar>
  private let stretch: UnsafeMutablePointer<rpt_stretch_t>

  /// - Parameter projection: its name.
  init(_ projection: String) {
    name = strdup(projection)
    stretch = .allocate(capacity: 1)
    stretch.initialize(to: rpt_stretch_t())
    place = .allocate(capacity: 1)
    place.initialize(to: rpt_place_t())
    place.pointee.projection = UnsafePointer(name)
    place.pointee.row = FoldCursor.noRow
  }

  deinit {
    place.deallocate()
    stretch.deallocate()
    free(name)
  }

  var cursor: UnsafeMutablePointer<FoldCursor> {
    UnsafeMutableRawPointer(place).assumingMemoryBound(to: FoldCursor.self)
  }

  /// From now on a trap of this thread is one of this projection.
  func enter() {
    cursor.pointee = FoldCursor(customer: 0, row: FoldCursor.noRow)
    rpt_set_place(place)
  }

  /// The same, over the rows of a chunk.
  func enter(_ chunk: borrowing HistoryChunk) {
    chunk.tellSources(to: &place.pointee)
    place.pointee.customers = nil
    enter()
  }

  /// The same, over rows of a block.
  ///
  /// - Parameter customers: whose they are.
  func enter(_ rows: RowList, of block: Block, customers: UnsafePointer<UInt32>) {
    stretch.pointee = rpt_stretch_t(block, end: rows.count)
    place.pointee.customers = customers
    place.pointee.slots = nil
    place.pointee.rows = rows.rows
    place.pointee.first_row = UInt32(rows.first)
    place.pointee.count = UInt32(rows.count)
    place.pointee.stretches = UnsafePointer(stretch)
    place.pointee.stretch_count = 1
    enter()
  }

  /// No longer.
  func leave() { rpt_set_place(nil) }
}

extension rpt_stretch_t {
  /// - Parameter end: where its rows end among all that were selected.
  init(_ block: Block, end: Int) {
    let ranks = block.column(.rank)
    let width: UInt32 =
      switch ranks.section.encoding {
      case Section.constant: 0
      case Section.dense: UInt32(ranks.section.width)
      default: RPT_UNKNOWN
      }
    self.init(
      end: UInt32(end), width: width, ranks: ranks.bytes, base: ranks.section.base, unit: ranks.section.unit,
      first_position: block.firstPosition)
  }
}

extension Replay {
  /// Has a projection that traps – an overflow, an index out of range, a broken precondition – named on standard error,
  /// with the customer's number and the position of the event that it looked at last. Then the signal does what it did
  /// before: a trap cannot be undone.
  ///
  /// What was stored of views stays as it is. For programs; a library leaves the signals of its process alone.
  public static func nameTraps() { rpt_on_traps(nil, nil, nil, 0) }

  /// Has this process become another one when a projection traps.
  ///
  /// - Parameters:
  ///   - program: path of an executable.
  ///   - arguments: with the program's name as the first. One more comes behind them: what `FoldTrap.init(_:)` reads.
  public static func onTrap(become program: String, _ arguments: [String]) {
    // They are kept for good: nothing can be made when it happens.
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: FoldTrap.bytesMax)
    place.initialize(repeating: 0, count: FoldTrap.bytesMax)
    let words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 2)
    for (index, argument) in arguments.enumerated() { words[index] = strdup(argument) }
    words[arguments.count] = place
    words[arguments.count + 1] = nil
    rpt_on_traps(strdup(program), words, place, UInt64(FoldTrap.bytesMax))
  }
}

/// A projection that trapped, and at what.
public struct FoldTrap: Sendable, Equatable {
  /// Name of the projection.
  public var projection: String
  /// Number of the person, of a case that of its first event; 0 is the firm. ``Snapshot/subject(_:)`` knows the id.
  public var customer: UInt32
  /// Position of the event that was looked at last; nil if there was none, or it cannot be told.
  public var position: UInt64?

  static let bytesMax = 256

  /// - Parameter text: what ``Replay/onTrap(become:_:)`` hands over: the projection, the customer's number and the
  ///   position, 0 for none, separated by colons.
  /// - Returns: nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, let customer = UInt32(parts[1]), let position = UInt64(parts[2]) else {
      return nil
    }
    projection = String(parts[0])
    self.customer = customer
    self.position = position == 0 ? nil : position
  }
}
