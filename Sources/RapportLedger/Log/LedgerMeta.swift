import CHash
import LMDB
import SystemPackage

/// The record that makes a directory a ledger; its bytes are described at ``Ledger``.
struct LedgerMeta: BitwiseCopyable, Sendable {
  var magic: UInt64 = LedgerMeta.magic
  var version: UInt32 = BlockHeader.formatVersion
  var height: UInt32
  var seed: UInt64
  var id: (UInt64, UInt64)
  var created: Int64
  var reserved: UInt64 = 0
  var checksum: UInt64 = 0

  static let magic: UInt64 = 0x4C54_524F_5050_4152  // "RAPPORTL"
  static let key = "ledger"
  static let bytes = 64

  init(height: Int) {
    var random = SystemRandomNumberGenerator()
    self.height = UInt32(height)
    seed = random.next()
    id = (random.next(), random.next())
    created = Clock.now
    checksum = computeChecksum()
  }

  func computeChecksum() -> UInt64 { withUnsafeBytes(of: self) { rpt_hash64($0.baseAddress, 56, 0) } }

  init(_ bytes: [UInt8]) throws(LedgerError) {
    guard bytes.count == Self.bytes else { throw Self.damaged("has \(bytes.count) bytes") }
    self = bytes.withUnsafeBytes { $0.loadUnaligned(as: LedgerMeta.self) }
    guard magic == Self.magic else { throw Self.damaged("has no magic number") }
    // In every format to come the checksum stands where it stands now, so that a flipped bit is damage and a newer
    // format is told from it.
    guard checksum == computeChecksum() else { throw Self.damaged("does not match its checksum") }
    guard version == BlockHeader.formatVersion else {
      throw .newerFormat(found: Int(version), known: Int(BlockHeader.formatVersion))
    }
    guard height >= 1, height <= 16 else { throw Self.damaged("says that segments have 2^\(height) events") }
  }

  static func damaged(_ what: String) -> LedgerError {
    .damaged(Damage(kind: .meta, position: 0, detail: "the ledger's own record in log/data.mdb \(what)"))
  }
}

extension Ledger {
  /// Makes sure that the path can hold a ledger, and creates its directory for a writer.
  static func prepare(_ path: String, for purpose: Purpose) throws(LedgerError) {
    try refuseRemains(path)
    switch DirectoryState.of(path) {
    case .file: throw .notALedger(path: path, why: "it is a file; name a folder")
    case .forbidden: throw .forbidden(path: path, why: "the folder cannot be read")
    case .ledger where purpose == .reading: return
    case .other where purpose == .reading: throw .absent(path: path)
    case .other:
      throw .notALedger(path: path, why: "the folder holds other things; name an empty or a new one")
    case .absent where purpose == .reading, .empty where purpose == .reading: throw .absent(path: path)
    case .ledger, .empty: break
    case .absent:
      try mapping(path) { () throws(LMDBError) in try FileSystem.check(path) }
      guard makeDirectory(path) else {
        let error = Errno.current
        if [.noSpace, .diskQuotaExceeded, .ioError].contains(error) {
          throw .inputOutput(path: path, why: "the folder cannot be created: \(error)")
        }
        if error == .permissionDenied { throw .forbidden(path: path, why: "the folder cannot be created") }
        throw .notALedger(path: path, why: "the folder cannot be created: \(error)")
      }
      if case .absent = DirectoryState.of(path) {
        throw .notALedger(path: path, why: "it is a link to a folder that is not there; make that one first")
      }
    }
    // Always, for whoever created it may have died before: its name in the folder above, which LMDB knows nothing of.
    guard isDirectoryFlushed(path + "/..") else {
      throw .inputOutput(path: path, why: "the folder above it cannot be flushed: \(Errno.current)")
    }
  }

