import CTraps
import Synchronization

/// What gatherers are asked for, once for a replay.
struct HistoryRequest: Sendable {
  /// The union over the projections.
  var kinds: EventKindSet
  var columns: ColumnSet
  var readsLines: Bool
  var limits: ReplayLimits

  /// The columns that are gathered behind those that make the order.
  var otherColumns: [Column] {
    let lines: ColumnSet = readsLines ? ColumnSet(.marks) : []
    return columns.union(lines).union(ColumnSet(.customer)).subtracting(ColumnSet(.time, .kind, .rank)).subtracting(
      .fingerprint
    ).columns
  }

  /// The sections that must be intact before rows of a block are selected.
  static func selectingSections(isWhole: Bool) -> UInt64 {
    isWhole ? ColumnSet(.customer, .kind).rawValue : ColumnSet(.customer, .kind, .rank).rawValue
  }

  /// The sections with a value a row that must be intact before rows of a block are read.
  ///
  /// - Parameter isWhole: whether all rows of the block count, so that their order of arrival does not matter.
  func sections(isWhole: Bool) -> UInt64 {
    var sections = columns.subtracting(.fingerprint).union(ColumnSet(.customer, .kind, .time)).rawValue
    if readsLines { sections |= ColumnSet(.marks).rawValue }
    if !isWhole || columns.contains(.fingerprint) { sections |= ColumnSet(.rank).rawValue }
    return sections
  }
}

extension HistoryRequest {
  /// All sections that are read of a block whose every row is.
  func allSections(isWhole: Bool) -> UInt64 {
    var all = sections(isWhole: isWhole)
    if readsLines { all |= Snapshot.lineSlots }
    if columns.contains(.fingerprint) { all |= ColumnSet.fingerprint.rawValue }
    return all
  }
}

/// Complete histories side by side, one array a column, in canonical order.
///
/// A row of a chunk is an event. The rows of a person (or case) stand together, from `starts[person]`; rows of nobody, which
/// were only read because they lie between others, stand behind all. A counting pass
/// gives each selected row of the log its row here; most histories are in order at once, since blocks follow each other
/// in order of arrival and are sorted inside, and the others are sorted before a column is touched. Then each
/// column is read block by block straight to its place.
struct HistoryChunk: ~Copyable {
  /// Stands in `kind` for an event that was retracted: no set of kinds that is folded has it.
  static let retracted: UInt8 = 254

  /// Another one for all that is ever arranged.
  private(set) var serial = 0
  private static let serials = Atomic<Int>(0)

  private(set) var peopleCount = 0
  private(set) var count = 0
  /// By person the number of its canonical id.
  private(set) var numbers = Room<UInt32>()
  /// Where the rows of each person begin, and one entry more.
  private(set) var starts = Room<UInt32>()
  /// Of cases their keys, and by row the number of the person whose event it is.
  private(set) var cases = Room<UInt64>()
  private var owners = Room<UInt32>()
  private var hasCases = false
  /// By person, or by row of cases, what a digest is keyed by. Where it was asked for.
  private var idHashes = Room<UInt64>()
  /// By index of the selection the row in the chunk.
  private(set) var slots = Room<UInt32>()
  /// The inverse, where it was needed.
  private(set) var sources = Room<UInt32>()
  private var hasSources = false
  /// The rows that were selected, and of which blocks: for whoever must tell where a row comes from.
  private var selected: UnsafePointer<UInt32>?
  private var stretches = Room<rpt_stretch_t>()
  private var stretchCount = 0
  /// Whether some rows are not to be folded, though their kind is one that was asked for.
  private(set) var hasHidden = false

  private var next = Room<UInt32>()
  private var columns: ColumnStore
  private var lines: LineStore
  private var reader = EventReader()
  private let request: HistoryRequest
  private let otherColumns: [Column]

  init(_ request: HistoryRequest) {
    self.request = request
    otherColumns = request.otherColumns
    columns = ColumnStore(
      request.columns.union(ColumnSet(.time, .kind, .customer)).union(request.readsLines ? ColumnSet(.marks) : []))
    lines = LineStore()
  }

  var times: UnsafeMutablePointer<Int64> { columns.start(.time, Int64.self) }
  var customers: UnsafeMutablePointer<UInt32> { columns.start(.customer, UInt32.self) }
  var kinds: UnsafeMutablePointer<UInt8> { columns.start(.kind, UInt8.self) }

  /// Makes room for the numbers of people, to be written by the caller.
  mutating func begin(people: Int) {
    peopleCount = people
    numbers.reserve(people)
  }

