import Foundation
import Testing

@testable import RapportLedger

/// Reading one customer compares few bytes with their checksums: those that the answer rests on.
@Suite("Reading one customer of a damaged ledger")
struct PointReadTests {
  static let lines = generatedLines(1_400, customers: 300, seed: 3)

  private static func ledger() throws -> TestLedger {
    let ledger = try TestLedger(height: 10)
    try ledger.record(lines, commits: [1_000, 300, 50])
    return ledger
  }

  /// Everything that is asked about one customer.
  private static func answers(_ snapshot: borrowing Snapshot, _ customer: String) throws -> [String] {
    var answers = [try Card(of: customer, in: snapshot, asOf: 0).json.text]
    var filter = EventFilter()
    filter.customer = customer
    _ = try snapshot.timeline(of: customer) { event in
      answers.append(String(decoding: event.json, as: UTF8.self))
      return true
    }
    try snapshot.log(filter: filter) { event in
      answers.append(String(decoding: event.json, as: UTF8.self))
      return true
    }
    let number = try snapshot.customer(customer)
    let perfect = try Replay(threads: 1).run(PerfectOrders(), over: snapshot, customer: number)
    answers.append("\(perfect.records.count) \(perfect.people.count)")
    return answers
  }

  @Test(arguments: 1...3)
  func `an answer about one customer rests on no flipped bit`(seed: Int) throws {
    let ledger = try Self.ledger()
    let customers = (1...300).map { "C" + String("\(1_000_000 + $0)".dropFirst()) }
    let known = try ledger.ledger.read { snapshot in
      try customers.filter { try snapshot.customer($0) != nil }
    }
    let wanted = stride(from: 0, to: known.count, by: max(1, known.count / 12)).map { known[$0] }
    #expect(wanted.count > 8)
    let sound = try ledger.ledger.read { snapshot in try wanted.map { try Self.answers(snapshot, $0) } }
    let blocks = try VerificationTests.blocks(in: ledger)
    var random = SeededGenerator(state: UInt64(seed))
    var (refused, answered) = (0, 0)
    for _ in 0..<25 {
      let block = blocks.randomElement(using: &random)!
      // Past the directory, which no answer does without.
      let place = block.offset + Int.random(in: 2_816..<block.count, using: &random)
      let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      try VerificationTests.damagedCopy(of: ledger) {
        $0[place] ^= bit
      } _: { path in
        let damaged = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
        for (customer, answers) in zip(wanted, sound) {
          do {
            let found = try damaged.read { snapshot in try Self.answers(snapshot, customer) }
            #expect(found == answers, "\(customer), byte \(place - block.offset) of a block of \(block.count)")
            answered += 1
          } catch LedgerError.damaged { refused += 1 }
        }
      }
    }
    #expect(refused > 0, "some answers rest on what was flipped")
    #expect(answered > 0, "and others do not")
  }

  @Test func `a snapshot does not open on a time of recording that was flipped`() throws {
    let ledger = try TestLedger()
    try ledger.record(Array(Self.lines.prefix(8)), commits: [3, 5])
    let last = try #require(try VerificationTests.blocks(in: ledger).last)
    let section = try ledger.ledger.read { snapshot in
      snapshot.blocks[snapshot.blocks.count - 1].section(BlockSection.commitRank).section
    }
    #expect(section.byteCount > 0)
    try VerificationTests.damagedCopy(of: ledger) {
      $0[last.offset + Int(section.offset)] ^= 1
    } _: { path in
      let damaged = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
      #expect(throws: LedgerError.self) { try damaged.read { _ in } }
    }
  }
}
