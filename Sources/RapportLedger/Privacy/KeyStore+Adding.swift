import LMDB

/// How new customers come into branches.
extension KeyStore {
  /// A record to write, and those that it stands in for.
  struct Change {
    let number: UInt64
    let record: [UInt8]
    let replaced: [UInt64]
  }

  /// Which of the new customers go to a branch, and the records of it that they are merged with.
  struct Plan {
    let number: UInt64
    let old: [KeyBranch]
    let new: Range<Int>
  }

  /// Finds the branches for so many new customers.
  func plan(
    _ count: Int, _ transaction: borrowing some Transaction & ~Copyable & ~Escapable
  ) throws(LedgerError) -> [Plan] {
    var plans: [Plan] = []
    var next = try lastNumber(transaction) + 1
    var tail = try list(transaction, from: Self.firstNumber(ofBranchWith: next))
    var planned = 0
    while planned < count {
      let end = Self.firstNumber(ofBranchWith: next) + UInt64(KeyBranch.customersMax)
      let new = planned..<min(count, planned + Int(end - next))
      let isFull = UInt64(new.count) == end - next
      var size = new.count
      var old: [KeyBranch] = []
      while let branch = tail.last, isFull || branch.count <= size {
        old.append(tail.removeLast())
        size += branch.count
      }
      plans.append(Plan(number: old.last?.number ?? next, old: old, new: new))
      planned = new.upperBound
      next += UInt64(new.count)
      tail = []
    }
    return plans
  }
}
