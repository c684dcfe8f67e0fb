@testable import RapportLedger

/// SHA-256 as FIPS 180-4 describes it, and the tree of RFC 9162 as it defines it: written a second time and slowly, so
/// that neither OpenSSL nor our tree vouches for itself.
enum SecondOpinion {
  typealias Hash = [UInt8]

  static func leaf(_ bytes: [UInt8]) -> Hash { sha256([0] + bytes) }
  static func node(_ left: Hash, _ right: Hash) -> Hash { sha256([1] + left + right) }

  /// The head over leaf hashes: section 2.1.1.
  static func head(_ leaves: ArraySlice<Hash>) -> Hash {
    if leaves.isEmpty { return sha256([]) }
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let middle = leaves.startIndex + split
    return node(head(leaves[..<middle]), head(leaves[middle...]))
  }

  /// Whether a proof leads from its leaf to the root that somebody kept: section 2.1.3.2, from what is published alone.
  ///
  /// The size counts as much as the root: many sizes lead along the same way.
  static func accepts(_ proof: InclusionProof, for kept: LogDigest) -> Bool {
    guard proof.position >= 1, proof.position <= proof.treeSize, proof.treeSize == kept.position,
      proof.root == kept.root
    else { return false }
    func climb(_ index: UInt64, _ size: UInt64, _ path: ArraySlice<TreeHash>) -> Hash? {
      if size == 1 { return path.isEmpty ? leaf(proof.leaf) : nil }
      guard let sibling = path.last?.bytes else { return nil }
      var split: UInt64 = 1
      while split * 2 < size { split *= 2 }
      if index < split { return climb(index, split, path.dropLast()).map { node($0, sibling) } }
      return climb(index - split, size - split, path.dropLast()).map { node(sibling, $0) }
    }
    return climb(proof.position - 1, proof.treeSize, proof.path[...]) == kept.root.bytes
  }

  static func sha256(_ message: [UInt8]) -> Hash {
    var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: UInt64(message.count * 8) >> UInt64(shift)))
    }
    for start in stride(from: 0, to: bytes.count, by: 64) { compress(bytes[start..<start + 64], &state) }
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
      block[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
      let (a, b) = (words[index - 15], words[index - 2])
      let low = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3
      let high = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10
      words.append(words[index - 16] &+ low &+ words[index - 7] &+ high)
    }
    var v = state
    for index in 0..<64 {
      let e = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
      let first = v[7] &+ e &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ constants[index] &+ words[index]
      let a = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
      let second = a &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
      v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
    }
    for index in 0..<8 { state[index] &+= v[index] }
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var constants: [UInt32] = []
    var number: UInt64 = 2
    while constants.count < 64 {
      if (2..<number).allSatisfy({ number % $0 != 0 }) { constants.append(cubeRootFraction(number)) }
      number += 1
    }
    return constants
  }()

  /// floor(cbrt(n) · 2^32) mod 2^32, by bisection in integers wide enough.
  private static func cubeRootFraction(_ n: UInt64) -> UInt32 {
    var (low, high) = (UInt128(0), UInt128(8) << 32)
    let wanted = UInt128(n) << 96
    while high - low > 1 {
      let middle = (low + high) / 2
      if middle * middle * middle <= wanted { low = middle } else { high = middle }
    }
    return UInt32(truncatingIfNeeded: low)
  }
}
