import CHash
import LMDB

/// How far a view was rebuilt, and to what: kept in `views/`, an LMDB environment of its own that may be deleted at any
/// time.
///
/// Database `checkpoints`, from the view's name to 72 bytes:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | version of this record and of how digests and parts are made: 4; another one counts as absent |
/// | 4 | 4 | version of the view's definition |
/// | 8 | 8 | position up to which events were folded |
/// | 16 | 8 | people with at least one event that the view reads |
/// | 24 | 16 | digest |
/// | 40 | 8 | corrections and retractions without a target |
/// | 48 | 4 | corrections whose result would not be accepted |
/// | 52 | 4 | unmerges without a merge |
/// | 56 | 8 | latest valid time that any corrected event has |
/// | 64 | 8 | XXH3-64 of the bytes before |
public struct Checkpoint: Sendable, Equatable {
  public var view: String
  public var version: Int
  public var position: UInt64
  public var customers: Int
  public var digest: ViewDigest
  /// What acts come to up to the position, so that those before it need not be looked at again.
  var effect: ActsEffect

  private static let recordVersion: UInt32 = 4

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(Self.recordVersion)
    append(UInt32(version))
    append(position)
    append(UInt64(customers))
    append(digest.low)
    append(digest.high)
    append(UInt64(effect.withoutTarget))
    append(UInt32(effect.notAccepted))
    append(UInt32(effect.withoutMerge))
    append(effect.latest)
    append(bytes.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, 0) })
    return bytes
  }

  /// Whether a record, of whatever version, is what was written.
  static func isIntact(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      let count = bytes.count - 8
      return count >= 40
        && UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count, as: UInt64.self))
          == rpt_hash64(bytes.baseAddress, count, 0)
    }
  }

  /// - Returns: nil for anything but an intact record of this version: the view is then rebuilt.
  init?(view: String, _ bytes: RawSpan) {
    guard Self.isIntact(bytes) else { return nil }
    let stored = bytes.withUnsafeBytes { [UInt8]($0) }
    func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
      stored.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
    guard load(0, UInt32.self) == Self.recordVersion, stored.count == 72 else { return nil }
    self.view = view
    version = Int(load(4, UInt32.self))
    position = load(8, UInt64.self)
    customers = Int(load(16, UInt64.self))
    digest = ViewDigest(low: load(24, UInt64.self), high: load(32, UInt64.self))
    effect = ActsEffect(
      withoutTarget: Int(load(40, UInt64.self)), notAccepted: Int(load(48, UInt32.self)),
      withoutMerge: Int(load(52, UInt32.self)), latest: load(56, Int64.self))
  }

  init(
    view: String, version: Int, position: UInt64, customers: Int, digest: ViewDigest, effect: ActsEffect = ActsEffect()
  ) {
    self.view = view
    self.version = version
    self.position = position
    self.customers = customers
    self.digest = digest
    self.effect = effect
  }
}

extension Ledger {
  /// The stored checkpoints by view; empty where `views/` is absent or unreadable, for it can always be rebuilt.
  public func checkpoints() -> [String: Checkpoint] {
    (try? stateStore.reading { environment throws(LMDBError) -> [String: Checkpoint] in
      guard let database = try environment.openDatabase(named: "checkpoints", keys: String.self, create: false) else {
        return [:]
      }
      let transaction = try environment.read()
      var found: [String: Checkpoint] = [:]
      var cursor = try transaction.cursor(in: database)
      var entry = try cursor.first()
      while let current = entry {
        found[current.key] = Checkpoint(view: current.key, current.value)
        entry = try cursor.next()
      }
      return found
    }) ?? [:]
  }

  /// Stores a checkpoint without outcomes.
  func store(_ checkpoint: Checkpoint) throws(LedgerError) { try stateStore.store(checkpoint, nil) }
}
