import LMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The stored outcomes of views: what makes a question about all people cheap. Only ever a matter of speed: `views/` may
/// be deleted at any time.
///
/// Database `outcomes` of the environment `views/`, from the name of a view, a zero byte and the number of a part (four
/// bytes, the greatest first) to the part: the outcomes of 4,096 customers, in order of their numbers, or of 4,096 cases.
///
/// | size | field |
/// |---|---|
/// | 4 | people in the part: n |
/// | 4 | bytes of a record; the top bit is set for cases |
/// | 8 · n | number of each person, and how many records it has |
/// | 8 · n | of cases the key of each |
/// | 8 · g | XXH3-64 of the records of each group of 64 people or cases |
/// | 8 | XXH3-64 of the bytes before; all hashes are for the ledger's seed |
/// | … | the records |
///
/// The parts of a view and its checkpoint are written in one transaction, so its former state stays in force until the
/// new one is there as a whole. Each view has a transaction of its own: LMDB keeps what one replaces until two later, and
/// with all in one the file would grow to three times what it holds.
struct StateStore: Sendable {
  let path: String
  /// Of the ledger: the state of another ledger is none.
  let seed: UInt64

  /// Customers, or cases.
  static let customersPerPart: UInt32 = 4096

  static var databases: [String: any DatabaseKey.Type] { ["checkpoints": String.self, "outcomes": [UInt8].self] }

  static func key(_ view: String, _ part: UInt32) -> [UInt8] {
    var key = Array(view.utf8) + [0]
    withUnsafeBytes(of: part.bigEndian) { key.append(contentsOf: $0) }
    return key
  }

  /// Replaces the outcomes of a view and its checkpoint, all or nothing.
  ///
  /// - Parameter fold: where the outcomes are; nil stores a checkpoint without outcomes.
  func store(_ checkpoint: Checkpoint, _ fold: (any AnyFold)?) throws(LedgerError) {
    try writing { environment throws(LMDBError) in
      guard let database = try environment.openDatabase(named: "checkpoints", keys: String.self, create: true),
        let outcomes = try environment.openDatabase(named: "outcomes", keys: [UInt8].self, create: true)
      else { return }
      let former = try Self.keys(of: checkpoint.view, in: outcomes, of: environment)
      var transaction = try environment.write()
      for key in former { try transaction.delete(key, in: outcomes) }
      let bytes = checkpoint.bytes
      try transaction.put(checkpoint.view, bytes.span.bytes, in: database)
      do {
        try fold?.forEachStoredPart { part in
          let bytes = part.sealed(seed)
          try transaction.put(Self.key(checkpoint.view, part.number), bytes.span.bytes, in: outcomes)
        }
      } catch { throw error as! LMDBError }
      try transaction.commit()
    }
  }

  private static func keys(
    of view: String, in database: Database<[UInt8]>, of environment: borrowing Environment
  ) throws(LMDBError) -> [[UInt8]] {
    let transaction = try environment.read()
    var cursor = try transaction.cursor(in: database)
    var keys: [[UInt8]] = []
    var entry = try cursor.seek(atOrAfter: key(view, 0))
    while let current = entry, current.key.starts(with: Array(view.utf8) + [0]) {
      keys.append(current.key)
      entry = try cursor.next()
    }
    return keys
  }

  /// A view's checkpoint and what is stored with it, from one moment.
  struct State {
    var checkpoint: Checkpoint
    /// Empty if the outcomes could not be stored: their texts are not all of the log.
    var parts: [StoredPart] = []
  }

  /// Parts that are not what was written are left out: ``damage()`` says whether there are any.
  ///
  /// - Returns: nil unless there is a state of this version.
  func load(_ view: String, version: Int) -> State? {
    let state = try? withState(of: view, version: version) { checkpoint, stored in
      State(checkpoint: checkpoint, parts: stored.compactMap { StoredPart($0, seed: seed) })
    }
    return state ?? nil
  }

