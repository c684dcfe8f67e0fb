import CHash

/// Writes the bytes of a block from a draft. Keeps its buffers between blocks.
final class BlockBuilder {
  private let coder = FrameCoder()
  private var values: [Int64] = []
  private var cells = Cells()
  private var bytes: [UInt8] = []

  /// A buffer that grew beyond this for an unusual block is given back.
  private static let keptBytesMax = 64 << 20

  /// - Parameter sources: see ``Draft/rowOrder(sources:)``.
  /// - Returns: the block. Its memory serves for the next one if the caller has dropped it by then.
  /// - Complexity: O(n) for n events, and the compression of their payloads.
  func build(_ draft: Draft, sources: (UInt32, UInt32) -> Bool?) -> [UInt8] {
    precondition(draft.count > 0 && draft.count <= 1 << 16, "a block holds 1 to 65,536 events")
    let order = draft.rowOrder(sources: sources)
    var bytes: [UInt8] = []
    swap(&bytes, &self.bytes)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytesMax)
    bytes.reserveCapacity(BlockHeader.bytes + BlockHeader.directoryBytes + draft.payloads.count / 2 + draft.count * 64)
    bytes.append(contentsOf: repeatElement(0, count: BlockHeader.bytes + BlockHeader.directoryBytes))
    var directory = [Section](repeating: Section(), count: BlockSection.slots)

