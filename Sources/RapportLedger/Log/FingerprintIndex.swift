/// All recorded events by fingerprint, in bounded memory: a table of the latest, and sorted runs of the others.
///
/// When the table has reached its limit, its entries become a run (``FingerprintRun``) in `index/` and it begins anew.
/// Runs stay: a later writer maps them and reads the fingerprints of the log from there on only.
struct FingerprintIndex: ~Copyable {
  private var table: FingerprintTable
  private var runs: [FingerprintRun]
  private let directory: String
  private let seed: UInt64
  /// Slots and entries that the table may have.
  private let slotsMax: Int
  private let entriesMax: Int

  /// Where runs are kept in a ledger.
  static func directory(ledger path: String) -> String { path + "/index" }

  /// - Parameters:
  ///   - last: the last position of the log; runs that go beyond it, or do not follow each other, are not used.
  ///   - memoryMax: bytes that the table may use.
  init(ledger path: String, seed: UInt64, last: UInt64, memoryMax: Int) {
    directory = Self.directory(ledger: path)
    self.seed = seed
    slotsMax = min(max(memoryMax / MemoryLayout<UInt64>.size, 1 << 17), 1 << 32)
    // At five eighths of its slots hardly a part has more than three quarters, and has grown beyond its share.
    entriesMax = slotsMax / 8 * 5
    runs = Self.findRuns(directory, seed: seed, last: last)
    let base = runs.last?.last ?? 0
    let capacity = min(Int(clamping: last - base), entriesMax)
    table = FingerprintTable(
      base: base, capacity: capacity, slotsMax: slotsMax, isLoading: capacity >= Self.loadedMin)
  }

  /// From so many recorded events on the table is loaded, not filled one by one.
  private static let loadedMin = 1 << 18

  /// Positions up to this one are in runs.
  var base: UInt64 { table.base }

  private static func findRuns(_ directory: String, seed: UInt64, last: UInt64) -> [FingerprintRun] {
    let names = entries(of: directory) ?? []
    var places: [(first: UInt64, last: UInt64, path: String)] = []
    for name in names {
      let parts = name.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0] == "fingerprints", let first = UInt64(parts[1]), let end = UInt64(parts[2])
      else { continue }
      places.append((first, end, directory + "/" + name))
    }
    // The longest of those that begin where the last one ended.
    places.sort { ($0.first, $1.last) < ($1.first, $0.last) }
    var runs: [FingerprintRun] = []
    var next: UInt64 = 1
    for place in places where place.first == next && place.last <= last {
      guard let run = FingerprintRun(path: place.path, seed: seed), run.first == place.first, run.last == place.last
      else { continue }
      runs.append(run)
      next = run.last + 1
    }
    return runs
  }

  @inline(__always)
  func prefetch(_ fingerprint: UInt64) {
    table.prefetch(fingerprint)
    for run in runs { run.prefetch(fingerprint) }
  }

  @inline(__always)
  mutating func insert(_ fingerprint: UInt64, position: UInt64) { table.insert(fingerprint, position: position) }

  /// Adds the events of a block behind a position and behind the runs.
  ///
  /// - Complexity: O(events); a cache miss each that is asked for ahead, unless the index was just opened.
  mutating func insert(_ block: Block, after known: UInt64) {
    let known = max(known, base)
    guard block.header.lastPosition > known else { return }
    let from = known < block.firstPosition ? 0 : Int(known - block.firstPosition) + 1
    let count = block.count - from
    let first = block.firstPosition + UInt64(from)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { arriving in
      block.section(BlockSection.fingerprint).read(RowList(from..<block.count), to: arriving.baseAddress!)
      if table.isLoading {
        for index in 0..<count { table.load(arriving[index], position: first + UInt64(index)) }
      } else {
        for index in 0..<count {
          if index + 16 < count { table.prefetch(arriving[index + 16]) }
          table.insert(arriving[index], position: first + UInt64(index))
        }
      }
    }
  }

  /// Ends the opening: all blocks that were there have been inserted, and from now on events are found.
  mutating func settle() { table.settle() }

  /// Makes room when the table has reached its limit.
  ///
  /// - Parameter last: the last position in the table, which is durable.
  /// - Complexity: O(1); O(n) each time n entries have filled the memory.
  mutating func spillIfFull(through last: UInt64) throws(LedgerError) {
    guard table.count >= entriesMax else { return }
    table.settle()
    guard makeDirectory(directory) else { throw NewFile.failure(directory) }
    let path = "\(directory)/fingerprints-\(table.base + 1)-\(last)"
    try FingerprintRun.write(table, through: last, seed: seed, to: path)
    guard let run = FingerprintRun(path: path, seed: seed) else {
      throw .inputOutput(path: path, why: "what was written cannot be read back")
    }
    runs.append(run)
    table = FingerprintTable(base: last, slotsMax: slotsMax)
  }

  /// The positions with a fingerprint, one after the other: none or one, but for the rare collision.
  struct Search {
    fileprivate let fingerprint: UInt64
    fileprivate var slot: Int
    /// −1: still in the table.
    fileprivate var run = -1
    fileprivate var entry = 0
  }

  @inline(__always)
  func search(_ fingerprint: UInt64) -> Search { Search(fingerprint: fingerprint, slot: table.home(fingerprint)) }

  @inline(__always)
  func next(_ search: inout Search) -> UInt64? {
    if search.run < 0 {
      if let position = table.next(search.fingerprint, from: &search.slot) { return position }
      if runs.isEmpty { return nil }
    }
    return nextInRuns(&search)
  }

  private func nextInRuns(_ search: inout Search) -> UInt64? {
    let fingerprint = search.fingerprint
    while search.run < runs.count {
      if search.run >= 0, let position = runs[search.run].position(fingerprint, at: search.entry) {
        search.entry += 1
        return position
      }
      search.run += 1
      while search.run < runs.count, !runs[search.run].mayHold(fingerprint) { search.run += 1 }
      if search.run < runs.count { search.entry = runs[search.run].lowerBound(fingerprint) }
    }
    return nil
  }
}
