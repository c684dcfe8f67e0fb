import CHash
import LMDB

/// The stored outcomes of views: what makes a question about all people cheap. Only ever a matter of speed: `views/` may
/// be deleted at any time.
///
/// Database `outcomes` of the environment `views/`, from the name of a view, a zero byte and the number of a part (four
/// bytes, the greatest first) to the part: the outcomes of 4,096 customers, in order of their numbers.
///
/// | size | field |
/// |---|---|
/// | 4 | people in the part: n |
/// | 4 | bytes of a record |
/// | 8 · n | number of each person, and how many records it has |
/// | … | the records |
/// | 8 | XXH3-64 of the bytes before, for the ledger's seed |
///
/// The parts of a view and its checkpoint are written in one transaction, so the former state stays in force until the
/// new one is there as a whole.
struct StateStore: Sendable {
  let path: String
  /// Of the ledger: the state of another ledger is none.
  let seed: UInt64

  static let customersPerPart: UInt32 = 4096

  static func key(_ view: String, _ part: UInt32) -> [UInt8] {
    var key = Array(view.utf8) + [0]
    withUnsafeBytes(of: part.bigEndian) { key.append(contentsOf: $0) }
    return key
  }

  /// Replaces the outcomes of views and their checkpoints, all or nothing.
  ///
  /// - Parameter folds: where each view's outcomes are; nil stores a checkpoint without outcomes.
  func store(_ checkpoints: [Checkpoint], _ folds: [any AnyFold]?) throws(LedgerError) {
    try mapping(path) { () throws(LMDBError) in
      let environment = try Environment(at: path, options: .init(access: .readWrite))
      guard let database = try environment.openDatabase(named: "checkpoints", keys: String.self, create: true),
        let outcomes = try environment.openDatabase(named: "outcomes", keys: [UInt8].self, create: true)
      else { return }
      var former: [[UInt8]] = []
      for checkpoint in checkpoints { former += try Self.keys(of: checkpoint.view, in: outcomes, of: environment) }
      var transaction = try environment.write()
      for key in former { try transaction.delete(key, in: outcomes) }
      for (index, checkpoint) in checkpoints.enumerated() {
        let bytes = checkpoint.bytes
        try transaction.put(checkpoint.view, bytes.span.bytes, in: database)
        guard let folds else { continue }
        for part in folds[index].storedParts() {
          let bytes = part.sealed(seed)
          try transaction.put(Self.key(checkpoint.view, part.number), bytes.span.bytes, in: outcomes)
        }
      }
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
    /// False if some part is not what was written.
    var isIntact = true
  }

  /// - Returns: nil unless there is a state of this version.
  func load(_ view: String, version: Int) -> State? {
    let loaded = try? mapping(path) { () throws(LMDBError) -> State? in
      let environment = try Environment(at: path, options: .init(access: .readOnly))
      guard let database = try environment.openDatabase(named: "checkpoints", keys: String.self, create: false) else {
        return nil
      }
      let outcomes = try environment.openDatabase(named: "outcomes", keys: [UInt8].self, create: false)
      let transaction = try environment.read()
      guard let bytes = try transaction.get(view, in: database), let checkpoint = Checkpoint(view: view, bytes),
        checkpoint.version == version
      else { return nil }
      var state = State(checkpoint: checkpoint)
      guard let outcomes else { return state }
      var cursor = try transaction.cursor(in: outcomes)
      var entry = try cursor.seek(atOrAfter: Self.key(view, 0))
      while let current = entry, current.key.starts(with: Array(view.utf8) + [0]) {
        if let part = StoredPart(current.value, seed: seed) { state.parts.append(part) } else { state.isIntact = false }
        entry = try cursor.next()
      }
      return state
    }
    return loaded ?? nil
  }
}

/// The outcomes of some customers as bytes.
struct StoredPart: Sendable {
  var number: UInt32 = 0
  var people: [(customer: UInt32, records: UInt32)] = []
  var recordBytes = 0
  var records: [UInt8] = []

  init(number: UInt32, recordBytes: Int) {
    self.number = number
    self.recordBytes = recordBytes
  }

  /// - Returns: nil if the bytes are not those of an intact part.
  init?(_ bytes: RawSpan, seed: UInt64) {
    let stored = bytes.withUnsafeBytes { [UInt8]($0) }
    guard stored.count >= 16 else { return nil }
    func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
      stored.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
    let end = stored.count - 8
    guard load(end, UInt64.self) == stored.withUnsafeBytes({ rpt_hash64($0.baseAddress, end, seed) }) else {
      return nil
    }
    let count = Int(load(0, UInt32.self))
    recordBytes = Int(load(4, UInt32.self))
    guard 8 + 8 * count <= end else { return nil }
    var recordCount = 0
    for index in 0..<count {
      people.append((load(8 + 8 * index, UInt32.self), load(12 + 8 * index, UInt32.self)))
      recordCount += Int(people[index].records)
    }
    records = Array(stored[(8 + 8 * count)..<end])
    guard records.count == recordCount * recordBytes else { return nil }
  }

  func sealed(_ seed: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 + 8 * people.count + records.count)
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(UInt32(people.count))
    append(UInt32(recordBytes))
    for person in people {
      append(person.customer)
      append(person.records)
    }
    bytes += records
    append(bytes.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, seed) })
    return bytes
  }
}

extension Outcomes {
  /// The outcomes as parts, in order of customer numbers.
  func storedParts() -> [StoredPart] {
    var order: [(customer: UInt32, records: Range<Int>)] = []
    var start = 0
    for person in people {
      order.append((person.customer, start..<person.end))
      start = person.end
    }
    order.sort { $0.customer < $1.customer }
    let stride = MemoryLayout<Record>.stride
    var parts: [StoredPart] = []
    records.withUnsafeBytes { bytes in
      for (customer, range) in order {
        let number = customer / StateStore.customersPerPart
        if parts.last?.number != number { parts.append(StoredPart(number: number, recordBytes: stride)) }
        parts[parts.count - 1].people.append((customer, UInt32(range.count)))
        parts[parts.count - 1].records += bytes[range.lowerBound * stride..<range.upperBound * stride]
      }
    }
    // A state without anybody is a state, too.
    return parts.isEmpty ? [StoredPart(number: 0, recordBytes: stride)] : parts
  }

  /// - Returns: nil if the parts are of records of another size.
  init?(_ parts: [StoredPart]) {
    self.init()
    let stride = MemoryLayout<Record>.stride
    guard parts.allSatisfy({ $0.recordBytes == stride }) else { return nil }
    let count = parts.reduce(0) { $0 + $1.records.count } / stride
    records = [Record](unsafeUninitializedCapacity: count) { buffer, initialized in
      var offset = 0
      for part in parts where !part.records.isEmpty {
        part.records.withUnsafeBytes {
          (UnsafeMutableRawPointer(buffer.baseAddress!) + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        offset += part.records.count
      }
      initialized = count
    }
    var end = 0
    for part in parts {
      for person in part.people {
        end += Int(person.records)
        people.append(Person(customer: person.customer, end: end))
      }
    }
  }

  /// These outcomes with those of some people in the place of their former ones.
  func replacing(_ touched: Set<UInt32>, by fresh: Outcomes<Record>) -> Outcomes<Record> {
    var merged = filter { !touched.contains($0) }
    merged.append(fresh)
    return merged
  }
}
