/// Reads payload records of one block in any order; keeps the frames that it unpacked last.
struct PayloadReader {
  let block: Block
  private let coder: FrameCoder
  /// The frames that are unpacked, one after the other in `raw`.
  private var frames = 0..<0
  /// The first row of these frames.
  private var firstRow = 0
  private var raw: [UInt8] = []
  private var unpacked: [UInt8] = []
  /// Where each record begins in `raw`, and where the last one ends.
  private var offsets: [Int] = []

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
    raw.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    for frame in wanted {
      let count = try block.unpack(frame: frame, with: coder, into: &unpacked)
      raw.append(contentsOf: unpacked[..<count])
    }
    firstRow = Int(block.section(BlockSection.frameRow)[wanted.lowerBound])
    var offset = 0
    let fits = raw.withUnsafeBufferPointer { raw in
      while offset < raw.count {
        offsets.append(offset)
        guard let (_, next) = PayloadRecord.parse(raw, at: offset) else { return false }
        offset = next
      }
      offsets.append(offset)
      return true
    }
    guard fits else { throw damaged(firstRow) }
    frames = wanted
  }

  /// Hands the record of a row to `body`; it is valid only there.
  mutating func withRecord<R>(
    ofRow row: Int, _ body: (PayloadRecord, _ whole: UnsafeBufferPointer<UInt8>) throws(LedgerError) -> R
  ) throws(LedgerError) -> R {
    let index = row - firstRow
    if frames.isEmpty || index < 0 || index + 1 >= offsets.count {
      let frame = block.frame(ofRow: row)
      try unpack(frame..<frame + 1)
    }
    let place = row - firstRow
    guard place >= 0, place + 1 < offsets.count else { throw damaged(row) }
    let (start, end) = (offsets[place], offsets[place + 1])
    let all = raw.withUnsafeBufferPointer { $0 }
    defer { withExtendedLifetime(raw) {} }
    guard let (record, _) = PayloadRecord.parse(all, at: start) else { throw damaged(row) }
    return try body(record, UnsafeBufferPointer(rebasing: all[start..<end]))
  }

  private func damaged(_ row: Int) -> LedgerError {
    .damaged(
      Damage(kind: .payload, position: block.firstPosition, detail: "the payload record of row \(row) does not fit"))
  }
}
