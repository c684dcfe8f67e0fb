import CHash

/// Writes the bytes of a block from a draft. Keeps its buffers between blocks.
final class BlockBuilder {
  private let coder = FrameCoder()
  private var values: [Int64] = []
  private var cells = Cells()
  private var bytes: [UInt8] = []
  private var directory: [Section] = []
  private var kinds = EventKindSet()

  /// A buffer that grew beyond this for an unusual block is given back.
  private static let keptBytesMax = 64 << 20

  /// - Parameters:
  ///   - seed: of the ledger.
  ///   - sources: see ``Draft/rowOrder(sources:)``.
  /// - Returns: the block. Its memory serves for the next one if the caller has dropped it by then.
  /// - Complexity: O(n) for n events, and the compression of their payloads.
  func build(_ draft: Draft, seed: UInt64, sources: (UInt32, UInt32) -> Bool?) -> [UInt8] {
    precondition(draft.count > 0 && draft.count <= 1 << 16, "a block holds 1 to 65,536 events")
    let order = draft.rowOrder(sources: sources)
    var bytes: [UInt8] = []
    swap(&bytes, &self.bytes)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytesMax)
    bytes.reserveInLargePages(
      BlockHeader.bytes + BlockHeader.directoryBytes + draft.payloads.count / 2 + draft.count * 64)
    bytes.append(contentsOf: repeatElement(0, count: BlockHeader.bytes + BlockHeader.directoryBytes))
    directory = [Section](repeating: Section(), count: BlockSection.slots)

