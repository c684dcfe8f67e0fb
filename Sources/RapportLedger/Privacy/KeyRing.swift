import CHash
import LMDB
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The customers' keys: each wrapped by the key of its branch, the branches' keys by the master key.
///
/// `keys/` is an LMDB environment of its own, apart from the log and never part of a backup. Two levels make an erasure
/// cheap: it re-wraps one branch and the branches' keys, about √n records, whatever the size of the log.
///
/// | database | key | record |
/// |---|---|---|
/// | `customers` | subject, bytes | branch, 8 bytes; the customer's keys wrapped (``CustomerKey``), 92 bytes |
/// | `branches` | number, 8 bytes | customers in it, 8 bytes; the branch's key wrapped, 60 bytes |
///
/// Wrapped means sealed by ``Cipher`` for a hash of the subject, or for the number of the branch, so that records cannot
/// be exchanged unnoticed. Keys that are needed are flushed before the events that they seal.
///
/// A copy of a ledger has none of this. Where events have sealed fields it has a note instead, ``absenceNote``, and as
/// long as that is there no keys are made: a new key for a known customer would keep the old one out for ever.
final class KeyRing: @unchecked Sendable {
  private let path: String
  private let notePath: String
  private let masterKeyPath: String
  private let access: Environment.Options.Access
  private let lock = Lock()
  /// Sealed texts that were asked for and left out because the keys are elsewhere.
  let unopened = Atomic<Int>(0)
  /// Touched only under the lock.
  private var state = State()

  /// A file in the directory of a ledger that says that keys belong to it and are elsewhere.
  static let absenceNote = "keys.missing"

  /// Customers in a branch.
  static let branchCustomersMax = 1024

  private struct State: ~Copyable {
    var store: Store?
    var master: MasterKey?
    var subjects = TextTable(seed: 0)
    /// By number in `subjects`, from 1; nil: known to have none.
    var keys: [CustomerKey?] = [nil]
    var branches: [UInt64: [UInt8]] = [:]
    let cipher = Cipher()
  }

  private struct Store {
    let environment: Environment
    let customers: Database<[UInt8]>
    let branches: Database<UInt64>
  }

  /// - Parameter masterKeyPath: nil is `master.key` in the ledger.
  init(ledger path: String, masterKeyPath: String?, access: Environment.Options.Access) {
    self.path = path + "/keys"
    notePath = path + "/" + Self.absenceNote
    self.masterKeyPath = masterKeyPath ?? path + "/master.key"
    self.access = access
  }

