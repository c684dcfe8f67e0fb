import COpenSSL

/// A SHA-256 value: a node of the log's Merkle tree.
public struct TreeHash: BitwiseCopyable, Hashable, Sendable, CustomStringConvertible {
  // The 32 bytes as they lie in memory.
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  private var c: UInt64 = 0
  private var d: UInt64 = 0

  init() {}

  /// As a block's header keeps it.
  init(words: (UInt64, UInt64, UInt64, UInt64)) { (a, b, c, d) = words }
  var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }

  /// All zeros: what a header says where no root was computed.
  var isZero: Bool { a | b | c | d == 0 }

  /// - Returns: nil unless there are 32 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// - Returns: nil unless there are 64 hexadecimal digits.
  public init?(hexadecimal text: some StringProtocol) {
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text.utf8 {
      guard let digit = Self.value(ofDigit: byte) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard high == nil else { return nil }
    self.init(bytes: bytes)
  }

  private static func value(ofDigit byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  public var bytes: [UInt8] { withUnsafeBytes(of: self) { [UInt8]($0) } }

  /// 64 hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// SHA-256. Belongs to one thread at a time.
///
/// Leaves and nodes hash different first bytes (RFC 9162, section 2.1.1), so that no node can be passed off as a leaf.
final class TreeHasher {
  static let leafPrefix: UInt8 = 0
  private static let nodePrefix: UInt8 = 1

  private let pair = UnsafeMutableRawPointer.allocate(byteCount: 65, alignment: 8)

  init() { pair.storeBytes(of: Self.nodePrefix, as: UInt8.self) }

  deinit { pair.deallocate() }

  func hash(_ bytes: UnsafeRawBufferPointer) -> TreeHash {
    var hash = TreeHash()
    withUnsafeMutableBytes(of: &hash) { rpt_sha256(bytes.baseAddress, bytes.count, $0.baseAddress) }
    return hash
  }

  /// The hash of a leaf whose bytes do not begin with the prefix yet.
  func leaf(_ bytes: [UInt8]) -> TreeHash { ([Self.leafPrefix] + bytes).withUnsafeBytes { hash($0) } }

  func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
    (pair + 1).storeBytes(of: left, as: TreeHash.self)
    (pair + 33).storeBytes(of: right, as: TreeHash.self)
    return hash(UnsafeRawBufferPointer(start: pair, count: 65))
  }
}
