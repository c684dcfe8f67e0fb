import Testing

@testable import RapportLedger

/// Rows, order lines and texts are found by reading little of a block, and nothing that was not compared before.
@Suite("Searching blocks")
struct SearchTests {
  /// What a search read, section by section.
  private final class Reads {
    var ranges: [(slot: Int, values: Range<Int>)] = []
    func note(_ slot: Int, _ values: Range<Int>) { ranges.append((slot, values)) }
    func count(_ slot: Int) -> Int { ranges.filter { $0.slot == slot }.map(\.values.count).reduce(0, +) }
  }

  @Test func `the rows of every customer are found, and few values are read for them`() throws {
    try BlockTests.withBlock(SectionSumsTests.block) { block in
      let customers = block.facts(0..<block.count).map(\.customer)
      for customer in 0...block.header.greatestCustomer + 2 {
        let reads = Reads()
        let rows = try block.rows(of: customer) { slot, values throws(LedgerError) in reads.note(slot, values) }
        #expect(Array(rows) == customers.indices.filter { customers[$0] == customer })
        #expect(reads.count(Int(Column.customer.rawValue)) <= 2 * BlockSection.sampledRows)
      }
      #expect(block.count > 4 * BlockSection.sampledRows)
    }
  }

  @Test func `a search reads no value that it did not ask for`() throws {
    // Whatever was not asked for is spoilt meanwhile: it may not matter.
    for customer in stride(from: 0 as UInt32, to: 420, by: 7) {
      let reads = Reads()
      let sound = try BlockTests.withBlock(SectionSumsTests.block) { block in
        try block.rows(of: customer) { slot, values throws(LedgerError) in reads.note(slot, values) }
      }
      let slot = Int(Column.customer.rawValue)
      let spoilt = try BlockTests.withBlock(SectionSumsTests.block) { block in
        let section = block.section(slot).section
        let asked = reads.ranges.filter { $0.slot == slot }.map(\.values)
        var bytes = SectionSumsTests.block
        for row in 0..<block.count where !asked.contains(where: { $0.contains(row) }) {
          for byte in 0..<Int(section.width) { bytes[Int(section.offset) + row * Int(section.width) + byte] ^= 0x5A }
        }
        return bytes
      }
      let again = try BlockTests.withBlock(spoilt) { try $0.rows(of: customer) { _, _ in } }
      #expect(again == sound)
    }
  }

  @Test func `the order lines of any rows are found`() throws {
    var random = SeededGenerator(state: 11)
    try BlockTests.withBlock(SectionSumsTests.block) { block in
      let section = block.section(BlockSection.lineRow)
      let rows = (0..<section.count).map { Int(section[$0]) }
      for _ in 0..<300 {
        let first = Int.random(in: 0..<block.count, using: &random)
        let wanted = first...Int.random(in: first..<block.count, using: &random)
        let found = try block.lines(of: wanted) { _, _ in }
        #expect(Array(found) == rows.indices.filter { wanted.contains(rows[$0]) })
      }
    }
  }

  // MARK: Texts

  private static func block(of texts: [String]) -> [UInt8] {
    var draft = BlockTests.draft(3)
    draft.newCustomers = TextList()
    for text in texts { Array(text.utf8).withUnsafeBufferPointer { draft.newCustomers.append($0) } }
    return BlockTests.build(draft)
  }

  private static func expectFound(
    _ texts: [String], _ others: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try BlockTests.withBlock(block(of: texts)) { block in
      for (index, text) in texts.enumerated() {
        #expect(block.newCustomers.place(of: Array(text.utf8), seed: 1) == index, sourceLocation: sourceLocation)
      }
      for text in others {
        #expect(block.newCustomers.place(of: Array(text.utf8), seed: 1) == nil, sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 10, 1_000, 5_000])
  func `every text is found, and no other`(count: Int) throws {
    try Self.expectFound((0..<count).map { "customer \($0)" }, (0..<200).map { "nobody \($0)" } + [""])
  }

  @Test func `texts whose hashes are not spread evenly are found, too`() throws {
    func isLow(_ text: String) -> Bool {
      Array(text.utf8).withUnsafeBufferPointer { BlockTexts.hash($0, seed: 1) } < 1 << 28
    }
    let low = (0..<20_000).map { "c\($0)" }.filter(isLow)
    #expect(low.count > 1_000)
    try Self.expectFound(low, (0..<500).map { "d\($0)" })
  }

  @Test func `finding a text reads a small part of many`() throws {
    let texts = (0..<20_000).map { "customer \($0)" }
    try BlockTests.withBlock(Self.block(of: texts)) { block in
      let list = block.newCustomers
      var most = 0
      for number in stride(from: 0, to: texts.count, by: 97) {
        let reads = Reads()
        let text = Array(texts[number].utf8)
        let found = try text.withUnsafeBufferPointer { text throws(LedgerError) in
          try list.index(of: text, hash: BlockTexts.hash(text, seed: 1)) { slot, values throws(LedgerError) in
            reads.note(slot, values)
          }
        }
        #expect(found == number)
        #expect(reads.count(BlockSection.customerText) == text.count)
        most = max(most, reads.count(BlockSection.customerHash))
      }
      #expect(most < 1_000)
    }
  }
}