  func setNumber(_ number: UInt32, of person: Int) { numbers.start[person] = number }

  /// Sets the keys of cases.
  mutating func setCases(_ keys: UnsafePointer<UInt64>) {
    cases.reserve(peopleCount)
    cases.start.update(from: keys, count: peopleCount)
    hasCases = true
  }

  /// Finds whose events the rows of cases are.
  mutating func setOwners(_ people: People) {
    owners.reserve(count)
    for row in 0..<count { owners.start[row] = people.person(of: customers[row]) }
  }

  /// Finds what the digests of people are keyed by, once for all projections.
  mutating func identify(_ texts: DigestTexts, in snapshot: borrowing Snapshot) throws(LedgerError) {
    let (ids, count) = hasCases ? (owners.start, count) : (numbers.start, peopleCount)
    idHashes.reserve(count)
    for index in 0..<count {
      let isKnown = index > 0 && ids[index] == ids[index - 1]
      idHashes.start[index] = isKnown ? idHashes.start[index - 1] : try texts.key(of: ids[index], snapshot)
    }
  }

  /// What the digest of a person is keyed by.
  ///
  /// - Parameter row: the first one listed.
  /// - Precondition: the people were identified.
  func idHash(of person: Int, firstRow row: UInt32) -> UInt64 { idHashes.start[hasCases ? Int(row) : person] }

  /// Arranges what was selected.
  ///
  /// - Complexity: O(rows · columns), and the sorting of histories that arrived out of order.
  mutating func arrange(
    _ selection: borrowing RowSelection, belief: borrowing Belief, in snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    serial = Self.serials.add(1, ordering: .relaxed).newValue
    place(selection)
    noteSources(selection, snapshot)
    gatherOrder(selection, snapshot)
    let overrides = belief.corrections.isEmpty ? [] : applyToOrder(belief.corrections, selection)
    try sort(selection, belief, snapshot, trustsRows: overrides.isEmpty)
    for column in otherColumns { columns.clear(column) }
    for stretch in selection.stretches {
      let block = snapshot.blocks[stretch.block]
      let rows = selection.rows(of: stretch)
      let slots = UnsafePointer(slots.start + stretch.range.lowerBound)
      for column in otherColumns { columns.gather(column, of: block, rows, at: slots, clearedFor: count) }
      if request.columns.contains(.rank) {
        columns.gatherPositions(of: block, rows, at: slots)
      }
      if request.columns.contains(.fingerprint) {
        try snapshot.check(stretch.block, ColumnSet.fingerprintSlot, ofRows: rows)
        columns.gatherFingerprints(of: block, rows, at: slots)
      }
    }
    if request.readsLines { try gatherLines(selection, snapshot) }
    columns.resolveDirections(rows: count)
    for override in overrides {
      let (facts, orderLines) = belief.corrections.corrected(override.correction)
      let row = Int(slots.start[override.index])
      columns.store(facts, at: row)
      columns.resolveDirection(of: row)
      if request.readsLines { lines.replace(row: row, with: orderLines) }
    }
  }

  // MARK: Order

  /// Gives every selected row its place behind the others of its person, in order of selection.
  private mutating func place(_ selection: borrowing RowSelection) {
    count = selection.count
    hasSources = false
    hasHidden = false
    columns.reserve(count)
    slots.reserve(count)
    starts.reserve(peopleCount + 1)
    next.reserve(peopleCount + 1)
    // One more, for the rows of nobody.
    let (starts, next, slots, people) = (starts.start, next.start, slots.start, selection.people.start)
    next.update(repeating: 0, count: peopleCount + 1)
    for index in 0..<count { next[Int(people[index])] &+= 1 }
    var sum: UInt32 = 0
    for person in 0...peopleCount {
      starts[person] = sum
      let size = next[person]
      next[person] = sum
      sum &+= size
    }
    for index in 0..<count {
      let person = Int(people[index])
      slots[index] = next[person]
      next[person] &+= 1
    }
  }

  private mutating func gatherOrder(_ selection: borrowing RowSelection, _ snapshot: borrowing Snapshot) {
    for stretch in selection.stretches {
      let block = snapshot.blocks[stretch.block]
      let rows = selection.rows(of: stretch)
      columns.gather(.time, of: block, rows, at: slots.start + stretch.range.lowerBound)
      columns.gather(.kind, of: block, rows, at: slots.start + stretch.range.lowerBound)
    }
  }

