/// Gathers the histories of cases, a round after the other: the rows of a case across subjects (``CaseRows``). One
/// gatherer serves one thread.
struct CaseGatherer: ~Copyable {
  private(set) var chunk: HistoryChunk
  private var selection: RowSelection
  private var table = CaseTable()

  init(_ snapshot: borrowing Snapshot, _ request: HistoryRequest) {
    var request = request
    request.columns = request.columns.union(ColumnSet(.customer))
    chunk = HistoryChunk(request)
    selection = RowSelection(kinds: request.kinds, upTo: min(request.limits.position ?? .max, snapshot.position))
  }

  /// Gathers the cases of a round.
  mutating func gather(
    _ round: Int, of rows: CaseRows, belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    var count = 0
    rows.forEach(round) { _, rows, _ in count += rows.count }
    selection.removeAll()
    table.removeAll(expecting: count)
    rows.forEach(round) { block, rows, keys in
      selection.append(rows, ofBlock: block) { table.index(of: keys[$0]) }
    }
    try arrange(belief: belief, from: snapshot)
  }

  /// Gathers what was selected.
  private mutating func arrange(
    belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    chunk.begin(people: table.count)
    chunk.setCases(table.keys)
    try chunk.arrange(selection, belief: belief, in: snapshot)
    chunk.setOwners(belief.people)
  }

  mutating func identify(_ texts: DigestTexts?, in snapshot: borrowing Snapshot) throws(LedgerError) {
    if let texts { try chunk.identify(texts, in: snapshot) }
  }
}

/// Numbers the cases of a round in the order in which they are met.
private struct CaseTable: ~Copyable {
  private var slots = Room<UInt32>()
  private var mask = 0
  private var room = Room<UInt64>()
  private(set) var count = 0

  /// By number the key.
  var keys: UnsafePointer<UInt64> { UnsafePointer(room.start) }

  /// Makes room for so many cases at most.
  mutating func removeAll(expecting most: Int) {
    var size = 16
    while size < most * 2 { size *= 2 }
    slots.reserve(size)
    slots.start.update(repeating: .max, count: size)
    mask = size - 1
    room.reserve(max(most, 1))
    count = 0
  }

  @inline(__always)
  mutating func index(of key: UInt64) -> UInt32 {
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while true {
      let found = slots.start[slot]
      if found == .max { break }
      if room.start[Int(found)] == key { return found }
      slot = (slot + 1) & mask
    }
    slots.start[slot] = UInt32(count)
    room.start[count] = key
    count += 1
    return UInt32(count - 1)
  }
}
