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
    /// Where the last correction that acts on it stands, or the retraction.
    fileprivate(set) var by: Place
    fileprivate(set) var facts = Facts()
    fileprivate(set) var lines: [OrderLine] = []
    /// The corrected event as JSON text; empty unless it was asked for, or the event is about identity.
    var text: [UInt8] = []
  }

  /// Where an event stands.
  struct Place: Comparable, Hashable {
    var block: Int
    var row: UInt32
    fileprivate static let nowhere = Place(block: .max, row: 0)
    static func < (a: Place, b: Place) -> Bool { (a.block, a.row) < (b.block, b.row) }
  }

  /// In order of block and row.
  private(set) var targets: [Target] = []
  /// Where the targets of each block begin, and one entry more; empty if there are none at all.
  private var starts: [Int] = []
  /// What they all come to.
  private(set) var effect = ActsEffect()

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
  ///   - kinds: only what acts on events of these kinds.
  ///   - keepsTexts: whether corrected events are kept as text.
  /// - Complexity: O(blocks) where there are none; else a pass over the kinds of the blocks that have some, and for each
  ///   customer concerned a search in every block. To apply one takes as long as to ingest some ten events.
  init(
    _ snapshot: borrowing Snapshot, upTo last: UInt64, of customers: [UInt32]? = nil, on kinds: EventKindSet = .all,
    keepsTexts: Bool = false
  ) throws(LedgerError) {
    let acts = try Self.acts(snapshot, upTo: last, of: customers, on: kinds)
    try self.init(acts, snapshot, keepsTexts: keepsTexts)
  }

  /// What a difference some time makes.
  struct Difference: Sendable {
    /// All that acts now.
    var now: Corrections
    /// What acts now on events on which it was not the same before.
    var changed: ActsEffect
    /// What acted on those before.
    var before: Corrections
  }

  /// Finds what acts on the events of some customers, and what of it is new since a position.
  ///
  /// - Complexity: that of ``init(_:upTo:of:on:keepsTexts:)``; what has not changed is applied once.
  static func difference(
    _ snapshot: borrowing Snapshot, upTo last: UInt64, of customers: [UInt32], since position: UInt64
  ) throws(LedgerError) -> Difference {
    let acts = try acts(snapshot, upTo: last, of: customers, on: .all)
    let targets = Set(acts.filter { max($0.position, $0.targetPosition) > position }.map(\.target))
    let changed = acts.filter { targets.contains($0.target) }
    var before = changed.filter { $0.position <= position }
    for act in before.indices where before[act].targetPosition > position { before[act].target = .nowhere }
    before.sort { $0.target < $1.target }
    let new = try Corrections(changed, snapshot)
    var now = try Corrections(acts.filter { !targets.contains($0.target) }, snapshot)
    now.targets = (now.targets + new.targets).sorted { ($0.block, $0.row) < ($1.block, $1.row) }
    now.effect.add(new.effect)
    now.indexTargets(snapshot)
    return Difference(now: now, changed: new.effect, before: try Corrections(before, snapshot))
  }

  /// - Parameter acts: in the order of their targets; what has none comes last.
  private init(_ acts: [Act], _ snapshot: borrowing Snapshot, keepsTexts: Bool = false) throws(LedgerError) {
    let end = acts.firstIndex { $0.target == .nowhere } ?? acts.count
    effect.withoutTarget = acts.count - end
    guard end > 0 else { return }
    let acts = acts[..<end]
    let parts = try withUnsafePointer(to: snapshot) { snapshot throws(LedgerError) in
      let snapshot = SharedPointer(pointer: snapshot)
      return try mapStretches(of: acts.count, atLeast: Self.actsOfThread) { stretch throws(LedgerError) in
        var part = Corrections()
        try part.apply(Self.wholeTargets(stretch, of: acts), snapshot.pointer.pointee, keepsTexts: keepsTexts)
        return part
      }
    }
    for part in parts {
      targets += part.targets
      effect.add(part.effect)
    }
    indexTargets(snapshot)
  }

  private mutating func indexTargets(_ snapshot: borrowing Snapshot) {
    guard !targets.isEmpty else { return }
    starts = [Int](repeating: 0, count: snapshot.blocks.count + 1)
    for target in targets { starts[target.block + 1] += 1 }
    for block in snapshot.blocks.indices { starts[block + 1] += starts[block] }
  }

  /// Fewer than these are applied before a thread has begun.
  private static let actsOfThread = 32

  // MARK: Acts

  /// A correction or retraction, and where its target is.
  struct Act {
    var place: Place
    var position: UInt64
    var customer: UInt32
    var isRetraction: Bool
    var time: Int64
    /// Fingerprint of the target.
    var fingerprint: UInt64
    var target = Place.nowhere
    var targetPosition: UInt64 = 0

    fileprivate init(
      _ place: Place, in snapshot: borrowing Snapshot, _ reader: inout EventReader
    ) throws(LedgerError) {
      let (block, row) = (snapshot.blocks[place.block], Int(place.row))
      try snapshot.check(place.block, ColumnSet(.customer, .kind, .time, .object, .rank).rawValue, rows: row..<row + 1)
      self.place = place
      position = block.firstPosition &+ UInt64(bitPattern: block.column(.rank)[row])
      customer = UInt32(truncatingIfNeeded: block.column(.customer)[row])
      isRetraction = block.column(.kind)[row] == Int64(EventKind.eventRetracted.rawValue)
      time = block.column(.time)[row]
      fingerprint = UInt64(bitPattern: block.column(.object)[row])
      // Older logs have it in the event only.
      if fingerprint == 0 { fingerprint = try Self.target(place, in: snapshot, &reader) }
    }

    private static func target(
      _ place: Place, in snapshot: borrowing Snapshot, _ reader: inout EventReader
    ) throws(LedgerError) -> UInt64 {
      var text: [UInt8] = []
      try reader.withEvent(row: Int(place.row), in: place.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
      }
      let seed = snapshot.seed
      return EventText.withDocument(text) { document -> UInt64? in
        guard let data = document.member("data", of: 0), let source = document.member("source", of: data),
          let id = document.member("id", of: data)
        else { return nil }
        return Array(document.string(source).utf8).withUnsafeBufferPointer { source in
          Array(document.string(id).utf8).withUnsafeBufferPointer {
            References.fingerprint(source: source, id: $0, seed: seed)
          }
        }
      } ?? 0
    }

    /// What decides between acts of equal time.
    fileprivate func tieKey(_ snapshot: borrowing Snapshot, _ reader: inout EventReader) throws(LedgerError) -> TieKey {
      try reader.withEvent(row: Int(place.row), in: place.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try TieKey(facts, record, snapshot)
      }
    }
  }

  /// Finds what acts, in the order of what it acts on.
  private static func acts(
    _ snapshot: borrowing Snapshot, upTo last: UInt64, of customers: [UInt32]?, on kinds: EventKindSet
  ) throws(LedgerError) -> [Act] {
    var acts: [Act] = []
    var reader = EventReader()
    try snapshot.forEachRow(of: EventKindSet.corrections, customers: customers, upTo: last) {
      index, row throws(LedgerError) in
      acts.append(try Act(Place(block: index, row: UInt32(row)), in: snapshot, &reader))
    }
    if acts.isEmpty { return [] }
    try findTargets(&acts, kinds, snapshot, last)
    acts.sort { $0.target < $1.target }
    return acts
  }

  /// Looks for the targets among the rows of their customers.
  private static func findTargets(
    _ acts: inout [Act], _ wanted: EventKindSet, _ snapshot: borrowing Snapshot, _ last: UInt64
  ) throws(LedgerError) {
    acts.sort { $0.customer < $1.customer }
    let wanted = wanted.subtracting(.corrections)
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard block.firstPosition <= last else { break }
      guard !block.header.kindSet.isDisjoint(with: wanted) else { continue }
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
        for row in rows where wanted.contains(rawValue: UInt8(truncatingIfNeeded: kinds[row])) {
          let rank = Int(ranks[row])
          guard block.firstPosition + UInt64(rank) <= last else { continue }
          let fingerprint = UInt64(bitPattern: fingerprints[rank])
          for act in start..<end where acts[act].fingerprint == fingerprint {
            acts[act].target = Place(block: index, row: UInt32(row))
            acts[act].targetPosition = block.firstPosition + UInt64(rank)
          }
        }
      }
    }
  }

  /// A stretch of acts that are in the order of their targets, moved so that no target is cut in two.
  private static func wholeTargets(_ stretch: Range<Int>, of acts: ArraySlice<Act>) -> ArraySlice<Act> {
    func start(_ index: Int) -> Int {
      var index = index
      while index > 0, index < acts.count, acts[index].target == acts[index - 1].target { index += 1 }
      return index
    }
    return acts[start(stretch.lowerBound)..<start(stretch.upperBound)]
  }

  /// Makes targets of what is acted on.
  private mutating func apply(
    _ acts: ArraySlice<Act>, _ snapshot: borrowing Snapshot, keepsTexts: Bool
  ) throws(LedgerError) {
    var start = acts.startIndex
    var scribe = CorrectedEvent(snapshot)
    var reader = EventReader()
    while start < acts.endIndex {
      var end = start + 1
      while end < acts.endIndex, acts[end].target == acts[start].target { end += 1 }
      let ordered = try Self.inCanonicalOrder(acts[start..<end], snapshot, &reader)
      try apply(ordered, to: acts[start].target, snapshot, &scribe, keepsTexts: keepsTexts)
      start = end
    }
  }

  private static func inCanonicalOrder(
    _ acts: ArraySlice<Act>, _ snapshot: borrowing Snapshot, _ reader: inout EventReader
  ) throws(LedgerError) -> [Act] {
    guard acts.count > 1 else { return Array(acts) }
    var keyed: [(act: Act, key: TieKey)] = []
    for act in acts { keyed.append((act, try act.tieKey(snapshot, &reader))) }
    keyed.sort { $0.act.time != $1.act.time ? $0.act.time < $1.act.time : $0.key < $1.key }
    return keyed.map(\.act)
  }

  /// Makes a target of what acts on one event.
  private mutating func apply(
    _ ordered: [Act], to place: Place, _ snapshot: borrowing Snapshot, _ scribe: inout CorrectedEvent, keepsTexts: Bool
  ) throws(LedgerError) {
    if let retraction = ordered.last(where: \.isRetraction) {
      targets.append(Target(block: place.block, row: place.row, isRetracted: true, by: retraction.place))
      return
    }
    try scribe.begin(place, in: snapshot)
    var last: Act?
    for act in ordered {
      if try scribe.apply(act, in: snapshot) { last = act } else { effect.notAccepted += 1 }
    }
    guard let last else { return }
    var target = Target(block: place.block, row: place.row, isRetracted: false, by: last.place)
    target.facts = scribe.facts
    target.lines = scribe.lines
    if keepsTexts || EventKindSet.mappings.contains(scribe.facts.kind) { target.text = scribe.text }
    effect.latest = max(effect.latest, target.facts.time)
    targets.append(target)
  }
}

extension EventReader {
  /// How an event of some source names the one at a place: its id, `SOURCE#ID` if its source is another.
  mutating func reference(
    to place: Corrections.Place, besides source: UnsafeBufferPointer<UInt8>, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> String {
    try withEvent(row: Int(place.row), in: place.block, of: snapshot) { facts, record, snapshot throws(LedgerError) in
      let own = try snapshot.nameBytes(facts.source)
      return String(
        decoding: own.elementsEqual(source) ? Array(record.id) : own + [UInt8(ascii: "#")] + record.id, as: UTF8.self)
    }
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
