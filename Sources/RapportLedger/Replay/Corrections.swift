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
    /// Where its sequence stands among others, and the whole of it where that may not decide.
    fileprivate(set) var sequence = TieKey.Sequence()
  }

  /// Where an event stands.
  struct Place: Comparable, Hashable {
    var block: Int
    var row: UInt32
    static let nowhere = Place(block: .max, row: 0)
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
    let range = ofBlock(block)
    let index = range.partitioningIndex { targets[$0].row >= row }
    return index < range.upperBound && targets[index].row == row ? targets[index] : nil
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

  // MARK: Applying

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
    target.sequence = TieKey.Sequence(scribe.facts) { EventText.topLevelText("sequence", of: scribe.text) }
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
