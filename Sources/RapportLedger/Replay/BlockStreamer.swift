import CHash

/// Folds ranges of customers over the blocks as they lie; one for each thread.
struct BlockStreamer<P: StreamingProjection>: ~Copyable {
  private let projection: P
  private let request: HistoryRequest
  private let special: [UInt64]
  private let otherColumns: [Column]
  private var columns: ColumnStore
  private var selection: RowSelection
  private var states = Room<P.State>()
  private var isSeen = Room<Bool>()
  private let place = FoldPlace(P.name)

  /// Rows that are decoded at once: their columns stay in the nearest cache.
  private static var tileRows: Int { 1 << 12 }

  init(_ projection: P, _ request: HistoryRequest, _ snapshot: borrowing Snapshot, special: [UInt64]) {
    self.projection = projection
    self.request = request
    self.special = special
    otherColumns = request.columns.subtracting(ColumnSet(.customer, .kind, .time, .rank).union(.fingerprint)).columns
    columns = ColumnStore(request.columns.union(ColumnSet(.customer, .kind, .time)))
    selection = RowSelection(kinds: request.kinds, upTo: min(request.limits.position ?? .max, snapshot.position))
  }

  /// - Returns: the outcomes, and the customers whose histories are needed.
  mutating func fold(
    _ customers: Range<UInt32>, in snapshot: borrowing Snapshot, onProgress: (Int) -> Void
  ) -> (Outcomes<P.Record>, [UInt32]) {
    states.reserve(customers.count)
    isSeen.reserve(customers.count)
    states.start.update(repeating: projection.initialState, count: customers.count)
    isSeen.start.update(repeating: false, count: customers.count)
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard !block.header.kindSet.isDisjoint(with: request.kinds) else { continue }
      let end = block.firstRow(atOrAfter: customers.upperBound)
      var row = block.firstRow(atOrAfter: customers.lowerBound)
      onProgress(end - row)
      while row < end {
        let tile = row..<min(row + Self.tileRows, end)
        apply(tile, of: block, index, customers.lowerBound, customers.count)
        row = tile.upperBound
      }
    }
    return finish(customers)
  }

  private mutating func apply(_ tile: Range<Int>, of block: Block, _ index: Int, _ lowest: UInt32, _ count: Int) {
    selection.removeAll()
    selection.append(tile, ofBlock: index, block) { rows, people in
      guard !special.isEmpty else { return rows.count }
      block.column(.customer).read(RowList(UnsafeBufferPointer(rows)), to: people)
      var kept = 0
      for row in 0..<rows.count {
        let customer = people[row]
        rows[kept] = rows[row]
        kept += special[Int(customer) / 64] & 1 << UInt64(customer % 64) == 0 ? 1 : 0
      }
      return kept
    }
    guard selection.count > 0 else { return }
    // Rows without a gap are read so much faster that a few more do not matter.
    let isNearlyAll = special.isEmpty && block.header.lastPosition <= selection.last && selection.count * 2 > tile.count
    let rows = isNearlyAll ? RowList(tile) : selection.rows(of: selection.stretches[0])
    for column in otherColumns { columns.clear(column) }
    for column in otherColumns { columns.read(column, of: block, rows, isCleared: true) }
    for column in [Column.customer, .kind, .time] { columns.read(column, of: block, rows, isCleared: false) }
    columns.resolveDirections(rows: rows.count)
    let events = EventTile(
      columns: columns.table, kinds: selection.isWanted.start, lowest: lowest, last: request.limits.time ?? .max,
      cursor: place.cursor, indices: 0..<rows.count)
    place.enter(rows, of: block, customers: columns.start(.customer, UInt32.self))
    apply(events, customers: count)
    place.leave()
  }

  /// Events whose states are asked of memory together, while those before them are taken.
  private static var eventsAhead: Int { 64 }

  private mutating func apply(_ events: borrowing EventTile, customers: Int) {
    var states = MutableSpan(_unsafeStart: states.start, count: customers)
    let count = events.count
    var some = 0..<min(Self.eventsAhead, count)
    fetch(events.others(some))
    while !some.isEmpty {
      let next = some.upperBound..<min(some.upperBound + Self.eventsAhead, count)
      fetch(events.others(next))
      projection.apply(events.others(some), to: &states)
      some = next
    }
  }

  /// Notes whose events these are, and asks for their states: what is far away in memory costs more than all else.
  private func fetch(_ events: borrowing EventTile) {
    let (isSeen, states, stride) = (isSeen.start, UnsafeRawPointer(states.start), MemoryLayout<P.State>.stride)
    let last = max(stride - 1, 0)
    for index in events.indices where events.isWanted(index) {
      let place = events.place(index)
      isSeen[place] = true
      rpt_prefetch(states + place &* stride)
      rpt_prefetch(states + (place &* stride &+ last))
    }
  }

  private func finish(_ customers: Range<UInt32>) -> (Outcomes<P.Record>, [UInt32]) {
    var outcomes = Outcomes<P.Record>()
    outcomes.people.reserveCapacity(customers.count)
    outcomes.records.reserveCapacity(customers.count)
    var undecided: [UInt32] = []
    place.enter()
    projection.finish(
      StreamedStates(states: states.start, isSeen: isSeen.start, customers: customers, cursor: place.cursor),
      into: &outcomes, undecided: &undecided)
    place.leave()
    return (outcomes, undecided)
  }
}
