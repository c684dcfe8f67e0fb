/// Which events a replay sees.
public struct ReplayLimits: Sendable, Equatable {
  /// Events up to and including this valid time (`--at`).
  public var time: Int64?
  /// Events up to and including this position (`--known-at`, `--to`).
  public var position: UInt64?

  public init(time: Int64? = nil, position: UInt64? = nil) {
    self.time = time
    self.position = position
  }
}

/// Gathers the complete histories of people, a chunk after the other. One gatherer serves one thread.
///
/// Every block is sorted by customer, so for each block a cursor finds the rows of a range of customers and only moves
/// forward.
struct HistoryGatherer: ~Copyable {
  private(set) var chunk: HistoryChunk
  private let request: HistoryRequest
  private var selection: RowSelection
  /// For each block the first row whose customer is not before those gathered last.
  private var cursors: [Int]
  private var lastCustomer: UInt32 = 0

  init(_ snapshot: borrowing Snapshot, _ request: HistoryRequest) {
    self.request = request
    chunk = HistoryChunk(request)
    selection = RowSelection(kinds: request.kinds, upTo: min(request.limits.position ?? .max, snapshot.position))
    cursors = [Int](repeating: 0, count: snapshot.blocks.count)
  }

  /// Gathers the histories of a range of customers, but for those whom a cohort leaves out.
  ///
  /// - Precondition: the sections of ``HistoryRequest/sections`` are intact.
  mutating func gather(
    _ customers: Range<UInt32>, of cohort: Cohort, belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    selection.removeAll()
    chunk.begin(people: customers.count)
    for person in 0..<customers.count { chunk.setNumber(customers.lowerBound + UInt32(person), of: person) }
    rewind(unlessBefore: customers.lowerBound)
    let lowest = customers.lowerBound
    try forEachBlock(of: snapshot) { index, block, cursor, selection throws(LedgerError) in
      let column = block.column(.customer)
      let first = Self.seek(column, customers.lowerBound, from: cursor)
      let end = Self.seek(column, customers.upperBound, from: first)
      cursor = end
      let spare = UInt32(customers.count)
      if selection.append(wholeOf: first..<end, ofBlock: index, block, lowest: lowest, spare: spare, cohort: cohort) {
        return
      }
      selection.append(first..<end, ofBlock: index, block) { rows, people in
        column.read(RowList(UnsafeBufferPointer(rows)), to: people)
        guard cohort.leftOut.isEmpty else { return Self.drop(cohort, rows, people, lowest) }
        for row in 0..<rows.count { people[row] &-= lowest }
        return rows.count
      }
    }
    lastCustomer = customers.upperBound
    try chunk.arrange(selection, belief: belief, in: snapshot)
  }

  /// Gathers the histories of some persons, all their ids together. Of a block that was not checked only what is read
  /// is compared with its checksums.
  mutating func gather(
    _ persons: ArraySlice<People.Person>, belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    selection.removeAll()
    chunk.begin(people: persons.count)
    var members: [(customer: UInt32, person: UInt32)] = []
    for (index, person) in persons.enumerated() {
      chunk.setNumber(person.number, of: index)
      for member in person.members { members.append((member, UInt32(index))) }
    }
    members.sort { $0.customer < $1.customer }
    guard let least = members.first?.customer else { return }
    rewind(unlessBefore: least)
    let last = selection.last
    try forEachBlock(of: snapshot) { index, block, cursor, selection throws(LedgerError) in
      let column = block.column(.customer)
      let isKnown = snapshot.isKnown(.customer, of: index)
      let sections = HistoryRequest.selectingSections(isWhole: block.header.lastPosition <= last)
      for (customer, person) in members {
        guard customer >= block.header.leastCustomer else { continue }
        guard customer <= block.header.greatestCustomer else { break }
        var range: Range<Int>
        if isKnown {
          let first = Self.seek(column, customer, from: cursor)
          range = first..<Self.seek(column, customer + 1, from: first)
          cursor = range.upperBound
        } else {
          range = try snapshot.rows(of: customer, in: index)
        }
        try snapshot.check(index, sections, rows: range)
        selection.append(range, ofBlock: index, block) { rows, people in
          people.update(repeating: person, count: rows.count)
          return rows.count
        }
      }
    }
    // Of most blocks nothing more is looked at: none of the few rows is of a kind that is wanted.
    for stretch in selection.stretches {
      let rows = selection.rows.start
      let range = Int(rows[stretch.range.lowerBound])..<Int(rows[stretch.range.upperBound - 1]) + 1
      let isWhole = snapshot.blocks[stretch.block].header.lastPosition <= last
      try snapshot.check(stretch.block, request.sections(isWhole: isWhole), rows: range)
    }
    lastCustomer = members[members.count - 1].customer
    try chunk.arrange(selection, belief: belief, in: snapshot)
  }

  /// Gathers the history of one person.
  mutating func gatherPerson(
    of customer: UInt32, belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    let people = belief.people
    let person = People.Person(number: people.person(of: customer), members: people.members(of: customer))
    try gather([person][...], belief: belief, from: snapshot)
  }

  mutating func identify(_ texts: DigestTexts?, in snapshot: borrowing Snapshot) throws(LedgerError) {
    if let texts { try chunk.identify(texts, in: snapshot) }
  }

  /// Where a row of the chunk stands in the log.
  mutating func source(ofRow row: Int) -> (block: Int, row: Int) {
    chunk.findSources()
    let index = Int(chunk.sources.start[row])
    return (selection.stretches[selection.stretch(of: index)].block, Int(selection.rows.start[index]))
  }

  private mutating func rewind(unlessBefore customer: UInt32) {
    if customer < lastCustomer { for index in cursors.indices { cursors[index] = 0 } }
  }

  @inline(__always)
  private mutating func forEachBlock(
    of snapshot: borrowing Snapshot,
    _ body: (Int, Block, inout Int, inout RowSelection) throws(LedgerError) -> Void
  ) throws(LedgerError) {
    let kinds = selection.kinds
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard !block.header.kindSet.isDisjoint(with: kinds) else { continue }
      try body(index, block, &cursors[index], &selection)
    }
  }

  /// Drops the rows of customers whom a cohort leaves out.
  private static func drop(
    _ cohort: Cohort, _ rows: UnsafeMutableBufferPointer<UInt32>, _ people: UnsafeMutablePointer<UInt32>,
    _ lowest: UInt32
  ) -> Int {
    var kept = 0
    for index in 0..<rows.count {
      let customer = people[index]
      rows[kept] = rows[index]
      people[kept] = customer &- lowest
      kept += cohort.leavesOut(customer) ? 0 : 1
    }
    return kept
  }

  /// Galloping search for the first row not before a customer.
  private static func seek(_ customers: SectionReader, _ customer: UInt32, from cursor: Int) -> Int {
    func isBefore(_ row: Int) -> Bool { UInt32(truncatingIfNeeded: customers[row]) < customer }
    guard cursor < customers.count, isBefore(cursor) else { return cursor }
    var step = 1
    var low = cursor
    while low + step < customers.count, isBefore(low + step) {
      low += step
      step *= 2
    }
    return (low + 1..<min(low + step, customers.count)).partitioningIndex { !isBefore($0) }
  }
}
