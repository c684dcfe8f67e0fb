/// What one block told.
struct BlockFinding: Sendable {
  var damage: [Damage] = []
  /// Events that were read and hashed.
  var checkedEvents = 0
  /// Those of them that have sealed fields.
  var sealedEvents = 0
  /// Of a full segment the root over its events, recomputed.
  var root: TreeHash?
  /// Of any other block the hashes of its leaves, in order of arrival.
  var leaves: [TreeHash] = []
  /// Ledger times of the first and the last commit.
  var times: ClosedRange<Int64>?
}

/// Checks one block after the other on one thread. Each check vouches for what the next relies on, so that nothing is
/// read that could lead astray; the first that fails ends the inspection of its block.
final class BlockInspector {
  private let seed: UInt64
  private let texts: KnownTexts
  let segmentEvents: Int
  private let keptPosition: UInt64?
  private let hasher = LeafHasher()
  private let coder = FrameCoder()
  private var finding = BlockFinding()

  /// - Parameter keptPosition: a position inside of a segment whose leaves are wanted one by one.
  init(seed: UInt64, texts: KnownTexts, segmentEvents: Int, keptPosition: UInt64?) {
    self.seed = seed
    self.texts = texts
    self.segmentEvents = segmentEvents
    self.keptPosition = keptPosition
  }

  /// - Parameter limits: numbers that the block may not use, nor any above; nil if its numbers mean nothing.
  func inspect(_ block: Block, limits: KnownTexts.Limits?) -> BlockFinding {
    finding = BlockFinding()
    do throws(LedgerError) {
      try checkBytes(block)
      try checkShape(block)
      let facts = block.facts(0..<block.count)
      try checkRows(block, facts)
      try checkSamples(block, BlockSection.customerSample, of: block.column(.customer))
      try checkActs(block, facts)
      try checkSummary(block, facts)
      if let limits {
        try checkNumbers(block, facts, limits)
        try checkEvents(block)
      }
    } catch {
      if case .damaged(let damage) = error { finding.damage.append(damage) }
    }
    return finding
  }

  func damaged(_ kind: Damage.Kind, _ position: UInt64, _ detail: String) -> LedgerError {
    .damaged(Damage(kind: kind, position: position, detail: detail))
  }

  // MARK: Commits

  func checkCommits(_ block: Block) throws(LedgerError) {
    let ranks = block.section(BlockSection.commitRank)
    let times = block.section(BlockSection.commitTime)
    guard ranks.count > 0, times.count == ranks.count, ranks[0] == 0 else {
      throw damaged(.time, block.firstPosition, "the table of commits is not complete")
    }
    for commit in 1..<max(ranks.count, 1) {
      guard ranks[commit] > ranks[commit - 1], ranks[commit] < block.count else {
        throw damaged(.time, block.firstPosition, "commit \(commit) does not follow the one before")
      }
      guard times[commit] >= times[commit - 1] else {
        throw damaged(
          .time, block.firstPosition + UInt64(ranks[commit]), "recorded before the position in front of it")
      }
    }
    finding.times = times[0]...times[times.count - 1]
  }

  // MARK: Rows

  /// Every rank once; customers ascend.
  private func checkRows(_ block: Block, _ facts: [Facts]) throws(LedgerError) {
    var seen = [Bool](repeating: false, count: block.count)
    for (row, fact) in facts.enumerated() {
      // Positions are made from ranks: an absurd rank gives an absurd position, never a trap.
      let rank = fact.position &- block.firstPosition
      guard rank < UInt64(block.count), !seen[Int(rank)] else {
        throw damaged(.positions, block.firstPosition, "row \(row) has rank \(rank), which is taken or too great")
      }
      seen[Int(rank)] = true
      if row > 0, fact.customer < facts[row - 1].customer {
        throw damaged(.order, fact.position, "its customer stands before the one of the row in front of it")
      }
    }
  }

  /// What the header says about the events, by which readers pass over blocks.
  private func checkSummary(_ block: Block, _ facts: [Facts]) throws(LedgerError) {
    var kinds = EventKindSet()
    var (earliest, latest) = (Int64.max, Int64.min)
    for fact in facts {
      kinds.insert(rawValue: fact.kindCode)
      earliest = min(earliest, fact.time)
      latest = max(latest, fact.time)
    }
    let header = block.header
    guard header.kindSet == kinds, header.earliest == earliest, header.latest == latest,
      header.leastCustomer == facts[0].customer, header.greatestCustomer == facts[facts.count - 1].customer
    else { throw damaged(.blockHeader, block.firstPosition, "the header does not sum its events up") }
  }

