import CHash
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

  // What the engine calls: once for some thousand events or customers. The defaults are compiled beside the projection.

  /// Takes some events of a block. There is a default.
  func apply(_ events: borrowing EventTile, to states: inout MutableSpan<State>)
  /// Appends the records of some customers, and the numbers of those who need their histories. There is a default.
  func finish(
    _ states: borrowing StreamedStates<State>, into outcomes: inout Outcomes<Record>, undecided: inout [UInt32])
}

extension StreamingProjection {
  public func needsHistory(_ state: State) -> Bool { false }

  @inlinable
  public func apply(_ events: borrowing EventTile, to states: inout MutableSpan<State>) {
    let stride = MemoryLayout<State>.stride
    var some = 0..<min(EventTile.eventsAhead, events.count)
    events.fetchStates(of: some, stride: stride)
    while !some.isEmpty {
      let next = some.upperBound..<min(some.upperBound + EventTile.eventsAhead, events.count)
      events.fetchStates(of: next, stride: stride)
      for index in some { apply(events[index], to: &states[events.place(index)]) }
      some = next
    }
  }

  @inlinable
  public func finish(
    _ states: borrowing StreamedStates<State>, into outcomes: inout Outcomes<Record>, undecided: inout [UInt32]
  ) {
    for index in states.indices where states.hasEvents(index) {
      let (customer, state) = states[index]
      if needsHistory(state) {
        undecided.append(customer)
        continue
      }
      finish(state, into: &outcomes.records)
      outcomes.people.append(.init(customer: customer, end: outcomes.records.count))
    }
  }
}

/// The states of a range of customers, when all their events were taken.
public struct StreamedStates<State: BitwiseCopyable>: ~Escapable {
  @usableFromInline let states: UnsafePointer<State>
  @usableFromInline let isSeen: UnsafePointer<UInt8>
  @usableFromInline let customers: Range<UInt32>
  @usableFromInline let cursor: UnsafeMutablePointer<FoldCursor>

  @_lifetime(immortal)
  init(
    states: UnsafePointer<State>, isSeen: UnsafePointer<UInt8>, customers: Range<UInt32>,
    cursor: UnsafeMutablePointer<FoldCursor>
  ) {
    self.states = states
    self.isSeen = isSeen
    self.customers = customers
    self.cursor = cursor
  }

  @inlinable public var indices: Range<Int> { 0..<customers.count }

  /// Whether a customer has any event that is read.
  @inlinable public func hasEvents(_ index: Int) -> Bool { isSeen[index] != 0 }

  /// A customer's number and state.
  @inlinable public subscript(index: Int) -> (customer: UInt32, state: State) {
    precondition(index >= 0 && index < customers.count, "index outside the customers")
    let customer = customers.lowerBound + UInt32(truncatingIfNeeded: index)
    cursor.pointee.customer = customer
    return (customer, states[index])
  }
}

/// Some events of a block, as they lie: those of the kinds that are read, within the valid time that is asked for.
public struct EventTile: ~Escapable {
  @usableFromInline let columns: EventColumns
  @usableFromInline let rows: UnsafePointer<UInt32>
  @usableFromInline let places: UnsafePointer<UInt32>
  private let states: UnsafeRawPointer
  @usableFromInline let cursor: UnsafeMutablePointer<FoldCursor>
  public let count: Int

  @_lifetime(immortal)
  init(
    columns: EventColumns, rows: UnsafePointer<UInt32>, places: UnsafePointer<UInt32>, states: UnsafeRawPointer,
    cursor: UnsafeMutablePointer<FoldCursor>, count: Int
  ) {
    self.columns = columns
    self.rows = rows
    self.places = places
    self.states = states
    self.cursor = cursor
    self.count = count
  }

  @inlinable public var indices: Range<Int> { 0..<count }

