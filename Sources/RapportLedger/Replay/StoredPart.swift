import CHash

/// The outcomes of some customers or cases as bytes.
struct StoredPart: Sendable {
  var number: UInt32 = 0
  var people: [(customer: UInt32, records: UInt32)] = []
  /// Of cases the key of each; empty for people.
  var cases: [UInt64] = []
  var recordBytes = 0
  var records: [UInt8] = []

  private static let casesBit: UInt32 = 1 << 31

  init(number: UInt32, recordBytes: Int) {
    self.number = number
    self.recordBytes = recordBytes
  }

  /// Forgets everything but its memory.
  mutating func removeAll() {
    people.removeAll(keepingCapacity: true)
    cases.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
  }

  /// - Returns: nil if the bytes are not those of an intact part.
  init?(_ bytes: RawSpan, seed: UInt64) {
    let part: StoredPart? = bytes.withUnsafeBytes { stored in
      guard stored.count >= 16, let start = stored.baseAddress else { return nil }
      func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
        T(littleEndian: stored.loadUnaligned(fromByteOffset: offset, as: T.self))
      }
      let end = stored.count - 8
      guard load(end, UInt64.self) == rpt_hash64(start, end, seed) else { return nil }
      let count = Int(load(0, UInt32.self))
      let sizes = load(4, UInt32.self)
      let hasCases = sizes & Self.casesBit != 0
      var part = StoredPart(number: 0, recordBytes: Int(sizes & ~Self.casesBit))
      var offset = 8 + 8 * count
      guard offset + (hasCases ? 8 * count : 0) <= end else { return nil }
      var recordCount = 0
      part.people.reserveCapacity(count)
      for index in 0..<count {
        part.people.append((load(8 + 8 * index, UInt32.self), load(12 + 8 * index, UInt32.self)))
        recordCount += Int(part.people[index].records)
      }
      if hasCases {
        for index in 0..<count { part.cases.append(load(offset + 8 * index, UInt64.self)) }
        offset += 8 * count
      }
      guard end - offset == recordCount * part.recordBytes else { return nil }
      part.records = Array(stored[offset..<end])
      return part
    }
    guard let part else { return nil }
    self = part
  }

  func sealed(_ seed: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 + 8 * people.count + 8 * cases.count + records.count)
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(UInt32(people.count))
    append(UInt32(recordBytes) | (cases.isEmpty ? 0 : Self.casesBit))
    for person in people {
      append(person.customer)
      append(person.records)
    }
    for key in cases { append(key) }
    bytes += records
    append(bytes.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, seed) })
    return bytes
  }
}
