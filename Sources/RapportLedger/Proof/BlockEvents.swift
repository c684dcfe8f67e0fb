import CHash

/// The events of one block row by row, with everything that their leaves are made of.
///
/// - Precondition: the sections of the block are intact and complete.
struct BlockEvents {
  let block: Block
  private let facts: [Facts]
  private let contentHashes: SectionReader
  private var payloads: PayloadReader
  private var lines: LineCursor

  init(_ block: Block, coder: FrameCoder) {
    self.block = block
    facts = block.facts(0..<block.count)
    contentHashes = block.section(BlockSection.contentHash)
    payloads = PayloadReader(block, coder: coder)
    lines = LineCursor(block)
  }

  var count: Int { facts.count }

  /// The facts of a row.
  subscript(row: Int) -> Facts { facts[row] }

  /// Order of arrival within the block.
  func rank(_ row: Int) -> Int { Int(facts[row].position - block.firstPosition) }

  /// Hashes the leaf of a row.
  ///
  /// - Parameter body: sees the payload record, valid only there.
  /// - Precondition: rows ascend from call to call.
  mutating func leaf(
    ofRow row: Int, _ hasher: LeafHasher, customers: some NumberedTexts, names: some NumberedTexts,
    _ body: (PayloadRecord) throws(LedgerError) -> Void = { (_) throws(LedgerError) in }
  ) throws(LedgerError) -> TreeHash {
    let rank = rank(row)
    let contentHash = UInt64(bitPattern: contentHashes[rank])
    let ledgerTime = block.ledgerTime(ofRank: rank)
    lines.move(to: row)
    return try payloads.withRecord(ofRow: row) { record, whole throws(LedgerError) in
      try body(record)
      return lines.current.withUnsafeBufferPointer { lines in
        hasher.hash(
          facts[row], ledgerTime: ledgerTime, contentHash: contentHash, lines: lines, payload: whole,
          customers: customers, names: names)
      }
    }
  }

  /// The leaf hashes of all events in order of arrival.
  mutating func leafHashes(
    _ hasher: LeafHasher, customers: some NumberedTexts, names: some NumberedTexts
  ) throws(LedgerError) -> [TreeHash] {
    var hashes = [TreeHash](repeating: TreeHash(), count: count)
    for row in 0..<count {
      hashes[rank(row)] = try leaf(ofRow: row, hasher, customers: customers, names: names)
    }
    return hashes
  }
}

/// Order lines of rows that ascend.
private struct LineCursor {
  private let rows: SectionReader
  private let sku: SectionReader
  private let group: SectionReader
  private let quantity: SectionReader
  private let price: SectionReader
  private var next = 0
  private(set) var current: [OrderLine] = []

  init(_ block: Block) {
    rows = block.section(BlockSection.lineRow)
    sku = block.section(BlockSection.lineSku)
    group = block.section(BlockSection.lineGroup)
    quantity = block.section(BlockSection.lineQuantity)
    price = block.section(BlockSection.linePrice)
  }

  mutating func move(to row: Int) {
    current.removeAll(keepingCapacity: true)
    while next < rows.count, rows[next] <= Int64(row) {
      if rows[next] == Int64(row) {
        current.append(
          OrderLine(
            sku: UInt32(truncatingIfNeeded: sku[next]), group: UInt32(truncatingIfNeeded: group[next]),
            quantity: quantity[next], price: price[next]))
      }
      next += 1
    }
  }
}

/// The texts of all blocks, found by number where they stand: nothing is copied.
///
/// - Complexity: O(log blocks) a look-up.
struct TextDirectory: NumberedTexts, @unchecked Sendable {
  private var firsts: [UInt32] = []
  private var lists: [BlockTexts] = []

  static func customers(_ snapshot: borrowing Snapshot) throws(LedgerError) -> TextDirectory {
    try check(snapshot, Snapshot.customerSlots) { $0.newCustomers }
    return customers(ofChecked: snapshot.blocks)
  }

  /// - Parameter blocks: their sections of customers have been checked.
  static func customers(ofChecked blocks: [Block]) -> TextDirectory {
    TextDirectory(blocks) { ($0.header.firstNewCustomer, $0.newCustomers) }
  }

  static func names(_ snapshot: borrowing Snapshot) throws(LedgerError) -> TextDirectory {
    try check(snapshot, Snapshot.nameSlots) { $0.newNames }
    return TextDirectory(snapshot.blocks) { ($0.header.firstNewName, $0.newNames) }
  }

  private static func check(
    _ snapshot: borrowing Snapshot, _ slots: UInt64, _ texts: (Block) -> BlockTexts
  ) throws(LedgerError) {
    for index in snapshot.blocks.indices where texts(snapshot.blocks[index]).count > 0 {
      try snapshot.check(index, slots)
    }
  }

  private init(_ blocks: [Block], _ texts: (Block) -> (UInt32, BlockTexts)) {
    for block in blocks {
      let (first, list) = texts(block)
      guard list.count > 0 else { continue }
      firsts.append(first)
      lists.append(list)
    }
  }

  func withText<R>(_ number: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let list = firsts.indices.partitioningIndex { firsts[$0] > number } - 1
    return body(lists[list][Int(number - firsts[list])])
  }
}

extension Block {
  /// The first section whose bytes are not those that were written, or do not fit each other; frames are checked where
  /// they are unpacked.
  var firstDamagedSlot: Int? { firstDamagedSlot(of: 0..<BlockSection.slots) }

  func firstDamagedSlot(of slots: some Sequence<Int>) -> Int? {
    slots.first { !isIntact($0) || !section($0).hasSoundRanks }
  }

  func damage(ofSlot slot: Int) -> Damage {
    let column = Column(rawValue: UInt8(slot)).map { " (\($0))" } ?? ""
    return Damage(
      kind: .column, position: firstPosition,
      detail: "section \(slot)\(column) of the block with positions \(firstPosition)…\(header.lastPosition)")
  }
}
