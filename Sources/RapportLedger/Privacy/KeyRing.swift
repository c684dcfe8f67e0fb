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
/// They are kept apart from the log and are never part of a backup (``KeyStore``). Two levels make an erasure cheap: it
/// writes one branch anew and re-wraps the branches' keys, about √n small operations, whatever the size of the log.
///
/// Wrapped means sealed by ``Cipher`` for the keyed hash of the subject, or for the number of the branch, so that records
/// cannot be exchanged unnoticed. Keys that are needed are flushed before the events that they seal.
///
/// A copy of a ledger has none of this. Where events have sealed fields it has a note instead, ``absenceNote``, and as
/// long as that is there no keys are made: a new key for a known customer would keep the old one out for ever. A ledger
/// whose keys were lost gets the note before the first new key would be made.
final class KeyRing: @unchecked Sendable {
  private let path: String
  private let notePath: String
  private let masterKeyPath: String
  private let access: Environment.Options.Access
  private let seed: UInt64
  private let lock = Lock()
  /// Sealed texts that were asked for and left out because the keys are elsewhere.
  let unopened = Atomic<Int>(0)
  /// Whether events of the log have sealed fields. The ledger knows, and sets it before anybody asks.
  nonisolated(unsafe) var hasSealedFields: () throws(LedgerError) -> Bool = { () throws(LedgerError) in false }
  /// Touched only under the lock.
  private var state: State

  /// A file in the directory of a ledger that says that keys belong to it and are elsewhere.
  static let absenceNote = "keys.missing"

  /// How many customers' keys are kept in memory, unwrapped: some 10 MB.
  private static let recentMax = 1 << 16

  private struct State: ~Copyable {
    var store: KeyStore?
    /// There are keys, or were.
    var hasSeenKeys = false
    var master: MasterKey?
    /// Customers whose keys were needed last; forgotten together when they are too many.
    var recent = TextTable(seed: 0)
    /// By number in `recent`, less one.
    var keys: [CustomerKey] = []
    var branches: [UInt64: (wrapped: [UInt8], key: [UInt8])] = [:]
    let cipher = Cipher()

    func recentKey(of subject: UnsafeBufferPointer<UInt8>) -> CustomerKey? {
      let number = recent.find(subject)
      return number == 0 ? nil : keys[Int(number) - 1]
    }

    mutating func remember(_ subject: UnsafeBufferPointer<UInt8>, _ key: CustomerKey) {
      if keys.count == KeyRing.recentMax {
        recent.removeAll()
        keys.removeAll(keepingCapacity: true)
      }
      if recent.intern(subject).isNew { keys.append(key) }
    }
  }

  /// - Parameters:
  ///   - masterKeyPath: nil is `master.key` in the ledger.
  ///   - seed: the ledger's.
  init(ledger path: String, masterKeyPath: String?, access: Environment.Options.Access, seed: UInt64) {
    self.path = path + "/keys"
    notePath = path + "/" + Self.absenceNote
    self.masterKeyPath = masterKeyPath ?? path + "/master.key"
    self.access = access
    self.seed = seed
    state = State()
  }

  // MARK: Reading

