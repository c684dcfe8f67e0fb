import CHash
import LMDB

/// The file of the customers' keys: an LMDB environment with one database, `branches`, of ``KeyBranch`` records by number.
///
/// Keys are appended, like events to the log: a B+tree by subject would rewrite most of its pages at each commit, since
/// new customers come in no order. Customers are numbered as they come, 1,024 numbers are a branch, and while the last
/// one is not full it stands in several records: those not larger than what follows them are merged with it, so that
/// there are never more than eleven and a trickle rewrites each key at most ten times.
///
/// A few customers are found by looking into every branch (8 bytes each must be read). After that an index of all is made
/// (``FingerprintIndex``): in memory, some 11 bytes a customer, and beyond 16 MiB in `index/` beside the file.
///
/// Not thread-safe: ``KeyRing`` has the lock.
final class KeyStore {
  private let environment: Environment
  private let branches: Database<UInt64>
  private let path: String
  private let seed: UInt64
  /// By the hash of a customer some number of the branch, of customers up to `known`. Made when it is first needed.
  private var numbers: FingerprintIndex?
  private var known: UInt64 = 0
  /// Bytes of memory for the index.
  private static let memoryMax = 16 << 20
  /// How often it pays to look into every branch before the table is made.
  private var walksLeft: Int

  /// Where a customer's keys are.
  struct Place {
    let branch: KeyBranch
    let index: Int
  }

  /// - Parameter seed: the ledger's.
  /// - Returns: nil if there are no keys and none can be made.
  static func open(
    _ path: String, _ access: Environment.Options.Access, seed: UInt64
  ) throws(LedgerError) -> KeyStore? {
    // The folder alone may be what is left of a writer that died while it made the first keys.
    if access == .readOnly, DirectoryState.of(path + "/data.mdb") == .absent { return nil }
    return try mapping(path) { () throws(LMDBError) in
      let environment = try Environment(at: path, options: .init(access: access, mapBytes: 1 << 36))
      // As with the log, before LMDB follows any of them.
      try environment.checkPages(of: ["branches": UInt64.self])
      guard
        let branches = try environment.openDatabase(
          named: "branches", keys: UInt64.self, create: access == .readWrite)
      else { return nil }
      return KeyStore(environment, branches, path, seed: seed, writes: access == .readWrite)
    }
  }

  private init(_ environment: Environment, _ branches: Database<UInt64>, _ path: String, seed: UInt64, writes: Bool) {
    (self.environment, self.branches, self.path, self.seed) = (environment, branches, path, seed)
    walksLeft = writes ? 0 : 16
  }

  func hash(_ subject: UnsafeBufferPointer<UInt8>) -> UInt64 { rpt_hash64(subject.baseAddress, subject.count, seed) }

  func isEmpty(_ transaction: borrowing some Transaction & ~Copyable & ~Escapable) throws(LedgerError) -> Bool {
    try mapping(path) { () throws(LMDBError) in try transaction.count(of: branches) == 0 }
  }

  /// Shows the keys as of now, for the time of `body`.
  func withReading<R>(_ body: (borrowing ReadTransaction) throws(LedgerError) -> R) throws(LedgerError) -> R {
    let environment = environment
    let transaction: ReadTransaction
    do throws(LMDBError) { transaction = try environment.read() } catch { throw LedgerError(error, path: path) }
    return try body(transaction)
  }

  /// Writes the changes that `body` says, all or none, and flushes them.
  func withWriting(
    _ body: (borrowing WriteTransaction) throws(LedgerError) -> [Change]
  ) throws(LedgerError) {
    let environment = environment
    var transaction: WriteTransaction
    do throws(LMDBError) { transaction = try environment.write() } catch { throw LedgerError(error, path: path) }
    let changes = try body(transaction)
    do throws(LMDBError) {
      for change in changes {
        for number in change.replaced { try transaction.delete(number, in: branches) }
        try transaction.put(change.number, change.record.span.bytes, in: branches, append: true)
      }
      try transaction.commit()
    } catch { throw LedgerError(error, path: path) }
    // Only now: what a reader sees may be of a commit that is not durable yet, and a run must never know more than the
    // file, or a customer's place would be taken by another's.
    try numbers?.spillIfFull(through: known)
  }

  // MARK: Finding

  /// Looks for a customer.
  ///
  /// - Returns: nil if the customer has no keys. A place is valid until the transaction ends or writes.
  /// - Complexity: O(1) expected; for the first few in a process that only reads, O(customers), 8 bytes each.
  func find(
    _ subject: UnsafeBufferPointer<UInt8>, _ transaction: borrowing some Transaction & ~Copyable & ~Escapable
  ) throws(LedgerError) -> Place? {
    if walksLeft > 0 {
      walksLeft -= 1
      let hash = hash(subject)
      for branch in try list(transaction, from: 1) {
        guard branch.isIntact else { throw damaged(branch.number) }
        if let place = try find(subject, hash, in: branch) { return place }
      }
      return nil
    }
    try catchUp(transaction)
    return try findKnown(subject, transaction)
  }

