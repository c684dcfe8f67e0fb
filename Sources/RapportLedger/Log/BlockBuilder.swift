import CHash

/// Writes the bytes of a block from a draft. Keeps its buffers between blocks.
final class BlockBuilder {
  private let coder = FrameCoder()
  private var values: [Int64] = []
  private var raw: [UInt8] = []

  /// - Parameter sources: see ``Draft/rowOrder(sources:)``.
  /// - Complexity: O(n) for n events, and the compression of their payloads.
  func build(_ draft: Draft, sources: (UInt32, UInt32) -> Bool?) -> [UInt8] {
    precondition(draft.count > 0 && draft.count <= 1 << 16, "a block holds 1 to 65,536 events")
    let order = draft.rowOrder(sources: sources)
    var bytes = [UInt8]()
    bytes.reserveCapacity(BlockHeader.bytes + BlockHeader.directoryBytes + draft.payloads.count / 2 + draft.count * 64)
    bytes.append(contentsOf: repeatElement(0, count: BlockHeader.bytes + BlockHeader.directoryBytes))
    var directory = [Section](repeating: Section(), count: BlockSection.slots)

    appendColumns(draft, order, &directory, &bytes)
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
    return bytes
  }

  private func appendColumns(
    _ draft: Draft, _ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    values = [Int64](repeating: 0, count: order.count)
    // One pass over the events in the order of the rows; the columns then read them front to back.
    let rows = draft.facts.withUnsafeBufferPointer { facts in order.map { facts[Int($0)] } }
    for column in Column.allCases {
      if let place = column.place {
        rows.withUnsafeBytes { rows in collect(rows.baseAddress! + place.offset, width: place.width, order.count) }
      } else {
        for row in order.indices { values[row] = Int64(order[row]) }
      }
      directory[Int(column.rawValue)] = encodeValues(&bytes)
    }
  }

  /// Collects one field of all rows.
  private func collect(_ field: UnsafeRawPointer, width: Int, _ count: Int) {
    let stride = MemoryLayout<Facts>.stride
    @inline(__always) func run<T: FixedWidthInteger>(_: T.Type) {
      values.withUnsafeMutableBufferPointer { values in
        for row in 0..<count { values[row] = Int64(truncatingIfNeeded: (field + row * stride).load(as: T.self)) }
      }
    }
    switch width {
    case 1: run(UInt8.self)
    case 2: run(UInt16.self)
    case 4: run(UInt32.self)
    default: run(Int64.self)
    }
  }

  private func appendArrivals(_ draft: Draft, _ directory: inout [Section], _ bytes: inout [UInt8]) {
    directory[BlockSection.fingerprint] = encode(draft.fingerprints, &bytes) { Int64(bitPattern: $0) }
    directory[BlockSection.contentHash] = encode(draft.contentHashes, &bytes) { Int64(bitPattern: $0) }
    directory[BlockSection.commitRank] = encode(draft.commits, &bytes) { Int64($0.rank) }
    directory[BlockSection.commitTime] = encode(draft.commits, &bytes) { $0.time }
  }

  private func appendLines(
    _ draft: Draft, _ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    guard !draft.lines.isEmpty else { return }
    var rows: [(row: Int, line: Int)] = []
    rows.reserveCapacity(draft.lines.count)
    for row in order.indices {
      for line in draft.lineRange(Int(order[row])) { rows.append((row, line)) }
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
    let order = texts.bytes.withUnsafeBufferPointer { all in
      func slice(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: all[(index == 0 ? 0 : texts.ends[index - 1])..<texts.ends[index]])
      }
      return (0..<texts.count).sorted { CanonicalOrder.bytesPrecede(slice($0), slice($1)) ?? false }
    }
    directory[sorted] = encode(order, &bytes) { Int64($0) }
  }

  private func appendFrames(
    _ draft: Draft, _ order: [UInt32], _ directory: inout [Section], _ bytes: inout [UInt8]
  ) {
    var frames: [UInt8] = []
    var table: [(row: Int, end: Int, rawBytes: Int, checksum: UInt64)] = []
    var firstRow = 0
    raw.removeAll(keepingCapacity: true)
    for row in order.indices {
      draft.payloads.withUnsafeBufferPointer { payloads in
        raw.append(contentsOf: UnsafeBufferPointer(rebasing: payloads[draft.payload(Int(order[row]))]))
      }
      guard raw.count >= PayloadRecord.frameBytes || row == order.count - 1 else { continue }
      let start = frames.count
      raw.withUnsafeBufferPointer { coder.compress($0, into: &frames) }
      let checksum = frames.withUnsafeBytes { rpt_hash64($0.baseAddress! + start, frames.count - start, 0) }
      table.append((firstRow, frames.count, raw.count, checksum))
      raw.removeAll(keepingCapacity: true)
      firstRow = row + 1
    }
    directory[BlockSection.frameRow] = encode(table, &bytes) { Int64($0.row) }
    directory[BlockSection.frameEnd] = encode(table, &bytes) { Int64($0.end) }
    directory[BlockSection.frameRawBytes] = encode(table, &bytes) { Int64($0.rawBytes) }
    directory[BlockSection.frameChecksum] = encode(table, &bytes) { Int64(bitPattern: $0.checksum) }
    directory[BlockSection.frames] = SectionEncoder.encode(bytes: frames, into: &bytes)
  }

  private func finish(_ draft: Draft, _ directory: inout [Section], _ bytes: inout [UInt8]) {
    var header = BlockHeader()
    header.count = UInt32(draft.count)
    header.firstPosition = draft.firstPosition
    header.earliest = .max
    header.latest = .min
    header.leastCustomer = .max
    var kinds: EventKindSet = []
    for fact in draft.facts {
      header.earliest = min(header.earliest, fact.time)
      header.latest = max(header.latest, fact.time)
      header.leastCustomer = min(header.leastCustomer, fact.customer)
      header.greatestCustomer = max(header.greatestCustomer, fact.customer)
      kinds.insert(rawValue: fact.kindCode)
    }
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
    return encodeValues(&bytes)
  }

  private func encodeValues(_ bytes: inout [UInt8]) -> Section {
    values.withUnsafeBufferPointer { SectionEncoder.encode($0, into: &bytes) }
  }
}
