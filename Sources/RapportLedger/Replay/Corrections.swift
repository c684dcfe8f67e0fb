/// What corrections and retractions make of the events of a log, as known at a position.
///
/// A retracted event is out, whatever corrects it; the others say what their content with all corrections applied in
/// canonical order says, read by the same code as at ingest. A correction acts from the position at which it was
/// recorded, whatever its valid time: it changes what is known about the past. One whose target is not there, is
/// another subject's or is itself a correction, or whose result would not be accepted, is left out and counted.
struct Corrections: Sendable {
  /// An event that is not what it was.
  struct Target: Sendable {
    var block: Int
    var row: UInt32
    var isRetracted: Bool
    /// The last correction that acts on it, or the retraction.
    var by: Cause
    fileprivate(set) var facts = Facts()
    fileprivate(set) var lines: [OrderLine] = []
    /// The corrected event as JSON text; empty unless it was asked for, or the event is about identity.
    var text: [UInt8] = []
  }

  /// The event that corrects or retracts.
  struct Cause: Sendable {
    var source: [UInt8]
    var id: [UInt8]

    /// How an event of some source names it: its id, `SOURCE#ID` if its source is another.
    func text(besides source: UnsafeBufferPointer<UInt8>) -> String {
      String(
        decoding: source.elementsEqual(self.source) ? id : self.source + [UInt8(ascii: "#")] + id, as: UTF8.self)
    }
  }

  /// In order of block and row.
  private(set) var targets: [Target] = []
  /// The latest valid time that any of the events has now; `Int64.min` for none.
  var latest: Int64 { targets.reduce(.min) { $1.isRetracted ? $0 : max($0, $1.facts.time) } }
  /// Where the targets of each block begin, and one entry more; empty if there are none at all.
  private var starts: [Int] = []
  /// Corrections and retractions whose target is not there, another subject's, or one of them.
  private(set) var withoutTarget = 0
  /// Corrections whose result would not be accepted.
  private(set) var notAccepted = 0

  var isEmpty: Bool { targets.isEmpty }

  init() {}

  /// The indices of the targets of a block, in order of rows.
  @inline(__always)
  func ofBlock(_ block: Int) -> Range<Int> { starts.isEmpty ? 0..<0 : starts[block]..<starts[block + 1] }

  func corrected(_ index: Int) -> (facts: Facts, lines: [OrderLine]) { (targets[index].facts, targets[index].lines) }

  /// What became of a row; nil if nothing did.
  func target(block: Int, row: UInt32) -> Target? {
    for index in ofBlock(block) where targets[index].row == row { return targets[index] }
    return nil
  }

  /// Finds what acts.
  ///
  /// - Parameters:
  ///   - customers: only corrections of these, in ascending order; nil is all.
  ///   - keepsTexts: whether corrected events are kept as text.
  /// - Complexity: O(blocks) where there are none; else a pass over the kinds of the blocks that have some, and for each
  ///   customer concerned a search in every block.
  init(
    _ snapshot: borrowing Snapshot, upTo last: UInt64, of customers: [UInt32]? = nil, keepsTexts: Bool = false
  ) throws(LedgerError) {
    var acts: [Act] = []
    var reader = EventReader()
    try snapshot.forEachRow(of: EventKindSet.corrections, customers: customers, upTo: last) {
      index, row throws(LedgerError) in
      acts.append(try Act(block: index, row: row, in: snapshot, &reader))
    }
    guard !acts.isEmpty else { return }
    try Self.findTargets(&acts, snapshot, last)
    acts.sort { $0.place < $1.place }
    var start = 0
    var scribe = CorrectedEvent(snapshot)
    while start < acts.count {
      var end = start + 1
      while end < acts.count, acts[end].place == acts[start].place { end += 1 }
      if acts[start].place == .nowhere {
        withoutTarget += end - start
      } else {
        try apply(Array(acts[start..<end]), snapshot, &scribe, keepsTexts: keepsTexts)
      }
      start = end
    }
    guard !targets.isEmpty else { return }
    starts = [Int](repeating: 0, count: snapshot.blocks.count + 1)
    for target in targets { starts[target.block + 1] += 1 }
    for block in snapshot.blocks.indices { starts[block + 1] += starts[block] }
  }

  // MARK: Acts

  /// A correction or retraction, and where its target is.
  private struct Act {
    var customer: UInt32
    var isRetraction: Bool
    var key: TieKey
    var time: Int64
    var cause: Cause
    /// Fingerprint of the target.
    var fingerprint: UInt64 = 0
    /// The event itself as JSON text.
    var text: [UInt8] = []
    var place = Place.nowhere

    init(
      block: Int, row: Int, in snapshot: borrowing Snapshot, _ reader: inout EventReader
    ) throws(LedgerError) {
      self = try reader.withEvent(row: row, in: block, of: snapshot) { facts, record, snapshot throws(LedgerError) in
        try Act(facts, record, snapshot)
      }
    }

    private init(_ facts: Facts, _ record: PayloadRecord, _ snapshot: borrowing Snapshot) throws(LedgerError) {
      customer = facts.customer
      isRetraction = facts.kind == .eventRetracted
      time = facts.time
      key = try TieKey(facts, record, snapshot)
      cause = Cause(source: Array(try snapshot.nameBytes(facts.source)), id: Array(record.id))
      try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
      let target = EventText.withDocument(text) { document -> (source: [UInt8], id: [UInt8])? in
        guard let data = document.member("data", of: 0), let source = document.member("source", of: data),
          let id = document.member("id", of: data)
        else { return nil }
        return (Array(document.string(source).utf8), Array(document.string(id).utf8))
      }
      guard let target else { return }
      let seed = snapshot.seed
      fingerprint = target.source.withUnsafeBufferPointer { source in
        target.id.withUnsafeBufferPointer { References.fingerprint(source: source, id: $0, seed: seed) }
      }
    }
  }

