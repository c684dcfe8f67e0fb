import Testing

@testable import RapportLedger

/// Percentiles by selection are those of the sorted values.
@Suite("Selection")
struct SelectionTests {
  private static let percents = [1, 25, 50, 50, 90, 99, 100]

  /// Values in orders that are easy and hard to select from.
  private static func values(_ count: Int, _ random: inout SeededGenerator) -> [[Int32]] {
    let any = (0..<count).map { _ in Int32.random(in: .min ... .max, using: &random) }
    let few = (0..<count).map { _ in Int32.random(in: 0...3, using: &random) }
    let pipes = (0..<count).map { Int32(min($0, count - $0)) }
    return [any, few, pipes, any.sorted(), any.sorted(by: >), Array(repeating: 7, count: count)]
  }

  @Test(arguments: [1, 2, 16, 17, 100, 600, 601, 602, 1_000, 20_000])
  func `percentiles are those of the sorted values, whatever order they come in`(count: Int) {
    var random = SeededGenerator(state: UInt64(count))
    for values in Self.values(count, &random) {
      let sorted = values.sorted()
      var copy = values
      let found = copy.withUnsafeMutableBufferPointer { $0.percentiles(Self.percents) }
      #expect(found == Self.percents.map { sorted[($0 * count + 99) / 100 - 1] })
      #expect(copy.sorted() == sorted, "no value is lost")
    }
  }

  @Test func `nothing has no percentile`() {
    var nothing: [Int64] = []
    #expect(nothing.withUnsafeMutableBufferPointer { $0.percentiles([50, 90]) } == [nil, nil])
  }
}
