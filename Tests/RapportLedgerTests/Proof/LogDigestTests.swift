import Testing

@testable import RapportLedger

@Suite("The digest of a log")
struct LogDigestTests {
  static let lines = generatedLines(90)

  /// The head over the leaves, one by one, by the definition.
  static func head(_ ledger: Ledger, upTo position: UInt64? = nil) throws -> TreeHash? {
    try ledger.read(upTo: position) { snapshot in
      var leaves: [[UInt8]] = []
      for position in 1..<snapshot.position + 1 {
        leaves.append(SecondOpinion.leaf(try snapshot.proof(of: position).leaf))
      }
      return TreeHash(bytes: SecondOpinion.head(leaves[...]))
    }
  }

  static func digest(_ ledger: Ledger, upTo position: UInt64? = nil) throws -> LogDigest {
    try ledger.read(upTo: position) { snapshot in try snapshot.digest() }
  }

  @Test(
    "is the head over the leaves, at every height and for every cut", arguments: [4, 8, 16], [[1], [7, 30], [90]])
  func definition(height: Int, commits: [Int]) throws {
    let ledger = try TestLedger(height: height)
    try ledger.record(Self.lines, commits: commits)
    let digest = try Self.digest(ledger.ledger)
    #expect(digest.position == 90)
    #expect(digest.root == (try Self.head(ledger.ledger)))
  }

  @Test("of every prefix is what the digest was when the log ended there")
  func prefixes() throws {
    let ledger = try TestLedger(height: 4)
    var then: [LogDigest] = [try Self.digest(ledger.ledger)]
    for line in Self.lines {
      try ledger.record([line])
      then.append(try Self.digest(ledger.ledger))
    }
    for digest in then {
      #expect(try Self.digest(ledger.ledger, upTo: digest.position) == digest)
      #expect(try ledger.ledger.verify(against: digest, threads: 1).damage == [])
    }
    #expect(Set(then.map(\.root)).count == then.count)
  }

  @Test("does not change when a segment is sealed")
  func sealing() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Array(Self.lines.prefix(15)), commits: [4])
    let before = try Self.digest(ledger.ledger)
    try ledger.record(Array(Self.lines[15..<17]))
    let (roots, counts) = try ledger.ledger.read { snapshot in
      (snapshot.blocks.map { TreeHash(words: $0.header.root) }, snapshot.blocks.map(\.count))
    }
    #expect(counts == [16, 1])
    #expect(!roots[0].isZero && roots[1].isZero)
    #expect(try Self.digest(ledger.ledger, upTo: 15) == before)
  }

  @Test("of an empty log is the hash of nothing")
  func empty() throws {
    let ledger = try TestLedger()
    #expect(try Self.digest(ledger.ledger).description == "0:" + TreeTests.heads[0])
  }

  @Test("a leaf has every text and number of its event")
  func leaf() throws {
    let ledger = try TestLedger()
    try ledger.record([
      #"{"specversion":"1.0","id":"id-1","source":"/shop/de","type":"order.placed","subject":"C-77","#
        + #""time":"2025-03-01T00:00:00Z","channel":"web","country":"DE","data":{"order":"o1","currency":"EUR","#
        + #""revenue":"72.89","lines":[{"sku":"tea","group":"drinks","quantity":2,"price":"12.50"}]}}"#
    ])
    let leaf = try ledger.ledger.read { snapshot in try snapshot.proof(of: 1).leaf }
    let text = String(decoding: leaf.map { (0x20..<0x7F).contains($0) ? $0 : 0x2E }, as: UTF8.self)
    for part in ["order.placed", "/shop/de", "C-77", "web", "DE", "tea", "drinks", "id-1", "72.89"] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(Array(leaf.prefix(9)) == [1, 1, 0, 0, 0, 0, 0, 0, 0])
    var amount: [UInt8] = []
    withUnsafeBytes(of: Int64(728_900).littleEndian) { amount += $0 }
    #expect(leaf.indices.contains { leaf[$0...].starts(with: amount) })
  }
}
