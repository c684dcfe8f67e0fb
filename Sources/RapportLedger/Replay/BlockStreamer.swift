/// Folds ranges of customers over the blocks as they lie; one for each thread.
struct BlockStreamer<P: StreamingProjection>: ~Copyable {
  private let projection: P
  private let kinds: EventKindSet
  private var tiles: TileReader
  private var states = Room<P.State>()
  private let place = FoldPlace(P.name)

  init(_ projection: P, _ request: HistoryRequest, _ snapshot: borrowing Snapshot, special: [UInt64]) {
    self.projection = projection
    kinds = request.kinds
    let last = min(request.limits.position ?? .max, snapshot.position)
    tiles = TileReader(request, upTo: last, special: special)
  }

  /// - Parameter part: of the ranges that `bounds` is of.
  /// - Returns: the outcomes, and the customers whose histories are needed.
  mutating func fold(
    _ part: Int, _ customers: Range<UInt32>, _ bounds: RowBounds, in snapshot: borrowing Snapshot,
    onProgress: (Int) -> Void
  ) -> (Outcomes<P.Record>, [UInt32]) {
    setInitialStates(customers.count)
    tiles.begin(customers)
    var index = 0
    var rows = 0..<0
    var next = nextTile(&index, &rows, part, bounds, snapshot)
    while let tile = next {
      next = nextTile(&index, &rows, part, bounds, snapshot)
      if let next { tiles.fetch(next.rows, of: snapshot.blocks[next.block]) }
      onProgress(tile.rows.count)
      tiles.read(tile.rows, ofBlock: tile.block, snapshot.blocks[tile.block], place)
      if tiles.count > 0 { apply(customers.count) }
    }
    place.leave()
    return finish(customers)
  }

  /// - Parameters:
  ///   - index: the block after that which rows are left of.
  ///   - rows: what is left of it.
  private func nextTile(
    _ index: inout Int, _ rows: inout Range<Int>, _ part: Int, _ bounds: RowBounds, _ snapshot: borrowing Snapshot
  ) -> (block: Int, rows: Range<Int>)? {
    while rows.isEmpty {
      guard index < snapshot.blocks.count else { return nil }
      if !snapshot.blocks[index].header.kindSet.isDisjoint(with: kinds) {
        rows = bounds.rows(of: part, inBlock: index)
      }
      index += 1
    }
    let tile = rows.lowerBound..<min(rows.lowerBound + TileReader.tileRows, rows.upperBound)
    rows = tile.upperBound..<rows.upperBound
    return (index - 1, tile)
  }

  private func apply(_ customers: Int) {
    var span = MutableSpan(_unsafeStart: states.start, count: customers)
    projection.apply(tiles.events(states: states.start, place), to: &span)
  }

  /// Doubles what is there: a generic loop would look its type up for each state.
  private mutating func setInitialStates(_ count: Int) {
    states.reserve(count)
    guard count > 0 else { return }
    states.start.initialize(to: projection.initialState)
    var made = 1
    while made < count {
      let more = min(made, count - made)
      UnsafeMutableRawPointer(states.start + made).copyMemory(
        from: states.start, byteCount: more * MemoryLayout<P.State>.stride)
      made += more
    }
  }

  private func finish(_ customers: Range<UInt32>) -> (Outcomes<P.Record>, [UInt32]) {
    var outcomes = Outcomes<P.Record>()
    outcomes.people.reserveCapacity(customers.count)
    outcomes.records.reserveCapacity(customers.count)
    var undecided: [UInt32] = []
    place.enter()
    projection.finish(
      StreamedStates(states: states.start, isSeen: tiles.isSeen.start, customers: customers, cursor: place.cursor),
      into: &outcomes, undecided: &undecided)
    place.leave()
    return (outcomes, undecided)
  }
}
