/// Compares arriving events with recorded ones of the same fingerprint. Valid as long as the blocks.
struct RecordedEvents: ~Copyable {
  private let snapshot: Snapshot
  private var reader: EventReader

  init(_ blocks: [Block], keyRing: KeyRing, seed: UInt64, _ coder: FrameCoder) throws(LedgerError) {
    snapshot = try Snapshot(blocks: blocks, keyRing: keyRing, seed: seed)
    reader = EventReader(coder: coder)
  }

  /// - Returns: nil if the recorded event is another one, else whether the contents are equal.
  mutating func compare(
    _ batch: borrowing EventBatch, _ index: Int, with position: UInt64
  ) throws(LedgerError) -> Bool? {
    guard let blockIndex = snapshot.block(of: position) else {
      throw .damaged(Damage(kind: .positions, position: position, detail: "no block holds the position"))
    }
    let block = snapshot.blocks[blockIndex]
    let rank = Int(position - block.firstPosition)
    try snapshot.check(blockIndex, BlockSection.contentHash, values: rank..<rank + 1)
    let hash = UInt64(bitPattern: block.section(BlockSection.contentHash)[rank])
    if hash == batch.contentHashes[index] { return true }
    // The slow and exact way: the same event sent in another form, a conflict, or a collision of fingerprints.
    var text: [UInt8] = []
    var isSameEvent = false
    try reader.withEvent(at: position, in: snapshot) { facts, record, snapshot throws(LedgerError) in
      isSameEvent = batch.payloads.withUnsafeBufferPointer { payloads in
        PayloadRecord.parse(payloads, at: batch.payload(index).lowerBound)!.record.id.elementsEqual(record.id)
      }
      if isSameEvent {
        let source = try snapshot.nameBytes(facts.source)
        isSameEvent = batch.names.withText(batch.facts[index].source) { $0.elementsEqual(source) }
      }
      if isSameEvent { try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text) }
    }
    return isSameEvent ? EventText.haveSameContent(text, batch.text(index)) : nil
  }
}

/// Reads single events of a snapshot, in any order; cheap where they are near each other.
struct EventReader: ~Copyable {
  private let coder: FrameCoder
  private var blockIndex = -1
  private var payloads: PayloadReader?
  private var rows: [UInt32] = []

  init(coder: FrameCoder = FrameCoder()) { self.coder = coder }

  /// Hands the event at a position to `body`; the record is valid only there.
  ///
  /// - Precondition: the snapshot shows the position.
  /// - Complexity: a frame of 32 KiB is unpacked for each event that is not in the one before.
  mutating func withEvent<R>(
    at position: UInt64, in snapshot: borrowing Snapshot,
    _ body: (Facts, PayloadRecord, borrowing Snapshot) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    try enter(snapshot.block(of: position)!, in: snapshot)
    let block = snapshot.blocks[blockIndex]
    if rows.isEmpty {
      try snapshot.check(blockIndex, ColumnSet(.rank).rawValue)
      rows = block.rowsByRank()
    }
    return try withEvent(row: Int(rows[Int(position - block.firstPosition)]), in: blockIndex, of: snapshot, body)
  }

  /// Hands the event of a row to `body`.
  mutating func withEvent<R>(
    row: Int, in index: Int, of snapshot: borrowing Snapshot,
    _ body: (Facts, PayloadRecord, borrowing Snapshot) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    try enter(index, in: snapshot)
    try snapshot.check(index, ColumnSet.all.rawValue, rows: row..<row + 1)
    let facts = snapshot.blocks[index].facts(ofRow: row)
    return try payloads!.withRecord(ofRow: row) { record, _ throws(LedgerError) in try body(facts, record, snapshot) }
  }

  /// Hands the record of a row to `body` without the columns of the event; it is valid only there.
  mutating func withRecord<R>(
    row: Int, in index: Int, of snapshot: borrowing Snapshot, _ body: (PayloadRecord) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    try enter(index, in: snapshot)
    return try payloads!.withRecord(ofRow: row) { record, _ throws(LedgerError) in try body(record) }
  }

  /// Unpacks all payloads of a block at once, for reading most of them in any order.
  mutating func unpackAll(_ index: Int, of snapshot: borrowing Snapshot) throws(LedgerError) {
    try enter(index, in: snapshot)
    try payloads!.unpackAll()
  }

  private mutating func enter(_ index: Int, in snapshot: borrowing Snapshot) throws(LedgerError) {
    guard index != blockIndex else { return }
    try snapshot.check(index, Snapshot.frameSlots | Snapshot.commitSlots)
    blockIndex = index
    payloads = PayloadReader(snapshot.blocks[index], coder: coder)
    rows = []
  }
}