  @inlinable public subscript(index: Int) -> History.Event {
    @_lifetime(copy self) @inline(__always)
    get {
      precondition(index >= 0 && index < count, "index outside the tile")
      let row = rows[index]
      cursor.pointee.row = row
      return _overrideLifetime(History.Event(columns: columns, row: Int(row)), copying: self)
    }
  }

  /// The place of an event's customer among the states.
  @inlinable public func place(_ index: Int) -> Int { Int(places[index]) }

  /// Asks memory for the states of some events that are soon taken: what is far away costs more than all else.
  ///
  /// - Parameter stride: of a state in bytes. Of longer ones the first 64 bytes are asked for: there is the place for
  ///   what changes with most events.
  public func fetchStates(of events: Range<Int>, stride: Int) {
    let last = max(0, min(stride, 64) - 1)
    for index in events {
      let state = states + Int(places[index]) &* stride
      rpt_prefetch(state)
      rpt_prefetch(state + last)
    }
  }

  /// Events whose states are best asked of memory together, while those before them are taken.
  @inlinable public static var eventsAhead: Int { 32 }
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
    let request = HistoryRequest(
      kinds: projection.kinds, columns: projection.columns, readsLines: false, limits: limits)
    try check(request, of: snapshot)
    let shared = try snapshot.belief(limits: limits)
    let special = try shared.belief.specialCustomers(snapshot)
    let schedule = Schedule(
      snapshot, kinds: request.kinds, cohort: Cohort(People(), snapshot), threads: threads, chunkRows: .max,
      chunksMin: streamParts(stateBytes: MemoryLayout<P.State>.stride, snapshot))
    let bounds = RowBounds(snapshot, schedule, kinds: request.kinds)
    let outcomes = Mutex(OrderedOutcomes<P.Record>(parts: schedule.count, people: snapshot.customerCount))
    let next = Atomic<Int>(0)
    let folded = Atomic<Int>(0)
    let undecided = Mutex<[UInt32]>(shared.belief.special(special, snapshot))
    try snapshot.onThreads(min(threads, schedule.count)) { snapshot throws(LedgerError) in
      var streamer = BlockStreamer(projection, request, snapshot, special: special)
      while true {
        let part = next.add(1, ordering: .relaxed).oldValue
        guard part < schedule.count, case .customers(let range) = schedule.task(part) else { return }
        let (found, more) = streamer.fold(part, range, bounds, in: snapshot) {
          onProgress?(folded.add($0, ordering: .relaxed).newValue)
        }
        outcomes.withLock { $0.insert(found, at: part) }
        if !more.isEmpty { undecided.withLock { $0 += more } }
      }
    }
    let alone = undecided.withLock { $0 }.sorted().map { People.Person(number: $0, members: [$0]) }
    let fold = Fold(projection)
    try foldPeople([fold], Cohort(alone + shared.belief.people.persons, snapshot), shared.belief, snapshot)
    return outcomes.withLock { outcomes in
      outcomes.all.append(fold.outcomes())
      return outcomes.takeAll()
    }
  }

  /// Into how many ranges customers are split, so that the states of one stay in a near cache: but of most blocks some
  /// hundred rows at least are taken at once.
  private func streamParts(stateBytes: Int, _ snapshot: borrowing Snapshot) -> Int {
    let rows = Int(snapshot.position) / max(1, snapshot.blocks.count)
    let wanted = snapshot.customerCount * stateBytes / Self.streamBytes
    return max(threads * 4, min(wanted, rows / Self.streamRowsMin))
  }

  private static let streamBytes = 1 << 19
  private static let streamRowsMin = 1 << 10
}

extension Belief {
  /// Bits by customer number: set for those whose events are not what they were, and for people with several ids. Empty
  /// if there are none.
  func specialCustomers(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt64] {
    guard !corrections.isEmpty || !people.isEmpty else { return [] }
    var bits = people.bits(customers: snapshot.customerCount)
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
      return word < bits.count && bits[word] & bit != 0 && !people.hasSeveralIds(customer)
    }
  }
}