  /// Neither keys nor states are made before the log is: where they are without it, it was lost, and they would not go
  /// with another one.
  private static func refuseRemains(_ path: String) throws(LedgerError) {
    func state(_ file: String) -> DirectoryState { .of(path + "/" + file) }
    guard state("log/data.mdb") == .absent,
      let left = ["keys/data.mdb", "views/data.mdb"].first(where: { state($0) == .file })
    else { return }
    throw .damaged(
      Damage(kind: .file, position: 0, detail: "log/data.mdb is not there, though \(left) is: the log was lost"))
  }

  /// The databases of a log, and what they are sorted by.
  static var databases: [String: any DatabaseKey.Type] { ["meta": String.self, "blocks": UInt64.self] }

  static func openDatabases(
    _ log: Environment, path: String, creating: Bool, height: Int
  ) throws(LedgerError) -> (LedgerMeta, Database<UInt64>) {
    let metas = try mapping(path) { () throws(LMDBError) in
      try log.openDatabase(named: "meta", keys: String.self, create: creating)
    }
    let blocks = try mapping(path) { () throws(LMDBError) in
      try log.openDatabase(named: "blocks", keys: UInt64.self, create: creating)
    }
    guard let metas, let blocks else { throw .absent(path: path) }
    let (stored, entries) = try mapping(path) { () throws(LMDBError) in
      let transaction = try log.read()
      let stored = try transaction.get(LedgerMeta.key, in: metas)?.withUnsafeBytes { [UInt8]($0) }
      return (stored, try transaction.count(of: metas) + transaction.count(of: blocks))
    }
    if let stored { return (try LedgerMeta(stored), blocks) }
    // What was written goes by a seed that only the record knows: another record would make nonsense of it.
    guard entries == 0 else { throw LedgerMeta.damaged("is not there") }
    guard creating else { throw .absent(path: path) }
    let meta = LedgerMeta(height: height)
    try mapping(path) { () throws(LMDBError) in
      var transaction = try log.write()
      // Another process may have been faster: its record stands.
      if try transaction.get(LedgerMeta.key, in: metas) == nil {
        try withUnsafeBytes(of: meta) { bytes throws(LMDBError) in
          try transaction.put(LedgerMeta.key, RawSpan(_unsafeBytes: bytes), in: metas)
        }
      }
      try transaction.commit()
    }
    return try openDatabases(log, path: path, creating: false, height: height)
  }
}

/// Runs something on LMDB and turns its errors into those of the ledger at `path`.
func mapping<R>(_ path: String, _ body: () throws(LMDBError) -> R) throws(LedgerError) -> R {
  do throws(LMDBError) { return try body() } catch { throw LedgerError(error, path: path) }
}

extension Ledger {
  /// The ledger is in a container's own layer, and goes with the container.
  public var isOnOverlay: Bool { FileSystem.of(path)?.kind == .overlay }
}

extension LedgerError {
  /// Of a ledger that is not at its path any more.
  static func gone(_ path: String, _ detail: String = "") -> LedgerError {
    let why = "it was moved or removed while it was in use; where it is now it has what was acknowledged\(detail)"
    return .noSuchFile(path: path, why: why)
  }

  init(_ error: LMDBError, path: String) {
    switch error.code {
    case .absent: self = .absent(path: path)
    case .unsuitable(let fileSystem):
      self = .notALedger(
        path: path,
        why:
          "it is on \(fileSystem), where neither locks and memory maps of several processes nor flushes can be relied on. Name a folder on a disk of this machine, in a container one on a volume"
      )
    case .lockTimedOut(let holder): self = .busy(pid: holder, waited: Environment.openingPatience)
    case _ where error.isDamaged:
      self = .damaged(Damage(kind: .file, position: 0, detail: error.description))
    case _ where error.isPermissionDenied:
      // Where LMDB keeps no note of its readers, a writer elsewhere would overwrite what they read.
      self = .forbidden(
        path: path, why: "\(error); who only reads writes lock files, too: copy it, or ask for the right")
    case .system(.noSuchFileOrDirectory): self = .gone(path, ": \(error)")
    case _ where error.isVersionMismatch: self = .notALedger(path: path, why: error.description)
    default: self = .inputOutput(path: path, why: error.description)
    }
  }
}
