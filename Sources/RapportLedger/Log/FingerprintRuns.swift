/// The sorted runs of a folder that have one name, each beginning where the one before it ended.
///
/// A run is the file `NAME-FIRST-LAST` (``FingerprintRun``). Runs stay: who comes later maps them.
struct FingerprintRuns {
  private var runs: [FingerprintRun] = []
  private let directory: String
  private let name: String
  private let seed: UInt64

  /// Where a ledger's are.
  static func directory(ledger path: String) -> String { path + "/index" }

  /// Finds the runs that are there.
  ///
  /// - Parameter limit: the last position that there is; runs that go beyond it, or do not follow each other, are not
  ///   used.
  /// - Complexity: O(bytes of the runs): they are checked.
  init(named name: String, in directory: String, seed: UInt64, upTo limit: UInt64) {
    (self.name, self.directory, self.seed) = (name, directory, seed)
    var places: [(first: UInt64, last: UInt64, path: String)] = []
    for file in entries(of: directory) ?? [] {
      let parts = file.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0] == name, let first = UInt64(parts[1]), let last = UInt64(parts[2])
      else { continue }
      places.append((first, last, directory + "/" + file))
    }
    // The longest of those that begin where the last one ended.
    places.sort { ($0.first, $1.last) < ($1.first, $0.last) }
    for place in places where place.first == last + 1 && place.last <= limit {
      guard let run = FingerprintRun(path: place.path, seed: seed), run.first == place.first, run.last == place.last
      else { continue }
      runs.append(run)
    }
  }

  /// Positions up to this one are in runs.
  var last: UInt64 { runs.last?.last ?? 0 }
  @inline(__always)
  var isEmpty: Bool { runs.isEmpty }

  /// Writes what follows as a run of its own.
  ///
  /// - Parameters:
  ///   - table: of the positions behind ``last``, settled.
  ///   - limit: the last of them.
  mutating func append(_ table: borrowing FingerprintTable, through limit: UInt64) throws(LedgerError) {
    guard makeDirectory(directory) else { throw NewFile.failure(directory) }
    let path = "\(directory)/\(name)-\(last + 1)-\(limit)"
    try FingerprintRun.write(table, through: limit, seed: seed, to: path)
    guard let run = FingerprintRun(path: path, seed: seed) else {
      throw .inputOutput(path: path, why: "what was written cannot be read back")
    }
    runs.append(run)
  }

  @inline(__always)
  func prefetch(_ fingerprint: UInt64) {
    for run in runs { run.prefetch(fingerprint) }
  }

  /// The positions with a fingerprint, one after the other: none or one, but for the rare collision.
  struct Search {
    fileprivate let fingerprint: UInt64
    fileprivate var run = -1
    fileprivate var entry = 0

    init(_ fingerprint: UInt64) { self.fingerprint = fingerprint }
  }

  func next(_ search: inout Search) -> UInt64? {
    while search.run < runs.count {
      if search.run >= 0, let position = runs[search.run].position(search.fingerprint, at: search.entry) {
        search.entry += 1
        return position
      }
      search.run += 1
      while search.run < runs.count, !runs[search.run].mayHold(search.fingerprint) { search.run += 1 }
      if search.run < runs.count { search.entry = runs[search.run].lowerBound(search.fingerprint) }
    }
    return nil
  }
}
