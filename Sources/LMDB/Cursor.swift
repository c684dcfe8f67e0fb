import CLMDB

/// Walks through a database in the order of its keys; from `cursor(in:)` of a transaction.
///
/// ```swift
/// var cursor = try transaction.cursor(in: segments)
/// var entry = try cursor.seek(atOrAfter: 100)
/// while let current = entry {
///   visit(current.key, current.value)
///   entry = try cursor.next()
/// }
/// ```
///
/// Entries stay valid when the cursor moves on, until the transaction ends. A cursor borrows its transaction, so it
/// cannot be used any more once a write transaction has written something. It closes when it goes out of scope or, in a
/// write transaction, when that ends; `close()` it sooner if you open many in one, for every write has to visit them.
@safe public struct Cursor<Key: DatabaseKey>: ~Copyable, ~Escapable {
  private let handle: OpaquePointer
  private let access: TransactionAccess

  @usableFromInline
  @_lifetime(immortal)  // whoever calls this makes it depend on the transaction
  init(_ handle: OpaquePointer, _ access: TransactionAccess) {
    unsafe self.handle = handle
    self.access = access
  }

  /// LMDB closes the cursors of a write transaction when that ends, which may be before this: the compiler counts the
  /// uses of a cursor against the transaction's lifetime, but not its `deinit`. Cursors of read transactions it leaves
  /// to us, before or after.
  deinit {
    if !access.isWriting { unsafe mdb_cursor_close(handle) }
  }

  /// Closes the cursor now.
  public consuming func close() {
    let handle = unsafe handle
    discard self
    unsafe mdb_cursor_close(handle)
  }

  /// The first entry; `nil` if there is none.
  @_lifetime(copy self)
  public mutating func first() throws(LMDBError) -> Entry<Key>? { try move(MDB_FIRST) }

  /// The last entry; `nil` if there is none.
  @_lifetime(copy self)
  public mutating func last() throws(LMDBError) -> Entry<Key>? { try move(MDB_LAST) }

  /// The entry after this one, or the first if the cursor is nowhere yet; `nil` at the end.
  @_lifetime(copy self)
  public mutating func next() throws(LMDBError) -> Entry<Key>? { try move(MDB_NEXT) }

  /// The entry before this one, or the last if the cursor is nowhere yet; `nil` at the beginning.
  @_lifetime(copy self)
  public mutating func previous() throws(LMDBError) -> Entry<Key>? { try move(MDB_PREV) }

  /// The first entry whose key is `key` or greater.
  ///
  /// - Complexity: O(log *n*).
  @_lifetime(copy self)
  public mutating func seek(atOrAfter key: Key) throws(LMDBError) -> Entry<Key>? { try move(MDB_SET_RANGE, to: key) }

  /// The entry with exactly this key.
  ///
  /// - Complexity: O(log *n*).
  @_lifetime(copy self)
  public mutating func seek(to key: Key) throws(LMDBError) -> Entry<Key>? { try move(MDB_SET_KEY, to: key) }
}

/// A key and its value, which lives as long as the transaction that it was read in.
public struct Entry<Key: DatabaseKey>: ~Escapable {
  public let key: Key
  public let value: RawSpan

  @_lifetime(copy value)
  init(key: Key, value: RawSpan) {
    self.key = key
    self.value = value
  }
}

extension Cursor {
  @_lifetime(copy self)
  private mutating func move(_ operation: MDB_cursor_op, to target: Key? = nil) throws(LMDBError) -> Entry<Key>? {
    var (key, value) = unsafe (MDB_val(), MDB_val())
    let status =
      if let target {
        target.withKeyBytes { bytes in
          unsafe withValue(of: bytes) { sought in
            unsafe key = sought
            return unsafe mdb_cursor_get(handle, &key, &value, operation)
          }
        }
      } else {
        unsafe mdb_cursor_get(handle, &key, &value, operation)
      }
    if status == MDB_NOTFOUND { return nil }
    try access.check(status, "read from")
    guard let found = Key(keyBytes: unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(key))) else {
      throw LMDBError(.malformedKey, "read from", access.environment.directory)
    }
    // LMDB keeps the bytes in place until the transaction ends or writes; the cursor depends on the same.
    let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(value))
    return unsafe Entry(key: found, value: _overrideLifetime(bytes, copying: self))
  }
}
