/// That an event is in the log, checkable by anyone who has a ``LogDigest`` and SHA-256, without the ledger.
///
/// With `hash` = SHA-256 and the audit path of RFC 9162, section 2.1.3: start from `hash(0x00 ‖ leaf)`, join it with
/// the hashes of the path by `hash(0x01 ‖ left ‖ right)`, and arrive at the root.
public struct InclusionProof: Sendable, Equatable {
  public var position: UInt64
  /// How many events the root covers.
  public var treeSize: UInt64
  /// The event as it is stored; its bytes are described at `LeafEncoder`.
  public var leaf: [UInt8]
  /// The hashes beside the way from the leaf to the root, from below.
  public var path: [TreeHash]
  public var root: TreeHash

  public init(position: UInt64, treeSize: UInt64, leaf: [UInt8], path: [TreeHash], root: TreeHash) {
    self.position = position
    self.treeSize = treeSize
    self.leaf = leaf
    self.path = path
    self.root = root
  }

  /// What to compare with a digest kept elsewhere.
  public var digest: LogDigest { LogDigest(position: treeSize, root: root) }

  public var leafHash: TreeHash { TreeHasher().leaf(leaf) }

  /// Whether the event is in the log that a digest was taken of (RFC 9162, section 2.1.3.2).
  ///
  /// The digest must come from elsewhere: the proof's own root and size prove nothing.
  ///
  /// - Complexity: O(bytes of the leaf + log n).
  public func holds(for digest: LogDigest) -> Bool {
    guard self.digest == digest, position >= 1, position <= treeSize else { return false }
    let hasher = TreeHasher()
    var (node, last) = (position - 1, treeSize - 1)
    var hash = hasher.leaf(leaf)
    for sibling in path {
      guard last > 0 else { return false }
      if node & 1 == 1 || node == last {
        hash = hasher.node(sibling, hash)
        while node & 1 == 0, node > 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        hash = hasher.node(hash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }

  public var json: JSONValue {
    .members([
      "position": .int(Int(position)), "tree_size": .int(Int(treeSize)), "leaf": .string(Base64.encode(leaf)),
      "leaf_hash": .string(leafHash.description), "path": .array(path.map { .string($0.description) }),
      "root": .string(root.description),
    ])
  }
}

extension Snapshot {
  /// A proof that the event at a position is in the log that this snapshot shows.
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` for a position that it does not show; ``LedgerError/damaged(_:)``.
  /// - Complexity: O(segments), and about a microsecond for each event of the tail and of the position's segment.
  public func proof(of position: UInt64) throws(LedgerError) -> InclusionProof {
    guard position >= 1, position <= self.position else {
      throw .invalid("there is no position \(position) among the first \(self.position)")
    }
    var leaves = try LeafCache(self)
    var path: [TreeHash] = []
    var range = 0..<self.position
    // From the root down; a proof goes up.
    while range.count > 1 {
      let middle = range.lowerBound + UInt64(1) << UInt64((range.upperBound - range.lowerBound - 1).bitWidthUsed - 1)
      if position - 1 < middle {
        path.append(try leaves.root(of: middle..<range.upperBound, in: self))
        range = range.lowerBound..<middle
      } else {
        path.append(try leaves.root(of: range.lowerBound..<middle, in: self))
        range = middle..<range.upperBound
      }
    }
    let root = try leaves.root(of: 0..<self.position, in: self)
    return InclusionProof(
      position: position, treeSize: self.position, leaf: try leaves.leaf(position - 1, in: self),
      path: path.reversed(), root: root)
  }

  /// Where the event of an id was recorded.
  ///
  /// - Parameter source: nil is any source.
  /// - Returns: the positions of all events with that id.
  /// - Complexity: O(events) at memory speed.
  func positions(ofID id: String, source: String?, seed: UInt64) throws(LedgerError) -> [UInt64] {
    let wanted = Array(id.utf8)
    var candidates: Set<UInt64> = []
    for text in try sources(named: source) {
      candidates.insert(
        text.withUnsafeBufferPointer { text in
          wanted.withUnsafeBufferPointer { References.fingerprint(source: text, id: $0, seed: seed) }
        })
    }
    guard !candidates.isEmpty else { return [] }
    var found: [UInt64] = []
    var reader = EventReader()
    for index in blocks.indices {
      try check(index, Snapshot.slots(BlockSection.fingerprint))
      let fingerprints = blocks[index].section(BlockSection.fingerprint)
      for rank in 0..<fingerprints.count where candidates.contains(UInt64(bitPattern: fingerprints[rank])) {
        let position = blocks[index].firstPosition + UInt64(rank)
        guard position <= self.position else { break }
        let isIt = try reader.withEvent(at: position, in: self) { facts, record, snapshot throws(LedgerError) in
          guard record.id.elementsEqual(wanted) else { return false }
          guard let source else { return true }
          return try snapshot.nameBytes(facts.source).elementsEqual(source.utf8)
        }
        if isIt { found.append(position) }
      }
    }
    return found
  }

  /// The texts of the sources that events name, or the one.
  private func sources(named source: String?) throws(LedgerError) -> [[UInt8]] {
    if let source { return [Array(source.utf8)] }
    var numbers: Set<UInt32> = []
    for index in blocks.indices {
      try check(index, ColumnSet(.source).rawValue)
      let column = blocks[index].column(.source)
      for row in 0..<column.count { numbers.insert(UInt32(truncatingIfNeeded: column[row])) }
    }
    var texts: [[UInt8]] = []
    for number in numbers.sorted() { texts.append(Array(try nameBytes(number))) }
    return texts
  }
}

extension Ledger {
  /// Where the event of an id was recorded: the positions of all events with that id in what a snapshot shows.
  public func positions(
    ofID id: String, source: String? = nil, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [UInt64] {
    try snapshot.positions(ofID: id, source: source, seed: meta.seed)
  }
}

extension UInt64 {
  /// Bits up to the highest one that is set.
  fileprivate var bitWidthUsed: Int { UInt64.bitWidth - leadingZeroBitCount }
}
