/// The rows of some kinds in a chunk, person by person. Made once for all projections of a thread that read the same.
final class RowListing {
  let kinds: EventKindSet
  private(set) var rows = Room<UInt32>()
  /// Where the rows of each person end.
  private(set) var ends = Room<UInt32>()
  private let isWanted = Room<UInt8>(capacity: 256)
  /// The chunk whose rows they are.
  private var serial = 0

  init(_ kinds: EventKindSet) {
    self.kinds = kinds
    for kind in 0..<256 { isWanted.start[kind] = kinds.contains(rawValue: UInt8(kind)) ? 1 : 0 }
    isWanted.start[Int(HistoryChunk.retracted)] = 0
  }

  /// Lists the rows of a chunk, unless they are.
  func list(_ chunk: borrowing HistoryChunk) {
    guard serial != chunk.serial else { return }
    serial = chunk.serial
    chunk.list(isWanted.start, rows: &rows, ends: &ends)
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
