import CHash

/// Paths of steps and how often each was taken. Every path is there once, one behind the other: there may be about as many
/// as customers, and an array for each would take more memory and time than its steps.
struct StepPaths: Mergeable {
  private(set) var steps: [Journey.StepName] = []
  private(set) var paths: [Path] = []
  /// Open addressing by hash: indices of paths, −1 for none.
  private var slots: [Int32] = [-1, -1, -1, -1]

  struct Path {
    /// Where its steps end; they begin where those of the path before do.
    var end: Int
    var count: Int
    fileprivate var hash: UInt64 = 0

    init(end: Int, count: Int) { (self.end, self.count) = (end, count) }
  }

  /// Adds a step to the path that is on its way.
  mutating func append(_ step: Journey.StepName) { steps.append(step) }

  /// Ends the path that is on its way; one without steps is none.
  ///
  /// - Complexity: O(steps) expected.
  mutating func end(count: Int = 1) {
    let start = start(of: paths.count)
    guard start < steps.count else { return }
    let hash = hash(start..<steps.count)
    var slot = home(hash)
    while slots[slot] >= 0 {
      let known = Int(slots[slot])
      if paths[known].hash == hash, steps[self.start(of: known)..<paths[known].end] == steps[start...] {
        paths[known].count += count
        steps.removeSubrange(start...)
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(paths.count)
    var path = Path(end: steps.count, count: count)
    path.hash = hash
    paths.append(path)
    if paths.count * 2 > slots.count { grow() }
  }

  mutating func merge(_ later: StepPaths) {
    for index in later.paths.indices {
      steps += later.steps[later.start(of: index)..<later.paths[index].end]
      end(count: later.paths[index].count)
    }
  }

  private func start(of path: Int) -> Int { path == 0 ? 0 : paths[path - 1].end }

  private func hash(_ range: Range<Int>) -> UInt64 {
    steps.withUnsafeBytes { bytes in
      let stride = MemoryLayout<Journey.StepName>.stride
      return rpt_hash64(bytes.baseAddress! + range.lowerBound * stride, range.count * stride, 0)
    }
  }

  private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for index in paths.indices {
      var slot = home(paths[index].hash)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(index)
    }
  }
}

/// Paths in the order of rows: the most frequent first, those of equal frequency in the order of their steps' texts.
struct RankedPaths: Sendable {
  /// Indices of the paths.
  let order: [Int]
  private let ends: [Int]
  private let counts: [Int]
  /// The rank of the text of each step.
  private let ranks: [UInt32]
  /// By rank.
  private let texts: SharedTexts.Table

  init(_ steps: [Journey.StepName], _ paths: [StepPaths.Path], _ names: borrowing Snapshot) throws {
    // Each step is looked up once, however many paths take it.
    var known = ScratchTable<Journey.StepName>()
    var ranks: [UInt32] = []
    ranks.reserveCapacity(steps.count)
    for step in steps { ranks.append(UInt32(known.index(of: UInt64(step.code)) { step }.index)) }
    var stepTexts: [String] = []
    for step in known.values { stepTexts.append(try step.text(names)) }
    // Different steps may have the same text.
    let sorted = Set(stepTexts).sorted { keyPrecedes($0, $1) }
    let rankOfText = Dictionary(uniqueKeysWithValues: zip(sorted, 0...))
    let rankOfStep = stepTexts.map { UInt32(rankOfText[$0]!) }
    for index in ranks.indices { ranks[index] = rankOfStep[Int(ranks[index])] }
    self.ranks = ranks
    texts = SharedTexts.Table(sorted)
    ends = paths.map(\.end)
    counts = paths.map(\.count)
    order = Self.order(paths, ranks, rankCount: sorted.count)
  }

  func count(of path: Int) -> Int { counts[path] }

  func texts(of path: Int) -> SharedTexts {
    SharedTexts(ranks[(path == 0 ? 0 : ends[path - 1])..<ends[path]], of: texts)
  }

  private static func order(_ paths: [StepPaths.Path], _ ranks: [UInt32], rankCount: Int) -> [Int] {
    // The first steps in one number, which almost always decides: each rank in as few bits as do, the end of a path
    // before all.
    let bits = Int.bitWidth - rankCount.leadingZeroBitCount
    let width = bits == 0 ? 0 : 128 / bits
    var keyed: [(count: Int, first: UInt128, start: Int, index: Int)] = []
    keyed.reserveCapacity(paths.count)
    var start = 0
    for (index, path) in paths.enumerated() {
      var first: UInt128 = 0
      for place in start..<start + width {
        first = first << UInt128(bits) | (place < path.end ? UInt128(ranks[place]) + 1 : 0)
      }
      keyed.append((path.count, first, start, index))
      start = path.end
    }
    keyed.sort { a, b in
      if a.count != b.count { return a.count > b.count }
      if a.first != b.first { return a.first < b.first }
      return ranks[a.start..<paths[a.index].end].lexicographicallyPrecedes(ranks[b.start..<paths[b.index].end])
    }
    return keyed.map(\.index)
  }
}
