import CLMDB

/// What can be read in a transaction, be it a `ReadTransaction` or a `WriteTransaction`.
///
/// Every value read borrows the transaction. So it cannot outlive it, and in a write transaction nothing can be written
/// while it is in use: LMDB may move or overwrite it then. To keep a value, copy its bytes.
public protocol Transaction: ~Copyable, ~Escapable {
  /// The handle that the methods here work through.
  var access: TransactionAccess { get }
}

extension Transaction where Self: ~Copyable, Self: ~Escapable {
  /// The value of a key; `nil` if it is not there.
  ///
  /// - Complexity: O(log *n*), without copying.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func get<Key>(_ key: Key, in database: Database<Key>) throws(LMDBError) -> RawSpan? {
    let found = unsafe try key.withKeyBytes { (bytes: RawSpan) throws(LMDBError) in
      unsafe try access.get(bytes, in: database.reference)
    }
    guard let found = unsafe found else { return nil }
    // LMDB keeps the bytes in place until the transaction ends or writes.
    return unsafe _overrideLifetime(RawSpan(_unsafeBytes: found), borrowing: self)
  }

  /// A cursor, placed nowhere yet.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func cursor<Key>(in database: Database<Key>) throws(LMDBError) -> Cursor<Key> {
    let cursor = unsafe try Cursor<Key>(access.openCursor(in: database.reference), access)
    return unsafe _overrideLifetime(cursor, borrowing: self)
  }

  /// How many entries a database has.
  ///
  /// - Complexity: O(1).
  @inlinable
  public borrowing func count<Key>(of database: Database<Key>) throws(LMDBError) -> Int {
    try access.count(of: database.reference)
  }

  /// The number of the commit whose state is read; in a write transaction, the number that its commit will have.
  @inlinable
  public var transactionID: Int { access.transactionID }
}

/// LMDB's handle on a transaction. Opaque: its owner answers for its lifetime.
@safe public struct TransactionAccess {
  let handle: OpaquePointer
  let isWriting: Bool

  /// Retained until the transaction ends: the compiler orders the uses of values whose lifetimes depend on each other,
  /// but not their `deinit`s. Unmanaged, because `discard self` allows only what needs no destruction.
  private let retained: Unmanaged<Environment>

  init(beginning environment: Environment, writing: Bool) throws(LMDBError) {
    unsafe handle = try environment.begin(writing: writing)
    isWriting = writing
    unsafe retained = Unmanaged.passRetained(environment)
  }

  /// Undoes the transaction. Nothing may use this afterwards.
  func abort() {
    let environment = unsafe retained.takeRetainedValue()
    unsafe environment.abort(handle, writing: isWriting)
  }

  /// Commits the transaction. Nothing may use this afterwards, even if it throws.
  func commit() throws(LMDBError) {
    let environment = unsafe retained.takeRetainedValue()
    unsafe try environment.commit(handle, writing: isWriting)
  }

  var environment: Environment { unsafe retained.takeUnretainedValue() }

  /// Throws unless `status` is success.
  func check(_ status: Int32, _ operation: String) throws(LMDBError) {
    if status != MDB_SUCCESS { throw LMDBError(status: status, operation, environment.directory) }
  }

  /// LMDB numbers databases by environment: the number of another one may be valid and wrong.
  func number(of database: DatabaseReference) -> UInt32 {
    precondition(
      database.environment == DatabaseReference.identity(of: environment),
      "The database belongs to another environment.")
    return database.number
  }

  @usableFromInline
  func get(_ key: RawSpan, in database: DatabaseReference) throws(LMDBError) -> UnsafeRawBufferPointer? {
    var value = unsafe MDB_val()
    let status = unsafe withValue(of: key) { key in
      unsafe mdb_get(handle, number(of: database), &key, &value)
    }
    if status == MDB_NOTFOUND { return nil }
    try check(status, "read from")
    return unsafe UnsafeRawBufferPointer(value)
  }

  @usableFromInline
  func openCursor(in database: DatabaseReference) throws(LMDBError) -> OpaquePointer {
    var cursor: OpaquePointer?
    try check(unsafe mdb_cursor_open(handle, number(of: database), &cursor), "read from")
    return unsafe cursor!
  }

  @usableFromInline
  func count(of database: DatabaseReference) throws(LMDBError) -> Int {
    var statistics = MDB_stat()
    try check(unsafe mdb_stat(handle, number(of: database), &statistics), "read from")
    return statistics.ms_entries
  }

  @usableFromInline
  var transactionID: Int { unsafe mdb_txn_id(handle) }
}

/// Calls `body` with a span in LMDB's terms. LMDB does not write through keys, nor through the values that it is given.
func withValue<Result>(of span: RawSpan, _ body: (inout MDB_val) -> Result) -> Result {
  unsafe span.withUnsafeBytes { bytes in
    var value = unsafe MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    return unsafe body(&value)
  }
}

extension UnsafeRawBufferPointer {
  init(_ value: MDB_val) {
    unsafe self.init(start: value.mv_data, count: value.mv_size)
  }
}
