/// Nothing of a block is read before it was compared with its checksums: whole sections where most of them are wanted,
/// else the groups that the wanted values lie in.
extension Snapshot {
  /// Makes sure, once per section and snapshot, that the bytes of some sections of a block are those that were written.
  ///
  /// - Parameter slots: a bit a section (``Column`` and ``BlockSection`` numbers).
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(bytes of the sections not checked yet), at memory speed.
  func check(_ index: Int, _ slots: UInt64) throws(LedgerError) {
    var missing = slots & ~knownSections.ofBlock(index)
    while missing != 0 {
      let slot = missing.trailingZeroBitCount
      missing &= missing - 1
      guard blocks[index].isIntact(slot) else { throw .damaged(blocks[index].damage(ofSlot: slot)) }
      knownSections.insert(1 << UInt64(slot), ofBlock: index)
    }
  }

  /// Makes sure that some columns of some rows are those that were written.
  ///
  /// - Parameters:
  ///   - slots: a bit a column; of sections with a value a row.
  ///   - rows: for a good part of a block whole sections are checked, so that it is done once.
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(columns · rows), at least a tenth of a microsecond a column.
  func check(_ index: Int, _ slots: UInt64, rows: Range<Int>) throws(LedgerError) {
    guard !rows.isEmpty else { return }
    if rows.count > blocks[index].count / Self.wholeShare {
      try check(index, slots)
    } else {
      try check(index, slots, values: rows)
    }
  }

  /// Makes sure that some values of a section are those that were written.
  ///
  /// - Parameter values: of a section of bytes, bytes.
  /// - Throws: ``LedgerError/damaged(_:)``.
  @inline(__always)
  func check(_ index: Int, _ slot: Int, values: Range<Int>) throws(LedgerError) {
    if knownSections.ofBlock(index) & 1 << UInt64(slot) == 0 { try compare(index, slot, values) }
  }

  /// Makes sure that some values of several sections of equal length are those that were written.
  func check(_ index: Int, _ slots: UInt64, values: Range<Int>) throws(LedgerError) {
    var missing = slots & ~knownSections.ofBlock(index)
    while missing != 0 {
      let slot = missing.trailingZeroBitCount
      missing &= missing - 1
      try compare(index, slot, values)
    }
  }

  /// Makes sure that a section in order of arrival has what was written for some rows.
  ///
  /// - Precondition: the `rank` column of these rows is intact.
  func check(_ index: Int, _ slot: Int, ofRows rows: RowList) throws(LedgerError) {
    guard knownSections.ofBlock(index) & 1 << UInt64(slot) == 0 else { return }
    let ranks = blocks[index].column(.rank)
    for place in 0..<rows.count {
      let rank = Int(ranks[rows[place]])
      try compare(index, slot, rank..<rank + 1)
    }
  }

  /// Whether all of a column is known to be intact.
  func isKnown(_ column: Column, of index: Int) -> Bool {
    knownSections.ofBlock(index) & 1 << UInt64(column.rawValue) != 0
  }

  private func compare(_ index: Int, _ slot: Int, _ values: Range<Int>) throws(LedgerError) {
    guard blocks[index].isIntact(slot, values, known: knownGroups) else {
      throw .damaged(blocks[index].damage(ofSlot: slot))
    }
  }

  /// More rows of a block than one in so many are a good part of it.
  private static let wholeShare = 4

  static func slots(_ sections: Int...) -> UInt64 { sections.reduce(0) { $0 | 1 << UInt64($1) } }
  static let customerSlots = slots(BlockSection.customerEnd, BlockSection.customerText)
  static let nameSlots = slots(BlockSection.nameEnd, BlockSection.nameText)
  static let frameSlots = slots(
    BlockSection.frameRow, BlockSection.frameEnd, BlockSection.frameRawBytes, BlockSection.frameChecksum)
  static let commitSlots = slots(BlockSection.commitRank, BlockSection.commitTime)
  /// The fields of order lines.
  static let lineSlots = slots(
    BlockSection.lineRow, BlockSection.lineSku, BlockSection.lineGroup, BlockSection.lineQuantity,
    BlockSection.linePrice)

  // MARK: Searching

  /// The rows of a customer in a block.
  ///
  /// - Complexity: O(log rows); nothing is read of a block whose customers all lie before or behind.
  func rows(of customer: UInt32, in index: Int) throws(LedgerError) -> Range<Int> {
    try blocks[index].rows(of: customer) { slot, values throws(LedgerError) in
      try check(index, slot, values: values)
    }
  }

  /// The indices of the order lines of some rows of a block.
  ///
  /// - Complexity: O(log lines).
  func lines(of rows: ClosedRange<Int>, in index: Int) throws(LedgerError) -> Range<Int> {
    try blocks[index].lines(of: rows) { slot, values throws(LedgerError) in try check(index, slot, values: values) }
  }
}
