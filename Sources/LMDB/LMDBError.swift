import CLMDB
import SystemPackage

/// What went wrong, doing what, to which path.
///
/// A key that is not there is never an error: look-ups return `nil`. Ask the `is…` helpers what to do about an error
/// rather than comparing codes:
///
/// ```swift
/// do {
///   try transaction.commit()
/// } catch where error.isOutcomeUnknown {
///   // Stop acknowledging, close, open again, and compare the last position.
/// } catch where error.isOutOfSpace {
///   // Nothing of this transaction was kept.
/// }
/// ```
public struct LMDBError: Error, Hashable, Sendable {
  public enum Code: Hashable, Sendable {
    /// There is no environment at the path, and it was opened for reading only.
    case absent
    /// This process already has the environment open. LMDB's locks belong to the process, so a second handle would
    /// silently drop the first one's.
    case alreadyOpen
    /// The data file is shorter than the pages that it says are in use.
    case truncated(byteCount: Int, expectedByteCount: Int)
    /// The data file is not, or no longer, an LMDB data file.
    case malformedFile(reason: String)
    /// A database was written with another kind of key than the one asked for.
    case wrongKindOfKey
    /// A stored key cannot be read as the kind of key that its database promises.
    case malformedKey
    /// The directory is on a file system that cannot keep an environment.
    case unsuitable(fileSystem: String)
    /// A lock was not free in time; `holder` is the process that has it, where it is known.
    case lockTimedOut(holder: Int32?)
    /// An earlier commit failed in a way that leaves its outcome unknown: close the environment and open it again.
    case needsReopening
    /// One of LMDB's own codes (`MDB_…`).
    case library(Int32)
    /// The operating system refused.
    case system(Errno)
  }

  public let code: Code

  /// What was attempted, as a verb phrase that follows "cannot": "commit to", "open".
  public let operation: String

  /// The environment's directory, or the file concerned.
  public let path: String

  init(_ code: Code, _ operation: String, _ path: String) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// Wraps a return code of LMDB, which is either one of its own (negative) or an `errno`.
  init(status: Int32, _ operation: String, _ path: String) {
    self.init(status < 0 ? .library(status) : .system(Errno(rawValue: status)), operation, path)
  }
}

// MARK: - What to do about it

extension LMDBError {
  /// There is nothing to read yet.
  public var isAbsent: Bool { code == .absent }

  /// This process already has the environment open.
  public var isAlreadyOpen: Bool { code == .alreadyOpen }

  /// The address space reserved for the environment is used up: open it again with more `mapBytes`.
  public var isMapFull: Bool { code == .library(MDB_MAP_FULL) }

  /// Another process has grown the environment beyond this process's map, and it cannot be remapped while other
  /// transactions of this process are alive: end them and try again.
  public var isMapResized: Bool { code == .library(MDB_MAP_RESIZED) }

  /// No room: on the disk, in the quota, or in the map.
  public var isOutOfSpace: Bool {
    isMapFull || code == .system(.noSpace) || code == .system(.diskQuotaExceeded)
  }

  /// Every reader slot is taken by a living reader.
  public var isReadersFull: Bool { code == .library(MDB_READERS_FULL) }

  /// The file does not hold what was written to it.
  public var isDamaged: Bool {
    switch code {
    case .truncated, .malformedFile, .malformedKey: true
    case .library(MDB_CORRUPTED), .library(MDB_PAGE_NOTFOUND), .library(MDB_INVALID): true
    default: false
    }
  }

  /// The file system does not let this process do it, or the environment was opened for reading only.
  public var isPermissionDenied: Bool {
    switch code {
    case .system(.permissionDenied), .system(.notPermitted), .system(.readOnlyFileSystem): true
    default: false
    }
  }

  /// The directory is on a network file system, or another one that cannot keep an environment.
  public var isUnsuitable: Bool {
    if case .unsuitable = code { true } else { false }
  }

  /// The file was written by an incompatible version of LMDB.
  public var isVersionMismatch: Bool { code == .library(MDB_VERSION_MISMATCH) }

  /// An appended key does not come after the last one.
  public var isOutOfOrder: Bool { code == .library(MDB_KEYEXIST) }

  /// A commit failed after it may have reached the disk: whether its writes are there shows only after the environment
  /// was closed and opened again. Until then the environment refuses further write transactions, because a flush that
  /// failed once must not be taken for a success when it is repeated.
  public var isOutcomeUnknown: Bool {
    guard operation == Self.committing else { return false }
    switch code {
    case .library(MDB_MAP_FULL), .library(MDB_TXN_FULL), .library(MDB_BAD_TXN): return false
    default: return true
    }
  }

  static let committing = "commit to"
}
