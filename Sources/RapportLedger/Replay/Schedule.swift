/// How the people of a log are split into chunks: customers in ranges, then those with several ids.
struct Schedule: Sendable {
  enum Task {
    case customers(Range<UInt32>)
    /// Indices of ``People/persons``.
    case persons(Range<Int>)
  }

  /// Rows of a chunk: enough to amortise a visit to every block, few enough to stay in cache.
  private static let chunkRows = 1 << 16
  private static let personsMax = 1024

  private let customers: UInt32
  private let size: UInt32
  private let ranges: Int
  private let persons: Int

  init(_ snapshot: borrowing Snapshot, people: People, threads: Int) {
    customers = UInt32(snapshot.customerCount)
    persons = people.persons.count
    let rows = max(1, Int(snapshot.position) / max(1, Int(customers)))
    size = max(1, min(UInt32(max(1, Self.chunkRows / rows)), customers / UInt32(threads * 8) + 1))
    ranges = Int((customers + size - 1) / size)
  }

  var count: Int { ranges + (persons + Self.personsMax - 1) / Self.personsMax }

  func task(_ index: Int) -> Task {
    if index < ranges {
      let first = 1 + UInt32(index) * size
      return .customers(first..<min(first + size, customers + 1))
    }
    let first = (index - ranges) * Self.personsMax
    return .persons(first..<min(first + Self.personsMax, persons))
  }
}
