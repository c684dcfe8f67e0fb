import CLMDB
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The measurements of an environment, as of its last commit.
public struct EnvironmentInfo: Hashable, Sendable {
  /// In bytes.
  public var pageSize: Int
  public var lastPage: Int
  /// The address space reserved by this process.
  public var mapBytes: Int
  /// Pages that are not on the free list, times the page size.
  public var usedBytes: Int
  public var maxReaders: Int
  public var readersInUse: Int
  public var lastTransactionID: Int
}

/// A process that has a reader slot.
public struct Reader: Hashable, Sendable {
  public var processID: Int32
  /// The snapshot that it pins, while it is reading.
  public var transactionID: Int?
}

extension Environment {
  /// - Complexity: O(*records of the free list* + `maxReaders`).
  public func info() throws(LMDBError) -> EnvironmentInfo {
    let operation = "inspect"
    let readersInUse = try readers().count
    let transaction = unsafe try begin(writing: false)
    defer { unsafe abort(transaction, writing: false) }
    let freePages = unsafe try countFreePages(transaction)
    var statistics = MDB_stat()
    var info = unsafe MDB_envinfo()
    try check(unsafe mdb_env_stat(handle, &statistics), operation)
    try check(unsafe mdb_env_info(handle, &info), operation)
    let pageSize = Int(statistics.ms_psize)
    let lastPage = unsafe info.me_last_pgno
    return EnvironmentInfo(
      pageSize: pageSize, lastPage: lastPage, mapBytes: unsafe info.me_mapsize,
      usedBytes: (lastPage + 1 - freePages) * pageSize, maxReaders: Int(unsafe info.me_maxreaders),
      readersInUse: readersInUse, lastTransactionID: unsafe info.me_last_txnid)
  }

  /// The free list is database 0: every record starts with the number of pages that it names.
  private func countFreePages(_ transaction: OpaquePointer) throws(LMDBError) -> Int {
    let freeList: UInt32 = 0
    var cursor: OpaquePointer?
    try check(unsafe mdb_cursor_open(transaction, freeList, &cursor), "inspect")
    defer { unsafe mdb_cursor_close(cursor) }
    var count = 0
    var (key, value) = unsafe (MDB_val(), MDB_val())
    while true {
      let status = unsafe mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
      if status == MDB_NOTFOUND { return count }
      try check(status, "inspect")
      count += unsafe value.mv_data.loadUnaligned(as: Int.self)
    }
  }

  /// Everybody who has a reader slot: for naming a reader that keeps old pages from being used again.
  ///
  /// - Complexity: O(`maxReaders`).
  public func readers() throws(LMDBError) -> [Reader] {
    var lines = ""
    // LMDB hands its table over line by line, as text, and stops if told so by a negative number.
    let status = unsafe withUnsafeMutablePointer(to: &lines) { lines in
      unsafe mdb_reader_list(
        handle,
        { line, context in
          unsafe context!.assumingMemoryBound(to: String.self).pointee += String(cString: line!)
          return 0
        }, lines)
    }
    if status < 0 { throw LMDBError(status: status, "list the readers of", directory) }
    // "    pid     thread     txnid", then a line for each; "-" is a slot between two transactions.
    return lines.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, let processID = Int32(words[0]) else { return nil }
      return Reader(processID: processID, transactionID: Int(words[2]))
    }
  }

  /// Frees the slots of readers whose process has died. Also done on opening, and when the slots run out.
  ///
  /// - Returns: How many there were.
  @discardableResult
  public func checkReaders() throws(LMDBError) -> Int {
    var dead: Int32 = 0
    try check(unsafe mdb_reader_check(handle, &dead), "check the readers of")
    return Int(dead)
  }

  /// Writes a consistent copy to a descriptor, while others read and write.
  ///
  /// The caller opens the file with mode 0600, and afterwards flushes, renames and verifies it. The copy runs in a read
  /// transaction and so pins its snapshot until it is done.
  ///
  /// - Parameter compacting: Whether to leave free pages out, and what they still hold of deleted values.
  public func copy(to file: FileDescriptor, compacting: Bool = true) throws(LMDBError) {
    let transaction = unsafe try begin(writing: false)  // keeps the map in place while LMDB copies from it
    defer { unsafe abort(transaction, writing: false) }
    try check(unsafe mdb_env_copyfd2(handle, file.rawValue, compacting ? UInt32(MDB_CP_COMPACT) : 0), "copy")
  }

  /// Whether the data file that is open is still the one that its path leads to: not after it was deleted or replaced.
  public var isInPlace: Bool {
    var descriptor: mdb_filehandle_t = -1
    var (open, found) = (stat(), stat())
    return unsafe mdb_env_get_fd(handle, &descriptor) == MDB_SUCCESS && fstat(descriptor, &open) == 0
      && stat(directory + "/data.mdb", &found) == 0 && open.identity == found.identity
  }

  /// Flushes the data file. Commits do so themselves; this is for after a copy or a restore.
  public func sync() throws(LMDBError) {
    try check(unsafe mdb_env_sync(handle, 1), "flush")
  }
}
