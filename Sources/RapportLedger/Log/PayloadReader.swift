/// Reads payload records of one block in any order; keeps the frames that it unpacked last.
struct PayloadReader {
  let block: Block
  private let coder: FrameCoder
  /// The frames whose records these are.
  private var frames = 0..<0
  private var records = UnpackedRecords()
  /// The row of the first one.
  private var firstRow = 0

  init(_ block: Block, coder: FrameCoder) {
    self.block = block
    self.coder = coder
  }

  /// Unpacks all frames of the block.
  mutating func unpackAll() throws(LedgerError) {
    try unpack(0..<block.section(BlockSection.frameRow).count)
  }

  private mutating func unpack(_ wanted: Range<Int>) throws(LedgerError) {
    frames = 0..<0
    records.removeAll()
    for frame in wanted { try block.unpack(frame: frame, with: coder, into: &records) }
    firstRow = Int(block.section(BlockSection.frameRow)[wanted.lowerBound])
    frames = wanted
  }

  /// Hands the record of a row to `body`; it is valid only there.
  mutating func withRecord<R>(
    ofRow row: Int, _ body: (PayloadRecord, _ whole: UnsafeBufferPointer<UInt8>) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    if frames.isEmpty || row < firstRow || row - firstRow >= records.count {
      let frame = block.frame(ofRow: row)
      try unpack(frame..<frame + 1)
    }
    let position = block.firstPosition
    guard row >= firstRow, row - firstRow < records.count else { throw Self.damaged(row, position) }
    return try records.withRecord(row - firstRow) { whole throws(LedgerError) in
      guard let (record, end) = PayloadRecord.parse(whole, at: 0), end == whole.count else {
        throw Self.damaged(row, position)
      }
      return try body(record, whole)
    }
  }

  private static func damaged(_ row: Int, _ position: UInt64) -> LedgerError {
    .damaged(Damage(kind: .payload, position: position, detail: "the payload record of row \(row) does not fit"))
  }
}
