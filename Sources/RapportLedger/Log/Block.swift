import CHash

/// A block of the log in LMDB's memory map.
///
/// It holds a bare pointer and is valid only while the transaction that it was read in lives: blocks are handed out by
/// a ``Snapshot`` and never stored beyond it. Header and directory were checked when the block was opened
/// (``BlockHeader/read(_:at:)``); the bytes of a section are checked before they are read: all when many of them are
/// wanted (``Snapshot/check(_:_:)``), else the groups that they lie in (``Snapshot/check(_:_:rows:)``).
struct Block: @unchecked Sendable {
  let header: BlockHeader
  let start: UnsafeRawPointer

  init(_ bytes: UnsafeRawBufferPointer, at key: UInt64) throws(LedgerError) {
    header = try BlockHeader.read(bytes, at: key)
    start = bytes.baseAddress!
  }

  var count: Int { Int(header.count) }
  var firstPosition: UInt64 { header.firstPosition }

  @inline(__always)
  func section(_ slot: Int) -> SectionReader {
    let section = (start + BlockHeader.bytes + slot * Section.entryBytes).load(as: Section.self)
    return SectionReader(section: section, bytes: start + Int(section.offset))
  }

  @inline(__always)
  func column(_ column: Column) -> SectionReader { section(Int(column.rawValue)) }

  /// Whether some bytes are this very block: in its place, with its header and so with its directory.
  func isSame(as bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.baseAddress == start, let found = try? BlockHeader.read(bytes, at: firstPosition) else { return false }
    return withUnsafeBytes(of: found) { found in
      withUnsafeBytes(of: header) { found.elementsEqual($0) }
    }
  }

  // MARK: Rows

  /// The first row whose customer is not less than `customer`.
  ///
  /// - Complexity: O(log rows).
  func firstRow(atOrAfter customer: UInt32) -> Int {
    if customer <= header.leastCustomer { return 0 }
    if customer > header.greatestCustomer { return count }
    return column(.customer).first(notBelow: Int64(customer), in: 0..<count)
  }

  /// The row of each rank: the inverse of the `rank` column.
  func rowsByRank() -> [UInt32] {
    var rows = [UInt32](repeating: 0, count: count)
    let ranks = column(.rank)
    for row in 0..<count { rows[Int(ranks[row]) % count] = UInt32(row) }
    return rows
  }

  /// The facts of one row, `row` and `position` filled in.
  func facts(ofRow row: Int, columns: [Column] = Column.allCases) -> Facts {
    var facts = Facts()
    var slot: UInt32 = 0
    scatter(row..<row + 1, columns: columns, to: &facts, slots: &slot)
    return facts
  }

  /// The facts of some rows, `row` and `position` filled in.
  func facts(_ range: Range<Int>, columns: ColumnSet = .all) -> [Facts] {
    var facts = [Facts](repeating: Facts(), count: range.count)
    let slots = [UInt32](0..<UInt32(range.count))
    facts.withUnsafeMutableBufferPointer { facts in
      guard let base = facts.baseAddress else { return }
      slots.withUnsafeBufferPointer {
        scatter(range, columns: columns.columns, to: base, slots: $0.baseAddress!)
      }
    }
    return facts
  }

  /// Writes columns of some rows into fact rows; `slots` names the fact row of each.
  func scatter(
    _ range: Range<Int>, columns: [Column], to facts: UnsafeMutablePointer<Facts>, slots: UnsafePointer<UInt32>
  ) {
    let stride = MemoryLayout<Facts>.stride
    for column in columns {
      let reader = self.column(column)
      guard reader.section.encoding != Section.absent else { continue }
      guard let place = column.place else { continue }
      let target = UnsafeMutableRawPointer(facts) + place.offset
      switch place.width {
      case 1: reader.scatter(range, as: UInt8.self, to: target, stride: stride, slots: slots)
      case 2: reader.scatter(range, as: UInt16.self, to: target, stride: stride, slots: slots)
      case 4: reader.scatter(range, as: UInt32.self, to: target, stride: stride, slots: slots)
      default: reader.scatter(range, as: Int64.self, to: target, stride: stride, slots: slots)
      }
    }
    let ranks = column(.rank)
    for row in range {
      let slot = Int(slots[row - range.lowerBound])
      // Whatever the rank is: who verifies must be able to tell, so this does not trap.
      facts[slot].position = firstPosition &+ UInt64(bitPattern: ranks[row])
      facts[slot].row = UInt32(row)
    }
  }

  /// The order lines of a row.
  ///
  /// - Complexity: O(log lines) and O(1) a line.
  func lines(of row: Int) -> [OrderLine] {
    var cursor = OrderLineCursor(self, from: UInt32(row))
    var lines: [OrderLine] = []
    while let line = cursor.next(of: UInt32(row)) { lines.append(line) }
    return lines
  }

  /// An order line by its index.
  func line(_ index: Int) -> OrderLine {
    OrderLine(
      sku: UInt32(truncatingIfNeeded: section(BlockSection.lineSku)[index]),
      group: UInt32(truncatingIfNeeded: section(BlockSection.lineGroup)[index]),
      quantity: section(BlockSection.lineQuantity)[index], price: section(BlockSection.linePrice)[index])
  }

  // MARK: Arrival

  /// When the event of a rank was recorded: nanoseconds since 1970.
  func ledgerTime(ofRank rank: Int) -> Int64 {
    let ranks = section(BlockSection.commitRank)
    let next = (0..<ranks.count).partitioningIndex { ranks[$0] > Int64(rank) }
    return section(BlockSection.commitTime)[max(next - 1, 0)]
  }

  // MARK: Texts

  /// The texts that appear first in this block: customers or names.
  var newCustomers: BlockTexts { BlockTexts(self, .customers) }
  var newNames: BlockTexts { BlockTexts(self, .names) }

  // MARK: Payloads

  /// The frame that holds a row.
  func frame(ofRow row: Int) -> Int {
    let rows = section(BlockSection.frameRow)
    return (0..<rows.count).partitioningIndex { rows[$0] > Int64(row) } - 1
  }

  /// Unpacks a frame after checking its bytes, behind those that are unpacked.
  func unpack(
    frame: Int, with coder: FrameCoder, into records: inout UnpackedRecords
  ) throws(LedgerError) {
    let ends = section(BlockSection.frameEnd)
    let frames = section(BlockSection.frames)
    let first = frame == 0 ? 0 : Int(ends[frame - 1])
    let last = Int(ends[frame])
    let rawBytes = Int(section(BlockSection.frameRawBytes)[frame])
    guard first <= last, last <= Int(frames.section.byteCount), rawBytes >= 0,
      rpt_hash64(frames.bytes + first, last - first, 0)
        == UInt64(bitPattern: section(BlockSection.frameChecksum)[frame]),
      coder.decompress(
        UnsafeRawBufferPointer(start: frames.bytes + first, count: last - first), rawBytes: rawBytes, into: &records)
    else {
      throw .damaged(
        Damage(
          kind: .payload, position: firstPosition,
          detail: "payload frame \(frame) of the block with positions \(firstPosition)…\(header.lastPosition)"))
    }
  }
}
