/// Which events a replay sees.
public struct ReplayLimits: Sendable {
  /// Events up to and including this valid time (`--at`).
  public var time: Int64?
  /// Events up to and including this position (`--known-at`, `--to`).
  public var position: UInt64?

  public init(time: Int64? = nil, position: UInt64? = nil) {
    self.time = time
    self.position = position
  }
}

/// Lays the complete histories of a range of customers side by side.
///
/// Every block is sorted by customer, so for each block a cursor finds the rows of the range; a counting pass gives each
/// person a place, and the columns are scattered there. Blocks follow each other in order of arrival, so most histories
/// are in canonical order at once; the others are sorted. One gatherer serves one thread, for ranges that ascend.
struct HistoryGatherer: ~Copyable {
  private let limits: ReplayLimits
  private let kinds: EventKindSet
  private let columns: [Column]
  private let readsLines: Bool
  /// For each block the first row whose customer is not before the next range.
  private var cursors: [Int]
  private var rowRanges: [Range<Int>] = []
  private var slots: [UInt32] = []
  /// Where each customer's events begin, and one entry more.
  private(set) var starts: [UInt32] = []
  private(set) var facts: [Facts] = []
  private(set) var lines: [OrderLine] = []
  private(set) var lineEnds: [UInt32] = []
  private var reader = EventReader()

  init(
    _ snapshot: borrowing Snapshot, kinds: EventKindSet, columns: ColumnSet, readsLines: Bool, limits: ReplayLimits
  ) {
    self.kinds = kinds
    self.limits = limits
    self.readsLines = readsLines
    let always: ColumnSet = readsLines ? ColumnSet.order.union(ColumnSet(.marks)) : .order
    self.columns = columns.union(always).columns.filter { $0 != .rank }
    cursors = [Int](repeating: 0, count: snapshot.blocks.count)
  }

  /// The sections that must be intact before gathering.
  static func sections(columns: ColumnSet, readsLines: Bool) -> UInt64 {
    columns.union(.order).union(ColumnSet(.marks)).rawValue | (readsLines ? Snapshot.lineSlots : 0)
  }

