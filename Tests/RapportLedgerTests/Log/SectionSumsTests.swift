import CHash
import Testing

@testable import RapportLedger

/// Parts of sections are compared with checksums of their own: what says that it is intact is what was written.
@Suite("Checksums of parts")
struct SectionSumsTests {
  /// A block with events of all forms, sections of many groups, and events that act on others.
  static let block: [UInt8] = {
    var lines = generatedLines(3_500, customers: 400)
    for number in 1...20 {
      lines.append(
        envelope([
          "type": "event.retracted", "id": .string("act-\(number)"),
          "data": ["source": "/demo", "id": .string("gone-\(number)"), "reason": "r"],
        ]))
    }
    return FuzzTarget.build(FuzzTarget.parsed(Array(lines.joined(separator: "\n").utf8)))
  }()

  /// Values of a section, or its bytes.
  private static func values(_ reader: SectionReader, _ range: Range<Int>) -> [Int64] {
    if reader.section.encoding == Section.bytes {
      return range.map { Int64((reader.bytes + $0).load(as: UInt8.self)) }
    }
    return range.map { reader[$0] }
  }

  private static func count(_ section: Section) -> Int {
    section.encoding == Section.bytes ? Int(section.byteCount) : Int(section.count)
  }

  private static func sections(_ bytes: [UInt8]) throws -> [(slot: Int, section: Section)] {
    try BlockTests.withBlock(bytes) { block in
      (0..<BlockSection.slots).map { ($0, block.section($0).section) }
        .filter { $0.1.byteCount > 0 && $0.1.encoding != Section.framed }
    }
  }

  @Test func `the block of these tests has what they are about`() throws {
    let sections = try Self.sections(Self.block).map(\.section)
    #expect(sections.contains { $0.encoding == Section.sparse && $0.sumCount > 1 })
    #expect(sections.contains { $0.encoding == Section.bytes && $0.sumCount > 1 })
    for width in [1, 2, 4, 8] {
      #expect(sections.contains { $0.encoding == Section.dense && $0.width == width && $0.sumCount > 1 }, "\(width)")
    }
    #expect(try BlockTests.withBlock(Self.block) { $0.section(BlockSection.actRow).count } == 20)
    #expect(try BlockTests.withBlock(Self.block) { $0.section(BlockSection.lineSample).count } > 1)
  }

  @Test(arguments: 1...4)
  func `after any flipped bit a part is either refused or what was written, and the whole is refused`(seed: Int) throws
  {
    var random = SeededGenerator(state: UInt64(seed))
    let sections = try Self.sections(Self.block)
    let sound = try BlockTests.withBlock(Self.block) { block in
      sections.map { Self.values(block.section($0.slot), 0..<Self.count($0.section)) }
    }
    var refused = 0
    for (index, (slot, section)) in sections.enumerated() {
      for _ in 0..<12 {
        // Half of them in the table, where there is one.
        let isTable = section.sumCount > 0 && Bool.random(using: &random)
        let place = Int.random(
          in: isTable
            ? section.sumsOffset..<section.end : Int(section.offset)..<Int(section.offset) + Int(section.byteCount),
          using: &random)
        var bytes = Self.block
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try BlockTests.withBlock(bytes) { block in
          #expect(!block.isIntact(slot), "section \(slot), byte \(place)")
          for _ in 0..<8 {
            let start = Int.random(in: 0..<Self.count(section), using: &random)
            let range = start..<Int.random(in: start + 1...min(start + 60, Self.count(section)), using: &random)
            guard block.isIntact(slot, range, known: KnownGroups()) else {
              refused += 1
              continue
            }
            #expect(Self.values(block.section(slot), range) == Array(sound[index][range]), "section \(slot), \(range)")
          }
        }
      }
    }
    #expect(refused > 0)
  }

  @Test func `every value is in a part that is intact, and values that are not there are refused`() throws {
    try BlockTests.withBlock(Self.block) { block in
      let known = KnownGroups()
      for (slot, section) in try Self.sections(Self.block) {
        let count = Self.count(section)
        for start in stride(from: 0, to: count, by: 13) {
          let isPartIntact = block.isIntact(slot, start..<min(start + 40, count), known: known)
          #expect(isPartIntact)
        }
        let isIntact = block.isIntact(slot, 0..<count, known: known)
        let isBeyondIntact = block.isIntact(slot, count - 1..<count + 1, known: known)
        #expect(isIntact && !isBeyondIntact)
      }
    }
  }

