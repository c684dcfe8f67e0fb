import CLMDB

extension LMDBError: CustomStringConvertible {
  /// A clause for a person: what failed, why, and what to do where that is not obvious.
  public var description: String {
    "cannot \(operation) \(path): \(reason)"
  }

  private var reason: String {
    switch code {
    case .absent:
      "there is nothing there yet"
    case .alreadyOpen:
      "this process has it open already"
    case .truncated(let byteCount, let expectedByteCount):
      "the data file was cut short; it has \(byteCount) bytes, and its pages need \(expectedByteCount)"
    case .malformedFile(let reason):
      "it is not a sound LMDB data file; \(reason)"
    case .wrongKindOfKey:
      "the database was written with another kind of key"
    case .malformedKey:
      "a stored key is damaged"
    case .unsuitable(let fileSystem):
      "it is on \(fileSystem), where neither locks and memory maps of several processes nor flushes can be relied on; use a disk of this machine"
    case .lockTimedOut(let holder?):
      "process \(holder) did not give up its lock in time"
    case .lockTimedOut(nil):
      "another process did not give up its lock in time"
    case .needsReopening:
      "an earlier commit failed and its outcome is unknown; close and open again to see what was kept"
    case .library(MDB_MAP_FULL):
      "the address space reserved for it is full"
    case .library(MDB_READERS_FULL):
      "all its reader slots are taken"
    case .library(MDB_MAP_RESIZED):
      "another process has made it larger; try again when no transaction is running"
    case .library(MDB_VERSION_MISMATCH):
      "it was written by an incompatible version of LMDB"
    case .library(MDB_BAD_VALSIZE):
      "a key must have 1 to 511 bytes, a value at most 4 GiB"
    case .library(MDB_KEYEXIST):
      "the key to append does not come after the last one"
    case .library(let status):
      unsafe String(cString: mdb_strerror(status))  // a static string of LMDB's
    case .system(let errno):
      errno.description
    }
  }
}