  /// The same for one of many customers, once the table has caught up with the transaction.
  ///
  /// - Complexity: O(1) expected.
  func findKnown(
    _ subject: UnsafeBufferPointer<UInt8>, _ transaction: borrowing some Transaction & ~Copyable & ~Escapable
  ) throws(LedgerError) -> Place? {
    let hash = hash(subject)
    guard var search = numbers?.search(hash) else { return nil }
    while let number = numbers!.next(&search) {
      let first = Self.firstNumber(ofBranchWith: number)
      for branch in try list(transaction, from: first, below: first + UInt64(KeyBranch.customersMax)) {
        if let place = try find(subject, hash, in: branch) { return place }
      }
    }
    return nil
  }

  private func find(
    _ subject: UnsafeBufferPointer<UInt8>, _ hash: UInt64, in branch: KeyBranch
  ) throws(LedgerError) -> Place? {
    switch branch.find(subject, hash: hash) {
    case .found(let index): return Place(branch: branch, index: index)
    case .absent: return nil
    case .damaged: throw damaged(branch.number)
    }
  }

  /// All branches, in the order of their numbers. They are valid until the transaction ends or writes.
  func list(
    _ transaction: borrowing some Transaction & ~Copyable & ~Escapable, from first: UInt64 = 1, below end: UInt64 = .max
  ) throws(LedgerError) -> [KeyBranch] {
    var found: [(number: UInt64, bytes: UnsafeRawBufferPointer)] = []
    do throws(LMDBError) {
      var cursor = try transaction.cursor(in: branches)
      var entry = try cursor.seek(atOrAfter: first)
      while let current = entry, current.key < end {
        current.value.withUnsafeBytes { found.append((current.key, $0)) }
        entry = try cursor.next()
      }
      cursor.close()
    } catch { throw LedgerError(error, path: path) }
    var list: [KeyBranch] = []
    for (number, bytes) in found {
      guard let branch = KeyBranch(number, bytes) else { throw damaged(number) }
      list.append(branch)
    }
    return list
  }

  /// Checks every record, and that their numbers ascend.
  ///
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(customers), some 110 bytes each.
  func check(_ transaction: borrowing some Transaction & ~Copyable & ~Escapable) throws(LedgerError) {
    var next: UInt64 = 1
    for branch in try list(transaction) {
      guard branch.number >= next, branch.isIntact, branch.areSubjectsIntact else { throw damaged(branch.number) }
      next = branch.number + UInt64(branch.count)
    }
  }

  /// Adds what was written since, by whomever, to the table.
  ///
  /// - Complexity: O(new customers).
  func catchUp(_ transaction: borrowing some Transaction & ~Copyable & ~Escapable) throws(LedgerError) {
    if known >= (try lastNumber(transaction)) { return }
    if numbers == nil { numbers = try index(transaction) }
    var index = numbers.take()!
    var reached = max(known, index.base)
    // Should this fail, all is read again.
    known = 0
    for branch in try list(transaction, from: Self.firstNumber(ofBranchWith: reached + 1)) {
      let last = branch.number + UInt64(branch.count) - 1
      guard last > reached else { continue }
      guard branch.isIntact else { throw damaged(branch.number) }
      let first = Self.firstNumber(ofBranchWith: branch.number)
      for place in 0..<branch.count where !Self.isKnown(branch.hash(of: place), inBranchFrom: first, index) {
        index.insert(branch.hash(of: place), position: last)
      }
      reached = last
    }
    numbers = consume index
    known = reached
  }

  private func index(
    _ transaction: borrowing some Transaction & ~Copyable & ~Escapable
  ) throws(LedgerError) -> FingerprintIndex {
    let runs = FingerprintRuns(
      named: "numbers", in: path + "/index", seed: seed, upTo: try lastNumber(transaction))
    return FingerprintIndex(runs, last: runs.last, memoryMax: Self.memoryMax)
  }

  private static func isKnown(
    _ hash: UInt64, inBranchFrom first: UInt64, _ numbers: borrowing FingerprintIndex
  ) -> Bool {
    var search = numbers.search(hash)
    while let number = numbers.next(&search) {
      if firstNumber(ofBranchWith: number) == first { return true }
    }
    return false
  }

  func lastNumber(_ transaction: borrowing some Transaction & ~Copyable & ~Escapable) throws(LedgerError)
    -> UInt64
  {
    guard let last = try lastBranch(transaction) else { return 0 }
    return last.number + UInt64(last.count) - 1
  }

  /// The record of the newest customers; nil if there are none.
  func lastBranch(_ transaction: borrowing some Transaction & ~Copyable & ~Escapable) throws(LedgerError)
    -> KeyBranch?
  {
    var last: (number: UInt64, bytes: UnsafeRawBufferPointer)?
    do throws(LMDBError) {
      var cursor = try transaction.cursor(in: branches)
      if let entry = try cursor.last() { last = (entry.key, entry.value.withUnsafeBytes { $0 }) }
      cursor.close()
    } catch { throw LedgerError(error, path: path) }
    guard let last else { return nil }
    guard let branch = KeyBranch(last.number, last.bytes) else { throw damaged(last.number) }
    return branch
  }

  static func firstNumber(ofBranchWith number: UInt64) -> UInt64 {
    let size = UInt64(KeyBranch.customersMax)
    return (number - 1) / size * size + 1
  }

  func damaged(_ number: UInt64) -> LedgerError {
    let what = "the keys of customers from number \(number) on in \(path)"
    return .damaged(Damage(kind: .keys, position: 0, detail: "\(what) are not what was written"))
  }
}