    cells.fill(from: draft.facts, order)
    appendColumns(order, &directory, &bytes)
    appendArrivals(draft, &directory, &bytes)
    appendLines(draft, order, &directory, &bytes)
    appendTexts(
      draft.newCustomers, BlockSection.customerEnd, BlockSection.customerText, BlockSection.customerSorted,
      &directory, &bytes)
    appendTexts(
      draft.newNames, BlockSection.nameEnd, BlockSection.nameText, BlockSection.nameSorted, &directory, &bytes)
    appendFrames(draft, order, &directory, &bytes)
    SectionEncoder.align(&bytes)
    finish(draft, &directory, &bytes)
    self.bytes = bytes
    return bytes
  }

  private func appendColumns(_ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]) {
    for column in Column.allCases {
      let section =
        switch column.place?.width {
        case nil: order.withUnsafeBufferPointer { SectionEncoder.encode($0, into: &bytes) }
        case 1: cells.with(column, as: UInt8.self) { SectionEncoder.encode($0, into: &bytes) }
        case 2: cells.with(column, as: UInt16.self) { SectionEncoder.encode($0, into: &bytes) }
        case 4: cells.with(column, as: UInt32.self) { SectionEncoder.encode($0, into: &bytes) }
        default: cells.with(column, as: Int64.self) { SectionEncoder.encode($0, into: &bytes) }
        }
      directory[Int(column.rawValue)] = section
    }
  }

  private func appendArrivals(_ draft: Draft, _ directory: inout [Section], _ bytes: inout [UInt8]) {
    directory[BlockSection.fingerprint] = encode(hashes: draft.fingerprints, &bytes)
    directory[BlockSection.contentHash] = encode(hashes: draft.contentHashes, &bytes)
    directory[BlockSection.commitRank] = encode(draft.commits, &bytes) { Int64($0.rank) }
    directory[BlockSection.commitTime] = encode(draft.commits, &bytes) { $0.time }
  }

  private func appendLines(
    _ draft: Draft, _ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    guard !draft.lines.isEmpty else { return }
    var rows: [(row: Int, line: Int)] = []
    rows.reserveCapacity(draft.lines.count)
    let ends = draft.lineEnds
    for row in order.indices {
      let index = Int(order[row])
      for line in (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index]) { rows.append((row, line)) }
    }
    directory[BlockSection.lineRow] = encode(rows, &bytes) { Int64($0.row) }
    directory[BlockSection.lineSku] = encode(rows, &bytes) { Int64(draft.lines[$0.line].sku) }
    directory[BlockSection.lineGroup] = encode(rows, &bytes) { Int64(draft.lines[$0.line].group) }
    directory[BlockSection.lineQuantity] = encode(rows, &bytes) { draft.lines[$0.line].quantity }
    directory[BlockSection.linePrice] = encode(rows, &bytes) { draft.lines[$0.line].price }
  }

  private func appendTexts(
    _ texts: TextList, _ end: Int, _ text: Int, _ sorted: Int, _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    guard texts.count > 0 else { return }
    directory[end] = encode(texts.ends, &bytes) { Int64($0) }
    directory[text] = SectionEncoder.encode(bytes: texts.bytes, into: &bytes)
    directory[sorted] = encode(texts.bytewiseOrder(), &bytes) { Int64($0) }
  }

  private func appendFrames(
    _ draft: Draft, _ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    var table: [(row: Int, end: Int, rawBytes: Int, checksum: UInt64)] = []
    var records = FrameRecords()
    var firstRow = 0
    let ends = draft.payloadEnds
    func place(_ row: Int) -> Range<Int> {
      let index = Int(order[row])
      return (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }
    directory[BlockSection.frames] = SectionEncoder.encode(into: &bytes) { bytes in
      let start = bytes.count
      draft.payloads.withUnsafeBufferPointer { payloads in
        for row in order.indices {
          if row + 8 < order.count { rpt_prefetch(payloads.baseAddress! + place(row + 8).lowerBound) }
          records.append(UnsafeBufferPointer(rebasing: payloads[place(row)]))
          guard records.isFull || row == order.count - 1 else { continue }
          let frame = bytes.count
          coder.compress(records, into: &bytes)
          let checksum = bytes.withUnsafeBytes { rpt_hash64($0.baseAddress! + frame, $0.count - frame, 0) }
          table.append((firstRow, bytes.count - start, records.rawBytes, checksum))
          records.removeAll()
          firstRow = row + 1
        }
      }
    }
    directory[BlockSection.frameRow] = encode(table, &bytes) { Int64($0.row) }
    directory[BlockSection.frameEnd] = encode(table, &bytes) { Int64($0.end) }
    directory[BlockSection.frameRawBytes] = encode(table, &bytes) { Int64($0.rawBytes) }
    directory[BlockSection.frameChecksum] = encode(table, &bytes) { Int64(bitPattern: $0.checksum) }
  }

  private func finish(_ draft: Draft, _ directory: inout [Section], _ bytes: inout [UInt8]) {
    var header = BlockHeader()
    header.count = UInt32(draft.count)
    header.firstPosition = draft.firstPosition
    cells.with(.time, as: Int64.self) { times in
      header.earliest = times.min()!
      header.latest = times.max()!
    }
    cells.with(.customer, as: UInt32.self) { customers in
      header.leastCustomer = customers.first!
      header.greatestCustomer = customers.last!
    }
    var kinds: EventKindSet = []
    cells.with(.kind, as: UInt8.self) { for kind in $0 { kinds.insert(rawValue: kind) } }
    let bits = kinds.bits
    header.kinds = (bits[0], bits[1], bits[2], bits[3])
    header.firstNewCustomer = draft.firstNewCustomer
    header.newCustomers = UInt32(draft.newCustomers.count)
    header.firstNewName = draft.firstNewName
    header.newNames = UInt32(draft.newNames.count)
    header.rawPayloadBytes = UInt64(draft.payloads.count)
    header.byteCount = UInt64(bytes.count)
    header.root = draft.root
    bytes.withUnsafeMutableBytes { block in
      let start = block.baseAddress!
      for slot in directory.indices {
        var section = directory[slot]
        // The checksum of the frames is that of each frame, so that one is read without the rest.
        if slot != BlockSection.frames {
          section.checksum = rpt_hash64(start + Int(section.offset), Int(section.byteCount), 0)
        }
        (start + BlockHeader.bytes + slot * Section.entryBytes).storeBytes(of: section, as: Section.self)
      }
      start.storeBytes(of: header, as: BlockHeader.self)
      (start + 248).storeBytes(of: BlockHeader.checksum(start), as: UInt64.self)
    }
  }

  private func encode<C: Collection>(
    _ items: C, _ bytes: inout [UInt8], _ value: (C.Element) -> Int64
  ) -> Section {
    values.removeAll(keepingCapacity: true)
    for item in items { values.append(value(item)) }
    return values.withUnsafeBufferPointer { SectionEncoder.encode($0, into: &bytes) }
  }

  private func encode(hashes: [UInt64], _ bytes: inout [UInt8]) -> Section {
    hashes.withUnsafeBufferPointer { hashes in
      hashes.withMemoryRebound(to: Int64.self) { SectionEncoder.encode($0, into: &bytes) }
    }
  }
}

