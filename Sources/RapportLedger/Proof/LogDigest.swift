/// What a log is, in one line to keep elsewhere: `POSITION:HEX`.
///
/// The head of the Merkle tree of RFC 9162 over the first `position` events. Whoever kept one can tell later whether
/// those events are still the same (`rapport verify --against`), whoever rewrote them, and however. Copies of a log have
/// equal digests; two logs that recorded the same events at other times do not, because the time of recording is part
/// of what is proved.
public struct LogDigest: Sendable, Hashable, CustomStringConvertible {
  /// How many events it covers.
  public var position: UInt64
  public var root: TreeHash

  public init(position: UInt64, root: TreeHash) {
    self.position = position
    self.root = root
  }

  /// Reads `POSITION:HEX`.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let position = UInt64(parts[0]), let root = TreeHash(hexadecimal: parts[1]) else {
      return nil
    }
    self.init(position: position, root: root)
  }

  public var description: String { "\(position):\(root)" }

  public var json: JSONValue { .members(["position": .int(Int(position)), "digest": .string(root.description)]) }
}

extension Snapshot {
  /// The digest of the events that this snapshot shows.
  ///
  /// The roots of full segments are read from where sealing left them; only the events behind them are hashed. That
  /// those roots are right is for `verify` to say.
  ///
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(segments), and about a microsecond for each event of the tail.
  public func digest() throws(LedgerError) -> LogDigest {
    var leaves = try LeafCache(self)
    return LogDigest(position: position, root: try leaves.root(of: 0..<position, in: self))
  }
}

/// Leaf hashes of the blocks that were asked for, and heads over any stretch of the log.
struct LeafCache {
  let hasher = LeafHasher()
  private let customers: TextDirectory
  private let names: TextDirectory
  private let coder = FrameCoder()
  private var hashes: [Int: [TreeHash]] = [:]

  init(_ snapshot: borrowing Snapshot) throws(LedgerError) {
    customers = try .customers(snapshot)
    names = try .names(snapshot)
  }

  /// The head over the leaves of a range: counted from 0, so that leaf i is position i + 1.
  ///
  /// - Precondition: the range begins at a multiple of a power of two that is not smaller than the range, as all
  ///   stretches of an RFC 9162 tree do.
  mutating func root(of range: Range<UInt64>, in snapshot: borrowing Snapshot) throws(LedgerError) -> TreeHash {
    var head = TreeHead()
    var next = range.lowerBound
    while next < range.upperBound {
      let index = try block(of: next, snapshot)
      let block = snapshot.blocks[index]
      let first = block.firstPosition - 1
      let end = min(range.upperBound, first + UInt64(block.count))
      let root = TreeHash(words: block.header.root)
      if !root.isZero, next == first, end == first + UInt64(block.count) {
        head.append(root, height: block.count.trailingZeroBitCount, hasher.tree)
      } else {
        let leaves = try leaves(ofBlock: index, snapshot)
        for leaf in leaves[Int(next - first)..<Int(end - first)] { head.append(leaf, hasher.tree) }
      }
      next = end
    }
    return head.root(hasher.tree)
  }

  /// The bytes of a leaf.
  mutating func leaf(_ leaf: UInt64, in snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt8] {
    let index = try block(of: leaf, snapshot)
    try check(index, snapshot)
    let block = snapshot.blocks[index]
    var events = BlockEvents(block, coder: coder)
    let row = Int(block.rowsByRank()[Int(leaf + 1 - block.firstPosition)])
    _ = try events.leaf(ofRow: row, hasher, customers: customers, names: names)
    return hasher.lastLeaf
  }

  private mutating func leaves(
    ofBlock index: Int, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [TreeHash] {
    if let known = hashes[index] { return known }
    try check(index, snapshot)
    var events = BlockEvents(snapshot.blocks[index], coder: coder)
    let fresh = try events.leafHashes(hasher, customers: customers, names: names)
    hashes[index] = fresh
    return fresh
  }

  private func block(of leaf: UInt64, _ snapshot: borrowing Snapshot) throws(LedgerError) -> Int {
    if let index = snapshot.block(of: leaf + 1) { return index }
    throw .damaged(Damage(kind: .positions, position: leaf + 1, detail: "no block holds the position"))
  }

  private func check(_ index: Int, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    try snapshot.check(
      index,
      ColumnSet.all.rawValue | Snapshot.frameSlots | Snapshot.commitSlots | Snapshot.lineSlots
        | Snapshot.slots(BlockSection.contentHash))
  }
}
