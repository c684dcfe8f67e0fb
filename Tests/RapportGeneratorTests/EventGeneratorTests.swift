import Foundation
import RapportGenerator
import Testing

/// What the stream guarantees as a stream of bytes.
@Suite struct EventGeneratorTests {
  @Test func theSameConfigurationGivesTheSameBytes() {
    #expect(EventGenerator.lines(small()) == EventGenerator.lines(small()))
  }

  @Test(arguments: [1, 300, 1000, 4096, 70_001, 1 << 20])
  func theSizeOfTheChunksDoesNotChangeTheBytes(size: Int) {
    var generator = EventGenerator(small())
    var all: [UInt8] = []
    var chunk: [UInt8] = []
    while generator.next(into: &chunk, atMost: size) {
      #expect(chunk.last == UInt8(ascii: "\n"))
      #expect(chunk.count <= size || chunk.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
      all += chunk
      chunk.removeAll(keepingCapacity: true)
    }
    #expect(all == EventGenerator.lines(small()))
  }

  @Test func otherSeedsGiveOtherBytes() {
    #expect(EventGenerator.lines(small(seed: 1)) != EventGenerator.lines(small(seed: 2)))
  }

  /// A change of this hash is a change of every stream that anybody has generated: say so in the commit.
  @Test func theBytesAreTheOnesOfTheLastRelease() {
    #expect(fnv1a(EventGenerator.lines(small())) == 0x5B57_8DB6_EA7F_47D1)
    #expect(fnv1a(EventGenerator.lines(small(identityAndCorrections: true))) == 0xAECC_975E_412E_B959)
  }

  @Test(arguments: [0, 1, 2, 7, 8, 63, 64, 500, 3000], [1, 2, 30])
  func thereAreExactlyAsManyLinesAsAskedFor(count: Int, days: Int) {
    for customers in [1, 9, 5000] {
      let lines = EventGenerator.lines(small(events: count, customers: customers, days: days))
      #expect(lines.count(where: { $0 == UInt8(ascii: "\n") }) == count)
    }
  }

  @Test func theEndOfAStreamStaysTheEnd() {
    var generator = EventGenerator(small(events: 10))
    var buffer: [UInt8] = []
    let first = generator.next(into: &buffer, atMost: 1 << 20)
    let length = buffer.count
    let second = generator.next(into: &buffer, atMost: 1 << 20)
    #expect(first && !second)
    #expect(buffer.count == length)
    #expect(generator.eventsTold == 10)
  }

  @Test func daysAreCountedFrom1970() {
    #expect(EventGenerator.Configuration.day(year: 1970, month: 1, day: 1) == 0)
    #expect(EventGenerator.Configuration.day(year: 2024, month: 2, day: 29) == 19_782)
    #expect(EventGenerator.Configuration.day(year: 1969, month: 12, day: 31) == -1)
    #expect(EventGenerator.Configuration.day(year: 1678, month: 1, day: 1) == -106_650)
  }

  @Test(arguments: [(1678, 1, 1), (1969, 12, 20), (2000, 2, 20), (2261, 12, 1)])
  func aStreamMayBeginInAnyYear(year: Int, month: Int, day: Int) throws {
    let first = EventGenerator.Configuration.day(year: year, month: month, day: day)
    let stream = try events(small(events: 2000, days: 20, from: first))
    let expected = String(format: "%04d-%02d-%02dT", year, month, day)
    #expect(stream.first?.time.hasPrefix(expected) == true)
    #expect(stream.allSatisfy { $0.time.prefix(10) >= expected.prefix(10) && $0.time.count == 24 })
  }

  @Test func theSourceIsEscaped() throws {
    let stream = try events(small(events: 100, source: #"/a"b\c"#))
    #expect(stream.allSatisfy { $0.attributes["source"] as? String == #"/a"b\c"# })
  }
}

func small(
  events: Int = 3000, customers: Int = 200, seed: UInt64 = 7, days: Int = 30, from: Int = 20_089,
  source: String = "/demo", identityAndCorrections: Bool = false
) -> EventGenerator.Configuration {
  .init(
    events: events, customers: customers, seed: seed, from: from, days: days, source: source,
    identityAndCorrections: identityAndCorrections)
}

func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

/// A line, parsed.
struct Event {
  let attributes: [String: Any]

  var id: String { attributes["id"] as? String ?? "" }
  var type: String { attributes["type"] as? String ?? "" }
  var time: String { attributes["time"] as? String ?? "" }
  var subject: String? { attributes["subject"] as? String }
  var data: [String: Any] { attributes["data"] as? [String: Any] ?? [:] }
}

func events(_ configuration: EventGenerator.Configuration) throws -> [Event] {
  try EventGenerator.lines(configuration).split(separator: UInt8(ascii: "\n")).map { line in
    let object = try JSONSerialization.jsonObject(with: Data(line))
    return Event(attributes: try #require(object as? [String: Any]))
  }
}