  @Test func `what a disk left of an older block does not pass, though it fits its own table`() throws {
    let slot = Int(Column.object.rawValue)
    var draft = BlockTests.draft(600)
    let older = BlockTests.build(draft)
    draft.firstPosition += 600
    for index in draft.facts.indices { draft.facts[index].position += 600 }
    var newer = BlockTests.build(draft)
    let section = try BlockTests.withBlock(older) { $0.section(slot).section }
    #expect(section.sumCount > 1)
    for place in Int(section.offset)..<section.end { newer[place] = older[place] }
    try BlockTests.withBlock(newer, at: 601) { block in
      #expect(block.section(slot).section.offset == section.offset)
      let isIntact = block.isIntact(slot, 0..<1, known: KnownGroups())
      #expect(!isIntact)
    }
  }

  // MARK: Forged

  /// What verification finds in a block.
  private static func damage(_ bytes: [UInt8]) throws -> [Damage] {
    try BlockTests.withBlock(bytes) { block in
      var texts = KnownTexts(seed: 1)
      let found = texts.learn(block)
      let inspector = BlockInspector(seed: 1, texts: texts, segmentEvents: 1 << 16, keptPosition: nil)
      return found + inspector.inspect(block, limits: texts.limits[0]).damage
    }
  }

  /// Somebody who knows the format changed a section and made all checksums fit.
  private static func forged(
    _ slot: Int, _ change: (UnsafeMutableRawBufferPointer, inout Section) -> Void
  ) -> [UInt8] {
    var bytes = Self.block
    bytes.withUnsafeMutableBytes { block in
      let start = block.baseAddress!
      let entry = start + BlockHeader.bytes + slot * Section.entryBytes
      var section = entry.loadUnaligned(as: Section.self)
      change(block, &section)
      SectionSums(firstPosition: 1, count: start.loadUnaligned(fromByteOffset: 12, as: UInt32.self), slot: slot)
        .seal(&section, in: start)
      entry.storeBytes(of: section, as: Section.self)
      start.storeBytes(of: BlockHeader.checksum(start), toByteOffset: 248, as: UInt64.self)
    }
    return bytes
  }

  @Test(
    "a search that was led astray on purpose is found by verification",
    arguments: [
      BlockSection.customerSample, BlockSection.lineSample, BlockSection.actRow, BlockSection.customerHash,
      BlockSection.customerIndex, BlockSection.nameHash, BlockSection.nameIndex,
    ])
  func forgedSearch(slot: Int) throws {
    #expect(try Self.damage(Self.block) == [])
    let count = try BlockTests.withBlock(Self.block) { $0.section(slot).count }
    #expect(count > 1)
    for value in [0, count / 2, count - 1] {
      let bytes = Self.forged(slot) { block, section in
        block[Int(section.offset) + value * Int(section.width)] ^= 1
      }
      #expect(try BlockTests.withBlock(bytes) { $0.isIntact(slot) })
      #expect(try Self.damage(bytes) != [], "value \(value)")
    }
  }
  /// Read as a field the number is the same; a search compares all of its bits.
  @Test(
    "a number that its field has no room for is found by verification",
    arguments: [Column.kind, .type, .source, .channel])
  func beyondWidth(column: Column) throws {
    let width = try #require(column.place?.width)
    let bytes = Self.forged(Int(column.rawValue)) { _, section in section.base += 1 << Int64(8 * width) }
    let found = try Self.damage(bytes)
    #expect(found.map(\.kind) == [.column] && found[0].detail.contains("beyond \(8 * width) bits"))
  }

  @Test("numbers fit where all of them do, whatever their widths would allow")
  func fits() {
    func section(_ encoding: UInt8, base: Int64, unit: Int64 = 1, _ stored: [UInt16] = []) -> Bool {
      var section = Section()
      (section.encoding, section.width, section.count) = (encoding, stored.isEmpty ? 0 : 2, UInt32(stored.count))
      (section.base, section.unit) = (base, unit)
      return stored.withUnsafeBytes { bytes in
        SectionReader(section: section, bytes: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!).fits(bits: 16)
      }
    }
    #expect(section(Section.absent, base: 1 << 40))
    #expect(section(Section.constant, base: 65_535) && !section(Section.constant, base: 65_536))
    #expect(!section(Section.constant, base: -1))
    #expect(section(Section.dense, base: 0, [0, 65_535]) && section(Section.dense, base: 5, [0, 65_530]))
    #expect(!section(Section.dense, base: 5, [0, 65_531]) && !section(Section.dense, base: -1, [0, 7]))
    #expect(section(Section.dense, base: 0, unit: 2, [32_767]) && !section(Section.dense, base: 0, unit: 2, [32_768]))
    #expect(section(Section.dense, base: 10, unit: -1, [10]) && !section(Section.dense, base: 10, unit: -1, [11]))
  }
}
