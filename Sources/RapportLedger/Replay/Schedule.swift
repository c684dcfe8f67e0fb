/// How a cohort is split into chunks of about equal work: customers in ranges, then the persons of the list.
struct Schedule: Sendable {
  enum Task {
    case customers(Range<UInt32>)
    /// Indices of ``Cohort/persons``.
    case persons(Range<Int>)
  }

  /// Rows of a chunk: enough to amortise a visit to every block, few enough to stay in cache.
  static let chunkRows = 1 << 16
  private static let personsMax = 1024
  private static let personsMin = 16
  /// What the split is estimated from.
  private static let sampledBlocksMax = 64
  private static let sampledRowsMax = 256

  /// Where ranges of customers begin, and where the last one ends.
  let bounds: [UInt32]
  private let persons: Int
  private let personsOfTask: Int

  /// Splits by a sample of the rows that will be gathered: customers differ a thousandfold in their number of events.
  ///
  /// - Precondition: the columns `customer` and `kind` are intact.
  init(
    _ snapshot: borrowing Snapshot, kinds: EventKindSet, cohort: Cohort, threads: Int,
    chunkRows: Int = Schedule.chunkRows, chunksMin: Int? = nil
  ) {
    persons = cohort.persons.count
    personsOfTask = min(Self.personsMax, max(Self.personsMin, persons / threads + 1))
    let customers = UInt32(snapshot.customerCount)
    guard customers > 0, cohort.hasRanges else {
      bounds = [1]
      return
    }
    var sample: [UInt32] = []
    var rows = 0
    let blocks = snapshot.blocks.indices.filter { !snapshot.blocks[$0].header.kindSet.isDisjoint(with: kinds) }
    for index in stride(from: 0, to: blocks.count, by: max(1, blocks.count / Self.sampledBlocksMax)) {
      let block = snapshot.blocks[blocks[index]]
      let (column, blockKinds) = (block.column(.customer), block.column(.kind))
      for row in stride(from: 0, to: block.count, by: max(1, block.count / Self.sampledRowsMax)) {
        rows += 1
        guard kinds.contains(rawValue: UInt8(truncatingIfNeeded: blockKinds[row])) else { continue }
        let customer = UInt32(truncatingIfNeeded: column[row])
        if !cohort.leavesOut(customer) { sample.append(customer) }
      }
    }
    sample.sort()
    let wanted = Int(snapshot.position) * sample.count / max(1, rows)
    let chunks = max(chunksMin ?? threads * 8, wanted / chunkRows)
    var bounds: [UInt32] = [1]
    for chunk in 1..<max(chunks, 1) where !sample.isEmpty {
      let bound = sample[chunk * sample.count / chunks]
      if bound > bounds[bounds.count - 1], bound <= customers { bounds.append(bound) }
    }
    bounds.append(customers + 1)
    self.bounds = bounds
  }

  private var ranges: Int { bounds.count - 1 }

  var count: Int { ranges + (persons + personsOfTask - 1) / personsOfTask }

  func task(_ index: Int) -> Task {
    if index < ranges { return .customers(bounds[index]..<bounds[index + 1]) }
    let first = (index - ranges) * personsOfTask
    return .persons(first..<min(first + personsOfTask, persons))
  }
}
