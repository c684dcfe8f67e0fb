import LMDB
import Synchronization

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
  private let intact: Mutex<[UInt64]>
  /// Opens sealed texts; nil leaves them out.
  let keyRing: KeyRing?
  /// The number of LMDB's commit that is shown; 0 where blocks came from elsewhere.
  let transactionID: Int
  /// Of the keyed hashes.
  let seed: UInt64
  /// Where outcomes are stored; nil if there is no such place.
  let stateStore: StateStore?
  private let extraNames: ExtraTexts
  private let extraCustomers: ExtraTexts

  /// - Parameter limit: leaves out what was recorded after this position.
  init(
    blocks all: [Block], upTo limit: UInt64? = nil, keyRing: KeyRing? = nil, seed: UInt64 = 0, transactionID: Int = 0,
    stateStore: StateStore? = nil
  ) throws(LedgerError) {
    self.keyRing = keyRing
    self.seed = seed
    self.transactionID = transactionID
    self.stateStore = stateStore
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
    blocks = limit.map { limit in all.filter { $0.firstPosition <= limit } } ?? all
    position = min(limit ?? .max, next - 1)
    intact = Mutex([UInt64](repeating: 0, count: blocks.count))
    let header = blocks.last?.header
    extraNames = ExtraTexts(first: header.map { $0.firstNewName + $0.newNames } ?? 1)
    extraCustomers = ExtraTexts(first: header.map { $0.firstNewCustomer + $0.newCustomers } ?? 1)
    if let last = blocks.last {
      ledgerTime = last.ledgerTime(ofRank: Int(position - last.firstPosition))
    } else {
      ledgerTime = .min
    }
  }

  public var isEmpty: Bool { position == 0 }

  /// How many customers and names the log knows, and so the greatest numbers.
  public var customerCount: Int {
    blocks.last.map { Int($0.header.firstNewCustomer + $0.header.newCustomers) - 1 } ?? 0
  }
  var nameCount: Int { blocks.last.map { Int($0.header.firstNewName + $0.header.newNames) - 1 } ?? 0 }

  // MARK: Integrity

  /// Makes sure, once per section and snapshot, that the bytes of some sections of a block are those that were written.
  ///
  /// - Parameter slots: a bit a section (``Column`` and ``BlockSection`` numbers).
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(bytes of the sections not checked yet), at memory speed.
  func check(_ index: Int, _ slots: UInt64) throws(LedgerError) {
    let missing = slots & ~intact.withLock { $0[index] }
    guard missing != 0 else { return }
    let block = blocks[index]
    for slot in 0..<BlockSection.slots where missing & 1 << UInt64(slot) != 0 {
      guard block.isIntact(slot) else {
        throw .damaged(
          Damage(
            kind: .column, position: block.firstPosition,
            detail: "section \(slot) of the block with positions \(block.firstPosition)…\(block.header.lastPosition)"))
      }
    }
    intact.withLock { $0[index] |= missing }
  }

  static func slots(_ sections: Int...) -> UInt64 { sections.reduce(0) { $0 | 1 << UInt64($1) } }
  static let customerSlots = slots(BlockSection.customerEnd, BlockSection.customerText, BlockSection.customerSorted)
  static let nameSlots = slots(BlockSection.nameEnd, BlockSection.nameText, BlockSection.nameSorted)
  static let frameSlots = slots(
    BlockSection.frameRow, BlockSection.frameEnd, BlockSection.frameRawBytes, BlockSection.frameChecksum)
  static let commitSlots = slots(BlockSection.commitRank, BlockSection.commitTime)
  static let lineSlots = slots(
    BlockSection.lineRow, BlockSection.lineSku, BlockSection.lineGroup, BlockSection.lineQuantity,
    BlockSection.linePrice)

  // MARK: Positions

  /// The block that holds a position.
  ///
  /// - Complexity: O(log blocks).
  func block(of position: UInt64) -> Int? {
    guard position >= 1, position <= self.position else { return nil }
    return lastBlock { $0.firstPosition <= position }
  }

  /// The last position recorded at or before a ledger time; 0 if there is none.
  public func position(recordedBy time: Int64) throws(LedgerError) -> UInt64 {
    guard
      let index = try lastBlockThrowing({ index throws(LedgerError) in
        try check(index, Self.commitSlots)
        return blocks[index].ledgerTime(ofRank: 0) <= time
      })
    else { return 0 }
    let block = blocks[index]
    var low = 0
    var high = block.count
    while low < high {
      let middle = (low + high) / 2
      if block.ledgerTime(ofRank: middle) <= time { low = middle + 1 } else { high = middle }
    }
    return min(position, block.firstPosition + UInt64(low) - 1)
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

  private func lastBlock(_ holds: (BlockHeader) -> Bool) -> Int? {
    try? lastBlockThrowing { index throws(LedgerError) in holds(blocks[index].header) }
  }

  private func lastBlockThrowing(_ holds: (Int) throws(LedgerError) -> Bool) throws(LedgerError) -> Int? {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if try holds(middle) { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  // MARK: Texts

  /// The number of a customer's id; nil if no event up to the snapshot's position is about it.
  ///
  /// - Complexity: O(blocks · log customers that are new in a block).
  public func customer(_ subject: String) throws(LedgerError) -> UInt32? {
    try number(of: Array(subject.utf8), Self.customerSlots, first: \.firstNewCustomer) { $0.newCustomers }
  }

  /// The number of a name, nil if the log has never seen it.
  public func name(_ text: String) throws(LedgerError) -> UInt32? {
    try number(of: Array(text.utf8), Self.nameSlots, first: \.firstNewName) { $0.newNames }
  }

  /// The number of a name, for comparison with what events name: a new one where the log does not know it.
  public func number(ofName text: String) throws(LedgerError) -> UInt32 { try number(ofName: Array(text.utf8)) }

  func number(ofName text: [UInt8]) throws(LedgerError) -> UInt32 {
    // Those that were new once are new again, and the log need not be searched.
    if let number = extraNames.knownNumber(of: text) { return number }
    return try number(of: text, Self.nameSlots, first: \.firstNewName) { $0.newNames } ?? extraNames.number(of: text)
  }

  /// The number of a customer's id: a new one where no event is about it.
  func number(ofCustomer text: [UInt8]) throws(LedgerError) -> UInt32 {
    try number(of: text, Self.customerSlots, first: \.firstNewCustomer) { $0.newCustomers }
      ?? extraCustomers.number(of: text)
  }

  /// Names that no column of the log has, in order of their numbers, which follow the log's.
  var extraNameCount: Int { extraNames.count }
  /// Names and customers that no column of the log has.
  var extraTextCount: Int { extraNames.count + extraCustomers.count }

  /// Calls `body` with every customer's number and id.
  func forEachSubject(_ body: (UInt32, UnsafeBufferPointer<UInt8>) -> Void) throws(LedgerError) {
    for index in blocks.indices where blocks[index].header.newCustomers > 0 {
      try check(index, Self.customerSlots)
      let texts = blocks[index].newCustomers
      for text in 0..<texts.count { body(blocks[index].header.firstNewCustomer + UInt32(text), texts[text]) }
    }
  }

  private func number(
    of wanted: [UInt8], _ slots: UInt64, first: KeyPath<BlockHeader, UInt32>, _ texts: (Block) -> BlockTexts
  ) throws(LedgerError) -> UInt32? {
    for index in blocks.indices {
      let list = texts(blocks[index])
      guard list.count > 0 else { continue }
      try check(index, slots)
      if let found = wanted.withUnsafeBufferPointer({ list.index(of: $0) }) {
        return blocks[index].header[keyPath: first] + UInt32(found)
      }
    }
    return nil
  }

  /// The id of a customer.
  public func subject(_ number: UInt32) throws(LedgerError) -> String {
    try String(decoding: subjectBytes(number), as: UTF8.self)
  }

  /// The bytes of a customer's id; they live as long as the snapshot.
  func subjectBytes(_ number: UInt32) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    if let text = extraCustomers.text(number) { return text }
    return try text(number, Self.customerSlots, first: { $0.firstNewCustomer }) { $0.newCustomers }
  }

  /// The text of a name; empty for 0.
  public func name(_ number: UInt32) throws(LedgerError) -> String {
    try String(decoding: nameBytes(number), as: UTF8.self)
  }

  func nameBytes(_ number: UInt32) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    if let text = extraNames.text(number) { return text }
    return try text(number, Self.nameSlots, first: { $0.firstNewName }) { $0.newNames }
  }

  private func text(
    _ number: UInt32, _ slots: UInt64, first: (BlockHeader) -> UInt32, _ texts: (Block) -> BlockTexts
  ) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    guard number != 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    if let index = lastBlock({ first($0) <= number }) {
      try check(index, slots)
      let list = texts(blocks[index])
      let offset = Int(number - first(blocks[index].header))
      if offset < list.count { return list[offset] }
    }
    throw .damaged(Damage(kind: .text, position: 0, detail: "no block holds the text of number \(number)"))
  }

  /// Whether the first source's text precedes the second's, nil if they are equal.
  func sourcePrecedes(_ a: UInt32, _ b: UInt32) -> Bool? {
    guard let left = try? nameBytes(a), let right = try? nameBytes(b) else { return nil }
    return CanonicalOrder.bytesPrecede(left, right)
  }
}
