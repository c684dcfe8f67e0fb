import Synchronization

/// A projection whose events may be taken in any order: counts, sums, firsts, lasts. It needs no histories, so the engine
/// can fold the blocks as they lie, straight into one small state a customer.
///
/// ``Projection/fold(_:scratch:into:)`` stays the definition. Customers who were merged, whose events were corrected, or
/// whose state says that the order decides after all (``needsHistory(_:)``) are folded by it.
///
/// Not for projections that read the firm, cases or order lines.
public protocol StreamingProjection: Projection {
  /// What is known of one customer: some numbers, best a cache line of them.
  associatedtype State: BitwiseCopyable & Sendable

  /// The state of a customer without events.
  var initialState: State { get }
  /// Takes the next event of a customer, in no particular order.
  func apply(_ event: History.Event, to state: inout State)
  /// Whether the order of events decides, so that the state is of no use: two lasts at the same instant.
  func needsHistory(_ state: State) -> Bool
  /// Appends the records of one customer with at least one event.
  func finish(_ state: State, into records: inout [Record])

  /// Takes some events of a block. There is a default, compiled beside the projection.
  func apply(_ events: borrowing EventTile, to states: inout MutableSpan<State>)
}

extension StreamingProjection {
  public func needsHistory(_ state: State) -> Bool { false }

  @inlinable
  public func apply(_ events: borrowing EventTile, to states: inout MutableSpan<State>) {
    for index in events.indices where events.isWanted(index) {
      apply(events[index], to: &states[events.place(index)])
    }
  }
}

/// Some events of a block, as they lie.
public struct EventTile: ~Escapable {
  @usableFromInline let columns: EventColumns
  @usableFromInline let kinds: UnsafePointer<UInt8>
  @usableFromInline let lowest: UInt32
  @usableFromInline let last: Int64
  public let count: Int

  @_lifetime(immortal)
  init(columns: EventColumns, kinds: UnsafePointer<UInt8>, lowest: UInt32, last: Int64, count: Int) {
    self.columns = columns
    self.kinds = kinds
    self.lowest = lowest
    self.last = last
    self.count = count
  }

  @inlinable public var indices: Range<Int> { 0..<count }

  @inlinable public subscript(index: Int) -> History.Event {
    @_lifetime(copy self) @inline(__always)
    get { _overrideLifetime(History.Event(columns: columns, row: index), copying: self) }
  }

  /// Whether an event is of the kinds that are read, and lies within the valid time that is asked for.
  @inlinable public func isWanted(_ index: Int) -> Bool {
    kinds[Int(self[index].kindCode)] != 0 && self[index].time <= last
  }

  /// The place of an event's customer among the states.
  @inlinable public func place(_ index: Int) -> Int { Int(self[index].customer &- lowest) }
}

extension Replay {
  /// Folds a projection that commutes, block by block.
  ///
  /// - Throws: ``LedgerError/damaged(_:)`` if a column that it reads is not what was written.
  /// - Complexity: O(events).
  public func run<P: StreamingProjection>(
    _ projection: P, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    precondition(
      projection.gathering == .people && !projection.readsFirm && !projection.readsLines,
      "a streaming projection reads people's events alone")
    let fold = Fold(projection)
    try stream(fold, over: snapshot)
    return fold.outcomes()
  }

  /// Leaves the outcomes in `fold`: first those of customers in ranges, then those that need their histories.
  func stream<P: StreamingProjection>(_ fold: Fold<P>, over snapshot: borrowing Snapshot) throws(LedgerError) {
    let request = HistoryRequest(
      kinds: fold.kinds, columns: fold.columns, readsLines: false, limits: limits)
    try check(request, of: snapshot)
    let belief = try Belief(snapshot, limits: limits)
    let special = try belief.specialCustomers(snapshot)
    let schedule = Schedule(
      snapshot, kinds: request.kinds, people: People(), threads: threads, chunkRows: 1 << 22, chunksMin: threads * 4)
    fold.prepare()
    fold.prepare(parts: schedule.count + 1)
    let next = Atomic<Int>(0)
    let folded = Atomic<Int>(0)
    let undecided = Mutex<[UInt32]>(belief.special(special, snapshot))
    try snapshot.onThreads(min(threads, schedule.count)) { snapshot throws(LedgerError) in
      var streamer = BlockStreamer(fold.projection, request, snapshot, special: special)
      while true {
        let part = next.add(1, ordering: .relaxed).oldValue
        guard part < schedule.count, case .customers(let range) = schedule.task(part) else { return }
        let (outcomes, more) = streamer.fold(range, in: snapshot) {
          onProgress?(folded.add($0, ordering: .relaxed).newValue)
        }
        fold.setPart(part, outcomes)
        if !more.isEmpty { undecided.withLock { $0 += more } }
      }
    }
    let alone = undecided.withLock { $0 }.sorted().map { People.Person(number: $0, members: [$0]) }
    try foldHistories(
      of: alone + belief.people.persons, fold, request, belief, snapshot, part: schedule.count)
  }

