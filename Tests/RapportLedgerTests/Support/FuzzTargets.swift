import CHash

@testable import RapportLedger

/// What the fuzzer feeds: bytes go in, and nothing but a broken promise may end the process. The tests run the seed
/// corpus through the same functions; `Tests/Fuzz` runs libFuzzer on them.
enum FuzzTarget: String, CaseIterable {
  /// Bytes as standard input has them.
  case lines
  /// Bytes as LMDB hands out for a block.
  case blocks

  /// - Returns: whether anything was accepted: an event, or the whole block.
  @discardableResult
  func run(_ bytes: [UInt8]) -> Bool {
    switch self {
    case .lines: Self.parse(bytes)
    case .blocks: Self.decode(bytes)
    }
  }

  // MARK: Lines

  static func parsed(_ bytes: [UInt8]) -> BatchBox {
    let box = BatchBox(seed: 1)
    var parser = EventParser(seed: 1)
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      JSONScanner.Line(offset: UInt32($0.startIndex), length: UInt32($0.count))
    }
    parser.parse(
      bytes + [UInt8](repeating: 0, count: JSONScanner.padding), lines: lines, firstLine: 1, offset: 0,
      now: 1_750_000_000_000_000_000, into: &box.value)
    return box
  }

  private static func parse(_ bytes: [UInt8]) -> Bool {
    let box = parsed(bytes)
    let count = box.value.count
    precondition(
      count + box.value.rejects.count + box.value.blankCount == box.value.lineCount, "every line is accounted for")
    for index in 0..<count {
      let text = box.value.text(index)
      precondition(EventText.haveSameContent(text, text), "an accepted event has a content")
    }
    guard count > 0 else { return false }
    // What was accepted can be recorded and is read back; an event that is there twice a writer leaves out.
    guard Set(box.value.fingerprints).count == count else { return true }
    precondition(decode(build(box)), "a block of accepted events is sound")
    return true
  }

  /// A block of the events of a batch, numbered as the first commit of a ledger numbers them.
  static func build(_ box: borrowing BatchBox) -> [UInt8] {
    var draft = Draft(firstPosition: 1)
    (draft.firstNewCustomer, draft.firstNewName, draft.commits) = (1, 1, [(0, 1_000)])
    draft.append(box.value, 0..<box.value.count)
    for number in 0..<box.value.names.count {
      box.value.names.withText(UInt32(number + 1)) { draft.newNames.append($0) }
    }
    for number in 0..<box.value.customers.count {
      box.value.customers.withText(UInt32(number + 1)) { draft.newCustomers.append($0) }
    }
    return BlockBuilder().build(draft, seed: 1) { left, right in
      box.value.names.withText(left) { left in
        box.value.names.withText(right) { CanonicalOrder.bytesPrecede(left, $0) }
      }
    }
  }

  // MARK: Blocks

  /// As they are, which checksums nearly always refuse, and with checksums that fit: somebody may have forged them, and
  /// the checks behind them must hold by themselves.
  private static func decode(_ bytes: [UInt8]) -> Bool {
    guard bytes.count < 8 << 20 else { return false }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    let block = UnsafeMutableRawBufferPointer(rebasing: memory[..<bytes.count])
    let isSound = inspect(UnsafeRawBufferPointer(block))
    if !isSound {
      forgeChecksums(block)
      _ = inspect(UnsafeRawBufferPointer(block))
    }
    return isSound
  }

  private static func inspect(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 24 else { return false }
    let key = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    guard let block = try? Block(bytes, at: key) else { return false }
    var texts = KnownTexts(seed: 1)
    guard texts.learn(block).isEmpty else { return false }
    let inspector = BlockInspector(seed: 1, texts: texts, segmentEvents: 1 << 16, keptPosition: nil)
    guard inspector.inspect(block, limits: texts.limits[0]).damage.isEmpty else { return false }
    read(block)
    return true
  }

  /// What replay and the commands that show events read of a block that was found sound.
  private static func read(_ block: Block) {
    var rows = 0
    for fact in block.facts(0..<block.count) {
      precondition(block.intactRows(of: fact.customer).contains(Int(fact.row)), "a customer's rows are found")
      rows += block.lines(of: Int(fact.row)).count
    }
    precondition(rows == block.section(BlockSection.lineRow).count, "every order line belongs to one event")
    for slot in 0..<BlockSection.slots { readParts(block, slot) }
    guard (try? Draft(block, coder: FrameCoder())) != nil else { preconditionFailure("a sound block can be merged") }
    for texts in [block.newCustomers, block.newNames] {
      for index in 0..<texts.count {
        precondition(texts.place(of: Array(texts[index]), seed: 1) == index, "a text is found")
      }
    }
  }

  /// Every part of a section that is intact is intact.
  private static func readParts(_ block: Block, _ slot: Int) {
    let known = KnownGroups()
    let reader = block.section(slot)
    for first in stride(from: 0, to: reader.count, by: 97) {
      let values = first..<min(first + 31, reader.count)
      precondition(block.isIntact(slot, values, known: known), "parts of a sound section are sound")
    }
  }

  /// Makes all checksums fit that the sizes allow. Tables may lie over what belongs to others: then some do not.
  private static func forgeChecksums(_ block: UnsafeMutableRawBufferPointer) {
    guard let start = block.baseAddress, block.count >= BlockHeader.bytes + BlockHeader.directoryBytes else { return }
    start.storeBytes(of: BlockHeader.magic, as: UInt64.self)
    start.storeBytes(of: BlockHeader.formatVersion, toByteOffset: 8, as: UInt32.self)
    start.storeBytes(of: UInt64(block.count), toByteOffset: 104, as: UInt64.self)
    for slot in 0..<BlockSection.slots {
      let entry = start + BlockHeader.bytes + slot * Section.entryBytes
      var section = entry.loadUnaligned(as: Section.self)
      guard section.end <= block.count, section.encoding != Section.framed else { continue }
      let position = start.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
      let count = start.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
      SectionSums(firstPosition: position, count: count, slot: slot).seal(&section, in: start)
      entry.storeBytes(of: section, as: Section.self)
    }
    start.storeBytes(of: BlockHeader.checksum(start), toByteOffset: 248, as: UInt64.self)
  }
}

extension Block {
  /// The rows of a customer in a block whose sections are intact.
  func intactRows(of customer: UInt32) -> Range<Int> { (try? rows(of: customer) { _, _ in }) ?? 0..<0 }
}

extension BlockTexts {
  /// The index of a text in a block whose sections are intact.
  func place(of text: [UInt8], seed: UInt64) -> Int? {
    text.withUnsafeBufferPointer { text in
      (try? index(of: text, hash: BlockTexts.hash(text, seed: seed)) { _, _ in }) ?? nil
    }
  }
}
