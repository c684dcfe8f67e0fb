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
public struct DigestHasher: ~Copyable {
  private var bytes = Room<UInt8>(capacity: 1 << 12)
  private var count = 0
  private let names: NameHashes

  init(names: NameHashes) { self.names = names }

  public mutating func add<T: FixedWidthInteger>(_ value: T) {
    let wide = Int64(truncatingIfNeeded: value).littleEndian
    bytes.reserve(count + 8, keeping: count)
    UnsafeMutableRawPointer(bytes.start + count).storeBytes(of: wide, as: Int64.self)
    count += 8
  }

  /// Adds numbers one after the other.
  public mutating func add<each T: FixedWidthInteger>(values: repeat each T) { repeat add(each values) }

  /// Adds the texts of name numbers.
  public mutating func add(names: UInt32...) { for name in names { add(name: name) } }

  public mutating func add(_ value: Bool) { add(byte: value ? 1 : 0) }

  /// Adds the text of a name number.
  public mutating func add(name: UInt32) { add(names.hashes[Int(name)]) }

  private mutating func add(byte: UInt8) {
    bytes.reserve(count + 1, keeping: count)
    bytes.start[count] = byte
    count += 1
  }

  mutating func begin(_ subject: UnsafeBufferPointer<UInt8>) {
    count = 0
    bytes.reserve(subject.count)
    if let start = subject.baseAddress { bytes.start.update(from: start, count: subject.count) }
    count = subject.count
    add(byte: 0)
  }

  func finish() -> rpt_hash128_t { rpt_hash128(bytes.start, count, 0) }
}

/// A hash of the text of every name, by number: the same on every machine, unlike the numbers.
struct NameHashes: Sendable {
  let hashes: [UInt64]

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
    self.hashes = hashes
  }
}