  /// Every number has a text by now.
  private func checkNumbers(
    _ block: Block, _ facts: [Facts], _ limits: KnownTexts.Limits
  ) throws(LedgerError) {
    for fact in facts {
      var fact = fact
      var greatest: UInt32 = 0
      fact.renumberNames {
        greatest = max(greatest, $0)
        return $0
      }
      guard fact.source != 0, fact.type != 0, greatest < limits.name, fact.customer < limits.customer else {
        throw damaged(.text, fact.position, "it names a text that has not appeared yet")
      }
    }
    for slot in [BlockSection.lineSku, BlockSection.lineGroup] {
      let numbers = block.section(slot)
      for line in 0..<numbers.count
      where numbers[line] < (slot == BlockSection.lineSku ? 1 : 0)
        || numbers[line] >= Int64(limits.name)
      {
        throw damaged(.text, block.firstPosition, "order line \(line) names a text that has not appeared yet")
      }
    }
  }

  // MARK: Events

  /// Payloads, order, fingerprints, and the leaves with the root over them.
  private func checkEvents(_ block: Block) throws(LedgerError) {
    let fingerprints = block.section(BlockSection.fingerprint)
    var events = BlockEvents(block, coder: coder)
    var hashes = [TreeHash](repeating: TreeHash(), count: block.count)
    for row in 0..<block.count {
      let fact = events[row]
      let front = row > 0 ? events[row - 1] : Facts()
      let frontRecord = try recordInFront(of: row, events)
      let rank = events.rank(row)
      hashes[rank] = try events.leaf(ofRow: row, hasher, customers: texts.customers, names: texts.names) {
        record throws(LedgerError) in
        if row > 0, fact.customer == front.customer, !follows(front, frontRecord, fact, record) {
          throw damaged(.order, fact.position, "it stands behind a later event of its customer")
        }
        let fingerprint = texts.names.withText(fact.source) {
          References.fingerprint(source: $0, id: record.id, seed: seed)
        }
        guard fingerprint == UInt64(bitPattern: fingerprints[rank]) else {
          throw damaged(.fingerprint, fact.position, "the fingerprint is not that of its source and id")
        }
        if !record.sealed.isEmpty { finding.sealedEvents += 1 }
      }
    }
    finding.checkedEvents = block.count
    try checkRoot(block, hashes)
  }

  /// The payload record of the row before, where only texts can tell which comes first.
  private func recordInFront(of row: Int, _ events: BlockEvents) throws(LedgerError) -> [UInt8] {
    guard row > 0, events[row].customer == events[row - 1].customer,
      CanonicalOrder.precedes(events[row - 1], events[row]) == nil
    else { return [] }
    var reader = PayloadReader(events.block, coder: coder)
    return try reader.withRecord(ofRow: row - 1) { _, whole throws(LedgerError) in Array(whole) }
  }

  private func follows(_ a: Facts, _ previous: [UInt8], _ b: Facts, _ record: PayloadRecord) -> Bool {
    if let decided = CanonicalOrder.precedes(a, b) { return decided }
    return previous.withUnsafeBufferPointer { bytes in
      guard let (left, _) = PayloadRecord.parse(bytes, at: 0) else { return false }
      return CanonicalOrder.precedesByText(a, left, b, record) { first, second in
        texts.names.withText(first) { first in
          texts.names.withText(second) { CanonicalOrder.bytesPrecede(first, $0) }
        }
      }
    }
  }

  private func checkRoot(_ block: Block, _ hashes: [TreeHash]) throws(LedgerError) {
    let stored = TreeHash(words: block.header.root)
    let isSegment = block.count == segmentEvents
    guard isSegment || stored.isZero else {
      throw damaged(.root, block.firstPosition, "a block that is no full segment has a root")
    }
    guard isSegment else {
      finding.leaves = hashes
      return
    }
    var head = TreeHead()
    for hash in hashes { head.append(hash, hasher.tree) }
    let root = head.root(hasher.tree)
    let isKept = keptPosition.map { $0 >= block.firstPosition && $0 < block.header.lastPosition } ?? false
    if isKept { finding.leaves = hashes } else { finding.root = root }
    guard stored.isZero || stored == root else {
      throw damaged(.root, block.firstPosition, "the segment's root is not that of its events")
    }
  }
}
