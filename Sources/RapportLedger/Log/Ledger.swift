import LMDB
import Synchronization
import SystemPackage

/// A ledger: a directory with the append-only log of a firm's interactions with its customers.
///
/// ```swift
/// let ledger = try Ledger(at: "rapport.ledger", for: .reading)
/// let orders = try ledger.read { snapshot in
///   try Replay(snapshot).run(PerfectOrders())
/// }
/// ```
///
/// | path | what |
/// |---|---|
/// | `log/` | the LMDB environment of the log: the only truth |
/// | `views/` | the LMDB environment of stored view states: may be deleted at any time |
/// | `index/` | what is beyond a writer's memory (``FingerprintRuns``): may be deleted at any time |
/// | `keys/`, `master.key` | the customers' keys, wrapped, and the key that wraps them (``KeyRing``) |
/// | `rejects.ndjson` | lines that ingest refused, with reasons |
/// | `writer.lock`, `turn.lock` | writers take turns by these |
///
/// The environment of the log has two databases: `blocks`, from the position of a block's first event (8 bytes, native
/// order) to the block (``BlockHeader``), and `meta`, with one record, `ledger`:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic `RAPPORTL` |
/// | 8 | 4 | format version; another one is refused |
/// | 12 | 4 | height of a segment: it holds 2^height events |
/// | 16 | 8 | seed of the hashes in columns and tables |
/// | 24 | 16 | random id of the ledger |
/// | 40 | 8 | when it was created, nanoseconds since 1970 |
/// | 48 | 8 | zero |
/// | 56 | 8 | XXH3-64 of bytes 0 … 55 |
public final class Ledger: Sendable {
  public enum Purpose: Sendable, Equatable {
    /// The ledger must exist.
    case reading
    /// It is created if the path is free or an empty directory.
    case writing
  }

  public let path: String
  let meta: LedgerMeta
  let log: Environment
  let blocks: Database<UInt64>
  let keyRing: KeyRing
  /// The segments that a reader found last.
  private let knownSegments = Mutex<[Block]>([])

  /// - Parameters:
  ///   - masterKeyPath: the file of the master key; nil is `master.key` in the ledger.
  ///   - height: a new ledger seals segments of 2^height events. 16 but for tests.
  ///   - mapBytes: address space to reserve for the log; the log cannot grow beyond it.
  ///   - refusesUnsoundPages: false opens a damaged ledger, too, which may end the process: for verifying it.
  /// - Throws: ``LedgerError``.
  /// - Complexity: O(1).
  public init(
    at path: String, for purpose: Purpose, masterKeyPath: String? = nil, height: Int = 16, mapBytes: Int = 1 << 40,
    refusesUnsoundPages: Bool = true
  ) throws(LedgerError) {
    self.path = path
    try Ledger.prepare(path, for: purpose)
    let directory = path + "/log"
    let writes = purpose == .writing
    do throws(LMDBError) {
      log = try Environment(at: directory, options: .init(access: writes ? .readWrite : .readOnly, mapBytes: mapBytes))
    } catch { throw LedgerError(error, path: path) }
    var damage: LedgerError?
    do throws(LedgerError) {
      // Before LMDB follows any of them: one flipped bit can lead to an older state of the log, hide it, so that a
      // writer would begin anew, or have a writer overwrite what is in use. About a microsecond a block.
      try mapping(path) { [log] () throws(LMDBError) in try log.checkPages(of: Ledger.databases) }
    } catch {
      guard !refusesUnsoundPages, case .damaged = error else { throw error }
      damage = error
    }
    do throws(LedgerError) {
      (meta, blocks) = try Ledger.openDatabases(log, path: path, creating: writes && damage == nil, height: height)
    } catch { throw damage ?? error }
    keyRing = KeyRing(
      ledger: path, masterKeyPath: masterKeyPath, access: writes ? .readWrite : .readOnly, seed: meta.seed)
    SharedEnvironment.keep(statesPath)
    keyRing.hasSealedFields = { [weak self] () throws(LedgerError) in try self?.hasSealedFields() ?? false }
  }

  private func hasSealedFields() throws(LedgerError) -> Bool {
    do { return try read { try !$0.firstSealedFields(atMost: 1).isEmpty } } catch {
      throw error as! LedgerError
    }
  }

  deinit { SharedEnvironment.release(statesPath) }

  private var statesPath: String { path + "/views" }

  /// Where outcomes of views are stored.
  var stateStore: StateStore { StateStore(path: statesPath, seed: meta.seed) }

  /// What writers keep beyond their memory.
  func runs(_ name: String, upTo last: UInt64) -> FingerprintRuns {
    FingerprintRuns(named: name, in: FingerprintRuns.directory(ledger: path), seed: meta.seed, upTo: last)
  }

  /// Events in a full segment.
  var segmentEvents: Int { 1 << Int(meta.height) }

  /// Shows the log as of now, or as of a position, for the time of `body`.
  ///
  /// Keep it short while something is being written: pages freed meanwhile cannot be used again.
  ///
  /// - Complexity: O(blocks): some 0.5 µs each the first time, later only of those recorded since.
  public func read<R: ~Copyable>(
    upTo limit: UInt64? = nil, _ body: (borrowing Snapshot) throws -> R
  ) throws -> R {
    let environment = log
    let transaction: ReadTransaction
    do throws(LMDBError) { transaction = try environment.read() } catch { throw LedgerError(error, path: path) }
    let snapshot = try Snapshot(
      blocks: blocks(shownBy: transaction), upTo: limit, keyRing: keyRing, seed: meta.seed,
      transactionID: transaction.transactionID, stateStore: stateStore)
    return try body(snapshot)
  }

  /// The blocks that a transaction shows, in order: those of the segments that are known, and what is listed behind them.
  ///
  /// Segments are never changed nor moved, and the log grows only at its end: where the last segment that is known is
  /// found in its place, all before it are in theirs. So they need not be looked up, nor their headers be compared with
  /// checksums again.
  private func blocks(shownBy transaction: borrowing ReadTransaction) throws(LedgerError) -> [Block] {
    var known = knownSegments.withLock { $0 }
    if let last = known.last {
      let bytes: UnsafeRawBufferPointer?
      do throws(LMDBError) {
        bytes = try transaction.get(last.firstPosition, in: blocks)?.withUnsafeBytes { $0 }
      } catch { throw LedgerError(error, path: path) }
      if bytes.map(last.isSame(as:)) != true { known = [] }
    }
    let list = try known + listBlocks(transaction, from: known.last.map { $0.header.lastPosition + 1 } ?? 0)
    let segments = list.prefix { $0.count == segmentEvents }
    if segments.count != known.count { knownSegments.withLock { $0 = Array(segments) } }
    return list
  }

  /// The blocks that a transaction shows, in order. They are valid as long as it lives, and in a write transaction until
  /// it writes.
  func listBlocks(
    _ transaction: borrowing some Transaction & ~Copyable & ~Escapable, from position: UInt64 = 0
  ) throws(LedgerError) -> [Block] {
    var found: [(key: UInt64, bytes: UnsafeRawBufferPointer)] = []
    do throws(LMDBError) {
      var cursor = try transaction.cursor(in: blocks)
      var entry = try cursor.seek(atOrAfter: position)
      while let current = entry {
        current.value.withUnsafeBytes { found.append((current.key, $0)) }
        entry = try cursor.next()
      }
    } catch { throw LedgerError(error, path: path) }
    var list: [Block] = []
    list.reserveCapacity(found.count)
    for (key, bytes) in found { list.append(try Block(bytes, at: key)) }
    return list
  }
}
