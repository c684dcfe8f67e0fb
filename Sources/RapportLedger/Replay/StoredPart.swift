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

  /// People, or cases, whose records have a checksum together: reading one of them reads few others.
  fileprivate static let groupPeople = 64

  fileprivate static func groups(of people: Int) -> Int { (people + groupPeople - 1) / groupPeople }

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
    bytes.reserveCapacity(16 + 9 * people.count + 8 * cases.count + records.count)
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
    var start = 0
    for group in stride(from: 0, to: people.count, by: Self.groupPeople) {
      let some = people[group..<min(group + Self.groupPeople, people.count)]
      let end = start + some.reduce(0) { $0 + Int($1.records) } * recordBytes
      append(records.withUnsafeBytes { rpt_hash64($0.baseAddress.map { $0 + start }, end - start, seed) })
      start = end
    }
    append(bytes.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, seed) })
    bytes += records
    return bytes
  }
}

/// A stored part as it lies in the memory map. Who is in it is known to be as it was written, of the records those that
/// were checked.
struct PartInPlace {
  private let start: UnsafeRawPointer
  /// The checksums of the groups.
  private let sums: UnsafeRawPointer
  private let seed: UInt64
  /// People, or cases.
  let count: Int
  let recordBytes: Int
  let hasCases: Bool
  /// The bytes of all records.
  let records: UnsafeRawBufferPointer

  /// All of a part.
  ///
  /// - Returns: nil if the bytes are not those of an intact part.
  /// - Complexity: O(bytes): they are all hashed.
  init?(_ bytes: UnsafeRawBufferPointer, seed: UInt64) {
    self.init(headOf: bytes, seed: seed)
    var first = 0
    for group in 0..<StoredPart.groups(of: count) {
      let end = first + self.bytes(ofGroup: group)
      guard isIntact(group: group, first..<end) else { return nil }
      first = end
    }
  }

  /// A part whose records are not checked.
  ///
  /// - Returns: nil if it is not intact who is in it.
  /// - Complexity: O(people).
  init?(headOf bytes: UnsafeRawBufferPointer, seed: UInt64) {
    guard bytes.count >= 16, let start = bytes.baseAddress else { return nil }
    self.start = start
    self.seed = seed
    let sizes = Self.load(start + 4, UInt32.self)
    count = Self.count(of: bytes)
    recordBytes = Int(sizes & ~StoredPart.casesBit)
    hasCases = sizes & StoredPart.casesBit != 0
    let sumsOffset = 8 + 8 * count * (hasCases ? 2 : 1)
    sums = start + sumsOffset
    let end = sumsOffset + 8 * StoredPart.groups(of: count)
    guard end + 8 <= bytes.count, Self.load(start + end, UInt64.self) == rpt_hash64(start, end, seed) else {
      return nil
    }
    records = UnsafeRawBufferPointer(rebasing: bytes[(end + 8)...])
    guard records.count == self.bytes(of: 0..<count) else { return nil }
  }

  /// - Complexity: O(people).
  func index(of customer: UInt32) -> Int? { (0..<count).first { self.customer($0) == customer } }

  /// The records of one person.
  ///
  /// - Returns: nil if they are not intact.
  /// - Complexity: O(people); those of few others are hashed with them.
  func records(at index: Int) -> UnsafeRawBufferPointer? {
    let group = index / StoredPart.groupPeople
    let first = group * StoredPart.groupPeople
    let groupStart = bytes(of: 0..<first)
    guard isIntact(group: group, groupStart..<groupStart + bytes(ofGroup: group)) else { return nil }
    let start = groupStart + bytes(of: first..<index)
    return UnsafeRawBufferPointer(rebasing: records[start..<start + bytes(of: index..<index + 1)])
  }

  private func bytes(ofGroup group: Int) -> Int {
    let first = group * StoredPart.groupPeople
    return bytes(of: first..<min(first + StoredPart.groupPeople, count))
  }

  private func bytes(of people: Range<Int>) -> Int { people.reduce(0) { $0 + Int(recordCount($1)) } * recordBytes }

  private func isIntact(group: Int, _ range: Range<Int>) -> Bool {
    let found = rpt_hash64(records.baseAddress.map { $0 + range.lowerBound }, range.count, seed)
    return Self.load(sums + 8 * group, UInt64.self) == found
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
