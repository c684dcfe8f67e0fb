import CLMDB
import Synchronization

/// A directory with one LMDB data file: named databases, many readers and one writer at a time, across processes.
///
/// ```swift
/// let environment = try Environment(at: "ledger/log", options: .init(access: .readWrite))
/// let segments = try environment.openDatabase(named: "segments", keys: UInt64.self, create: true)!
///
/// var transaction = try environment.write()
/// try transaction.put(7, bytes, in: segments)
/// try transaction.commit()                          // durable when it returns
///
/// let reading = try environment.read()
/// if let value = try reading.get(7, in: segments) { use(value) }
/// ```
///
/// - A process opens a directory once; a second attempt throws `.alreadyOpen`. The environment closes when its last
///   reference goes away, and must not be used after a `fork`.
/// - Every commit is flushed: two flushes each. Group what belongs together.
/// - Values are spans into the memory map. The compiler sees to it that they do not outlive their transaction; bind the
///   environment to a `let` before beginning one.
/// - LMDB has no checksums. Opening finds a data file that is cut short or is none at all; what the bytes say is the
///   caller's to verify.
@safe public final class Environment: Sendable {
  public struct Options: Sendable {
    public enum Access: Sendable {
      /// Reads only. The directory must exist, and be writable all the same: readers announce themselves in `lock.mdb`.
      case readOnly
      /// Reads and writes; creates what is not there, directory 0700 and files 0600, whatever the umask.
      case readWrite
    }

    public var access: Access

    /// The address space to reserve, in bytes, and so the most that the data file can grow to. If the system grants
    /// less, half is asked for, and so on.
    public var mapBytes: Int

    /// Reader slots. The first process to open the environment decides: every program must ask for the same.
    public var maxReaders: UInt32

    /// Named databases.
    public var maxDatabases: UInt32

    /// What the directory stands on; nil asks the system. For tests of what is refused.
    public var fileSystem: FileSystem?

    /// Whether the kernel reads ahead. Turn it off for random look-ups in a file larger than memory.
    public var readAhead: Bool

    public init(
      access: Access, mapBytes: Int = 1 << 40, maxReaders: UInt32 = 1022, maxDatabases: UInt32 = 8,
      readAhead: Bool = true, fileSystem: FileSystem? = nil
    ) {
      self.access = access
      self.mapBytes = mapBytes
      self.maxReaders = maxReaders
      self.maxDatabases = maxDatabases
      self.readAhead = readAhead
      self.fileSystem = fileSystem
    }
  }

  /// The directory, as given.
  public let directory: String

  /// LMDB's handle is thread-safe, and lives exactly as long as `self`.
  nonisolated(unsafe) let handle: OpaquePointer

  /// Released after `deinit` has closed the handle.
  private let claim: DirectoryClaim

  /// How many transactions of this process are alive. The map may only be replaced while there are none.
  let transactionCount = Mutex(0)

  /// Serialises the opening of databases, which LMDB wants done by one transaction at a time.
  let databaseOpening = Mutex(())

  /// The thread that has the write transaction, or 0.
  let writingThread = Atomic<UInt>(0)

  /// Set when a commit's outcome is unknown; see `LMDBError.isOutcomeUnknown`.
  let needsReopening = Atomic<Bool>(false)

  /// Opens the environment, and creates it first if the access allows that and it is not there.
  ///
  /// - Throws: `.absent`, `.alreadyOpen`, `.truncated`, `.malformedFile`, `MDB_VERSION_MISMATCH`; `.unsuitable` on a
  ///   file system that cannot keep it; `.lockTimedOut` if another process takes more than ``openingPatience`` to open
  ///   or close it; a system error.
  public init(at directory: String, options: Options) throws(LMDBError) {
    self.directory = directory
    // Before anything is created there.
    let fileSystem = options.fileSystem ?? FileSystem.of(directory)
    try FileSystem.check(directory, fileSystem)
    claim = try DirectoryClaim(directory, createIfAbsent: options.access == .readWrite)
    unsafe handle = try Self.open(directory, options, claim, isOverlay: fileSystem?.kind == .overlay)
  }

  /// LMDB has had races between opening and closing, so both happen under a lock of ours, `open.lock`. If that cannot
  /// be had, to leave the environment open would be worse.
  deinit {
    let lock = try? Self.lockOpening(of: directory, to: "close", waitingAtMost: .seconds(5))
    unsafe mdb_env_close(handle)
    lock?.unlock()
  }

  /// How long to wait while another process opens or closes the same environment.
  public static let openingPatience = Duration.seconds(30)

  /// The version of the LMDB library in use, as it names itself: `LMDB 0.9.24: (July 24, 2019)`.
  public static var version: String {
    unsafe String(cString: mdb_version(nil, nil, nil))  // a static string of LMDB's
  }

  /// Throws unless `status` is success.
  func check(_ status: Int32, _ operation: String) throws(LMDBError) {
    if status != MDB_SUCCESS { throw LMDBError(status: status, operation, directory) }
  }
}
