/// All positions by fingerprint, in bounded memory: a table of the latest, and sorted runs of the others.
///
/// When the table has reached its limit, its entries become a run (``FingerprintRuns``) and it begins anew. A later writer
/// maps the runs, and reads the fingerprints of the positions behind them only.
struct FingerprintIndex: ~Copyable {
  private var table: FingerprintTable
  private var runs: FingerprintRuns
  /// Slots and entries that the table may have.
  private let slotsMax: Int
  private let entriesMax: Int

  /// - Parameters:
  ///   - runs: what is known already.
  ///   - last: the last position that is going to be inserted at once.
  ///   - memoryMax: bytes that the table may use.
  init(_ runs: FingerprintRuns, last: UInt64, memoryMax: Int) {
    self.runs = runs
    slotsMax = min(max(memoryMax / MemoryLayout<UInt64>.size, 1 << 17), 1 << 32)
    // At five eighths of its slots hardly a part has more than three quarters, and has grown beyond its share.
    entriesMax = slotsMax / 8 * 5
    let base = runs.last
    let capacity = min(Int(clamping: last - base), entriesMax)
    table = FingerprintTable(
      base: base, capacity: capacity, slotsMax: slotsMax, isLoading: capacity >= Self.loadedMin)
  }

  /// From so many entries on the table is loaded, not filled one by one.
  private static let loadedMin = 1 << 18

  /// Positions up to this one are in runs.
  var base: UInt64 { table.base }

  @inline(__always)
  func prefetch(_ fingerprint: UInt64) {
    table.prefetch(fingerprint)
    runs.prefetch(fingerprint)
  }

  @inline(__always)
  mutating func insert(_ fingerprint: UInt64, position: UInt64) { table.insert(fingerprint, position: position) }

  /// Adds the events of blocks behind a position and behind the runs.
  ///
  /// - Throws: ``LedgerError/damaged(_:)`` where the fingerprints of a block are not what was written.
  /// - Complexity: O(events); a cache miss each that is asked for ahead. Those that were there when the index was opened are
  ///   loaded on all processors, without.
  mutating func insert(_ blocks: [Block], after known: UInt64) throws(LedgerError) {
    var blocks = blocks.filter { $0.header.lastPosition > max(known, base) }[...]
    while let block = blocks.first {
      var last = block.header.lastPosition
      if table.isLoading {
        let fitting = blocks.prefix { $0.firstPosition <= base + UInt64(entriesMax) }
        try Self.load(fitting, after: max(known, base), into: table)
        table.settle()
        last = fitting.last!.header.lastPosition
        blocks = blocks.dropFirst(fitting.count)
      } else {
        try Self.withFingerprints(of: block, after: max(known, base)) { fingerprints, first in
          for index in fingerprints.indices {
            if index + 16 < fingerprints.count { table.prefetch(fingerprints[index + 16]) }
            table.insert(fingerprints[index], position: first + UInt64(index))
          }
        }
        blocks = blocks.dropFirst()
      }
      try spillIfFull(through: last)
    }
    table.settle()
  }

  private static func load(
    _ blocks: ArraySlice<Block>, after known: UInt64, into table: borrowing FingerprintTable
  ) throws(LedgerError) {
    try withUnsafePointer(to: table) { table throws(LedgerError) in
      let table = SharedPointer(pointer: table)
      _ = try mapInParallel(blocks.count, threads: Threads.processors) { index throws(LedgerError) in
        try withFingerprints(of: blocks[blocks.startIndex + index], after: known) { fingerprints, first in
          withUnsafeTemporaryAllocation(of: UInt64.self, capacity: fingerprints.count) { sorted in
            table.pointer.pointee.load(fingerprints, first: first, sorted: sorted.baseAddress!)
          }
        }
      }
    }
  }

  /// Hands the fingerprints of a block behind a position to `body`, with the position of the first.
  private static func withFingerprints(
    of block: Block, after known: UInt64, _ body: (UnsafeBufferPointer<UInt64>, UInt64) -> Void
  ) throws(LedgerError) {
    let slot = BlockSection.fingerprint
    guard block.isIntact(slot) else { throw .damaged(block.damage(ofSlot: slot)) }
    let from = known < block.firstPosition ? 0 : Int(known - block.firstPosition) + 1
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: block.count - from) { fingerprints in
      block.section(slot).read(RowList(from..<block.count), to: fingerprints.baseAddress!)
      body(UnsafeBufferPointer(fingerprints), block.firstPosition + UInt64(from))
    }
  }

  /// Makes room when the table has reached its limit.
  ///
  /// - Parameter last: the last position in the table, which is durable.
  /// - Complexity: O(1); O(n) each time n entries have filled the memory.
  mutating func spillIfFull(through last: UInt64) throws(LedgerError) {
    guard table.count >= entriesMax else { return }
    try runs.append(table, through: last)
    table = FingerprintTable(base: last, slotsMax: slotsMax)
  }

  /// The positions with a fingerprint, one after the other: none or one, but for the rare collision.
  struct Search {
    fileprivate let fingerprint: UInt64
    fileprivate var slot: Int
    fileprivate var runs: FingerprintRuns.Search
  }

  @inline(__always)
  func search(_ fingerprint: UInt64) -> Search {
    Search(fingerprint: fingerprint, slot: table.home(fingerprint), runs: FingerprintRuns.Search(fingerprint))
  }

  @inline(__always)
  func next(_ search: inout Search) -> UInt64? {
    // At the end of its entries the table says so again each time.
    if let position = table.next(search.fingerprint, from: &search.slot) { return position }
    return runs.isEmpty ? nil : runs.next(&search.runs)
  }
}
