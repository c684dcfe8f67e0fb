import Synchronization

/// The rows of cases, found in one pass over the keys of the log and split by key into rounds: all rows of a case are in
/// the same one.
///
/// What is found takes 12 bytes a row. A pass finds the rows of so many rounds as keep that in bounds, whatever the
/// number of events.
struct CaseRows: Sendable {
  /// The columns that make the key.
  static let columns = ColumnSet(.object, .related, .correlation)

  /// Rows of the log for each round, and rounds of a pass.
  private static let roundRows = 1 << 20
  private static let passRounds = 32

  /// How many rounds a replay takes.
  static func rounds(_ snapshot: borrowing Snapshot) -> Int { max(1, Int(snapshot.position) / roundRows) }

  /// The rounds of each pass.
  static func passes(_ rounds: Int) -> [Range<Int>] {
    stride(from: 0, to: rounds, by: passRounds).map { $0..<min($0 + passRounds, rounds) }
  }

  /// The rows of one block, round by round and ascending in each.
  struct Found: Sendable {
    var keys: [UInt64] = []
    var rows: [UInt32] = []
    /// Where the rows of each round of the pass end.
    var ends: [Int] = []
  }

  /// The rounds that are in it.
  let pass: Range<Int>
  private let blocks: [Found]

  /// Finds the rows of the rounds of a pass.
  ///
  /// - Precondition: the sections that the request reads are intact.
  init(
    _ pass: Range<Int>, of rounds: Int, _ request: HistoryRequest, _ belief: borrowing Belief,
    _ snapshot: borrowing Snapshot, threads: Int
  ) throws(LedgerError) {
    self.pass = pass
    blocks = try Self.find(request, belief.corrections, snapshot, threads) { $0.split(pass, of: rounds) }
  }

  /// Finds the rows of some cases, as one round.
  ///
  /// - Precondition: the columns of keys and kinds are intact.
  init(
    _ cases: Set<UInt64>, _ request: HistoryRequest, _ corrections: borrowing Corrections,
    _ snapshot: borrowing Snapshot, threads: Int
  ) throws(LedgerError) {
    pass = 0..<1
    // Most keys are none of them, which few bits tell.
    var bits = [UInt64](repeating: 0, count: 1024)
    for key in cases { bits[Int(key >> 6) & 1023] |= 1 << (key & 63) }
    let filter = bits
    blocks = try Self.find(request, corrections, snapshot, threads) { keys in
      var found = Found()
      keys.forEach { row, key in
        guard filter[Int(key >> 6) & 1023] & 1 << (key & 63) != 0, cases.contains(key) else { return }
        found.rows.append(row)
        found.keys.append(key)
      }
      found.ends = [found.rows.count]
      return found
    }
  }

  private static func find(
    _ request: HistoryRequest, _ corrections: borrowing Corrections, _ snapshot: borrowing Snapshot, _ threads: Int,
    _ ofBlock: @Sendable (borrowing CaseKeys) -> Found
  ) throws(LedgerError) -> [Found] {
    let next = Atomic<Int>(0)
    let found = Mutex([Found](repeating: Found(), count: snapshot.blocks.count))
    try withUnsafePointer(to: corrections) { corrections throws(LedgerError) in
      let corrections = SharedPointer(pointer: corrections)
      try snapshot.onThreads(threads) { snapshot throws(LedgerError) in
        var keys = CaseKeys(snapshot, request)
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < snapshot.blocks.count else { return }
          keys.read(index, corrections.pointer.pointee, snapshot)
          let rows = ofBlock(keys)
          found.withLock { $0[index] = rows }
        }
      }
    }
    return found.withLock { $0 }
  }

  /// Makes sure that what will be read of the rows is what was written.
  func check(_ request: HistoryRequest, in snapshot: borrowing Snapshot) throws(LedgerError) {
    for (index, found) in blocks.enumerated() {
      let isWhole =
        snapshot.blocks[index].header.lastPosition <= min(request.limits.position ?? .max, snapshot.position)
      for row in found.rows {
        try snapshot.check(index, request.sections(isWhole: isWhole), rows: Int(row)..<Int(row) + 1)
      }
    }
  }

  /// Calls `body` with the rows of a round and their keys, block by block.
  func forEach<E: Error>(
    _ round: Int,
    _ body: (_ block: Int, _ rows: UnsafeBufferPointer<UInt32>, _ keys: UnsafePointer<UInt64>) throws(E) -> Void
  ) throws(E) {
    let place = round - pass.lowerBound
    for (index, found) in blocks.enumerated() where !found.rows.isEmpty {
      let range = (place == 0 ? 0 : found.ends[place - 1])..<found.ends[place]
      guard !range.isEmpty else { continue }
      try found.rows.withUnsafeBufferPointer { rows throws(E) in
        try found.keys.withUnsafeBufferPointer { keys throws(E) in
          try body(index, UnsafeBufferPointer(rebasing: rows[range]), keys.baseAddress! + range.lowerBound)
        }
      }
    }
  }
}

