import CHash

/// An order-independent digest of what a view knows: the sum, modulo 2^128, of a hash for each person's records, keyed
/// by the text of the person's id. Equal states have equal digests on every machine.
public struct ViewDigest: Sendable, Equatable, CustomStringConvertible {
  private(set) var low: UInt64 = 0
  private(set) var high: UInt64 = 0

  public init() {}

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  mutating func add(_ hash: rpt_hash128_t) {
    let (sum, carry) = low.addingReportingOverflow(hash.lo)
    low = sum
    high = high &+ hash.hi &+ (carry ? 1 : 0)
  }

  mutating func add(_ other: ViewDigest) { add(rpt_hash128_t(lo: other.low, hi: other.high)) }

  /// 32 hexadecimal digits.
  public var description: String { hexadecimal(high) + hexadecimal(low) }
}

func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Collects what one person's records mean.
///
/// Numbers are stored one behind the other and hashed at once. The calls are compiled into the loops that make them,
/// also those of other packages: a record is a few stores.
public struct DigestHasher: ~Copyable {
  @usableFromInline var bytes: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity = 1 << 12
  @usableFromInline var count = 0
  @usableFromInline let names: UnsafePointer<UInt64>
  @usableFromInline let nameCount: Int
  /// Keeps what `names` points to.
  private let hashes: NameHashes

  init(names: NameHashes) {
    bytes = .allocate(capacity: capacity)
    hashes = names
    self.names = names.start
    nameCount = names.count
  }

  deinit { bytes.deallocate() }

  @inlinable @inline(__always)
  public mutating func add<T: FixedWidthInteger>(_ value: T) {
    if count &+ 8 > capacity { grow() }
    UnsafeMutableRawPointer(bytes + count)
      .storeBytes(of: Int64(truncatingIfNeeded: value).littleEndian, as: Int64.self)
    count &+= 8
  }

  // Not a parameter pack: it is not compiled into its callers.

  /// Adds numbers one after the other.
  @inlinable @inline(__always)
  public mutating func add<A: FixedWidthInteger, B: FixedWidthInteger>(values a: A, _ b: B) {
    add(a)
    add(b)
  }

  @inlinable @inline(__always)
  public mutating func add<A: FixedWidthInteger, B: FixedWidthInteger, C: FixedWidthInteger>(
    values a: A, _ b: B, _ c: C
  ) {
    add(values: a, b)
    add(c)
  }

  @inlinable @inline(__always)
  public mutating func add<A: FixedWidthInteger, B: FixedWidthInteger, C: FixedWidthInteger, D: FixedWidthInteger>(
    values a: A, _ b: B, _ c: C, _ d: D
  ) {
    add(values: a, b)
    add(values: c, d)
  }

  @inlinable @inline(__always)
  public mutating func add<
    A: FixedWidthInteger, B: FixedWidthInteger, C: FixedWidthInteger, D: FixedWidthInteger, E: FixedWidthInteger
  >(values a: A, _ b: B, _ c: C, _ d: D, _ e: E) {
    add(values: a, b, c)
    add(values: d, e)
  }

  @inlinable @inline(__always)
  public mutating func add<
    A: FixedWidthInteger, B: FixedWidthInteger, C: FixedWidthInteger, D: FixedWidthInteger, E: FixedWidthInteger,
    F: FixedWidthInteger
  >(values a: A, _ b: B, _ c: C, _ d: D, _ e: E, _ f: F) {
    add(values: a, b, c)
    add(values: d, e, f)
  }

  /// Adds the text of a name number.
  @inlinable @inline(__always)
  public mutating func add(name: UInt32) {
    precondition(Int(name) < nameCount, "no name has this number")
    add(names[Int(name)])
  }

  /// Adds the texts of name numbers.
  @inlinable @inline(__always)
  public mutating func add(names a: UInt32, _ b: UInt32) {
    add(name: a)
    add(name: b)
  }

  @inlinable @inline(__always)
  public mutating func add(names a: UInt32, _ b: UInt32, _ c: UInt32) {
    add(names: a, b)
    add(name: c)
  }

  @inlinable @inline(__always)
  public mutating func add(_ value: Bool) {
    if count == capacity { grow() }
    bytes[count] = value ? 1 : 0
    count &+= 1
  }

  @usableFromInline @inline(never)
  mutating func grow() { bytes.double(&capacity, keeping: count) }

  /// A hash of a person's id, the same on every machine.
  static func key(_ subject: UnsafeBufferPointer<UInt8>) -> UInt64 { rpt_hash64(subject.baseAddress, subject.count, 0) }

  /// Begins with the records of a person.
  mutating func begin(_ key: UInt64) {
    count = 0
    add(key)
  }

  func finish() -> rpt_hash128_t { rpt_hash128(bytes, count, 0) }
}

/// A hash of the text of every name, by number: the same on every machine, unlike the numbers.
final class NameHashes: Sendable {
  let count: Int
  /// By number; 0 is no name.
  nonisolated(unsafe) let start: UnsafePointer<UInt64>

  init(_ snapshot: borrowing Snapshot) throws(LedgerError) {
    var hashes: [UInt64] = [0]
    hashes.reserveCapacity(snapshot.nameCount + 1)
    for index in snapshot.blocks.indices where snapshot.blocks[index].header.newNames > 0 {
      try snapshot.check(index, Snapshot.nameSlots)
      let texts = snapshot.blocks[index].newNames
      for text in 0..<texts.count { hashes.append(rpt_hash64(texts[text].baseAddress, texts[text].count, 0)) }
    }
    for number in hashes.count..<hashes.count + snapshot.extraNameCount {
      let text = try snapshot.nameBytes(UInt32(number))
      hashes.append(rpt_hash64(text.baseAddress, text.count, 0))
    }
    count = hashes.count
    let kept = UnsafeMutablePointer<UInt64>.allocate(capacity: hashes.count)
    kept.initialize(from: hashes, count: hashes.count)
    start = UnsafePointer(kept)
  }

  deinit { UnsafeMutablePointer(mutating: start).deallocate() }
}

/// The texts that the digests of a replay are made of.
struct DigestTexts: Sendable {
  let names: NameHashes
  let customers: TextDirectory
  let customerCount: UInt32

  init(_ snapshot: borrowing Snapshot) throws(LedgerError) {
    names = try NameHashes(snapshot)
    customers = try TextDirectory.customers(snapshot)
    customerCount = UInt32(snapshot.customerCount)
  }

  /// What the digest of a person is keyed by.
  func key(of customer: UInt32, _ snapshot: borrowing Snapshot) throws(LedgerError) -> UInt64 {
    if customer >= 1, customer <= customerCount { return customers.withText(customer) { DigestHasher.key($0) } }
    return DigestHasher.key(try snapshot.subjectBytes(customer))
  }
}