    cells.fill(from: draft.facts, order)
    kinds = cells.with(.kind, as: UInt8.self) { rows in
      rows.reduce(into: EventKindSet()) { $0.insert(rawValue: $1) }
    }
    // What a search reads first stands near the header: in memory at the same time.
    appendSamples(draft, &bytes)
    appendColumns(draft, order, &bytes)
    appendArrivals(draft, &bytes)
    appendLines(draft, order, &bytes)
    appendTexts(draft.newCustomers, .customers, draft, seed, &bytes)
    appendTexts(draft.newNames, .names, draft, seed, &bytes)
    appendFrames(draft, order, &bytes)
    SectionEncoder.align(&bytes)
    finish(draft, &bytes)
    self.bytes = bytes
    return bytes
  }

  /// Completes a section that was appended last, and notes it.
  private func add(_ slot: Int, _ section: Section, of draft: Draft, _ bytes: inout [UInt8]) {
    var section = section
    SectionSums(firstPosition: draft.firstPosition, count: UInt32(draft.count), slot: slot).seal(&section, &bytes)
    directory[slot] = section
  }

  private func add<C: Collection>(
    _ slot: Int, _ items: C, of draft: Draft, _ bytes: inout [UInt8], _ value: (C.Element) -> Int64
  ) {
    values.removeAll(keepingCapacity: true)
    for item in items { values.append(value(item)) }
    add(slot, values.withUnsafeBufferPointer { SectionEncoder.encode($0, into: &bytes) }, of: draft, &bytes)
  }

  private func add(_ slot: Int, hashes: [UInt64], of draft: Draft, _ bytes: inout [UInt8]) {
    let section = hashes.withUnsafeBufferPointer { hashes in
      hashes.withMemoryRebound(to: Int64.self) { SectionEncoder.encode($0, into: &bytes) }
    }
    add(slot, section, of: draft, &bytes)
  }

  private func appendSamples(_ draft: Draft, _ bytes: inout [UInt8]) {
    let sampled = stride(from: 0, to: draft.count, by: BlockSection.sampledRows)
    let customers = cells.with(.customer, as: UInt32.self) { customers in sampled.map { customers[$0] } }
    add(BlockSection.customerSample, customers, of: draft, &bytes) { Int64($0) }
    let acts = EventKindSet.acts
    guard !kinds.isDisjoint(with: acts) else { return }
    let rows = cells.with(.kind, as: UInt8.self) { kinds in
      kinds.indices.filter { acts.contains(rawValue: kinds[$0]) }
    }
    add(BlockSection.actRow, rows, of: draft, &bytes) { Int64($0) }
  }

  private func appendColumns(_ draft: Draft, _ order: [UInt32], _ bytes: inout [UInt8]) {
    for column in Column.allCases {
      let section =
        switch column.place?.width {
        case nil: order.withUnsafeBufferPointer { SectionEncoder.encode($0, into: &bytes) }
        case 1: cells.with(column, as: UInt8.self) { SectionEncoder.encode($0, into: &bytes) }
        case 2: cells.with(column, as: UInt16.self) { SectionEncoder.encode($0, into: &bytes) }
        case 4: cells.with(column, as: UInt32.self) { SectionEncoder.encode($0, into: &bytes) }
        default: cells.with(column, as: Int64.self) { SectionEncoder.encode($0, into: &bytes) }
        }
      add(Int(column.rawValue), section, of: draft, &bytes)
    }
  }

  private func appendArrivals(_ draft: Draft, _ bytes: inout [UInt8]) {
    add(BlockSection.fingerprint, hashes: draft.fingerprints, of: draft, &bytes)
    add(BlockSection.contentHash, hashes: draft.contentHashes, of: draft, &bytes)
    add(BlockSection.commitRank, draft.commits, of: draft, &bytes) { Int64($0.rank) }
    add(BlockSection.commitTime, draft.commits, of: draft, &bytes) { $0.time }
  }

  private func appendLines(_ draft: Draft, _ order: [UInt32], _ bytes: inout [UInt8]) {
    guard !draft.lines.isEmpty else { return }
    var rows: [(row: Int, line: Int)] = []
    rows.reserveCapacity(draft.lines.count)
    let ends = draft.lineEnds
    for row in order.indices {
      let index = Int(order[row])
      for line in (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index]) { rows.append((row, line)) }
    }
    let sampled = stride(from: 0, to: rows.count, by: BlockSection.sampledRows).map { rows[$0].row }
    add(BlockSection.lineSample, sampled, of: draft, &bytes) { Int64($0) }
    add(BlockSection.lineRow, rows, of: draft, &bytes) { Int64($0.row) }
    add(BlockSection.lineSku, rows, of: draft, &bytes) { Int64(draft.lines[$0.line].sku) }
    add(BlockSection.lineGroup, rows, of: draft, &bytes) { Int64(draft.lines[$0.line].group) }
    add(BlockSection.lineQuantity, rows, of: draft, &bytes) { draft.lines[$0.line].quantity }
    add(BlockSection.linePrice, rows, of: draft, &bytes) { draft.lines[$0.line].price }
  }

  private func appendTexts(
    _ texts: TextList, _ slots: BlockTexts.Slots, _ draft: Draft, _ seed: UInt64, _ bytes: inout [UInt8]
  ) {
    guard texts.count > 0 else { return }
    let found = texts.byHash(seed: seed)
    add(slots.hash, found, of: draft, &bytes) { Int64($0.hash) }
    add(slots.index, found, of: draft, &bytes) { Int64($0.index) }
    add(slots.end, texts.ends, of: draft, &bytes) { Int64($0) }
    add(slots.text, SectionEncoder.encode(bytes: texts.bytes, into: &bytes), of: draft, &bytes)
  }

  private func appendFrames(_ draft: Draft, _ order: [UInt32], _ bytes: inout [UInt8]) {
    var table: [(row: Int, end: Int, rawBytes: Int, checksum: UInt64)] = []
    var records = FrameRecords()
    var firstRow = 0
    let ends = draft.payloadEnds
    func place(_ row: Int) -> Range<Int> {
      let index = Int(order[row])
      return (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }
    directory[BlockSection.frames] = SectionEncoder.encode(as: Section.framed, into: &bytes) { bytes in
      let start = bytes.count
      draft.payloads.withUnsafeBufferPointer { payloads in
        for row in order.indices {
          if row + 8 < order.count {
            let record = payloads.baseAddress! + place(row + 8).lowerBound
            rpt_prefetch(record)
            rpt_prefetch(record + 64)
            rpt_prefetch(record + 128)
          }
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
    add(BlockSection.frameRow, table, of: draft, &bytes) { Int64($0.row) }
    add(BlockSection.frameEnd, table, of: draft, &bytes) { Int64($0.end) }
    add(BlockSection.frameRawBytes, table, of: draft, &bytes) { Int64($0.rawBytes) }
    add(BlockSection.frameChecksum, table, of: draft, &bytes) { Int64(bitPattern: $0.checksum) }
  }

  private func finish(_ draft: Draft, _ bytes: inout [UInt8]) {
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
        (start + BlockHeader.bytes + slot * Section.entryBytes).storeBytes(of: directory[slot], as: Section.self)
      }
      start.storeBytes(of: header, as: BlockHeader.self)
      (start + 248).storeBytes(of: BlockHeader.checksum(start), as: UInt64.self)
    }
  }
}
