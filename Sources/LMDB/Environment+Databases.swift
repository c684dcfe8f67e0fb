import CLMDB
import Synchronization

extension Environment {
  /// Opens a named database, in a short transaction of its own. Do it once for each, right after opening the
  /// environment; opening it again gives the same handle.
  ///
  /// - Parameter create: Whether to create it if it is not there. That takes a write transaction, so this thread must
  ///   have none.
  /// - Returns: `nil` if it is not there and was not to be created.
  /// - Throws: `.wrongKindOfKey` if it was created with the other kind of key; `MDB_DBS_FULL` beyond `maxDatabases`;
  ///   what transactions throw.
  public func openDatabase<Key>(
    named name: String, keys: Key.Type, create: Bool
  ) throws(LMDBError) -> Database<Key>? {
    var number: UInt32?
    try databaseOpening.withLock { _ throws(LMDBError) in
      number = try openDatabase(name, isInteger: Key.isInteger, create: false)
      if number == nil, create { number = try openDatabase(name, isInteger: Key.isInteger, create: true) }
    }
    guard let number else { return nil }
    return Database(DatabaseReference(number: number, environment: self))
  }

  private func openDatabase(_ name: String, isInteger: Bool, create: Bool) throws(LMDBError) -> UInt32? {
    let operation = "open database \"\(name)\" of"
    let keyFlag = isInteger ? UInt32(MDB_INTEGERKEY) : 0
    let transaction = unsafe try begin(writing: create)
    var number: UInt32 = 0
    var flags: UInt32 = 0
    var status = unsafe mdb_dbi_open(transaction, name, keyFlag | (create ? UInt32(MDB_CREATE) : 0), &number)
    if status == MDB_SUCCESS { status = unsafe mdb_dbi_flags(transaction, number, &flags) }
    guard status == MDB_SUCCESS else {
      unsafe abort(transaction, writing: create)
      if status == MDB_NOTFOUND { return nil }
      throw LMDBError(status: status, operation, directory)
    }
    // Even a transaction that only read: an aborted one takes the handle with it.
    unsafe try commit(transaction, writing: create)
    guard flags & UInt32(MDB_INTEGERKEY) == keyFlag else { throw LMDBError(.wrongKindOfKey, operation, directory) }
    return number
  }
}
