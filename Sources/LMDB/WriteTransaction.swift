import CLMDB

/// The one transaction that may change the environment, from `Environment.write()`.
///
/// ```swift
/// var transaction = try environment.write()
/// try transaction.put(42, bytes, in: segments)
/// try transaction.commit()         // without it, going out of scope undoes everything
/// ```
///
/// It belongs to the thread that began it. After `isMapFull`, or any other error of a write, it cannot be committed any
/// more; the environment is as it was before, and stays usable.
public struct WriteTransaction: Transaction, ~Copyable, ~Escapable {
  public let access: TransactionAccess

  @_lifetime(borrow environment)
  init(_ environment: borrowing Environment) throws(LMDBError) {
    access = try TransactionAccess(beginning: copy environment, writing: true)
  }

  deinit { access.abort() }

  /// Makes everything written durable, all or nothing.
  ///
  /// - Throws: `isOutOfSpace` and others, and then nothing was kept, unless `isOutcomeUnknown`.
  public consuming func commit() throws(LMDBError) {
    let access = access
    discard self  // LMDB frees the transaction, whether or not it can commit it
    try access.commit()
  }

  /// Sets the value of a key, which may be there already.
  ///
  /// - Parameter append: Whether the key is known to come after all others. It is faster, and packs the pages fully.
  /// - Throws: `isMapFull`; `isOutOfOrder` if `append` is not true.
  /// - Complexity: O(log *n*), and O(1) amortised for appending.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func put<Key>(
    _ key: Key, _ value: RawSpan, in database: Database<Key>, append: Bool = false
  ) throws(LMDBError) {
    try key.withKeyBytes { (bytes: RawSpan) throws(LMDBError) in
      try access.put(bytes, value, in: database.reference, append: append)
    }
  }

  /// Sets the value of a key to as many zeros, and gives access to them, so that a large value can be built in place.
  ///
  /// The zeros matter: the page may come from the process's heap, and whatever is left of it would go to the disk.
  ///
  /// - Throws: As `put`.
  @inlinable
  @_lifetime(&self)
  public mutating func reserve<Key>(
    _ key: Key, byteCount: Int, in database: Database<Key>, append: Bool = false
  ) throws(LMDBError) -> MutableRawSpan {
    let bytes = unsafe try key.withKeyBytes { (bytes: RawSpan) throws(LMDBError) in
      unsafe try access.reserve(bytes, byteCount: byteCount, in: database.reference, append: append)
    }
    // LMDB keeps the page in place until the next write, and the span has exclusive access to the transaction.
    return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: bytes), mutating: &self)
  }

  /// Removes a key; `false` if it was not there.
  ///
  /// - Complexity: O(log *n*).
  @inlinable
  @discardableResult
  @_lifetime(self: copy self)
  public mutating func delete<Key>(_ key: Key, in database: Database<Key>) throws(LMDBError) -> Bool {
    try key.withKeyBytes { (bytes: RawSpan) throws(LMDBError) in
      try access.delete(bytes, in: database.reference)
    }
  }

  /// Removes every entry of a database, which stays open.
  ///
  /// - Complexity: O(*pages*).
  @inlinable
  @_lifetime(self: copy self)
  public mutating func deleteAll<Key>(in database: Database<Key>) throws(LMDBError) {
    try access.deleteAll(in: database.reference)
  }
}

extension TransactionAccess {
  private static var writing: String { "write to" }

  @usableFromInline
  func put(_ key: RawSpan, _ value: RawSpan, in database: DatabaseReference, append: Bool) throws(LMDBError) {
    let flags = append ? UInt32(MDB_APPEND) : 0
    let status = unsafe withValue(of: key) { key in
      unsafe withValue(of: value) { value in
        unsafe mdb_put(handle, number(of: database), &key, &value, flags)
      }
    }
    try check(status, Self.writing)
  }

  @usableFromInline
  func reserve(
    _ key: RawSpan, byteCount: Int, in database: DatabaseReference, append: Bool
  ) throws(LMDBError) -> UnsafeMutableRawBufferPointer {
    precondition(byteCount >= 0, "A value cannot have a negative size.")
    let flags = UInt32(MDB_RESERVE) | (append ? UInt32(MDB_APPEND) : 0)
    var value = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
    let status = unsafe withValue(of: key) { key in
      unsafe mdb_put(handle, number(of: database), &key, &value, flags)
    }
    try check(status, Self.writing)
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: value.mv_data, count: byteCount)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    return unsafe bytes
  }

  @usableFromInline
  func delete(_ key: RawSpan, in database: DatabaseReference) throws(LMDBError) -> Bool {
    let status = unsafe withValue(of: key) { key in unsafe mdb_del(handle, number(of: database), &key, nil) }
    if status == MDB_NOTFOUND { return false }
    try check(status, Self.writing)
    return true
  }

  @usableFromInline
  func deleteAll(in database: DatabaseReference) throws(LMDBError) {
    let keepDatabase: Int32 = 0
    try check(unsafe mdb_drop(handle, number(of: database), keepDatabase), Self.writing)
  }
}
