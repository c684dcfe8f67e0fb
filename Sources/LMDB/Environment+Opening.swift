import CLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Environment {
  /// Opens LMDB's handle on a directory that this process has claimed. Other processes may do the same at any moment,
  /// so everything here happens under `open.lock`.
  static func open(
    _ directory: String, _ options: Options, _ claim: borrowing DirectoryClaim, isOverlay: Bool
  ) throws(LMDBError) -> OpaquePointer {
    let dataPath = directory + "/data.mdb"
    if options.access == .readOnly { _ = try DataFile(at: dataPath) }  // do not litter a directory that is not ours

    let lock = try lockOpening(of: directory, to: "open", waitingAtMost: openingPatience)
    defer { lock.unlock() }

    if options.access == .readWrite {
      if try !exists(dataPath) { try createDataFile(at: dataPath) }
      try claim.synchronize()  // LMDB flushes its file but never the name that leads to it
    }
    // On an overlay this makes it a file of the top layer, if it is not yet: `FileSystem`.
    if isOverlay { _ = try Descriptor.openExisting("open", dataPath, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK) }
    try DataFile(at: dataPath).check()
    try createReaderTable(at: directory + "/lock.mdb", options)

    let handle = unsafe try openHandle(directory, options)
    unsafe mdb_reader_check(handle, nil)  // clears slots of readers that died; it will be tried again when it matters
    return unsafe handle
  }

  /// Creates the file of the reader table, which LMDB would do too, but with a mode that depends on the umask, and with
  /// holes: it maps the file, and where a page of the map finds no room on the disk, the kernel ends the process.
  private static func createReaderTable(at path: String, _ options: Options) throws(LMDBError) {
    // As LMDB computes it: a header of three cache lines that has room for one reader, and a line for every other.
    let byteCount = (Int(options.maxReaders) + 2) * 64
    let file = try Descriptor.openOrCreate("open", path)
    let status = try file.status("open")
    if Int(status.st_blocks) * 512 < max(byteCount, Int(status.st_size)) {
      try file.allocate("open", byteCount: max(byteCount, Int(status.st_size)))
    }
  }

  /// Reserves as much address space as the system grants, down to what the file holds.
  private static func openHandle(_ directory: String, _ options: Options) throws(LMDBError) -> OpaquePointer {
    let fewestBytes = 1 << 20
    var flags = UInt32(MDB_NOTLS)  // a read transaction belongs to whoever holds it, not to a thread
    if options.access == .readOnly { flags |= UInt32(MDB_RDONLY) }
    if !options.readAhead { flags |= UInt32(MDB_NORDAHEAD) }

    var mapBytes = options.mapBytes
    while true {
      do throws(LMDBError) {
        return unsafe try openHandle(directory, flags: flags, mapBytes: mapBytes) { handle in
          let status = unsafe mdb_env_set_maxreaders(handle, options.maxReaders)
          return unsafe status == MDB_SUCCESS ? mdb_env_set_maxdbs(handle, options.maxDatabases) : status
        }
      } catch  where error.code == .system(.noMemory) && mapBytes / 2 >= fewestBytes {
        mapBytes /= 2
      }
    }
  }

  private static func openHandle(
    _ path: String, flags: UInt32, mapBytes: Int, configure: (OpaquePointer) -> Int32 = { _ in MDB_SUCCESS }
  ) throws(LMDBError) -> OpaquePointer {
    var created: OpaquePointer?
    var status = unsafe mdb_env_create(&created)
    guard status == MDB_SUCCESS, let handle = unsafe created else { throw LMDBError(status: status, "open", path) }
    status = unsafe mdb_env_set_mapsize(handle, mapBytes)
    if status == MDB_SUCCESS { status = unsafe configure(handle) }
    if status == MDB_SUCCESS { status = unsafe mdb_env_open(handle, path, flags, 0o600) }
    guard status == MDB_SUCCESS else {
      unsafe mdb_env_close(handle)  // LMDB requires it after a failure to open, too
      throw LMDBError(status: status, "open", path)
    }
    return unsafe handle
  }

  /// Creates an empty data file whole or not at all, so that an empty or half-written one is always damage.
  private static func createDataFile(at path: String) throws(LMDBError) {
    let newPath = path + ".new"
    unsafe unlink(newPath)  // what a crash in here has left
    _ = try Descriptor.createPrivate("create", newPath)
    // Nobody else knows this file, and `open.lock` keeps other creators out: it needs no reader table.
    let flags = UInt32(MDB_NOSUBDIR | MDB_NOLOCK)
    let handle = unsafe try openHandle(newPath, flags: flags, mapBytes: 1 << 20)
    let status = unsafe mdb_env_sync(handle, 1)
    unsafe mdb_env_close(handle)
    guard status == MDB_SUCCESS else { throw LMDBError(status: status, "create", newPath) }
    _ = try attempt("create", path) { unsafe rename(newPath, path) }
  }

  static func lockOpening(
    of directory: String, to operation: String, waitingAtMost limit: Duration
  ) throws(LMDBError) -> LockFile {
    let lock = try LockFile(at: directory + "/open.lock", for: operation)
    guard try lock.lock(until: .now + limit, for: operation) else {
      throw LMDBError(.lockTimedOut(holder: nil), operation, directory)
    }
    return lock
  }
}