  /// Writes corrected times and marks what was retracted.
  ///
  /// - Returns: the events whose other columns are to be replaced.
  private mutating func applyToOrder(
    _ corrections: borrowing Corrections, _ selection: borrowing RowSelection
  ) -> [(index: Int, correction: Int)] {
    var overrides: [(index: Int, correction: Int)] = []
    for stretch in selection.stretches {
      let found = corrections.ofBlock(stretch.block)
      guard !found.isEmpty else { continue }
      var index = stretch.range.lowerBound
      for correction in found {
        let row = corrections.targets[correction].row
        while index < stretch.range.upperBound, selection.rows.start[index] < row { index += 1 }
        guard index < stretch.range.upperBound, selection.rows.start[index] == row else { continue }
        let slot = Int(slots.start[index])
        if corrections.targets[correction].isRetracted {
          kinds[slot] = Self.retracted
          hasHidden = true
        } else {
          times[slot] = corrections.corrected(correction).facts.time
          overrides.append((index, correction))
        }
      }
    }
    return overrides
  }

  /// Brings every history into canonical order.
  ///
  /// - Parameter trustsRows: whether rows of one customer in one block are known to be in order.
  private mutating func sort(
    _ selection: borrowing RowSelection, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot, trustsRows: Bool
  ) throws(LedgerError) {
    for person in 0..<peopleCount {
      let range = Int(starts.start[person])..<Int(starts.start[person + 1])
      guard range.count > 1, !isInOrder(range) else { continue }
      findSources()
      try sort(range, selection, belief, snapshot, trustsRows: trustsRows)
    }
  }

  /// True if times and kinds ascend without a tie.
  @inline(__always)
  private func isInOrder(_ range: Range<Int>) -> Bool {
    let (times, kinds) = (times, kinds)
    var time = times[range.lowerBound]
    for row in range.lowerBound + 1..<range.upperBound {
      let next = times[row]
      if next < time || (next == time && kinds[row] <= kinds[row - 1]) { return false }
      time = next
    }
    return true
  }

  /// Finds which row of the log each row of the chunk is.
  mutating func findSources() {
    guard !hasSources else { return }
    hasSources = true
    sources.reserve(count)
    for index in 0..<count { sources.start[Int(slots.start[index])] = UInt32(index) }
  }

