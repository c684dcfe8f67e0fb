import Testing

@testable import RapportLedger

@Suite("Proofs of single events")
struct InclusionProofTests {
  static let lines = generatedLines(75)

  static func proofs(height: Int) throws -> [InclusionProof] {
    let ledger = try TestLedger(height: height)
    try ledger.record(lines, commits: [10, 3, 40])
    var proofs: [InclusionProof] = []
    for size in [1, 2, 3, 16, 17, 31, 64, 75] as [UInt64] {
      try ledger.ledger.read(upTo: size) { snapshot in
        let digest = try snapshot.digest()
        for position in 1...size {
          let proof = try snapshot.proof(of: position)
          #expect(proof.digest == digest)
          proofs.append(proof)
        }
      }
    }
    return proofs
  }

  @Test("every genuine proof is accepted", arguments: [4, 16])
  func genuine(height: Int) throws {
    for proof in try Self.proofs(height: height) {
      #expect(SecondOpinion.accepts(proof, for: proof.digest), "position \(proof.position) of \(proof.treeSize)")
      #expect(proof.holds(for: proof.digest), "position \(proof.position) of \(proof.treeSize)")
    }
  }

  @Test("an altered leaf, path, root, position or size is rejected")
  func altered() throws {
    for proof in try Self.proofs(height: 4) {
      for (what, altered) in Self.alterations(proof) {
        #expect(
          !SecondOpinion.accepts(altered, for: proof.digest), "\(what), position \(proof.position) of \(proof.treeSize)"
        )
        #expect(!altered.holds(for: proof.digest), "\(what), position \(proof.position) of \(proof.treeSize)")
      }
    }
  }

  /// One bit of everything, and every other place.
  private static func alterations(_ proof: InclusionProof) -> [(String, InclusionProof)] {
    var all: [(String, InclusionProof)] = []
    func alter(_ what: String, _ change: (inout InclusionProof) -> Void) {
      var copy = proof
      change(&copy)
      all.append((what, copy))
    }
    func flipped(_ hash: TreeHash) -> TreeHash {
      var bytes = hash.bytes
      bytes[7] ^= 0x10
      return TreeHash(bytes: bytes)!
    }
    for index in stride(from: 0, to: proof.leaf.count, by: 17) { alter("leaf") { $0.leaf[index] ^= 1 } }
    alter("leaf cut") { $0.leaf.removeLast() }
    for index in proof.path.indices { alter("path \(index)") { $0.path[index] = flipped($0.path[index]) } }
    if !proof.path.isEmpty { alter("path cut") { $0.path.removeLast() } }
    alter("path longer") { $0.path.append(flipped($0.root)) }
    alter("root") { $0.root = flipped($0.root) }
    for position in 0...proof.treeSize + 1 where position != proof.position {
      alter("position \(position)") { $0.position = position }
    }
    for size in 0...80 where size != proof.treeSize { alter("size \(size)") { $0.treeSize = UInt64(size) } }
    return all
  }

  @Test("an event is found by its id, with and without its source")
  func byID() throws {
    let ledger = try TestLedger(height: 4)
    var lines = Self.lines
    for source in ["/a", "/b"] {
      lines.append(
        #"{"specversion":"1.0","id":"twice","source":"\#(source)","type":"note.added","subject":"C1","data":{}}"#)
    }
    try ledger.record(lines, commits: [9])
    func positions(_ id: String, _ source: String? = nil) throws -> [UInt64] {
      try ledger.ledger.read { snapshot in try ledger.ledger.positions(ofID: id, source: source, in: snapshot) }
    }
    #expect(try positions("twice") == [76, 77])
    #expect(try positions("twice", "/b") == [77])
    #expect(try positions("twice", "/c") == [])
    #expect(try positions("never") == [])
  }

  @Test("a position that is not there has no proof")
  func absent() throws {
    let ledger = try TestLedger()
    try ledger.record(Array(Self.lines.prefix(3)))
    for position in [0, 4, UInt64.max] {
      #expect(throws: LedgerError.self) { try ledger.ledger.read { snapshot in try snapshot.proof(of: position) } }
    }
  }
}