/// The facts of a block turned from rows into columns: a field of all rows, then the next.
private struct Cells {
  private var words: [UInt64] = []
  private var rowCount = 0

  /// Rows that are turned at once: few enough for their facts to stay in the nearest cache while each field is taken.
  private static let tileRows = 128

  /// For each column that is a field of ``Facts``: the bytes of a row before it.
  private static let places: [(column: Column, bytesBefore: Int)] = {
    var bytes = 0
    return Column.allCases.compactMap { column in
      guard let place = column.place else { return nil }
      defer { bytes += place.width }
      return (column, bytes)
    }
  }()
  private static let bytesBefore: [Int] = {
    var all = [Int](repeating: 0, count: BlockSection.slots)
    for place in places { all[Int(place.column.rawValue)] = place.bytesBefore }
    return all
  }()

  /// Rows rounded up, so that every column is aligned.
  private var stride: Int { (rowCount + 7) / 8 * 8 }

  mutating func fill(from facts: [Facts], _ order: [UInt32]) {
    rowCount = order.count
    let stride = stride
    let wordsMin = stride / 8 * MemoryLayout<Facts>.stride
    if words.count < wordsMin { words = [UInt64](repeating: 0, count: wordsMin) }
    words.withUnsafeMutableBytes { cells in
      facts.withUnsafeBytes { facts in
        order.withUnsafeBufferPointer { order in
          for first in Swift.stride(from: 0, to: order.count, by: Self.tileRows) {
            let rows = first..<min(first + Self.tileRows, order.count)
            for (column, bytesBefore) in Self.places {
              let place = column.place!
              let field = facts.baseAddress! + place.offset
              let target = cells.baseAddress! + bytesBefore * stride
              switch place.width {
              case 1: Self.turn(UInt8.self, field, rows, order, target)
              case 2: Self.turn(UInt16.self, field, rows, order, target)
              case 4: Self.turn(UInt32.self, field, rows, order, target)
              default: Self.turn(UInt64.self, field, rows, order, target)
              }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func turn<Value: BitwiseCopyable>(
    _: Value.Type, _ field: UnsafeRawPointer, _ rows: Range<Int>, _ order: UnsafeBufferPointer<UInt32>,
    _ target: UnsafeMutableRawPointer
  ) {
    let target = target.assumingMemoryBound(to: Value.self)
    for row in rows {
      target[row] = (field + Int(order[row]) * MemoryLayout<Facts>.stride).load(as: Value.self)
    }
  }

  /// - Precondition: `Value` has the width of the column.
  func with<Value: BitwiseCopyable, R>(
    _ column: Column, as _: Value.Type, _ body: (UnsafeBufferPointer<Value>) -> R
  ) -> R {
    words.withUnsafeBytes { cells in
      let start = cells.baseAddress! + Self.bytesBefore[Int(column.rawValue)] * stride
      return body(UnsafeBufferPointer(start: start.assumingMemoryBound(to: Value.self), count: rowCount))
    }
  }
}
