import Foundation
import RapportGenerator
import Testing

@testable import RapportLedger

/// A writer that has no memory for the ids of customers writes the same log as one that knows them all.
@Suite("Customers beyond a writer's memory")
struct CustomerIndexTests {
  /// Events of customers who come and come again.
  private static func lines(_ count: Int, _ random: inout SeededGenerator) -> [String] {
    (0..<count).map { number in
      let customer = Int.random(in: 0..<number / 3 + 1, using: &random)
      return #"{"specversion":"1.0","id":"e\#(number)","source":"/s","type":"thing.happened","#
        + #""time":"2026-01-02T03:04:05Z","subject":"customer-\#(customer &* 7919 % 1000)"}"#
    }
  }

  private static func runs(_ ledger: TestLedger) -> [String] {
    (entries(of: ledger.path + "/index") ?? []).filter { $0.hasPrefix("customers-") }.sorted()
  }

  private static func append(_ lines: some Sequence<String>, to ledger: TestLedger, _ writer: LogWriter) throws -> Int {
    let text = Array((lines.joined(separator: "\n") + "\n").utf8)
    let box = BatchBox(parsing: text, seed: ledger.ledger.meta.seed)
    return try writer.append(&box.value).accepted
  }

  @Test(arguments: 1...4) func `the log is the same, whatever becomes of the writers and of their files`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(state: seed)
    let lines = Self.lines(400, &random)
    let (usual, small) = (try TestLedger(), try TestLedger())
    try usual.record(lines, commits: [17])
    var writer = LogWriter(small.ledger, memoryMax: 0)
    var next = 0
    while next < lines.count {
      let count = min([1, 2, 9, 40].randomElement(using: &random)!, lines.count - next)
      #expect(try Self.append(lines[next..<next + count], to: small, writer) == count)
      next += count
      let files = Self.runs(small)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: writer = LogWriter(small.ledger, memoryMax: 0)
      case 1:
        // One that knows them all, where a part is in files.
        writer = LogWriter(small.ledger)
      case 2:
        try? FileManager.default.removeItem(atPath: small.path + "/index")
        writer = LogWriter(small.ledger, memoryMax: 0)
      case 3:
        guard let file = files.randomElement(using: &random) else { break }
        let url = URL(filePath: small.path + "/index/" + file)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count - 3] ^= 4
        try bytes.write(to: url)
        writer = LogWriter(small.ledger, memoryMax: 0)
      default: break
      }
    }
    #expect(try Self.append(lines, to: small, LogWriter(small.ledger, memoryMax: 0)) == 0)
    #expect(!Self.runs(small).isEmpty)
    #expect(try small.log() == usual.log())
    #expect(try small.digests() == usual.digests())
    #expect(try small.ledger.verify(threads: 1).isSound)
    // Numbers follow from the order of the events, so that nobody has two.
    for customer in 0..<1000 {
      let numbers = try [usual, small].map { ledger in
        try ledger.ledger.read { try $0.customer("customer-\(customer)") }
      }
      #expect(numbers[0] == numbers[1])
    }
  }

  @Test func `every commit of a writer without memory leaves a run, and the next begins behind it`() throws {
    let ledger = try TestLedger()
    var random = SeededGenerator(state: 5)
    let lines = Self.lines(60, &random)
    let writer = LogWriter(ledger.ledger, memoryMax: 0)
    for start in stride(from: 0, to: 60, by: 20) { _ = try Self.append(lines[start..<start + 20], to: ledger, writer) }
    let bounds = Self.runs(ledger).map { $0.split(separator: "-").dropFirst().map { Int($0)! } }
      .sorted { $0[0] < $1[0] }
    #expect(bounds.count == 3 && bounds[0][0] == 1)
    for (former, later) in zip(bounds, bounds.dropFirst()) { #expect(later[0] == former[1] + 1) }
    let customers = Set(lines.map { $0.split(separator: "customer-")[1] })
    #expect(bounds.last?[1] == customers.count)
  }
}
