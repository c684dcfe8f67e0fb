import CLMDB
import Synchronization

extension Environment {
  /// Begins to read: a snapshot of the last commit, untouched by later ones.
  ///
  /// Keep it short. As long as it lives, no page that was freed after it began can be used again, and the file grows.
  ///
  /// - Throws: `isReadersFull` when all slots are taken by living readers; `isMapResized`.
  /// - Complexity: O(`maxReaders`).
  @_lifetime(borrow self)
  public borrowing func read() throws(LMDBError) -> ReadTransaction {
    try ReadTransaction(self)
  }

  /// Begins to write, after waiting, for ever if need be, for the writer of whatever process. See `TurnLock`.
  ///
  /// - Precondition: This thread has no other write transaction of this environment.
  /// - Throws: `.needsReopening` after a commit whose outcome is unknown; `isPermissionDenied` if the environment was
  ///   opened for reading only; `isMapResized`.
  @available(*, noasync, message: "A write transaction belongs to one thread: write in a synchronous function.")
  @_lifetime(borrow self)
  public borrowing func write() throws(LMDBError) -> WriteTransaction {
    try WriteTransaction(self)
  }

  /// Begins one of LMDB's transactions, and counts it.
  func begin(writing: Bool) throws(LMDBError) -> OpaquePointer {
    let operation = writing ? "begin to write to" : "begin to read"
    if writing {
      precondition(
        writingThread.load(ordering: .relaxed) != currentThread(),
        "This thread already has a write transaction: a second one would wait for it for ever.")
      if needsReopening.load(ordering: .acquiring) { throw LMDBError(.needsReopening, operation, directory) }
    }

    transactionCount.withLock { $0 += 1 }
    var transaction: OpaquePointer?
    var status = unsafe begin(writing, &transaction)
    if status == MDB_READERS_FULL, unsafe mdb_reader_check(handle, nil) == MDB_SUCCESS {
      status = unsafe begin(writing, &transaction)
    }
    if status == MDB_MAP_RESIZED, adoptLargerMap() {
      status = unsafe begin(writing, &transaction)
    }
    guard status == MDB_SUCCESS, let transaction = unsafe transaction else {
      transactionCount.withLock { $0 -= 1 }
      throw LMDBError(status: status, operation, directory)
    }
    if writing { writingThread.store(currentThread(), ordering: .relaxed) }
    return unsafe transaction
  }

  private func begin(_ writing: Bool, _ transaction: inout OpaquePointer?) -> Int32 {
    unsafe mdb_txn_begin(handle, nil, writing ? 0 : UInt32(MDB_RDONLY), &transaction)
  }

  /// Maps as much as another process has made of the file, unless spans of other transactions point into the map.
  private func adoptLargerMap() -> Bool {
    transactionCount.withLock { count in
      // The one is being begun.
      unsafe count == 1 && mdb_env_set_mapsize(handle, 0) == MDB_SUCCESS
    }
  }

  func abort(_ transaction: OpaquePointer, writing: Bool) {
    if writing { writingThread.store(0, ordering: .relaxed) }
    unsafe mdb_txn_abort(transaction)
    transactionCount.withLock { $0 -= 1 }
  }

  func commit(_ transaction: OpaquePointer, writing: Bool) throws(LMDBError) {
    if writing { writingThread.store(0, ordering: .relaxed) }
    let metaPages = unsafe writing ? MetaPages(of: handle) : nil
    let status = unsafe mdb_txn_commit(transaction)  // frees the transaction even when it fails
    transactionCount.withLock { $0 -= 1 }
    guard status != MDB_SUCCESS else { return }
    let cause = FileSystem.cause(ofFailedWrite: status, at: directory)
    let error = LMDBError(status: cause, LMDBError.committing, directory)
    if error.isOutcomeUnknown {
      needsReopening.store(true, ordering: .releasing)
      unsafe metaPages?.restore(to: handle)
    }
    throw error
  }
}
