/// The people whom a replay folds: customers of one id in ranges, but for those who are left out, and persons of a list.
struct Cohort: Sendable {
  /// Those who are folded by what the list says of their ids.
  let persons: [People.Person]
  /// Whether there is anybody else.
  let hasRanges: Bool
  /// Bits by customer number: set for those who are left out of the ranges; empty if nobody is.
  let leftOut: [UInt64]
  /// Whether so many are left out that rows are looked at one by one.
  let isSparse: Bool

  /// Looking for the rows of one customer in all blocks takes as long as reading the customers of so many rows of each.
  private static let rowsOfSearch = 64

  /// Everybody.
  init(_ people: People, _ snapshot: borrowing Snapshot) {
    persons = people.persons
    hasRanges = true
    leftOut = people.isEmpty ? [] : people.bits(customers: snapshot.customerCount)
    isSparse = false
  }

  /// Some people, each of them once. Few are looked for one by one.
  init(_ some: [People.Person], _ snapshot: borrowing Snapshot) {
    hasRanges = !Self.areFew(some.count, snapshot)
    isSparse = hasRanges
    guard hasRanges else {
      persons = some
      leftOut = []
      return
    }
    var bits = [UInt64](repeating: .max, count: snapshot.customerCount / 64 + 1)
    for person in some where Self.isInRange(person, snapshot) { bits.clear(person.number) }
    persons = some.filter { !Self.isInRange($0, snapshot) }
    leftOut = bits
  }

  /// Whether so many customers are found faster one by one than in a pass over all rows.
  static func areFew(_ customers: Int, _ snapshot: borrowing Snapshot) -> Bool {
    customers * rowsOfSearch <= Int(snapshot.position) / max(1, snapshot.blocks.count)
  }

  /// An id that no event is about has no rows to be found by.
  private static func isInRange(_ person: People.Person, _ snapshot: borrowing Snapshot) -> Bool {
    person.members == [person.number] && person.number <= snapshot.customerCount
  }

  /// Whether a customer is left out of the ranges.
  @inline(__always)
  func leavesOut(_ customer: UInt32) -> Bool {
    !leftOut.isEmpty && leftOut[Int(customer) / 64] >> UInt64(customer % 64) & 1 != 0
  }
}

extension [UInt64] {
  fileprivate mutating func clear(_ bit: UInt32) { self[Int(bit) / 64] &= ~(1 << UInt64(bit % 64)) }
}