  /// The keys of a customer; nil if there are none, be it that nothing was ever sealed or that they were erased.
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` if there are keys and the master key is missing or another one.
  func key(of subject: UnsafeBufferPointer<UInt8>) throws(LedgerError) -> CustomerKey? {
    let bytes = Array(subject)
    return try withState { state throws(LedgerError) in
      if let known = Self.cached(bytes, state) { return known }
      guard let store = try open(&state) else { return nil }
      guard let record = try read(bytes, store) else { return nil }
      let key = try unwrap(record, bytes, store, &state)
      Self.remember(bytes, key, &state)
      return key
    }
  }

  /// Makes sure that customers have keys, and that new ones are durable before this returns.
  ///
  /// - Returns: the keys in the order of the subjects.
  /// - Complexity: O(1) expected for a known customer; all new ones share one transaction.
  func keys(making subjects: [[UInt8]]) throws(LedgerError) -> [CustomerKey] {
    try withState { state throws(LedgerError) in
      var missing: [[UInt8]] = []
      for subject in subjects where Self.cached(subject, state) == nil { missing.append(subject) }
      if !missing.isEmpty { try make(missing, &state) }
      return subjects.map { Self.cached($0, state)! }
    }
  }

  /// Opens what was sealed for a customer.
  ///
  /// - Returns: nil if there is no key for it.
  func open(
    _ sealed: UnsafeBufferPointer<UInt8>, of subject: UnsafeBufferPointer<UInt8>, for owner: UInt64
  ) throws(LedgerError) -> [UInt8]? {
    guard let key = try key(of: subject) else { return nil }
    return try withState { state throws(LedgerError) in
      let plain = withUnsafeBytes(of: key.sealing) { state.cipher.open(sealed, key: $0.baseAddress!, for: owner) }
      guard let plain else {
        throw .damaged(
          Damage(kind: .payload, position: 0, detail: "a sealed text does not open with its customer's key"))
      }
      return plain
    }
  }

  /// The ledger is a copy that came without its keys.
  var areKeysMissing: Bool { DirectoryState.of(notePath) != .absent }

  /// Forgets that keys were missing.
  func removeAbsenceNote() throws(LedgerError) {
    guard unlink(notePath) == 0 || errno == ENOENT else { throw NewFile.failure(notePath) }
    try flushDirectory(folder(of: notePath))
  }

  private func withState<R>(_ body: (inout State) throws(LedgerError) -> R) throws(LedgerError) -> R {
    try lock.withLock { () throws(LedgerError) in try body(&state) }
  }

  // MARK: Memory

  private static func cached(_ subject: [UInt8], _ state: borrowing State) -> CustomerKey? {
    let number = subject.withUnsafeBufferPointer { state.subjects.find($0) }
    return number == 0 ? nil : state.keys[Int(number)]
  }

  private static func remember(_ subject: [UInt8], _ key: CustomerKey, _ state: inout State) {
    let (number, isNew) = subject.withUnsafeBufferPointer { state.subjects.intern($0) }
    if isNew { state.keys.append(key) } else { state.keys[Int(number)] = key }
  }

  // MARK: Store

  private func open(_ state: inout State) throws(LedgerError) -> Store? {
    if let store = state.store { return store }
    if access == .readOnly, DirectoryState.of(path) == .absent { return nil }
    let environment = try mapping(path) { () throws(LMDBError) in
      try Environment(at: path, options: .init(access: access, mapBytes: 1 << 36))
    }
    let creating = access == .readWrite
    let customers = try mapping(path) { () throws(LMDBError) in
      try environment.openDatabase(named: "customers", keys: [UInt8].self, create: creating)
    }
    let branches = try mapping(path) { () throws(LMDBError) in
      try environment.openDatabase(named: "branches", keys: UInt64.self, create: creating)
    }
    guard let customers, let branches else { return nil }
    let store = Store(environment: environment, customers: customers, branches: branches)
    state.store = store
    return store
  }

  private func master(_ state: inout State, isNeeded: Bool) throws(LedgerError) -> MasterKey {
    if let master = state.master { return master }
    let found = try MasterKey.read(masterKeyPath)
    if found == nil, isNeeded {
      throw .invalid(
        "the master key is missing: \(masterKeyPath). Put it back, or name it with --master-key; without it no personal field can be read"
      )
    }
    let master: MasterKey
    if let found { master = found } else { master = try MasterKey.create(masterKeyPath) }
    state.master = master
    return master
  }

  private func read(_ subject: [UInt8], _ store: Store) throws(LedgerError) -> [UInt8]? {
    try mapping(path) { () throws(LMDBError) in
      let transaction = try store.environment.read()
      return try transaction.get(subject, in: store.customers)?.withUnsafeBytes { [UInt8]($0) }
    }
  }

  private func unwrap(
    _ record: [UInt8], _ subject: [UInt8], _ store: Store, _ state: inout State
  ) throws(LedgerError) -> CustomerKey {
    guard record.count == 8 + CustomerKey.byteCount + Cipher.overhead else { throw damaged("a customer's key record") }
    let branch = record.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    let branchKey = try branchKey(branch, store, &state)
    let wrapped = Array(record[8...])
    let plain = wrapped.withUnsafeBufferPointer { wrapped in
      branchKey.withUnsafeBytes { state.cipher.open(wrapped, key: $0.baseAddress!, for: Self.owner(subject)) }
    }
    guard let plain, let key = CustomerKey(plain) else { throw damaged("a customer's key") }
    return key
  }

  private func branchKey(_ number: UInt64, _ store: Store, _ state: inout State) throws(LedgerError) -> [UInt8] {
    if let key = state.branches[number] { return key }
    let record = try mapping(path) { () throws(LMDBError) in
      let transaction = try store.environment.read()
      return try transaction.get(number, in: store.branches)?.withUnsafeBytes { [UInt8]($0) }
    }
    guard let record, record.count == 8 + 32 + Cipher.overhead else { throw damaged("the record of branch \(number)") }
    let master = try master(&state, isNeeded: true)
    let wrapped = Array(record[8...])
    let key = wrapped.withUnsafeBufferPointer { wrapped in
      master.bytes.withUnsafeBytes { state.cipher.open(wrapped, key: $0.baseAddress!, for: number) }
    }
    guard let key else {
      throw .invalid("\(masterKeyPath) is not the master key of this ledger: the customers' keys do not open with it")
    }
    state.branches[number] = key
    return key
  }

  private func damaged(_ what: String) -> LedgerError {
    .damaged(Damage(kind: .file, position: 0, detail: "\(what) in \(path) is not what was written"))
  }

  /// What a customer's wrapped key belongs to.
  private static func owner(_ subject: [UInt8]) -> UInt64 {
    subject.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, 0) }
  }

  // MARK: Making keys

  /// Loads the keys of customers and makes those that are not there, in one transaction.
  private func make(_ subjects: [[UInt8]], _ state: inout State) throws(LedgerError) {
    guard let store = try open(&state) else {
      throw .invalid("the ledger was opened for reading only: no keys can be made")
    }
    var isFresh = false
    for subject in subjects where Self.cached(subject, state) == nil {
      if let record = try read(subject, store) {
        Self.remember(subject, try unwrap(record, subject, store, &state), &state)
      } else {
        isFresh = true
      }
    }
    guard isFresh else { return }
    if areKeysMissing { throw .keysMissing(ledger: folder(of: notePath)) }
    // Without branches there are no keys yet, and a first master key may be made.
    let master = try master(&state, isNeeded: try hasBranches(store))
    try write(subjects.map { ($0, nil) }, master, store, &state)
  }

  /// Adds keys from elsewhere for customers that have none.
  ///
  /// - Returns: how many were added.
  func add(_ keys: [(subject: [UInt8], key: CustomerKey)]) throws(LedgerError) -> Int {
    try withState { state throws(LedgerError) in
      guard let store = try open(&state) else {
        throw .invalid("the ledger was opened for reading only: no keys can be added")
      }
      let master = try master(&state, isNeeded: try hasBranches(store))
      return try write(keys.map { ($0.subject, $0.key) }, master, store, &state)
    }
  }

  /// Everybody who has keys, in bytewise order.
  func subjects() throws(LedgerError) -> [[UInt8]] {
    try withState { state throws(LedgerError) in
      guard let store = try open(&state) else { return [] }
      return try mapping(path) { () throws(LMDBError) in
        let transaction = try store.environment.read()
        var subjects: [[UInt8]] = []
        var cursor = try transaction.cursor(in: store.customers)
        var entry = try cursor.first()
        while let current = entry {
          subjects.append(current.key)
          entry = try cursor.next()
        }
        return subjects
      }
    }
  }

  /// Makes or takes over keys in one transaction.
  ///
  /// - Returns: how many customers got keys.
  @discardableResult
  private func write(
    _ keys: [(subject: [UInt8], key: CustomerKey?)], _ master: MasterKey, _ store: Store, _ state: inout State
  ) throws(LedgerError) -> Int {
    do {
      return try writeUnmapped(keys, master, store, &state)
    } catch let error as LMDBError {
      throw LedgerError(error, path: path)
    } catch let error as LedgerError { throw error } catch { throw .inputOutput(path: path, why: "\(error)") }
  }

  private func hasBranches(_ store: Store) throws(LedgerError) -> Bool {
    try mapping(path) { () throws(LMDBError) in
      let transaction = try store.environment.read()
      return try transaction.count(of: store.branches) > 0
    }
  }

  private func writeUnmapped(
    _ keys: [(subject: [UInt8], key: CustomerKey?)], _ master: MasterKey, _ store: Store, _ state: inout State
  ) throws -> Int {
    let environment = store.environment
    var transaction = try environment.write()
    var branch = try lastBranch(transaction, store)
    var made: [(subject: [UInt8], key: CustomerKey)] = []
    for (subject, given) in keys where Self.cached(subject, state) == nil {
      // Another process may have been faster: its keys are found when they are next asked for.
      if try transaction.get(subject, in: store.customers) != nil { continue }
      if branch == nil || branch!.count >= Self.branchCustomersMax {
        if let branch { try put(branch, &transaction, store) }
        branch = newBranch((branch?.number ?? 0) + 1, master, &state)
      }
      let key = given ?? CustomerKey.random()
      let record = try wrap(key, subject, branch!, master, &state)
      try transaction.put(subject, record.span.bytes, in: store.customers)
      branch!.count += 1
      made.append((subject, key))
    }
    if let branch { try put(branch, &transaction, store) }
    try transaction.commit()
    for (subject, key) in made { Self.remember(subject, key, &state) }
    for (subject, _) in keys where Self.cached(subject, state) == nil {
      guard let record = try read(subject, store) else { throw damaged("a customer's key record") }
      Self.remember(subject, try unwrap(record, subject, store, &state), &state)
    }
    return made.count
  }

  private struct Branch {
    var number: UInt64
    var count: Int
    /// The branch's key, wrapped.
    var wrapped: [UInt8]
  }

  private func lastBranch(_ transaction: borrowing WriteTransaction, _ store: Store) throws(LMDBError) -> Branch? {
    var cursor = try transaction.cursor(in: store.branches)
    guard let entry = try cursor.last() else { return nil }
    let record = entry.value.withUnsafeBytes { [UInt8]($0) }
    let count = record.count >= 8 ? record.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) } : .max
    return Branch(number: entry.key, count: count, wrapped: Array(record.dropFirst(8)))
  }

  private func newBranch(_ number: UInt64, _ master: MasterKey, _ state: inout State) -> Branch {
    var key = [UInt8](repeating: 0, count: 32)
    key.withUnsafeMutableBytes { Cipher.fillRandom($0) }
    var wrapped: [UInt8] = []
    key.withUnsafeBufferPointer { key in
      master.bytes.withUnsafeBytes { state.cipher.seal(key, key: $0.baseAddress!, for: number, into: &wrapped) }
    }
    state.branches[number] = key
    return Branch(number: number, count: 0, wrapped: wrapped)
  }

  private func put(_ branch: Branch, _ transaction: inout WriteTransaction, _ store: Store) throws(LMDBError) {
    let record = withUnsafeBytes(of: UInt64(branch.count).littleEndian) { [UInt8]($0) } + branch.wrapped
    try transaction.put(branch.number, record.span.bytes, in: store.branches)
  }

  private func wrap(
    _ key: CustomerKey, _ subject: [UInt8], _ branch: Branch, _ master: MasterKey, _ state: inout State
  ) throws(LedgerError) -> [UInt8] {
    if state.branches[branch.number] == nil {
      let key = branch.wrapped.withUnsafeBufferPointer { wrapped in
        master.bytes.withUnsafeBytes { state.cipher.open(wrapped, key: $0.baseAddress!, for: branch.number) }
      }
      guard let key else {
        throw .invalid("\(masterKeyPath) is not the master key of this ledger: the customers' keys do not open with it")
      }
      state.branches[branch.number] = key
    }
    var record = withUnsafeBytes(of: branch.number.littleEndian) { [UInt8]($0) }
    withUnsafeBytes(of: key) { key in
      state.branches[branch.number]!.withUnsafeBytes { branchKey in
        state.cipher.seal(
          key.assumingMemoryBound(to: UInt8.self), key: branchKey.baseAddress!, for: Self.owner(subject), into: &record)
      }
    }
    return record
  }
}