  /// Shows a view's state in place, from one moment.
  ///
  /// - Parameters:
  ///   - numbers: of the parts that are wanted; nil is all.
  ///   - body: gets the checkpoint and the bytes of each part, unchecked; they are valid only there.
  /// - Returns: nil unless there is a state of this version.
  func withState<R>(
    of view: String, version: Int, only numbers: [UInt32]? = nil,
    _ body: (Checkpoint, [UnsafeRawBufferPointer]) throws(LedgerError) -> R
  ) throws(LedgerError) -> R? {
    var failure: LedgerError?
    let result = try? SharedEnvironment.reading(path) { environment throws(LMDBError) -> R? in
      guard let database = try environment.openDatabase(named: "checkpoints", keys: String.self, create: false) else {
        return nil
      }
      let outcomes = try environment.openDatabase(named: "outcomes", keys: [UInt8].self, create: false)
      let transaction = try environment.read()
      guard let bytes = try transaction.get(view, in: database), let checkpoint = Checkpoint(view: view, bytes),
        checkpoint.version == version
      else { return nil }
      var parts: [UnsafeRawBufferPointer] = []
      if let outcomes, let numbers {
        for number in numbers {
          let bytes = try transaction.get(Self.key(view, number), in: outcomes)
          bytes?.withUnsafeBytes { parts.append($0) }
        }
      } else if let outcomes {
        var cursor = try transaction.cursor(in: outcomes)
        var entry = try cursor.seek(atOrAfter: Self.key(view, 0))
        while let current = entry, current.key.starts(with: Array(view.utf8) + [0]) {
          current.value.withUnsafeBytes { parts.append($0) }
          entry = try cursor.next()
        }
      }
      do throws(LedgerError) { return try body(checkpoint, parts) } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    return result ?? nil
  }

  /// Opens the environment for reading; see ``SharedEnvironment``.
  func reading<R>(_ body: (Environment) throws(LMDBError) -> R) throws(LedgerError) -> R {
    do throws(LMDBError) { return try SharedEnvironment.reading(path, body) } catch {
      throw LedgerError(error, path: path)
    }
  }

  /// Opens the environment for writing. One that is damaged is thrown away first: all of it can be made anew.
  private func writing(_ body: (Environment) throws(LMDBError) -> Void) throws(LedgerError) {
    do throws(LMDBError) {
      do throws(LMDBError) {
        try SharedEnvironment.writing(path, body)
      } catch {
        guard error.isDamaged else { throw error }
        for file in ["/data.mdb", "/lock.mdb"] { unlink(path + file) }
        try SharedEnvironment.writing(path, body)
      }
    } catch { throw LedgerError(error, path: path) }
  }

  /// What of the stored states is not what was written; nil if all is, or nothing is there.
  ///
  /// - Complexity: O(bytes stored).
  func damage() throws(LedgerError) -> String? {
    guard DirectoryState.of(path + "/data.mdb") != .absent else { return nil }
    do throws(LMDBError) {
      return try SharedEnvironment.reading(path) { environment throws(LMDBError) in
        // Again: what was sound when it was opened may not be so any more.
        try environment.checkPages(of: Self.databases)
        let checkpoint = try firstKey(in: "checkpoints", keys: String.self, of: environment) {
          !Checkpoint.isIntact($0)
        }
        if let checkpoint { return "the checkpoint of \(checkpoint) is not what was written" }
        let part = try firstKey(in: "outcomes", keys: [UInt8].self, of: environment) { part in
          part.withUnsafeBytes { PartInPlace($0, seed: seed) == nil }
        }
        guard let part else { return nil }
        return "what is stored of \(String(decoding: part.prefix { $0 != 0 }, as: UTF8.self)) is not what was written"
      }
    } catch {
      guard error.isDamaged else { throw LedgerError(error, path: path) }
      return error.description
    }
  }

  /// - Returns: the first key of a database whose value satisfies a predicate.
  private func firstKey<Key: DatabaseKey>(
    in name: String, keys: Key.Type, of environment: borrowing Environment, where predicate: (RawSpan) -> Bool
  ) throws(LMDBError) -> Key? {
    guard let database = try environment.openDatabase(named: name, keys: keys, create: false) else { return nil }
    let transaction = try environment.read()
    var cursor = try transaction.cursor(in: database)
    var entry = try cursor.first()
    while let current = entry {
      if predicate(current.value) { return current.key }
      entry = try cursor.next()
    }
    return nil
  }
}
