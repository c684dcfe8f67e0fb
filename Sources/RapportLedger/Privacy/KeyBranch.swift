import CHash

/// A branch: a record with the keys of up to 1,024 customers, each wrapped by the branch's key.
///
/// Everything is little-endian; *n* is the number of customers in it, who stand in the order of their hashes.
///
/// | size | field |
/// |---|---|
/// | 8 | XXH3 of the next 72 bytes and of the hashes |
/// | 8 | XXH3 of the ends and the subjects |
/// | 4 | *n* |
/// | 60 | the branch's key, wrapped by the master key for the number of the branch |
/// | 8·*n* | hashes of the subjects, keyed by the ledger's seed |
/// | 4·*n* | where each subject ends |
/// | 92·*n* | the customers' keys, wrapped by the branch's key for the hash of the subject |
/// | … | the subjects, one behind the other |
///
/// The first checksum is what an absence rests on. A presence proves itself: the subjects are compared, and a wrapped
/// key opens only if every bit of it is right.
struct KeyBranch {
  /// The number of its first customer: customers are numbered from 1 in the order in which they got their keys.
  let number: UInt64
  let count: Int
  private let bytes: UnsafeRawBufferPointer

  static let customersMax = 1024
  static let wrappedBytes = CustomerKey.byteCount + Cipher.overhead
  static let branchKeyBytes = 32
  private static let wrappedBranchKeyBytes = branchKeyBytes + Cipher.overhead
  private static let headBytes = 8 + 8 + 4 + wrappedBranchKeyBytes

  /// - Parameter bytes: must live as long as this is used.
  /// - Returns: nil if this is no such record.
  init?(_ number: UInt64, _ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.headBytes else { return nil }
    let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
    guard count <= Self.customersMax, bytes.count >= Self.headBytes + count * (8 + 4 + Self.wrappedBytes) else {
      return nil
    }
    (self.number, self.count, self.bytes) = (number, count, bytes)
  }

  /// Whether the hashes are those that were written. Checks 8 bytes a customer.
  var isIntact: Bool { checksum(0) == Self.hash(bytes[16..<endsOffset]) }

  /// The same of the subjects.
  var areSubjectsIntact: Bool {
    checksum(8) == Self.hash(bytes[endsOffset..<keysOffset], bytes[subjectsOffset...])
  }

  private var endsOffset: Int { Self.headBytes + count * 8 }
  private var keysOffset: Int { endsOffset + count * 4 }
  private var subjectsOffset: Int { keysOffset + count * Self.wrappedBytes }

  private func checksum(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  private static func hash(_ parts: Slice<UnsafeRawBufferPointer>...) -> UInt64 {
    parts.reduce(0) { seed, part in
      let part = UnsafeRawBufferPointer(rebasing: part)
      return rpt_hash64(part.baseAddress, part.count, seed)
    }
  }

  /// The branch's key, wrapped.
  var wrappedKey: UnsafeBufferPointer<UInt8> { text(20, Self.wrappedBranchKeyBytes) }

  func hash(of place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: Self.headBytes + place * 8, as: UInt64.self))
  }

  /// - Returns: nil if the record is damaged.
  func subject(of place: Int) -> UnsafeBufferPointer<UInt8>? {
    let start = place == 0 ? 0 : end(of: place - 1)
    guard start <= end(of: place), end(of: place) <= bytes.count - subjectsOffset else { return nil }
    return text(subjectsOffset + start, end(of: place) - start)
  }

  /// The keys of a customer, wrapped.
  func wrappedKey(of place: Int) -> UnsafeBufferPointer<UInt8> {
    text(keysOffset + place * Self.wrappedBytes, Self.wrappedBytes)
  }

  private func end(of place: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: endsOffset + place * 4, as: UInt32.self)))
  }

  private func text(_ offset: Int, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + offset, count: count)
  }

  enum Search: Equatable {
    case found(Int)
    case absent
    case damaged
  }

  /// Looks for a customer.
  ///
  /// - Complexity: O(log customers).
  func find(_ subject: UnsafeBufferPointer<UInt8>, hash sought: UInt64) -> Search {
    var place = (0..<count).partitioningIndex { hash(of: $0) >= sought }
    while place < count, hash(of: place) == sought {
      if let found = self.subject(of: place), found.elementsEqual(subject) { return .found(place) }
      if !areSubjectsIntact { return .damaged }
      place += 1
    }
    return .absent
  }

  // MARK: Writing

  /// A customer whose keys are to be written.
  struct Customer {
    let hash: UInt64
    let subject: [UInt8]
    let key: CustomerKey
  }

  /// The record of a branch, with a new key of its own.
  static func record(_ customers: [Customer], number: UInt64, master: MasterKey, _ cipher: Cipher) -> [UInt8] {
    let customers = customers.sorted { $0.hash < $1.hash }
    var key = [UInt8](repeating: 0, count: branchKeyBytes)
    key.withUnsafeMutableBytes { Cipher.fillRandom($0) }
    var head: [UInt8] = []
    append(UInt32(customers.count), to: &head)
    key.withUnsafeBufferPointer { key in
      master.bytes.withUnsafeBytes { cipher.seal(key, key: $0.baseAddress!, for: number, into: &head) }
    }
    for customer in customers { append(customer.hash, to: &head) }
    var ends: [UInt8] = []
    var subjects: [UInt8] = []
    var keys: [UInt8] = []
    keys.reserveCapacity(customers.count * wrappedBytes)
    for (index, customer) in customers.enumerated() {
      subjects += customer.subject
      append(UInt32(subjects.count), to: &ends)
      withUnsafeBytes(of: customer.key) { plain in
        key.withUnsafeBytes {
          cipher.seal(
            plain.assumingMemoryBound(to: UInt8.self), key: index == 0 ? $0.baseAddress : nil, for: customer.hash,
            into: &keys)
        }
      }
    }
    var record: [UInt8] = []
    record.reserveCapacity(16 + head.count + ends.count + keys.count + subjects.count)
    append(head.withUnsafeBytes { hash($0[...]) }, to: &record)
    append(ends.withUnsafeBytes { ends in subjects.withUnsafeBytes { hash(ends[...], $0[...]) } }, to: &record)
    return record + head + ends + keys + subjects
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
