/// The Merkle tree of RFC 9162 (section 2.1) over hashes that come one after the other, in the memory of its height.
///
/// Of n leaves it keeps the roots of the perfect subtrees that n is made of, a hash for each bit of n that is set; the
/// head joins them from the right. A perfect subtree can be added as a whole, and the head does not depend on which
/// were: it is a function of the leaves alone.
struct TreeHead {
  /// Leaves so far.
  private(set) var count: UInt64 = 0
  /// Roots of perfect subtrees, from the largest to the smallest.
  private var peaks: [TreeHash] = []

  /// Adds a leaf, or a perfect subtree of 2^height leaves.
  ///
  /// - Precondition: the leaves so far are a multiple of 2^height.
  /// - Complexity: O(1) amortised.
  mutating func append(_ root: TreeHash, height: Int = 0, _ hasher: TreeHasher) {
    precondition(count & (1 << UInt64(height) - 1) == 0, "a subtree begins at a multiple of its size")
    var root = root
    var rest = count >> UInt64(height)
    while rest & 1 == 1 {
      root = hasher.node(peaks.removeLast(), root)
      rest >>= 1
    }
    peaks.append(root)
    count += 1 << UInt64(height)
  }

  /// - Complexity: O(log n).
  func root(_ hasher: TreeHasher) -> TreeHash {
    guard var root = peaks.last else { return hasher.hash(UnsafeRawBufferPointer(start: nil, count: 0)) }
    for peak in peaks.dropLast().reversed() { root = hasher.node(peak, root) }
    return root
  }
}
