/// The rows of some kinds in a chunk, person by person. Made once for all projections of a thread that read the same.
final class RowListing {
  let kinds: EventKindSet
  private(set) var rows = Room<UInt32>()
  /// Where the rows of each person end.
  private(set) var ends = Room<UInt32>()
  /// The numbers of the people.
  private(set) var numbers: UnsafePointer<UInt32>
  private var numbersOfCases = Room<UInt32>()
  private let isWanted = Room<UInt8>(capacity: 256)
  /// The chunk whose rows they are.
  private var serial = 0

  init(_ kinds: EventKindSet) {
    self.kinds = kinds
    numbers = UnsafePointer(numbersOfCases.start)
    for kind in 0..<256 { isWanted.start[kind] = kinds.contains(rawValue: UInt8(kind)) ? 1 : 0 }
    isWanted.start[Int(HistoryChunk.retracted)] = 0
  }

  /// Where the rows of a person begin.
  @inline(__always)
  func start(of person: Int) -> Int { person == 0 ? 0 : Int(ends.start[person - 1]) }

  @inline(__always)
  func isEmpty(_ person: Int) -> Bool { Int(ends.start[person]) == start(of: person) }

  /// Lists the rows of a chunk, unless they are.
  func list(_ chunk: borrowing HistoryChunk) {
    guard serial != chunk.serial else { return }
    serial = chunk.serial
    chunk.list(isWanted.start, rows: &rows, ends: &ends)
    numbers = chunk.numbers(rows: rows, ends: ends, owned: &numbersOfCases)
  }
}

/// The listings of one thread.
final class RowListings {
  private var listings: [RowListing] = []

  func of(_ kinds: EventKindSet) -> RowListing {
    if let known = listings.first(where: { $0.kinds == kinds }) { return known }
    listings.append(RowListing(kinds))
    return listings[listings.count - 1]
  }
}
