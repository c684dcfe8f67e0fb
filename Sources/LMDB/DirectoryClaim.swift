import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The right of this process to open one directory, given to one environment at a time.
///
/// LMDB's locks on `lock.mdb` belong to the process: if anything in it opens and closes that file a second time, they
/// are silently gone. The directory stays open for as long as it is claimed, so that its inode cannot be reused.
struct DirectoryClaim: ~Copyable, Sendable {
  private static let claimed = Mutex<Set<FileIdentity>>([])

  private let directory: Descriptor
  private let identity: FileIdentity
  private let isNew: Bool

  init(_ path: String, createIfAbsent: Bool) throws(LMDBError) {
    let isNew = createIfAbsent ? try createPrivateDirectory("create", path) : false
    let directory = try Descriptor.openExisting("open", path, flags: O_RDONLY | O_DIRECTORY)
    let identity = try directory.status("open").identity
    guard Self.claimed.withLock({ $0.insert(identity).inserted }) else { throw LMDBError(.alreadyOpen, "open", path) }
    // Only now, because from here on `deinit` gives the claim back.
    self.directory = directory
    self.identity = identity
    self.isNew = isNew
  }

  deinit {
    Self.claimed.withLock { [identity] claimed in _ = claimed.remove(identity) }
  }

  /// Flushes the directory, and the name by which its parent knows it.
  ///
  /// Done whenever the environment is opened for writing, not only when it is created: whoever created it may have died
  /// before the flush. Of a directory that was there before, the parent may be closed to us.
  func synchronize() throws(LMDBError) {
    try directory.synchronize("flush")
    do throws(LMDBError) {
      try Descriptor("flush", directory.path + "/..", flags: O_RDONLY | O_DIRECTORY).synchronize("flush")
    } catch  where error.isPermissionDenied && !isNew {}
  }
}
