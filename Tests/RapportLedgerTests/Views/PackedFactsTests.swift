import Testing

@testable import RapportLedger

/// Packed facts say what they said.
@Suite("Packed facts")
struct PackedFactsTests {
  private func unpacked(_ people: [[PackedFact]]) -> [[PackedFact]] {
    var writer = FactWriter()
    var ends: [Int] = []
    for facts in people {
      writer.begin()
      for fact in facts { writer.append(fact) }
      ends.append(writer.count)
    }
    var bytes: [UInt8] = []
    writer.move(to: &bytes)
    var start = 0
    return ends.map { end in
      var facts: [PackedFact] = []
      var reader = FactReader(bytes.span.extracting(start..<end))
      while let fact = reader.next() { facts.append(fact) }
      start = end
      return facts
    }
  }

  @Test func `numbers of every size and sign come back`() {
    let numbers: [Int64] = [0, 1, -1, 127, -128, 32_767, -32_768, 65_536, 1 << 31, -(1 << 31), 1 << 47, .max, .min]
    let names: [UInt32] = [0, 1, 255, 256, 65_535, 65_536, .max]
    var facts: [PackedFact] = []
    for number in numbers {
      for name in names { facts.append(PackedFact(time: number, code: UInt8(name & 255), name: name, number: number)) }
    }
    #expect(unpacked([facts]) == [facts])
  }

  @Test(arguments: 1...20)
  func `random facts of several people come back`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    let people = (0..<Int.random(in: 1...9, using: &random)).map { _ in
      (0..<Int.random(in: 0...40, using: &random)).map { _ in
        let unit = [1, 1_000_000, 1_000_000_000][Int.random(in: 0..<3, using: &random)]
        return PackedFact(
          time: Int64.random(in: -1 << 30...1 << 32, using: &random) * Int64(unit),
          code: UInt8.random(in: 0...255, using: &random),
          name: UInt32.random(in: 0...UInt32.max, using: &random) >> UInt32.random(in: 0...31, using: &random),
          number: Int64.random(in: Int64.min...Int64.max, using: &random) >> Int64.random(in: 0...63, using: &random))
      }
    }
    #expect(unpacked(people) == people)
  }

  @Test func `a fact of a second later takes few bytes`() {
    var writer = FactWriter()
    writer.append(PackedFact(time: 1_700_000_000_000_000_000, code: 1))
    let first = writer.count
    writer.append(PackedFact(time: 1_700_000_100_000_000_000, code: 1, name: 7))
    #expect(writer.count - first == 6)
  }
}