  /// Folds some people by their histories.
  func foldHistories<P: Projection>(
    of persons: [People.Person], _ fold: Fold<P>, _ request: HistoryRequest, _ belief: borrowing Belief,
    _ snapshot: borrowing Snapshot, part: Int
  ) throws(LedgerError) {
    guard !persons.isEmpty else { return }
    var gatherer = HistoryGatherer(snapshot, request)
    let worker = try fold.makeTypedWorker(snapshot)
    var outcomes = Outcomes<P.Record>()
    for first in stride(from: 0, to: persons.count, by: Schedule.personsMax) {
      let some = persons[first..<min(first + Schedule.personsMax, persons.count)]
      try gatherer.gather(some, belief: belief, from: snapshot)
      outcomes.append(worker.outcomes(gatherer.chunk))
    }
    fold.setPart(part, outcomes)
  }
}

extension Belief {
  /// Bits by customer number: set for those whose events are not what they were, and for people with several ids. Empty
  /// if there are none.
  func specialCustomers(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt64] {
    guard !corrections.isEmpty || !people.isEmpty else { return [] }
    var bits = merged.isEmpty ? [UInt64](repeating: 0, count: snapshot.customerCount / 64 + 1) : merged
    for target in corrections.targets {
      let row = Int(target.row)
      try snapshot.check(target.block, ColumnSet(.customer).rawValue, rows: row..<row + 1)
      let customer = Int(snapshot.blocks[target.block].column(.customer)[row])
      bits[customer / 64] |= 1 << UInt64(customer % 64)
    }
    return bits
  }

  /// The customers of the bits who have one id.
  func special(_ bits: [UInt64], _ snapshot: borrowing Snapshot) -> [UInt32] {
    guard !bits.isEmpty else { return [] }
    return (1...UInt32(max(snapshot.customerCount, 1))).filter { customer in
      let (word, bit) = (Int(customer) / 64, UInt64(1) << UInt64(customer % 64))
      return word < bits.count && bits[word] & bit != 0 && (merged.isEmpty || merged[word] & bit == 0)
    }
  }
}

/// Folds ranges of customers over the blocks as they lie; one for each thread.
private struct BlockStreamer<P: StreamingProjection>: ~Copyable {
  private let projection: P
  private let request: HistoryRequest
  private let special: [UInt64]
  private let otherColumns: [Column]
  private var columns: ColumnStore
  private var selection: RowSelection
  private var states = Room<P.State>()
  private var isSeen = Room<Bool>()

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
    var states = MutableSpan(_unsafeStart: states.start, count: count)
    let tile = EventTile(
      columns: columns.table, kinds: selection.isWanted.start, lowest: lowest, last: request.limits.time ?? .max,
      count: rows.count)
    for index in tile.indices where tile.isWanted(index) { isSeen.start[tile.place(index)] = true }
    projection.apply(tile, to: &states)
  }

  private func finish(_ customers: Range<UInt32>) -> (Outcomes<P.Record>, [UInt32]) {
    var outcomes = Outcomes<P.Record>()
    outcomes.people.reserveCapacity(customers.count)
    outcomes.records.reserveCapacity(customers.count)
    var undecided: [UInt32] = []
    for index in 0..<customers.count where isSeen.start[index] {
      let customer = customers.lowerBound + UInt32(index)
      if projection.needsHistory(states.start[index]) {
        undecided.append(customer)
        continue
      }
      projection.finish(states.start[index], into: &outcomes.records)
      outcomes.people.append(.init(customer: customer, end: outcomes.records.count))
    }
    return (outcomes, undecided)
  }
}
