/// What a projection made of every person: the firm's first, then in order of customer numbers, and last of the people
/// with several ids. (Of cases: in no order that means anything.)
public struct Outcomes<Record: BitwiseCopyable & Sendable>: Sendable {
  /// People with at least one event that the projection reads.
  public var people: [Person] = []
  public var records: [Record] = []

  public struct Person: BitwiseCopyable, Sendable {
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
    records += next.records
    // Not a lazy map: that is not specialised, and allocates for each person.
    for person in next.people { people.append(Person(customer: person.customer, end: person.end + offset)) }
  }

  func filter(_ isWanted: (UInt32) -> Bool) -> Outcomes<Record> {
    var kept = Outcomes<Record>()
    var start = 0
    for person in people {
      defer { start = person.end }
      guard isWanted(person.customer) else { continue }
      kept.records += records[start..<person.end]
      kept.people.append(Person(customer: person.customer, end: kept.records.count))
    }
    return kept
  }
}