  /// The keys of a customer; nil if there are none, be it that nothing was ever sealed or that they were erased.
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` if there are keys and the master key is missing or another one.
  func key(of subject: UnsafeBufferPointer<UInt8>) throws(LedgerError) -> CustomerKey? {
    try withState { state throws(LedgerError) in try key(of: subject, &state) }
  }

  /// Opens what was sealed for a customer.
  ///
  /// - Returns: nil if there is no key for it.
  func open(
    _ sealed: UnsafeBufferPointer<UInt8>, of subject: UnsafeBufferPointer<UInt8>, for owner: UInt64
  ) throws(LedgerError) -> [UInt8]? {
    try withState { state throws(LedgerError) in
      guard let key = try key(of: subject, &state) else { return nil }
      let plain = withUnsafeBytes(of: key.sealing) { state.cipher.open(sealed, key: $0.baseAddress!, for: owner) }
      guard let plain else {
        throw .damaged(
          Damage(kind: .payload, position: 0, detail: "a sealed text does not open with its customer's key"))
      }
      return plain
    }
  }

  /// Everybody who has keys, in bytewise order.
  ///
  /// - Complexity: O(customers · log customers).
  func subjects() throws(LedgerError) -> [[UInt8]] {
    try withState { state throws(LedgerError) in
      guard let store = try store(&state) else { return [] }
      let subjects = try store.withReading { transaction throws(LedgerError) in
        var subjects: [[UInt8]] = []
        for branch in try store.list(transaction) {
          for index in 0..<branch.count {
            guard let subject = branch.subject(of: index) else { throw store.damaged(branch.number) }
            subjects.append(Array(subject))
          }
        }
        return subjects
      }
      return subjects.sorted { $0.lexicographicallyPrecedes($1) }
    }
  }

  /// Checks that the keys are those that were written, and that they open if the master key is there.
  ///
  /// - Complexity: O(customers), about a microsecond each.
  func verify() throws(LedgerError) -> Damage? {
    do throws(LedgerError) {
      try withState { state throws(LedgerError) in
        guard let store = try store(&state) else { return }
        let isLocked = try MasterKey.read(masterKeyPath) == nil
        try store.withReading { transaction throws(LedgerError) in
          try store.check(transaction)
          if isLocked { return }
          for branch in try store.list(transaction) {
            for index in 0..<branch.count {
              _ = try unwrap(KeyStore.Place(branch: branch, index: index), store, &state)
            }
          }
        }
      }
      return nil
    } catch {
      guard case .damaged(let damage) = error else { throw error }
      return damage
    }
  }

  private func withState<R>(_ body: (inout State) throws(LedgerError) -> R) throws(LedgerError) -> R {
    try lock.withLock { () throws(LedgerError) in try body(&state) }
  }

  private func store(_ state: inout State) throws(LedgerError) -> KeyStore? {
    if state.store == nil { state.store = try KeyStore.open(path, access, seed: seed) }
    return state.store
  }

  private func key(
    of subject: UnsafeBufferPointer<UInt8>, _ state: inout State
  ) throws(LedgerError) -> CustomerKey? {
    if let key = state.recentKey(of: subject) { return key }
    guard let store = try store(&state) else { return nil }
    let key: CustomerKey? = try store.withReading { transaction throws(LedgerError) in
      guard let place = try store.find(subject, transaction) else { return nil }
      return try unwrap(place, store, &state)
    }
    if let key { state.remember(subject, key) }
    return key
  }

  private func unwrap(_ place: KeyStore.Place, _ store: KeyStore, _ state: inout State) throws(LedgerError)
    -> CustomerKey
  {
    let branchKey = try branchKey(place.branch, store, &state)
    let plain = branchKey.withUnsafeBytes {
      state.cipher.open(
        place.branch.wrappedKey(of: place.index), key: $0.baseAddress!, for: place.branch.hash(of: place.index))
    }
    guard let plain, let key = CustomerKey(plain) else { throw store.damaged(place.branch.number) }
    return key
  }

  private func branchKey(
    _ branch: KeyBranch, _ store: KeyStore, _ state: inout State
  ) throws(LedgerError) -> [UInt8] {
    if let known = state.branches[branch.number], known.wrapped.elementsEqual(branch.wrappedKey) { return known.key }
    let master = try master(&state, isNeeded: true)
    let key = master.bytes.withUnsafeBytes {
      state.cipher.open(branch.wrappedKey, key: $0.baseAddress!, for: branch.number)
    }
    guard let key, key.count == KeyBranch.branchKeyBytes else {
      throw .noMasterKey(
        "\(masterKeyPath) is not the master key of this ledger: the customers' keys do not open with it")
    }
    state.branches[branch.number] = (Array(branch.wrappedKey), key)
    return key
  }

  private func master(_ state: inout State, isNeeded: Bool) throws(LedgerError) -> MasterKey {
    if let master = state.master { return master }
    let found = try MasterKey.read(masterKeyPath)
    if found == nil, isNeeded {
      throw .noMasterKey(
        "the master key is missing: \(masterKeyPath). Put it back, or name it with --master-key; without it no personal field can be read"
      )
    }
    let master: MasterKey
    if let found { master = found } else { master = try MasterKey.create(masterKeyPath) }
    state.master = master
    return master
  }

  // MARK: The note of absence

  /// The ledger is a copy that came without its keys, or has lost them: a note says so, or there are none at all.
  var areKeysMissing: Bool { hasAbsenceNote || isAbsent }

  /// There are none, but there were: they had a master key, and no note says where they are. To be asked where events
  /// have sealed fields.
  var areLost: Bool { isAbsent && !hasAbsenceNote && DirectoryState.of(masterKeyPath) != .absent }

  var hasAbsenceNote: Bool { DirectoryState.of(notePath) != .absent }

  private var isAbsent: Bool { DirectoryState.of(path + "/data.mdb") == .absent }

  /// Notes that keys are missing where there are none and events have sealed fields.
  ///
  /// - Complexity: O(events), and only as long as there are no keys.
  func noteLostKeys() throws(LedgerError) {
    try withState { state throws(LedgerError) in
      if let store = try store(&state) { try noteLostKeys(store, &state) }
    }
  }

  private func noteLostKeys(_ store: KeyStore, _ state: inout State) throws(LedgerError) {
    guard try !hasKeys(store, &state), !hasAbsenceNote, try hasSealedFields() else { return }
    // Keys are durable before the events that they seal: they may be those of a writer that has just come.
    guard try !hasKeys(store, &state) else { return }
    let text = """
      The keys of this ledger are not there, and events of its log have personal fields that are sealed.
      `rapport keys import FILE` brings them from where they were exported.
      Until then no event with personal fields can be recorded, because new keys would keep the old ones out for ever.

      """
    try NewFile.write(Array(text.utf8), to: notePath)
  }

  private func hasKeys(_ store: KeyStore, _ state: inout State) throws(LedgerError) -> Bool {
    if !state.hasSeenKeys {
      state.hasSeenKeys = try store.withReading { transaction throws(LedgerError) in try !store.isEmpty(transaction) }
    }
    return state.hasSeenKeys
  }

  /// Forgets that keys were missing.
  func removeAbsenceNote() throws(LedgerError) {
    guard unlink(notePath) == 0 || errno == ENOENT else { throw NewFile.failure(notePath) }
    try flushDirectory(folder(of: notePath))
  }

  // MARK: Making keys

  /// Makes sure that customers have keys, and that new ones are durable before this returns.
  ///
  /// - Parameter subjects: each of them once.
  /// - Returns: the keys in the order of the subjects.
  /// - Complexity: O(1) expected a customer; all new ones share one transaction.
  func keys(making subjects: [[UInt8]]) throws(LedgerError) -> [CustomerKey] {
    try withState { state throws(LedgerError) in
      var keys = subjects.map { subject in subject.withUnsafeBufferPointer { state.recentKey(of: $0) } }
      if keys.contains(where: { $0 == nil }) {
        guard let store = try store(&state) else {
          throw .invalid("the ledger was opened for reading only: no keys can be made")
        }
        try store.withReading { transaction throws(LedgerError) in
          try findKeys(of: subjects, transaction, store, &keys, &state)
        }
        let new = keys.indices.filter { keys[$0] == nil }
        if !new.isEmpty {
          try noteLostKeys(store, &state)
          if hasAbsenceNote { throw .keysMissing(ledger: folder(of: notePath)) }
          let wanted = zip(new, CustomerKey.random(new.count)).map { (subjects[$0], $1) }
          let made = try add(wanted, store, &state).keys
          for (index, key) in zip(new, made) { keys[index] = key }
        }
        for (subject, key) in zip(subjects, keys) { subject.withUnsafeBufferPointer { state.remember($0, key!) } }
      }
      return keys.map { $0! }
    }
  }

  /// Adds keys from elsewhere for customers that have none.
  ///
  /// - Parameter keys: of each customer once.
  /// - Returns: how many were added.
  func add(_ keys: [(subject: [UInt8], key: CustomerKey)]) throws(LedgerError) -> Int {
    try withState { state throws(LedgerError) in
      guard let store = try store(&state) else {
        throw .invalid("the ledger was opened for reading only: no keys can be added")
      }
      return try add(keys, store, &state).added
    }
  }

  private func findKeys(
    of subjects: [[UInt8]], _ transaction: borrowing some Transaction & ~Copyable & ~Escapable, _ store: KeyStore,
    _ keys: inout [CustomerKey?], _ state: inout State
  ) throws(LedgerError) {
    try store.catchUp(transaction)
    for index in keys.indices where keys[index] == nil {
      let place = try subjects[index].withUnsafeBufferPointer { subject throws(LedgerError) in
        try store.findKnown(subject, transaction)
      }
      if let place { keys[index] = try unwrap(place, store, &state) }
    }
  }

  /// Writes keys in one transaction for those customers who have none.
  ///
  /// - Returns: the keys that everybody has now, and how many of them are new.
  private func add(
    _ wanted: [(subject: [UInt8], key: CustomerKey)], _ store: KeyStore, _ state: inout State
  ) throws(LedgerError) -> (keys: [CustomerKey], added: Int) {
    let subjects = wanted.map(\.subject)
    var keys = [CustomerKey?](repeating: nil, count: wanted.count)
    var added = 0
    try store.withWriting { transaction throws(LedgerError) in
      // Another process may have been faster.
      try findKeys(of: subjects, transaction, store, &keys, &state)
      var customers: [KeyBranch.Customer] = []
      for index in keys.indices where keys[index] == nil {
        let hash = subjects[index].withUnsafeBufferPointer { store.hash($0) }
        customers.append(KeyBranch.Customer(hash: hash, subject: subjects[index], key: wanted[index].key))
        keys[index] = wanted[index].key
      }
      added = customers.count
      // Where there are no keys yet, a first master key may be made.
      let master = try master(&state, isNeeded: !store.isEmpty(transaction))
      // Keys under another one than those that are there could never be read beside them.
      if let last = try store.lastBranch(transaction) { _ = try branchKey(last, store, &state) }
      var changes: [KeyStore.Change] = []
      for plan in try store.plan(customers.count, transaction) {
        var members = Array(customers[plan.new])
        for branch in plan.old {
          for index in 0..<branch.count {
            guard let subject = branch.subject(of: index) else { throw store.damaged(branch.number) }
            let key = try unwrap(KeyStore.Place(branch: branch, index: index), store, &state)
            members.append(KeyBranch.Customer(hash: branch.hash(of: index), subject: Array(subject), key: key))
          }
        }
        let record = KeyBranch.record(members, number: plan.number, master: master, state.cipher)
        changes.append(KeyStore.Change(number: plan.number, record: record, replaced: plan.old.map(\.number)))
      }
      return changes
    }
    return (keys.map { $0! }, added)
  }
}
