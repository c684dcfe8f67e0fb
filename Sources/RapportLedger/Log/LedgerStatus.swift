import LMDB

/// A ledger at a glance.
public struct LedgerStatus: Sendable {
  public var position: UInt64
  public var events: Int
  /// People with at least one counted event.
  public var customers: Int
  /// Full segments; the rest is the tail.
  public var segments: Int
  public var bytesLog: Int
  public var bytesIndex: Int
  public var bytesViews: Int
  /// Events by type as sent, in bytewise order.
  public var types: [(type: String, count: Int)]
  /// Ledger time of the last commit; nil for an empty ledger.
  public var lastRecorded: Int64?
  public var views: [(view: String, version: Int, position: UInt64)]
  public var readers: [(pid: Int32, lag: Int)]

  /// `0.9.24` of `LMDB 0.9.24: (July 24, 2019)`.
  public static var lmdbVersion: String {
    let words = Environment.version.split(separator: " ")
    return words.count > 1 ? String(words[1].prefix { $0 != ":" }) : Environment.version
  }

  public var json: JSONValue {
    .members([
      "position": .int(Int(position)), "events": .int(events), "customers": .int(customers), "segments": .int(segments),
      "bytes_log": .int(bytesLog), "bytes_index": .int(bytesIndex), "bytes_views": .int(bytesViews),
      "types": .object(types.map { .init(key: $0.type, value: .int($0.count)) }),
      "views": .array(
        views.map { view in
          .members([
            "view": .string(view.view), "version": .int(view.version), "position": .int(Int(view.position)),
            "lag": .int(Int(position) - Int(view.position)),
          ])
        }),
      "readers": .array(readers.map { .members(["pid": .int(Int($0.pid)), "lag": .int($0.lag)]) }),
      "format": .int(Int(BlockHeader.formatVersion)), "lmdb": .string(Self.lmdbVersion),
    ])
  }
}

extension Ledger {
  /// Bytes of the log that are in use.
  ///
  /// - Complexity: O(records of LMDB's free list).
  package func usedBytes() throws(LedgerError) -> Int {
    try mapping(path) { () throws(LMDBError) in try log.info().usedBytes }
  }

  /// - Complexity: O(events): the kinds and customers of all of them are counted.
  public func status() throws -> LedgerStatus {
    let stored = checkpoints()
    let (info, readers) = try mapping(path) { () throws(LMDBError) in (try log.info(), try log.readers()) }
    return try read { snapshot in
      var counts = [Int](repeating: 0, count: snapshot.nameCount + 1)
      var people = [Bool](repeating: false, count: snapshot.customerCount + 1)
      for index in snapshot.blocks.indices {
        try snapshot.check(index, ColumnSet(.type, .kind, .customer).rawValue)
        let block = snapshot.blocks[index]
        let (types, kinds, customers) = (block.column(.type), block.column(.kind), block.column(.customer))
        for row in 0..<block.count {
          counts[Int(types[row])] += 1
          if !CardProjection.uncounted.contains(rawValue: UInt8(truncatingIfNeeded: kinds[row])) {
            people[Int(customers[row])] = true
          }
        }
      }
      var types: [(String, Int)] = []
      for number in counts.indices where counts[number] > 0 {
        types.append((try snapshot.name(UInt32(number)), counts[number]))
      }
      types.sort { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
      return LedgerStatus(
        position: snapshot.position, events: Int(snapshot.position),
        customers: people.dropFirst().reduce(0) { $0 + ($1 ? 1 : 0) },
        segments: snapshot.blocks.reduce(0) { $0 + ($1.header.lastPosition % UInt64(segmentEvents) == 0 ? 1 : 0) },
        bytesLog: info.usedBytes, bytesIndex: 0, bytesViews: bytes(below: path + "/views"), types: types,
        lastRecorded: snapshot.isEmpty ? nil : snapshot.ledgerTime,
        views: Catalogue.projections.map { projection in
          let name = type(of: projection).name
          return (name, type(of: projection).version, stored[name]?.position ?? 0)
        },
        readers: readers.compactMap { reader in
          reader.transactionID.map { (reader.processID, info.lastTransactionID - $0) }
        })
    }
  }
}
