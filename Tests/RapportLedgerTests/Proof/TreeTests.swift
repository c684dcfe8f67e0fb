import Testing

@testable import RapportLedger

@Suite("The Merkle tree")
struct TreeTests {
  /// The leaves of the vectors that implementations of Certificate Transparency share.
  static let leaves: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
    [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57], Array(0x60...0x6F),
  ]

  static let heads = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test("the known heads of zero to eight leaves", arguments: 0...8)
  func knownVectors(count: Int) {
    let hasher = TreeHasher()
    var head = TreeHead()
    for leaf in Self.leaves.prefix(count) { head.append(hasher.leaf(leaf), hasher) }
    #expect(head.root(hasher).description == Self.heads[count])
    let second = SecondOpinion.head(Self.leaves.prefix(count).map { SecondOpinion.leaf($0) }[...])
    #expect(TreeHash(bytes: second)?.description == Self.heads[count])
  }

  @Test("OpenSSL and the second opinion agree on messages of every length up to three blocks")
  func sha256() {
    let hasher = TreeHasher()
    for count in 0...200 {
      let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }
      #expect(message.withUnsafeBytes { hasher.hash($0).bytes } == SecondOpinion.sha256(message))
    }
  }

  @Test("perfect subtrees of any size give the head of their leaves", arguments: 0...5)
  func subtrees(height: Int) {
    let hasher = TreeHasher()
    let hashes = (0..<200).map { hasher.leaf([UInt8($0)]) }
    var (whole, parts) = (TreeHead(), TreeHead())
    for hash in hashes { whole.append(hash, hasher) }
    let size = 1 << height
    for start in stride(from: 0, to: hashes.count, by: size) {
      if start + size <= hashes.count {
        var subtree = TreeHead()
        for hash in hashes[start..<start + size] { subtree.append(hash, hasher) }
        parts.append(subtree.root(hasher), height: height, hasher)
      } else {
        for hash in hashes[start...] { parts.append(hash, hasher) }
      }
    }
    #expect(parts.root(hasher) == whole.root(hasher))
    #expect(parts.count == whole.count)
  }

  @Test("a digest reads what it prints, and nothing else")
  func digestText() {
    let digest = LogDigest(position: 46_266, root: TreeHasher().leaf([1]))
    #expect(LogDigest(digest.description) == digest)
    for text in ["", ":", "1:", "1:ab", "x:" + Self.heads[1], "-1:" + Self.heads[1], "1:" + Self.heads[1] + "00"] {
      #expect(LogDigest(text) == nil, "\(text)")
    }
  }
}