  /// Gathers the histories of customers `range`; they are then in ``facts`` from ``starts``.
  ///
  /// - Precondition: ranges ascend from call to call.
  mutating func gather(_ range: Range<UInt32>, from snapshot: borrowing Snapshot) throws(LedgerError) {
    let last = limits.position ?? .max
    var total = 0
    rowRanges.removeAll(keepingCapacity: true)
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard block.firstPosition <= min(last, snapshot.position), !block.header.kindSet.isDisjoint(with: kinds) else {
        rowRanges.append(0..<0)
        continue
      }
      let first = Self.seek(block, range.lowerBound, from: cursors[index])
      let end = Self.seek(block, range.upperBound, from: first)
      cursors[index] = end
      rowRanges.append(first..<end)
      total += end - first
    }
    assignSlots(range, total, snapshot, last)
    facts.withUnsafeMutableBufferPointer { facts in
      guard let base = facts.baseAddress else { return }
      slots.withUnsafeBufferPointer { slots in
        var offset = 0
        for index in snapshot.blocks.indices where !rowRanges[index].isEmpty {
          snapshot.blocks[index].scatter(
            rowRanges[index], columns: columns, to: base, slots: slots.baseAddress! + offset)
          offset += rowRanges[index].count
        }
      }
    }
    for person in 0..<range.count {
      try sort(Int(starts[person])..<Int(starts[person + 1]), snapshot)
    }
    if readsLines { gatherLines(snapshot) }
  }

  /// Galloping search for the first row not before a customer.
  private static func seek(_ block: Block, _ customer: UInt32, from cursor: Int) -> Int {
    let customers = block.column(.customer)
    func isBefore(_ row: Int) -> Bool { UInt32(truncatingIfNeeded: customers[row]) < customer }
    guard cursor < block.count, isBefore(cursor) else { return cursor }
    var step = 1
    var low = cursor
    while low + step < block.count, isBefore(low + step) {
      low += step
      step *= 2
    }
    var high = min(low + step, block.count)
    low += 1
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Gives every row of the range its place; rows that the limits or the kinds leave out share one behind the last.
  private mutating func assignSlots(
    _ range: Range<UInt32>, _ total: Int, _ snapshot: borrowing Snapshot, _ last: UInt64
  ) {
    let dropped = UInt32.max
    starts = [UInt32](repeating: 0, count: range.count + 1)
    slots = [UInt32](repeating: dropped, count: total)
    var offset = 0
    for index in snapshot.blocks.indices where !rowRanges[index].isEmpty {
      let block = snapshot.blocks[index]
      let customers = block.column(.customer)
      let blockKinds = block.column(.kind)
      let times = block.column(.time)
      let ranks = block.column(.rank)
      let limit = min(last, snapshot.position)
      let isWhole = block.header.lastPosition <= limit
      let isEarly = limits.time.map { block.header.latest <= $0 } ?? true
      for row in rowRanges[index] {
        defer { offset += 1 }
        guard kinds.contains(rawValue: UInt8(truncatingIfNeeded: blockKinds[row])) else { continue }
        if !isWhole, block.firstPosition + UInt64(ranks[row]) > limit { continue }
        if !isEarly, times[row] > limits.time! { continue }
        let person = UInt32(truncatingIfNeeded: customers[row]) - range.lowerBound
        slots[offset] = person
        starts[Int(person) + 1] += 1
      }
    }
    for person in 0..<range.count { starts[person + 1] += starts[person] }
    let kept = starts[range.count]
    var next = starts
    for index in slots.indices {
      if slots[index] == dropped {
        slots[index] = kept
      } else {
        let person = Int(slots[index])
        slots[index] = next[person]
        next[person] += 1
      }
    }
    facts = [Facts](repeating: Facts(), count: Int(kept) + 1)
  }

  /// Puts one history into canonical order.
  private mutating func sort(_ range: Range<Int>, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    guard range.count > 1 else { return }
    var isSorted = true
    var hasTies = false
    for index in range.dropFirst() {
      if let precedes = CanonicalOrder.precedes(facts[index], facts[index - 1]) {
        if precedes { isSorted = false }
      } else {
        hasTies = true
      }
    }
    if !isSorted {
      facts[range].sort { CanonicalOrder.precedes($0, $1) ?? ($0.position < $1.position) }
      hasTies = range.dropFirst().contains { CanonicalOrder.precedes(facts[$0], facts[$0 - 1]) == nil }
    }
    if hasTies { try settleTies(range, snapshot) }
  }

  /// Orders runs of events whose facts tie by their sources and ids.
  private mutating func settleTies(_ range: Range<Int>, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    var start = range.lowerBound
    while start < range.upperBound {
      var end = start + 1
      while end < range.upperBound, CanonicalOrder.precedes(facts[end], facts[start]) == nil { end += 1 }
      if end - start > 1 {
        var keyed: [(key: TieKey, facts: Facts)] = []
        for index in start..<end {
          let position = facts[index].position
          let key = try reader.withEvent(at: position, in: snapshot) { facts, record, snapshot throws(LedgerError) in
            try TieKey(facts, record, snapshot)
          }
          keyed.append((key, facts[index]))
        }
        keyed.sort { $0.key < $1.key }
        for (index, item) in keyed.enumerated() { facts[start + index] = item.facts }
      }
      start = end
    }
  }

  private mutating func gatherLines(_ snapshot: borrowing Snapshot) {
    lines.removeAll(keepingCapacity: true)
    lineEnds.removeAll(keepingCapacity: true)
    lineEnds.append(0)
    for index in 0..<facts.count - 1 {
      if facts[index].marks.contains(.hasLines), let block = snapshot.block(of: facts[index].position) {
        lines.append(contentsOf: snapshot.blocks[block].lines(of: Int(facts[index].row)))
      }
      lineEnds.append(UInt32(lines.count))
    }
  }
}

/// What decides between events of equal time, kind and sequence key: the whole sequence, the source, the id.
struct TieKey: Comparable {
  private let sequence: [UInt8]
  private let source: [UInt8]
  private let id: [UInt8]

  init(_ facts: Facts, _ record: PayloadRecord, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    sequence =
      SequenceKey.isExact(facts.sequence) ? [] : EventText.topLevelText("sequence", inMembers: record.members) ?? []
    source = Array(try snapshot.nameBytes(facts.source))
    id = Array(record.id)
  }

  static func < (a: TieKey, b: TieKey) -> Bool {
    if a.sequence != b.sequence {
      return (a.sequence.count, 0) == (b.sequence.count, 0)
        ? a.sequence.lexicographicallyPrecedes(b.sequence) : a.sequence.count < b.sequence.count
    }
    if a.source != b.source { return a.source.lexicographicallyPrecedes(b.source) }
    return a.id.lexicographicallyPrecedes(b.id)
  }
}