/// The keys of the cases of the rows of a block; one for each thread.
struct CaseKeys: ~Copyable {
  private var selection: RowSelection
  private let request: HistoryRequest
  private var kinds = Room<UInt8>()
  private var keys = Room<UInt64>()
  private var related = Room<UInt64>()
  private var correlations = Room<UInt64>()

  init(_ snapshot: borrowing Snapshot, _ request: HistoryRequest) {
    self.request = request
    selection = RowSelection(kinds: request.kinds, upTo: min(request.limits.position ?? .max, snapshot.position))
  }

  /// Reads the keys of a block, as corrections left them.
  mutating func read(_ index: Int, _ corrections: borrowing Corrections, _ snapshot: borrowing Snapshot) {
    read(index, 0..<snapshot.blocks[index].count, corrections, snapshot)
  }

  /// Reads the keys of some rows of a block.
  mutating func read(
    _ index: Int, _ rows: Range<Int>, _ corrections: borrowing Corrections, _ snapshot: borrowing Snapshot
  ) {
    selection.removeAll()
    let block = snapshot.blocks[index]
    guard !block.header.kindSet.isDisjoint(with: request.kinds) else { return }
    selection.append(rows, ofBlock: index, block) { rows, _ in rows.count }
    guard selection.count > 0 else { return }
    readKeys(block)
    applyCorrections(corrections, index)
  }

  /// The rows that have a key, and it.
  func forEach(_ body: (_ row: UInt32, _ key: UInt64) -> Void) {
    for index in 0..<selection.count where keys.start[index] != 0 {
      body(selection.rows.start[index], keys.start[index])
    }
  }

  /// The rows of some rounds.
  func split(_ pass: Range<Int>, of rounds: Int) -> CaseRows.Found {
    var sizes = [Int](repeating: 0, count: pass.count)
    forEach { _, key in
      let round = Self.round(key, rounds) - pass.lowerBound
      if round >= 0, round < sizes.count { sizes[round] += 1 }
    }
    var found = CaseRows.Found()
    var places = sizes
    var sum = 0
    for round in sizes.indices {
      places[round] = sum
      sum += sizes[round]
      found.ends.append(sum)
    }
    guard sum > 0 else { return found }
    found.keys = [UInt64](repeating: 0, count: sum)
    found.rows = [UInt32](repeating: 0, count: sum)
    forEach { row, key in
      let round = Self.round(key, rounds) - pass.lowerBound
      guard round >= 0, round < places.count else { return }
      found.keys[places[round]] = key
      found.rows[places[round]] = row
      places[round] += 1
    }
    return found
  }

  /// By the upper bits, which are as good as any of a hash.
  @inline(__always)
  private static func round(_ key: UInt64, _ rounds: Int) -> Int { Int((key >> 32) * UInt64(rounds) >> 32) }

  private mutating func readKeys(_ block: Block) {
    let (rows, count) = (selection.rows(of: selection.stretches[0]), selection.count)
    kinds.reserve(count)
    keys.reserve(count)
    related.reserve(count)
    correlations.reserve(count)
    block.column(.kind).read(rows, to: kinds.start)
    block.column(.object).read(rows, to: keys.start)
    block.column(.related).read(rows, to: related.start)
    block.column(.correlation).read(rows, to: correlations.start)
    for row in 0..<count {
      keys.start[row] = CaseKey.of(
        kind: kinds.start[row], object: keys.start[row], related: related.start[row],
        correlation: correlations.start[row])
    }
  }

  /// Puts corrected keys in their place; what was retracted has none.
  private func applyCorrections(_ corrections: borrowing Corrections, _ block: Int) {
    var row = 0
    for correction in corrections.ofBlock(block) {
      let target = corrections.targets[correction]
      while row < selection.count, selection.rows.start[row] < target.row { row += 1 }
      if row == selection.count { return }
      guard selection.rows.start[row] == target.row else { continue }
      keys.start[row] =
        target.isRetracted
        ? 0
        : CaseKey.of(
          kind: kinds.start[row], object: target.facts.object, related: target.facts.related,
          correlation: target.facts.correlation)
    }
  }
}
