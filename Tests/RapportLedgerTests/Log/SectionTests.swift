import Testing

@testable import RapportLedger

/// Packed numbers come back as they were, by index and scattered, whatever they are.
@Suite("Sections")
struct SectionTests {
  /// Packs values and hands the reader to `body`.
  static func withSection<R>(
    _ values: [Int64], allowSparse: Bool = true, _ body: (SectionReader) throws -> R
  ) rethrows -> R {
    var bytes: [UInt8] = [1, 2, 3]  // Sections align themselves.
    var section = values.withUnsafeBufferPointer {
      SectionEncoder.encode($0, allowSparse: allowSparse, into: &bytes)
    }
    SectionSums(firstPosition: 1, count: 1, slot: 1).seal(&section, &bytes)
    SectionEncoder.align(&bytes)
    // The words of a sparse section are read aligned, as in LMDB's pages.
    var words = [UInt64](repeating: 0, count: bytes.count / 8)
    words.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    return try words.withUnsafeBytes { words in
      #expect(section.isSound(blockBytes: words.count))
      return try body(SectionReader(section: section, bytes: words.baseAddress! + Int(section.offset)))
    }
  }

  static let arrays: [[Int64]] = [
    [], [0], [7], [.min], [.max], [0, 0, 0], [-1, -1], [.min, .max], [.min, 0, .max], [.max, .max - 1],
    [.min, .min + 1], [0, .min], [0, .max], [-1, 0, 1], [0, 255], [0, 256], [-128, 127], [1, 256], [1, 257],
    [0, 65_535],
    [0, 65_536], [0, 4_294_967_295], [0, 4_294_967_296], [-2_147_483_648, 2_147_483_647], [100, 300, 200],
    [86_400_000_000_000, 172_800_000_000_000, 0], [1, 86_400_000_000_001], [-86_400_000_000_000, 86_400_000_000_000],
    [.min, .min + 86_400_000_000_000], [.max - 100, .max], [.max - 10_000_000_000, .max],
    [4_611_686_018_427_387_904, -4_611_686_018_427_387_904], [4_611_686_018_427_387_903, -4_611_686_018_427_387_904],
    Array(repeating: 0, count: 200) + [5], [5] + Array(repeating: 0, count: 200),
    Array(repeating: 0, count: 63) + [.min] + Array(repeating: 0, count: 64) + [.max],
    Array(repeating: 0, count: 64) + [1, -1], Array(repeating: 0, count: 300) + [.max, .max],
    (0..<129).map { $0 % 64 == 0 ? 3_000_000 : 0 }, (0..<130).map { $0 % 2 == 0 ? Int64($0) * 1_000_000_000 : 0 },
  ]

  @Test(arguments: arrays.indices, [true, false])
  func `extreme values come back by index`(index: Int, allowSparse: Bool) {
    let values = Self.arrays[index]
    Self.withSection(values, allowSparse: allowSparse) { reader in
      #expect(reader.count == values.count)
      #expect(values.indices.map { reader[$0] } == values)
    }
  }

  @Test(arguments: arrays.indices)
  func `extreme values come back scattered`(index: Int) {
    let values = Self.arrays[index]
    Self.withSection(values) { #expect(Self.scattered($0, 0..<values.count) == values) }
  }

  @Test func `each encoding and each width is chosen where it should be`() {
    func kind(_ values: [Int64]) -> [UInt8] { Self.withSection(values) { [$0.section.encoding, $0.section.width] } }
    let zeros = [Int64](repeating: 0, count: 1000)
    #expect(kind(zeros)[0] == Section.constant)
    for (top, width) in [(255, 1), (65_535, 2), (4_294_967_295, 4), (Int64.max, 8)] as [(Int64, UInt8)] {
      #expect(kind([0, 1, top]) == [Section.dense, width])
      #expect(kind(zeros + [1, top]) == [Section.sparse, top == 255 ? 1 : width])
    }
    #expect(kind([0, 86_400_000_000_000])[1] == 1, "a day is one unit")
    #expect(Self.withSection(zeros + [9]) { $0.section.byteCount } < 1000)
  }

  @Test(arguments: 1...60)
  func `random values come back by index and from every sub-range`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    let values = Self.randomValues(&random)
    Self.withSection(values) { reader in
      #expect(values.indices.map { reader[$0] } == values)
      for _ in 0..<20 {
        let start = Int.random(in: 0...values.count, using: &random)
        let range = start..<Int.random(in: start...values.count, using: &random)
        #expect(Self.scattered(reader, range) == Array(values[range]))
      }
      // Word boundaries of sparse sections.
      for edge in [0, 63, 64, 65, 127, 128] where edge <= values.count {
        #expect(Self.scattered(reader, 0..<edge) == Array(values[0..<edge]))
        #expect(Self.scattered(reader, edge..<values.count) == Array(values[edge...]))
      }
    }
  }

  @Test func `scattering puts each value into the slot that is named for its row, and touches no other field`() {
    let values = (0..<100).map { Int64($0 % 3 == 0 ? 0 : $0 * 7) }
    var random = SeededGenerator(state: 5)
    let slots = (0..<100).map { UInt32($0) }.shuffled(using: &random)
    struct Row { var before: UInt16 = 0xAAAA, value: UInt16 = 0, after: UInt32 = 0xBBBB_BBBB }
    var rows = [Row](repeating: Row(), count: 100)
    Self.withSection(values) { reader in
      rows.withUnsafeMutableBytes { rows in
        slots.withUnsafeBufferPointer {
          reader.scatter(
            0..<100, as: UInt16.self, to: rows.baseAddress! + 2, stride: MemoryLayout<Row>.stride,
            slots: $0.baseAddress!)
        }
      }
    }
    for row in 0..<100 { #expect(rows[Int(slots[row])].value == UInt16(values[row])) }
    #expect(rows.allSatisfy { $0.before == 0xAAAA && $0.after == 0xBBBB_BBBB })
  }

  static func scattered(_ reader: SectionReader, _ range: Range<Int>) -> [Int64] {
    var target = [Int64](repeating: 0, count: range.count)
    let slots = range.indices.map { UInt32($0 - range.lowerBound) }
    target.withUnsafeMutableBytes { target in
      slots.withUnsafeBufferPointer { slots in
        guard let base = target.baseAddress, let first = slots.baseAddress else { return }
        reader.scatter(range, as: Int64.self, to: base, stride: 8, slots: first)
      }
    }
    return target
  }

  private static func randomValues(_ random: inout SeededGenerator) -> [Int64] {
    let count = Int.random(in: 1...400, using: &random)
    let unit: Int64 = [1, 1, 100, 1000, 10_000, 1_000_000, 1_000_000_000, 86_400_000_000_000].randomElement(
      using: &random)!
    let span = Int64(1) << Int64.random(in: 0...(unit == 1 ? 62 : 14), using: &random)
    let base =
      unit == 1
      ? Int64.random(in: .min...(.max), using: &random) : Int64.random(in: -1_000_000...1_000_000, using: &random)
    let zeros = Int.random(in: 0...100, using: &random)
    return (0..<count).map { _ in
      Int.random(in: 0..<100, using: &random) < zeros ? 0 : base &+ unit &* Int64.random(in: 0..<span, using: &random)
    }
  }
}