  private mutating func sort(
    _ range: Range<Int>, _ selection: borrowing RowSelection, _ belief: borrowing Belief,
    _ snapshot: borrowing Snapshot,
    trustsRows: Bool
  ) throws(LedgerError) {
    let (times, kinds, sources, slots) = (times, kinds, sources.start, slots.start)
    var order = range.map { Entry(time: times[$0], kind: kinds[$0], index: Int(sources[$0])) }
    order.sort {
      $0.time != $1.time ? $0.time < $1.time : $0.kind != $1.kind ? $0.kind < $1.kind : $0.index < $1.index
    }
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, order[end].time == order[start].time, order[end].kind == order[start].kind { end += 1 }
      if end - start > 1 {
        let settled = try settle(Array(order[start..<end]), selection, belief, snapshot, trustsRows: trustsRows)
        order.replaceSubrange(start..<end, with: settled)
      }
      start = end
    }
    for (offset, entry) in order.enumerated() {
      let row = range.lowerBound + offset
      times[row] = entry.time
      kinds[row] = entry.kind
      sources[row] = UInt32(entry.index)
      slots[entry.index] = UInt32(row)
    }
  }

  private struct Entry {
    var time: Int64
    var kind: UInt8
    var index: Int
  }

  /// Orders events of equal time and kind by their sequences, sources and ids.
  private mutating func settle(
    _ entries: [Entry], _ selection: borrowing RowSelection, _ belief: borrowing Belief,
    _ snapshot: borrowing Snapshot, trustsRows: Bool
  ) throws(LedgerError) -> [Entry] {
    let stretches = entries.map { selection.stretch(of: $0.index) }
    if trustsRows, stretches.allSatisfy({ $0 == stretches[0] }) {
      let customers = snapshot.blocks[selection.stretches[stretches[0]].block].column(.customer)
      let first = customers[Int(selection.rows.start[entries[0].index])]
      if entries.allSatisfy({ customers[Int(selection.rows.start[$0.index])] == first }) { return entries }
    }
    var keyed: [(key: TieKey, entry: Entry)] = []
    for (entry, stretch) in zip(entries, stretches) {
      let block = selection.stretches[stretch].block
      let row = selection.rows.start[entry.index]
      var key = try reader.withEvent(row: Int(row), in: block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try TieKey(facts, record, snapshot)
      }
      if let target = belief.corrections.target(block: block, row: row), !target.isRetracted {
        key.sequence = target.sequence
      }
      keyed.append((key, entry))
    }
    keyed.sort { $0.key < $1.key }
    return keyed.map(\.entry)
  }

  // MARK: Traps

  private mutating func noteSources(_ selection: borrowing RowSelection, _ snapshot: borrowing Snapshot) {
    selected = UnsafePointer(selection.rows.start)
    stretchCount = selection.stretches.count
    stretches.reserve(stretchCount)
    for (index, stretch) in selection.stretches.enumerated() {
      stretches.start[index] = rpt_stretch_t(snapshot.blocks[stretch.block], end: stretch.range.upperBound)
    }
  }

  /// Tells where in the log the rows come from; valid until something else is selected.
  func tellSources(to place: inout rpt_place_t) {
    place.slots = UnsafePointer(slots.start)
    place.rows = selected
    place.count = UInt32(count)
    place.stretches = UnsafePointer(stretches.start)
    place.stretch_count = UInt32(stretchCount)
  }

  // MARK: Lines

  private mutating func gatherLines(
    _ selection: borrowing RowSelection, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    lines.begin(rows: count)
    for stretch in selection.stretches {
      let first = selection.rows.start[stretch.range.lowerBound]
      let last = selection.rows.start[stretch.range.upperBound - 1]
      let range = try snapshot.lines(of: Int(first)...Int(last), in: stretch.block)
      try snapshot.check(stretch.block, Snapshot.lineSlots, values: range)
      lines.read(range, of: snapshot.blocks[stretch.block])
      for index in stretch.range { lines.assign(row: Int(slots.start[index]), of: selection.rows.start[index]) }
    }
  }

  // MARK: Reading

  /// Lists the rows of some kinds, person by person, up to the valid time that was asked for.
  ///
  /// - Parameters:
  ///   - rows: gets the rows.
  ///   - ends: gets where those of each person end.
  func list(_ isWanted: UnsafePointer<UInt8>, rows: inout Room<UInt32>, ends: inout Room<UInt32>) {
    rows.reserve(count + 1)
    ends.reserve(peopleCount + 1)
    let (target, kinds, times, starts) = (rows.start, kinds, times, starts.start)
    let last = request.limits.time ?? .max
    var found = 0
    for person in 0..<peopleCount {
      for row in Int(starts[person])..<Int(starts[person + 1]) {
        target[found] = UInt32(truncatingIfNeeded: row)
        found &+= Int(isWanted[Int(kinds[row])] & (times[row] <= last ? 1 : 0))
      }
      ends.start[person] = UInt32(truncatingIfNeeded: found)
    }
  }

  /// The numbers of the people whose rows were listed: a case has that of the person of its first event among them, so
  /// that it does not depend on what else is gathered.
  ///
  /// - Parameter owned: memory for those of cases.
  /// - Returns: valid until the chunk is arranged anew, or `owned` is used again.
  func numbers(
    rows: borrowing Room<UInt32>, ends: borrowing Room<UInt32>, owned: inout Room<UInt32>
  ) -> UnsafePointer<UInt32> {
    guard hasCases else { return UnsafePointer(numbers.start) }
    owned.reserve(peopleCount)
    var start: UInt32 = 0
    for index in 0..<peopleCount {
      let end = ends.start[index]
      owned.start[index] = end > start ? owners.start[Int(rows.start[Int(start)])] : 0
      start = end
    }
    return UnsafePointer(owned.start)
  }

  @_lifetime(borrow self)
  func event(_ row: Int) -> History.Event {
    _overrideLifetime(History.Event(columns: columns.table, row: row), borrowing: self)
  }

  /// The histories of listed rows; valid until the chunk is arranged anew.
  @_lifetime(borrow self)
  func histories(
    rows: UnsafePointer<UInt32>, ends: UnsafePointer<UInt32>, numbers: UnsafePointer<UInt32>,
    cursor: UnsafeMutablePointer<FoldCursor>
  ) -> Histories {
    let histories = Histories(
      columns: columns.table, lines: lines.columns(isGathered: request.readsLines), rows: rows, ends: ends,
      numbers: numbers, cursor: cursor, count: peopleCount)
    return _overrideLifetime(histories, borrowing: self)
  }
}

extension RowSelection {
  func rows(of stretch: Stretch) -> RowList {
    RowList(UnsafeBufferPointer(start: rows.start + stretch.range.lowerBound, count: stretch.range.count))
  }
}
