import LMDB
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The log of a ledger once more, in a directory that is being filled: what a backup is, and what a restored ledger is.
///
/// ```
/// STAGED/              0700
///   log/               0700
///     data.mdb         0600
///   keys.missing       only where events have sealed fields: says that their keys are elsewhere
/// ```
///
/// So a copy is a ledger without keys: every command that reads works on it, `rapport verify` above all. Views, rejects
/// and locks are not part of it, keys on purpose.
///
/// A copy is not to be trusted before it was verified, in a process of its own (``Ledger/verify(against:threads:onStep:)``).
public struct LogCopy: Sendable {
  /// The directory that the copy is in.
  public let directory: String

  private var logPath: String { directory + "/log" }
  private var dataPath: String { logPath + "/data.mdb" }

  /// - Parameter directory: exists and is empty; its owner only can enter it.
  public init(in directory: String) { self.directory = directory }

  /// How large the copy is by now; safe while it is being made.
  public var byteCount: UInt64 {
    var status = stat()
    return lstat(dataPath, &status) == 0 ? UInt64(max(0, status.st_size)) : 0
  }

  // MARK: Making it

  /// Copies a log while others read and write it, as of one moment.
  ///
  /// LMDB writes the copy page by page from a read transaction. It is asked to compact: then it takes no lock that a
  /// writer needs, not even for the meta pages; free pages, and what they still hold of old values, are left behind; and
  /// the page numbers of the copy are dense, so the walk over them accounts for every page. Pages that were freed after
  /// the moment cannot be used again until the copy is done: the log grows by what is committed meanwhile.
  ///
  /// - Throws: ``LedgerError/inputOutput(path:why:)`` if there is no room.
  /// - Complexity: O(bytes), the speed of the disk.
  public func make(from ledger: Ledger) throws(LedgerError) {
    try fill { file throws(LedgerError) in
      do throws(LMDBError) { try ledger.log.copy(to: file, compacting: true) } catch {
        throw LedgerError(error, path: dataPath)
      }
    }
  }

  /// Copies what a backup has, byte by byte: nothing of it is opened before it was verified, and the backup may stand
  /// on a medium that cannot be written.
  ///
  /// - Throws: ``LedgerError/absent(path:)`` if there is no log; ``LedgerError/inputOutput(path:why:)``, also if the
  ///   file changes meanwhile, which a backup does not.
  public func make(fromBackup source: String) throws(LedgerError) {
    let path = source + "/log/data.mdb"
    let from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard from >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .absent(path: source) }
      throw NewFile.failure(path)
    }
    defer { close(from) }
    let before = try fileState(from, path)
    guard before.isRegular else { throw .absent(path: source) }
    try fill { file throws(LedgerError) in try copyBytes(from, path, to: file) }
    guard try fileState(from, path) == before else {
      throw .inputOutput(
        path: path, why: "the file changed while it was copied: of a ledger in use make a copy with `rapport backup`")
    }
  }

  private func fill(_ body: (FileDescriptor) throws(LedgerError) -> Void) throws(LedgerError) {
    guard mkdir(logPath, 0o700) == 0, chmod(logPath, 0o700) == 0 else { throw NewFile.failure(logPath) }
    let file = open(dataPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw NewFile.failure(dataPath) }
    defer { close(file) }
    guard fchmod(file, 0o600) == 0 else { throw NewFile.failure(dataPath) }
    try body(FileDescriptor(rawValue: file))
    guard fsync(file) == 0 else { throw NewFile.failure(dataPath) }
  }

  private func copyBytes(_ from: Int32, _ source: String, to file: FileDescriptor) throws(LedgerError) {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var offset: off_t = 0
    while true {
      let count = buffer.withUnsafeMutableBytes { pread(from, $0.baseAddress, $0.count, offset) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw NewFile.failure(source) }
      if count == 0 { return }
      offset += off_t(count)
      do { try file.writeAll(buffer[..<count]) } catch {
        throw .inputOutput(path: dataPath, why: "\(error)")
      }
    }
  }

  private struct FileState: Equatable {
    var isRegular: Bool
    var byteCount: Int
    var seconds: Int
    var nanoseconds: Int
  }

  private func fileState(_ file: Int32, _ path: String) throws(LedgerError) -> FileState {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw NewFile.failure(path) }
    #if canImport(Darwin)
      let changed = status.st_mtimespec
    #else
      let changed = status.st_mtim
    #endif
    return FileState(
      isRegular: status.st_mode & S_IFMT == S_IFREG, byteCount: Int(status.st_size), seconds: Int(changed.tv_sec),
      nanoseconds: Int(changed.tv_nsec))
  }

  // MARK: Finishing it

  /// Takes away what verifying has left in the copy, and says in it where the keys are.
  ///
  /// - Parameter sealedEvents: events with sealed fields, as ``Verification/sealedEvents`` counted them.
  public func finish(sealedEvents: Int) throws(LedgerError) {
    for name in ["lock.mdb", "open.lock"] {
      guard unlink(logPath + "/" + name) == 0 || errno == ENOENT else { throw NewFile.failure(logPath + "/" + name) }
    }
    guard sealedEvents > 0 else { return }
    let text = """
      The log in this folder is a copy without keys: \(sealedEvents) of its events have personal fields that are sealed.
      `rapport keys export FILE` on the original ledger carries the keys, `rapport keys import FILE` brings them here.
      Until then no event with personal fields can be recorded, because new keys would keep the old ones out for ever.

      """
    try NewFile.write(Array(text.utf8), to: directory + "/" + KeyRing.absenceNote)
  }
}