  private struct Place: Comparable {
    var block: Int
    var row: UInt32
    static let nowhere = Place(block: .max, row: 0)
    static func < (a: Place, b: Place) -> Bool { (a.block, a.row) < (b.block, b.row) }
  }

  /// Looks for the targets among the rows of their customers.
  private static func findTargets(
    _ acts: inout [Act], _ snapshot: borrowing Snapshot, _ last: UInt64
  ) throws(LedgerError) {
    acts.sort { $0.customer < $1.customer }
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard block.firstPosition <= last else { break }
      let (kinds, ranks) = (block.column(.kind), block.column(.rank))
      let fingerprints = block.section(BlockSection.fingerprint)
      var start = 0
      while start < acts.count {
        let customer = acts[start].customer
        var end = start + 1
        while end < acts.count, acts[end].customer == customer { end += 1 }
        defer { start = end }
        let rows = try snapshot.rows(of: customer, in: index)
        guard !rows.isEmpty else { continue }
        try snapshot.check(index, ColumnSet(.kind, .rank).rawValue, rows: rows)
        try snapshot.check(index, BlockSection.fingerprint, ofRows: RowList(rows))
        for row in rows {
          let rank = Int(ranks[row])
          guard block.firstPosition + UInt64(rank) <= last else { continue }
          let fingerprint = UInt64(bitPattern: fingerprints[rank])
          for act in start..<end where acts[act].fingerprint == fingerprint {
            guard !EventKindSet.corrections.contains(rawValue: UInt8(truncatingIfNeeded: kinds[row])) else { continue }
            acts[act].place = Place(block: index, row: UInt32(row))
          }
        }
      }
    }
  }

  /// Makes a target of what acts on one event.
  private mutating func apply(
    _ acts: [Act], _ snapshot: borrowing Snapshot, _ scribe: inout CorrectedEvent, keepsTexts: Bool
  ) throws(LedgerError) {
    let place = acts[0].place
    let ordered = acts.sorted { $0.time != $1.time ? $0.time < $1.time : $0.key < $1.key }
    if let retraction = ordered.last(where: \.isRetraction) {
      targets.append(Target(block: place.block, row: place.row, isRetracted: true, by: retraction.cause))
      return
    }
    try scribe.begin(block: place.block, row: Int(place.row), in: snapshot)
    var last: Cause?
    for act in ordered {
      if try scribe.apply(act.text, in: snapshot) { last = act.cause } else { notAccepted += 1 }
    }
    guard let last else { return }
    var target = Target(block: place.block, row: place.row, isRetracted: false, by: last)
    target.facts = scribe.facts
    target.lines = scribe.lines
    if keepsTexts || EventKindSet.mappings.contains(scribe.facts.kind) { target.text = scribe.text }
    targets.append(target)
  }
}

extension Snapshot {
  /// Calls `body` with the rows of some kinds, block by block in order of rows.
  ///
  /// - Parameters:
  ///   - kinds: of those that act: ``EventKindSet/acts``.
  ///   - customers: only rows of these, in ascending order; nil is all.
  /// - Complexity: O(1) for a block without such kinds, else O(rows of events that act), or of the customers.
  func forEachRow(
    of kinds: EventKindSet, customers: [UInt32]?, upTo last: UInt64,
    _ body: (_ block: Int, _ row: Int) throws(LedgerError) -> Void
  ) throws(LedgerError) {
    let last = min(last, position)
    for index in blocks.indices {
      let block = blocks[index]
      guard block.firstPosition <= last else { break }
      guard !block.header.kindSet.isDisjoint(with: kinds) else { continue }
      let isWhole = block.header.lastPosition <= last
      let (blockKinds, ranks) = (block.column(.kind), block.column(.rank))
      for row in try actingRows(of: index, customers) {
        guard kinds.contains(rawValue: UInt8(truncatingIfNeeded: blockKinds[row])) else { continue }
        if !isWhole {
          try check(index, Int(Column.rank.rawValue), values: row..<row + 1)
          guard block.firstPosition &+ UInt64(bitPattern: ranks[row]) <= last else { continue }
        }
        try check(index, Int(Column.customer.rawValue), values: row..<row + 1)
        try body(index, row)
      }
    }
  }

  /// Rows that may be of events that act; their kinds are intact.
  private func actingRows(of index: Int, _ customers: [UInt32]?) throws(LedgerError) -> [Int] {
    try check(index, Self.slots(BlockSection.actRow))
    let acts = blocks[index].section(BlockSection.actRow)
    var found: [Int] = []
    if let customers, customers.count < acts.count {
      for customer in customers {
        let rows = try rows(of: customer, in: index)
        try check(index, ColumnSet(.kind).rawValue, rows: rows)
        found += rows
      }
      return found
    }
    let column = blocks[index].column(.customer)
    for place in 0..<acts.count {
      let row = Int(acts[place])
      try check(index, ColumnSet(.kind, .customer).rawValue, rows: row..<row + 1)
      if let customers {
        let customer = UInt32(truncatingIfNeeded: column[row])
        let place = customers.partitioningIndex(notBelow: customer)
        guard place < customers.count, customers[place] == customer else { continue }
      }
      found.append(row)
    }
    return found
  }
}

extension [UInt32] {
  /// The first index whose element is not below a bound; elements ascend.
  fileprivate func partitioningIndex(notBelow bound: UInt32) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
