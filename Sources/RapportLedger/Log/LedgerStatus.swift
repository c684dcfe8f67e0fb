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
  /// Processes that are reading at this moment, and how many positions have been recorded since they began.
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

  /// What is in the ledger and who is reading it, as of one moment.
  ///
  /// - Complexity: O(events), some 3 ns each: blocks do not say how many events of a type they have, nor how many people
  ///   are new among those that count. Merges cost what they cost a replay; retractions next to nothing, as few people
  ///   have as many of them as events.
  public func status() throws -> LedgerStatus {
    let stored = checkpoints()
    // Readers that died without a word have freed their slots when the environment was opened; some may have since.
    let (info, readers) = try mapping(path) { () throws(LMDBError) in
      try log.checkReaders()
      return (try log.info(), try log.readers())
    }
    return try read { snapshot in
      let counts = try EventCounts(snapshot)
      let lags = try readers.compactMap { reader in
        try reader.transactionID.map { transaction in
          let shown = try snapshot.position(commitsBack: snapshot.transactionID - transaction)
          return (pid: reader.processID, lag: Int(snapshot.position - shown))
        }
      }
      return LedgerStatus(
        position: snapshot.position, events: Int(snapshot.position), customers: counts.customers,
        segments: snapshot.blocks.reduce(0) { $0 + ($1.header.lastPosition % UInt64(segmentEvents) == 0 ? 1 : 0) },
        bytesLog: info.usedBytes, bytesIndex: bytes(below: FingerprintRuns.directory(ledger: path)),
        bytesViews: bytes(below: path + "/views"),
        types: try counts.types(snapshot), lastRecorded: snapshot.isEmpty ? nil : snapshot.ledgerTime,
        views: Catalogue.projections.map { projection in
          let name = type(of: projection).name
          return (name, type(of: projection).version, stored[name]?.position ?? 0)
        },
        readers: lags)
    }
  }
}

/// Events by type, and the people who have any that count.
private struct EventCounts {
  /// By number of the name.
  private var types: [Int]
  /// People with at least one event that counts: merged ids are one, retracted events do not count.
  private(set) var customers = 0

  init(_ snapshot: borrowing Snapshot) throws(LedgerError) {
    types = [Int](repeating: 0, count: snapshot.nameCount + 1)
    // Events that count, by number of the id; where nothing was retracted that is all there is to know.
    var counted = [UInt32](repeating: 0, count: snapshot.customerCount + 1)
    var retractions: [UInt32: UInt32] = [:]
    let isCounted = (0..<256).map { EventKindSet.interactions.contains(rawValue: UInt8($0)) }
    let rowsMax = snapshot.blocks.reduce(0) { max($0, $1.count) }
    var type = ColumnBuffer<UInt32>(rowsMax)
    var kind = ColumnBuffer<UInt8>(rowsMax)
    var customer = ColumnBuffer<UInt32>(rowsMax)
    for index in snapshot.blocks.indices {
      try snapshot.check(index, ColumnSet(.type, .kind, .customer).rawValue)
      let block = snapshot.blocks[index]
      type.read(.type, of: block)
      kind.read(.kind, of: block)
      customer.read(.customer, of: block)
      for row in 0..<block.count {
        types[Int(type.values[row])] += 1
        counted[Int(customer.values[row])] += isCounted[Int(kind.values[row])] ? 1 : 0
      }
      guard block.header.kindSet.contains(.eventRetracted) else { continue }
      for row in 0..<block.count where kind.values[row] == EventKind.eventRetracted.rawValue {
        retractions[customer.values[row], default: 0] += 1
      }
    }
    // Only where there are as many retractions may nothing be left.
    let doubtful = retractions.keys.filter { retractions[$0]! >= counted[Int($0)] }
    let corrections = try Corrections(snapshot, upTo: .max, of: doubtful.sorted())
    for target in corrections.targets where target.isRetracted {
      let block = snapshot.blocks[target.block]
      guard isCounted[Int(block.column(.kind)[Int(target.row)])] else { continue }
      counted[Int(block.column(.customer)[Int(target.row)])] -= 1
    }
    let mappings = try Corrections(ofMappings: snapshot, upTo: .max)
    let people = try People(snapshot, limits: ReplayLimits(), corrections: mappings)
    for person in people.persons {
      // An id that no event has as its subject has a number behind the others.
      let ids = person.members.filter { Int($0) < counted.count && counted[Int($0)] > 0 }
      for id in ids.dropFirst() { counted[Int(id)] = 0 }
    }
    customers = counted.dropFirst().reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
  }

  /// In bytewise order.
  func types(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [(type: String, count: Int)] {
    var list: [(type: String, count: Int)] = []
    for number in types.indices where types[number] > 0 {
      list.append((try snapshot.name(UInt32(number)), types[number]))
    }
    return list.sorted { $0.type.utf8.lexicographicallyPrecedes($1.type.utf8) }
  }
}

/// One column of a block after the other, unpacked.
private struct ColumnBuffer<Value: FixedWidthInteger> {
  private(set) var values: [Value]
  private let slots: [UInt32]

  init(_ rowsMax: Int) {
    values = [Value](repeating: 0, count: rowsMax)
    slots = Array(0..<UInt32(rowsMax))
  }

  mutating func read(_ column: Column, of block: Block) {
    let reader = block.column(column)
    let rows = 0..<block.count
    values.withUnsafeMutableBufferPointer { values in
      // Zeros are not stored, so they are not written.
      values.update(repeating: 0)
      guard let base = values.baseAddress, reader.section.encoding != Section.absent else { return }
      slots.withUnsafeBufferPointer { slots in
        reader.scatter(
          rows, as: Value.self, to: UnsafeMutableRawPointer(base), stride: MemoryLayout<Value>.stride,
          slots: slots.baseAddress!)
      }
    }
  }
}
