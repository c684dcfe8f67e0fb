/// What a projection made of every person: the firm's first, then in order of customer numbers, and last of the people
/// with several ids. (Of cases: in no order that means anything.)
public struct Outcomes<Record: BitwiseCopyable & Sendable>: Sendable {
  /// People with at least one event that the projection reads.
  public var people: [Person] = []
  public var records: [Record] = []
  /// Of cases the key of each; empty for people.
  var cases: [UInt64] = []

  public typealias Person = OutcomePerson

  /// Calls `body` with the records of each person.
  public func forEach(_ body: (UInt32, Span<Record>) throws -> Void) rethrows {
    var start = 0
    for person in people {
      try body(person.customer, records.span.extracting(start..<person.end))
      start = person.end
    }
  }

  mutating func append(_ next: Outcomes<Record>) {
    let offset = records.count
    let first = people.count
    records += next.records
    cases += next.cases
    people += next.people
    // Not by element: that is not specialised, and looks the type up for each person.
    people.withUnsafeMutableBytes { bytes in
      let (stride, end) = (MemoryLayout<Person>.stride, MemoryLayout<Person>.offset(of: \.end)!)
      for place in Swift.stride(from: first * stride + end, to: bytes.count, by: stride) {
        bytes.storeBytes(
          of: bytes.load(fromByteOffset: place, as: Int.self) + offset, toByteOffset: place, as: Int.self)
      }
    }
  }

  func filter(_ isWanted: (UInt32) -> Bool) -> Outcomes<Record> { keeping { isWanted(people[$0].customer) } }

  /// - Parameter isWanted: whether the person (or case) of an index stays.
  func keeping(_ isWanted: (Int) -> Bool) -> Outcomes<Record> {
    var kept = Outcomes<Record>()
    // Those who stay stand in long stretches, whose records are copied at once.
    var first = 0
    while first < people.count {
      guard isWanted(first) else {
        first += 1
        continue
      }
      var end = first + 1
      while end < people.count, isWanted(end) { end += 1 }
      kept.append(self, first..<end)
      first = end
    }
    return kept
  }

  private mutating func append(_ other: Outcomes<Record>, _ range: Range<Int>) {
    let start = range.lowerBound == 0 ? 0 : other.people[range.lowerBound - 1].end
    let offset = records.count - start
    records += other.records[start..<other.people[range.upperBound - 1].end]
    if !other.cases.isEmpty { cases += other.cases[range] }
    for index in range {
      people.append(Person(customer: other.people[index].customer, end: other.people[index].end + offset))
    }
  }

  /// Forgets everything but its memory.
  mutating func removeAll() {
    people.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
    cases.removeAll(keepingCapacity: true)
  }

  /// A copy in memory of its own that is no larger than it must be.
  func exactCopy() -> Outcomes<Record> {
    func copy<T: BitwiseCopyable>(_ array: [T]) -> [T] {
      [T](unsafeUninitializedCapacity: array.count) { target, count in
        count = array.count
        array.withUnsafeBufferPointer {
          if count > 0 { target.baseAddress!.initialize(from: $0.baseAddress!, count: count) }
        }
      }
    }
    var outcomes = Outcomes<Record>()
    outcomes.people = copy(people)
    outcomes.records = copy(records)
    outcomes.cases = copy(cases)
    return outcomes
  }
}

/// Outcomes of parts that come in any order, put in order: so that no part waits in memory for longer than it must.
struct OrderedOutcomes<Record: BitwiseCopyable & Sendable>: Sendable {
  /// The outcomes of the first parts.
  var all = Outcomes<Record>()
  private var waiting: [Outcomes<Record>?]
  private var next = 0

  /// - Parameter people: how many there will be at most, with a record each as the rule.
  init(parts: Int, people: Int) {
    waiting = Array(repeating: nil, count: parts)
    all.people.reserveCapacity(people)
    all.records.reserveCapacity(people)
    let (personBytes, recordBytes) = (MemoryLayout<OutcomePerson>.stride, MemoryLayout<Record>.stride)
    all.people.withUnsafeBytes { preferLargePages($0.baseAddress, byteCount: people * personBytes) }
    all.records.withUnsafeBytes { preferLargePages($0.baseAddress, byteCount: people * recordBytes) }
  }

  mutating func insert(_ outcomes: Outcomes<Record>, at part: Int) {
    waiting[part] = outcomes
    while next < waiting.count, let outcomes = waiting[next] {
      all.append(outcomes)
      waiting[next] = nil
      next += 1
    }
  }

  /// Hands over what was collected.
  mutating func takeAll() -> Outcomes<Record> {
    defer { all = Outcomes() }
    return all
  }
}

/// A person, and where their records end in ``Outcomes``.
///
/// It is not nested in them: code that does not know the records is then as fast with people as code that does.
public struct OutcomePerson: BitwiseCopyable, Sendable {
  /// Number of the canonical id; 0 is the firm.
  public var customer: UInt32
  /// Where the person's records end.
  public var end: Int

  @inlinable
  public init(customer: UInt32, end: Int) {
    self.customer = customer
    self.end = end
  }
}
