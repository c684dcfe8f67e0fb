import CHash

/// The outcomes of some customers or cases as bytes.
struct StoredPart: Sendable {
  var number: UInt32 = 0
  var people: [(customer: UInt32, records: UInt32)] = []
  /// Of cases the key of each; empty for people.
  var cases: [UInt64] = []
  var recordBytes = 0
  var records: [UInt8] = []

  fileprivate static let casesBit: UInt32 = 1 << 31

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
  init?(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
    guard let part = PartInPlace(bytes, seed: seed) else { return nil }
    self.init(number: 0, recordBytes: part.recordBytes)
    people.reserveCapacity(part.count)
    for index in 0..<part.count { people.append((part.customer(index), part.recordCount(index))) }
    for index in 0..<(part.hasCases ? part.count : 0) { cases.append(part.caseKey(index)) }
    records = Array(part.records)
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

/// A stored part as it lies in the memory map, known to be intact.
struct PartInPlace {
  private let start: UnsafeRawPointer
  /// People, or cases.
  let count: Int
  let recordBytes: Int
  let hasCases: Bool
  /// The bytes of all records.
  let records: UnsafeRawBufferPointer

  /// - Returns: nil if the bytes are not those of an intact part.
  /// - Complexity: O(bytes): they are all hashed.
  init?(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
    guard bytes.count >= 16, let start = bytes.baseAddress else { return nil }
    self.start = start
    let end = bytes.count - 8
    guard Self.load(start + end, UInt64.self) == rpt_hash64(start, end, seed) else { return nil }
    let sizes = Self.load(start + 4, UInt32.self)
    count = Self.count(of: bytes)
    recordBytes = Int(sizes & ~StoredPart.casesBit)
    hasCases = sizes & StoredPart.casesBit != 0
    let offset = 8 + 8 * count * (hasCases ? 2 : 1)
    guard offset <= end else { return nil }
    records = UnsafeRawBufferPointer(start: start + offset, count: end - offset)
    var total = 0
    for index in 0..<count { total += Int(recordCount(index)) }
    guard records.count == total * recordBytes else { return nil }
  }

  /// How many people or cases a part says that it has, which may not be intact.
  static func count(of bytes: UnsafeRawBufferPointer) -> Int {
    bytes.count < 4 ? 0 : Int(load(bytes.baseAddress!, UInt32.self))
  }

  @inline(__always)
  private static func load<T: FixedWidthInteger>(_ place: UnsafeRawPointer, _: T.Type) -> T {
    T(littleEndian: place.loadUnaligned(as: T.self))
  }

  func customer(_ index: Int) -> UInt32 { Self.load(start + 8 + 8 * index, UInt32.self) }
  func recordCount(_ index: Int) -> UInt32 { Self.load(start + 12 + 8 * index, UInt32.self) }
  func caseKey(_ index: Int) -> UInt64 { Self.load(start + 8 + 8 * (count + index), UInt64.self) }

  /// The people with where their records end, in the place of what was there.
  func list(_ people: inout [OutcomePerson]) {
    people.removeAll(keepingCapacity: true)
    var end = 0
    for index in 0..<count {
      end += Int(recordCount(index))
      people.append(OutcomePerson(customer: customer(index), end: end))
    }
  }
}
