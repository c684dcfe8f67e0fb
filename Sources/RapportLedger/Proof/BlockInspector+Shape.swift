/// The bytes of a block, and whether its sections are as they must be for each other.
extension BlockInspector {
  /// What the longest line that can be accepted has room for: order lines of an event, and bytes of a frame that it fills.
  private static let linesMax = JSONScanner.lineBytesLimit / 16
  private static let frameBytesMax = UInt64(4 * JSONScanner.lineBytesLimit)

  /// Checksums of all sections; and between the sections nothing but zeros.
  func checkBytes(_ block: Block) throws(LedgerError) {
    if let slot = block.firstDamagedSlot { throw .damaged(block.damage(ofSlot: slot)) }
    var end = BlockHeader.bytes + BlockHeader.directoryBytes
    let used = (0..<BlockSection.slots).map { block.section($0).section }.filter { $0.byteCount > 0 }
    for section in used.sorted(by: { $0.offset < $1.offset }) {
      guard Int(section.offset) >= end, isZero(block, end..<Int(section.offset)) else {
        throw damaged(.column, block.firstPosition, "the bytes before offset \(section.offset) of the block")
      }
      end = Int(section.offset) + Int(section.byteCount)
      guard section.sumCount > 0 else { continue }
      guard isZero(block, end..<section.sumsOffset) else {
        throw damaged(.column, block.firstPosition, "the bytes before the checksums at \(section.sumsOffset)")
      }
      end = section.end
    }
    guard isZero(block, end..<Int(block.header.byteCount)) else {
      throw damaged(.column, block.firstPosition, "the last bytes of the block")
    }
  }

  private func isZero(_ block: Block, _ range: Range<Int>) -> Bool {
    range.allSatisfy { (block.start + $0).load(as: UInt8.self) == 0 }
  }

  /// All sections are there with as many values as they must have, and the block stands within one segment.
  func checkShape(_ block: Block) throws(LedgerError) {
    let position = block.firstPosition
    let segment = UInt64(segmentEvents)
    guard (position - 1) / segment == (block.header.lastPosition - 1) / segment else {
      throw damaged(.positions, position, "the block crosses the end of a segment")
    }
    let perEvent = Column.allCases.map { Int($0.rawValue) } + [BlockSection.fingerprint, BlockSection.contentHash]
    for slot in perEvent where block.section(slot).section.encoding == Section.absent {
      throw damaged(.column, position, "section \(slot) is not there")
    }
    // Else who reads a field, and who compares values where they stand, would see different numbers.
    for column in Column.allCases {
      guard let bits = column.place.map({ 8 * $0.width }), bits < 64, !block.column(column).fits(bits: bits) else {
        continue
      }
      throw damaged(.column, position, "section \(column.rawValue) (\(column)) has values beyond \(bits) bits")
    }
    let lines = block.section(BlockSection.lineRow)
    for slot in [BlockSection.lineSku, BlockSection.lineGroup, BlockSection.lineQuantity, BlockSection.linePrice]
    where block.section(slot).count != lines.count {
      throw damaged(.column, position, "section \(slot) has \(block.section(slot).count) lines of \(lines.count)")
    }
    var linesOfRow = 0
    for line in 0..<lines.count {
      let previous = line == 0 ? 0 : lines[line - 1]
      guard lines[line] >= previous, lines[line] < block.count else {
        throw damaged(.column, position, "order line \(line) belongs to no row")
      }
      linesOfRow = lines[line] == previous ? linesOfRow + 1 : 1
      guard linesOfRow <= Self.linesMax else {
        throw damaged(.column, position, "row \(previous) has more order lines than fit into an event")
      }
    }
    try checkSamples(block, BlockSection.lineSample, of: lines)
    try checkFrames(block)
    try checkCommits(block)
  }

  /// A sample has every so many values of its section, from the first.
  func checkSamples(_ block: Block, _ slot: Int, of values: SectionReader) throws(LedgerError) {
    let samples = block.section(slot)
    let step = BlockSection.sampledRows
    guard samples.count == (values.count + step - 1) / step,
      (0..<samples.count).allSatisfy({ samples[$0] == values[$0 * step] })
    else { throw damaged(.column, block.firstPosition, "section \(slot) does not sample what it should") }
  }

  /// The list of events that act has the rows of these, in order, and no others.
  func checkActs(_ block: Block, _ facts: [Facts]) throws(LedgerError) {
    let listed = block.section(BlockSection.actRow)
    var next = 0
    for (row, fact) in facts.enumerated() where EventKindSet.acts.contains(rawValue: fact.kindCode) {
      guard next < listed.count, listed[next] == Int64(row) else {
        throw damaged(.column, fact.position, "row \(row) is missing in the list of events that act")
      }
      next += 1
    }
    guard next == listed.count else {
      throw damaged(.column, block.firstPosition, "the list of events that act has \(listed.count) rows of \(next)")
    }
  }

  private func checkFrames(_ block: Block) throws(LedgerError) {
    let rows = block.section(BlockSection.frameRow)
    let ends = block.section(BlockSection.frameEnd)
    let raw = block.section(BlockSection.frameRawBytes)
    guard rows.count > 0, ends.count == rows.count, raw.count == rows.count,
      block.section(BlockSection.frameChecksum).count == rows.count, rows[0] == 0
    else { throw damaged(.payload, block.firstPosition, "the table of frames is not complete") }
    var bytes: UInt64 = 0
    for frame in 0..<rows.count {
      let isFirst = frame == 0
      guard isFirst || (rows[frame] > rows[frame - 1] && ends[frame] > ends[frame - 1]), rows[frame] < block.count,
        raw[frame] >= 0, raw[frame] <= Int64(clamping: min(block.header.rawPayloadBytes, Self.frameBytesMax))
      else { throw damaged(.payload, block.firstPosition, "frame \(frame) does not follow the one before") }
      bytes += UInt64(raw[frame])
    }
    guard bytes == block.header.rawPayloadBytes,
      ends[ends.count - 1] == Int64(block.section(BlockSection.frames).section.byteCount)
    else { throw damaged(.payload, block.firstPosition, "the frames do not fill their section") }
  }
}
