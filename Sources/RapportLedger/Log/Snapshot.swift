/// The log as of one moment: its blocks in order of position, and what their texts and numbers mean.
///
/// It lives as long as the closure that ``Ledger/read(upTo:_:)`` hands it to. Any number of threads may read it at
/// once: blocks are immutable and the transaction that pins them is held by the caller.
public struct Snapshot: ~Copyable, Sendable {
  let blocks: [Block]
  /// The last position that this snapshot shows; 0 for an empty log. May lie inside the last block.
  public let position: UInt64
  /// Ledger time of the last commit shown; `Int64.min` for an empty log.
  public let ledgerTime: Int64
  let knownSections: KnownSections
  let knownGroups: KnownGroups
  /// Opens sealed texts; nil leaves them out.
  let keyRing: KeyRing?
  /// The number of LMDB's commit that is shown; 0 where blocks came from elsewhere.
  let transactionID: Int
  /// Of the keyed hashes.
  let seed: UInt64
  /// Where outcomes are stored; nil if there is no such place.
  let stateStore: StateStore?
  let extraNames: ExtraTexts
  let extraCustomers: ExtraTexts
  /// What is held to be so, by the limits within which it was asked for.
  let beliefs = SharedBeliefs()

  /// - Parameter limit: leaves out what was recorded after this position.
  init(
    blocks all: [Block], upTo limit: UInt64? = nil, keyRing: KeyRing? = nil, seed: UInt64 = 0, transactionID: Int = 0,
    stateStore: StateStore? = nil
  ) throws(LedgerError) {
    var next: UInt64 = 1
    for block in all {
      guard block.firstPosition == next else {
        throw .damaged(
          Damage(
            kind: .positions, position: next,
            detail: "positions \(next)…\(block.firstPosition) are missing: the next block begins there"))
      }
      next += UInt64(block.count)
    }
    let blocks = limit.map { limit in all.filter { $0.firstPosition <= limit } } ?? all
    for slot in [BlockSection.commitRank, BlockSection.commitTime] {
      if let last = blocks.last, !last.isIntact(slot) { throw .damaged(last.damage(ofSlot: slot)) }
    }
    self.blocks = blocks
    self.keyRing = keyRing
    self.seed = seed
    self.transactionID = transactionID
    self.stateStore = stateStore
    position = min(limit ?? .max, next - 1)
    ledgerTime = blocks.last.map { [position] in $0.ledgerTime(ofRank: Int(position - $0.firstPosition)) } ?? .min
    knownSections = KnownSections(blocks: blocks.count)
    knownGroups = KnownGroups()
    let header = blocks.last?.header
    extraNames = ExtraTexts(first: header.map { $0.firstNewName + $0.newNames } ?? 1)
    extraCustomers = ExtraTexts(first: header.map { $0.firstNewCustomer + $0.newCustomers } ?? 1)
  }

  public var isEmpty: Bool { position == 0 }

  /// How many customers and names the log knows, and so the greatest numbers.
  public var customerCount: Int {
    blocks.last.map { Int($0.header.firstNewCustomer + $0.header.newCustomers) - 1 } ?? 0
  }
  var nameCount: Int { blocks.last.map { Int($0.header.firstNewName + $0.header.newNames) - 1 } ?? 0 }

  // MARK: Positions

  /// The block that holds a position.
  ///
  /// - Complexity: O(log blocks).
  func block(of position: UInt64) -> Int? {
    guard position >= 1, position <= self.position else { return nil }
    return lastBlock { blocks[$0].firstPosition <= position }
  }

  /// The last position recorded at or before a ledger time; 0 if there is none.
  public func position(recordedBy time: Int64) throws(LedgerError) -> UInt64 {
    guard
      let index = try lastBlock(where: { index throws(LedgerError) in
        try check(index, Self.commitSlots)
        return blocks[index].ledgerTime(ofRank: 0) <= time
      })
    else { return 0 }
    let block = blocks[index]
    let next = (0..<block.count).partitioningIndex { block.ledgerTime(ofRank: $0) > time }
    return min(position, block.firstPosition + UInt64(next) - 1)
  }

  /// The last position before so many commits were made.
  ///
  /// Every commit notes where its events begin; one that fills a segment goes on in the next block with the same time.
  /// Where a clock stood still two commits look like one, and the answer is a commit too early. Commits without events
  /// are the few by which a ledger is created.
  ///
  /// - Complexity: O(commits).
  func position(commitsBack count: Int) throws(LedgerError) -> UInt64 {
    var left = count
    for index in blocks.indices.reversed() where left > 0 {
      try check(index, Self.commitSlots)
      let ranks = blocks[index].section(BlockSection.commitRank)
      for commit in (0..<ranks.count).reversed() {
        if commit == 0, index > 0, try continues(index) { continue }
        left -= 1
        if left == 0 { return blocks[index].firstPosition + UInt64(ranks[commit]) - 1 }
      }
    }
    return left > 0 ? 0 : position
  }

  /// Whether the first commit of a block is the last one of the block before.
  private func continues(_ index: Int) throws(LedgerError) -> Bool {
    try check(index - 1, Self.commitSlots)
    let before = blocks[index - 1]
    return before.ledgerTime(ofRank: before.count - 1) == blocks[index].ledgerTime(ofRank: 0)
  }

  /// The last block for which something holds that holds for all before it; nil if it holds for none.
  func lastBlock<E: Error>(where holds: (Int) throws(E) -> Bool) throws(E) -> Int? {
    let next = try blocks.indices.partitioningIndex { index throws(E) in try !holds(index) }
    return next == 0 ? nil : next - 1
  }
}
