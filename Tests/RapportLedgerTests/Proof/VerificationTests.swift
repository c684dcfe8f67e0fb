import Foundation
import LMDB
import Testing

@testable import RapportLedger

@Suite("Verification")
struct VerificationTests {
  static let lines = generatedLines(150)

  static func ledger() throws -> TestLedger {
    let ledger = try TestLedger(height: 4)
    try ledger.record(lines, commits: [1, 20, 3, 50])
    _ = try ledger.ledger.replay(threads: 1)
    return ledger
  }

  @Test("a sound ledger is sound, on any number of threads", arguments: [1, 2, 5])
  func sound(threads: Int) throws {
    let ledger = try Self.ledger()
    let verification = try ledger.ledger.verify(threads: threads)
    #expect(verification.damage == [])
    #expect(verification.position == 150)
    #expect(verification.checkedEvents == 150)
    #expect(verification.digest == (try LogDigestTests.digest(ledger.ledger)))
  }

  @Test("the log extends every digest that was taken of it, and no other")
  func against() throws {
    let ledger = try Self.ledger()
    for position in 0...150 as ClosedRange<UInt64> {
      let digest = try LogDigestTests.digest(ledger.ledger, upTo: position == 0 ? nil : position)
      guard position > 0 else { continue }
      #expect(try ledger.ledger.verify(against: digest, threads: 1).isSound)
      let other = LogDigest(position: position, root: TreeHasher().leaf([1]))
      #expect(try ledger.ledger.verify(against: other, threads: 1).damage.map(\.kind) == [.digest])
    }
    let longer = LogDigest(position: 151, root: TreeHasher().leaf([1]))
    let damage = try ledger.ledger.verify(against: longer, threads: 1).damage
    #expect(damage.map(\.kind) == [.digest])
    #expect(damage[0].position == 151)
    #expect(damage[0].detail.contains("ends at position 150"))
  }

  // MARK: Rewritten by somebody who knows the format

  /// Replaces the block that holds a position with one whose checksums are right.
  private static func forge(_ ledger: Ledger, at position: UInt64, _ change: (inout Draft) -> Void) throws {
    let forged = try ledger.read { snapshot in
      let block = snapshot.blocks[snapshot.block(of: position)!]
      var draft = try Draft(block, coder: FrameCoder())
      draft.root = block.header.root
      change(&draft)
      return (block.firstPosition, BlockBuilder().build(draft, seed: ledger.meta.seed, sources: { _, _ in nil }))
    }
    let log = ledger.log
    var transaction = try log.write()
    _ = try transaction.delete(forged.0, in: ledger.blocks)
    try transaction.put(forged.0, forged.1.span.bytes, in: ledger.blocks, append: false)
    try transaction.commit()
  }

  @Test(
    "a forged amount, time, type, text, order, fingerprint or content hash is found by the root, or by the digest",
    arguments: 0..<7)
  func forged(change: Int) throws {
    for hidesRoot in [false, true] {
      let ledger = try Self.ledger()
      let digest = try LogDigestTests.digest(ledger.ledger)
      try Self.forge(ledger.ledger, at: 20) { draft in
        switch change {
        case 0: draft.facts[3].amount += 10_000
        case 1: draft.commits[0].time += 1
        case 2: draft.facts[3].type = draft.facts[3].type == 3 ? 2 : 3
        case 3: draft.facts[3].customer = draft.facts[3].customer == 1 ? 2 : 1
        case 4: draft.facts.swapAt(3, 4)
        case 5: draft.fingerprints[3] ^= 1
        default: draft.contentHashes[3] ^= 1
        }
        if hidesRoot { draft.root = (0, 0, 0, 0) }
      }
      let kinds = try ledger.ledger.verify(against: digest, threads: 1).damage.map(\.kind)
      #expect(!kinds.isEmpty, "change \(change)")
      #expect(kinds.contains(hidesRoot ? .digest : .root) || kinds.contains(.fingerprint) || kinds.contains(.time))
    }
  }

  @Test("a block that is taken away is missed")
  func missing() throws {
    let ledger = try Self.ledger()
    let first = try ledger.ledger.read { snapshot in snapshot.blocks[2].firstPosition }
    let log = ledger.ledger.log
    var transaction = try log.write()
    _ = try transaction.delete(first, in: ledger.ledger.blocks)
    try transaction.commit()
    let verification = try ledger.ledger.verify(threads: 1)
    #expect(verification.damage.first?.kind == .positions)
    #expect(verification.damage.first?.position == first)
    #expect(verification.digest == nil)
    #expect(verification.checkedEvents > 0, "what can be read is read")
  }

  /// Repeats the last block of a log behind it: a writer whose memory of fingerprints failed.
  private static func repeatLastBlock(of ledger: Ledger) throws {
    let repeated = try ledger.read { snapshot in
      let block = snapshot.blocks[snapshot.blocks.count - 1]
      var draft = try Draft(block, coder: FrameCoder())
      draft.firstPosition = block.header.lastPosition + 1
      (draft.firstNewCustomer, draft.newCustomers) = (UInt32(snapshot.customerCount + 1), TextList())
      (draft.firstNewName, draft.newNames) = (UInt32(snapshot.nameCount + 1), TextList())
      return (draft.firstPosition, BlockBuilder().build(draft, seed: ledger.meta.seed, sources: { _, _ in nil }))
    }
    let log = ledger.log
    var transaction = try log.write()
    try transaction.put(repeated.0, repeated.1.span.bytes, in: ledger.blocks)
    try transaction.commit()
  }

  @Test("an event that is there twice is named with both positions", arguments: [1, 2, 3, 1 << 20])
  func twice(partCount: Int) throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Array(Self.lines.prefix(20)), commits: [16, 3, 1])
    #expect(try ledger.ledger.verify(threads: 2).isSound)
    try Self.repeatLastBlock(of: ledger.ledger)
    let last = try LogDigestTests.digest(ledger.ledger).position
    let count = last - 20
    let verification = try ledger.ledger.verify(threads: 2)
    #expect(verification.damage.map(\.kind) == [.duplicate])
    #expect(verification.damage.first?.position == 21)
    #expect(verification.damage.first?.detail.contains("the one at \(21 - count)") == true)
    let all = try ledger.ledger.read { snapshot in
      try DuplicateSearch(blocks: snapshot.blocks, partCount: partCount).run(threads: 2)
    }
    #expect(all.map(\.position) == Array(21...last))
    #expect(all.map(\.first) == Array(21 - count...20))
  }

  @Test("a stored view that is not what the log says is named")
  func view() throws {
    let ledger = try Self.ledger()
    let stored = try #require(ledger.ledger.checkpoints()["satisfaction"])
    var other = ViewDigest()
    other.add(ViewDigest(low: 1, high: 2))
    try ledger.ledger.store(
      Checkpoint(view: stored.view, version: stored.version, position: 100, customers: stored.customers, digest: other))
    let damage = try ledger.ledger.verify(threads: 1).damage
    #expect(damage.map(\.kind) == [.view])
    #expect(damage.first?.position == 100)
  }

  // MARK: Flipped bits

  /// A copy of a ledger in which some bytes of the data file were changed.
  static func damagedCopy(
    of ledger: TestLedger, _ change: (inout Data) -> Void, _ body: (String) throws -> Void
  ) throws {
    let path = ledger.path + "-copy"
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: ledger.path, toPath: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = URL(fileURLWithPath: path + "/log/data.mdb")
    var data = try Data(contentsOf: file)
    change(&data)
    try data.write(to: file)
    try body(path)
  }

  /// What a verification of a whole ledger finds, that it cannot be opened included.
  private static func findings(_ path: String) throws -> [Damage] {
    do throws(LedgerError) {
      let ledger = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
      do { return try ledger.verify(threads: 1).damage } catch let error as LedgerError { throw error } catch {
        return []
      }
    } catch {
      guard case .damaged(let damage) = error else { throw error }
      return [damage]
    }
  }

  /// Where the bytes of every live block begin in the data file, and how many they are.
  static func blocks(in ledger: TestLedger) throws -> [(offset: Int, count: Int)] {
    let data = try Data(contentsOf: URL(fileURLWithPath: ledger.path + "/log/data.mdb"))
    return try ledger.ledger.read { snapshot in
      try snapshot.blocks.map { block in
        let bytes = Data(bytes: block.start, count: Int(block.header.byteCount))
        return (try #require(data.range(of: bytes)).lowerBound, bytes.count)
      }
    }
  }

  @Test("a flipped bit in any section of any block is found")
  func flippedInSections() throws {
    let ledger = try Self.ledger()
    let sound = try Self.blocks(in: ledger)
    var random = SeededGenerator(state: 7)
    for block in sound {
      // The header, the directory, and places all over the sections.
      var places = [Int.random(in: 0..<256, using: &random), Int.random(in: 256..<2816, using: &random)]
      for _ in 0..<20 { places.append(Int.random(in: 2816..<block.count, using: &random)) }
      for place in places {
        let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
        try Self.damagedCopy(of: ledger) {
          $0[block.offset + place] ^= bit
        } _: { path in
          let found = try Self.findings(path)
          #expect(found != [], "byte \(place) of a block of \(block.count)")
        }
      }
    }
  }

  @Test("a file cut at any page is damage, or nothing is missing")
  func truncated() throws {
    let ledger = try Self.ledger()
    let size = try Data(contentsOf: URL(fileURLWithPath: ledger.path + "/log/data.mdb")).count
    let digest = try LogDigestTests.digest(ledger.ledger)
    var found = 0
    for page in 0..<size / 4096 {
      try Self.damagedCopy(of: ledger) {
        $0 = $0.prefix(page * 4096)
      } _: { path in
        let damage = try Self.findings(path)
        if damage.isEmpty {
          let copy = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
          #expect(try LogDigestTests.digest(copy) == digest)
        } else {
          found += 1
        }
      }
    }
    #expect(found > 0)
  }

  /// The root of the tree of databases leads elsewhere: then none of them is found.
  @Test("a ledger whose databases cannot be found is damaged, neither absent nor made anew")
  func hiddenDatabases() throws {
    let ledger = try Self.ledger()
    for bit in 0..<8 {
      try Self.damagedCopy(of: ledger) { data in
        let newer = data[144..<152].reversed().lexicographicallyPrecedes(data[4240..<4248].reversed()) ? 4096 : 0
        data[newer + 128] ^= 1 << UInt8(bit)
      } _: { path in
        for purpose in [Ledger.Purpose.reading, .writing] {
          guard case .damaged? = Self.openingError(path, purpose) else {
            Issue.record("bit \(bit)")
            continue
          }
        }
      }
    }
  }

  /// Names of databases, the key of the ledger's record, and the record itself: bytes that lead to everything else.
  @Test("a flipped bit in what leads to the log is damage, neither absence nor a reason to begin anew")
  func flippedOnTheWay() throws {
    let ledger = try Self.ledger()
    let digest = try LogDigestTests.digest(ledger.ledger)
    let sound = [UInt8](try Data(contentsOf: URL(fileURLWithPath: ledger.path + "/log/data.mdb")))
    func integer(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reversed().reduce(0) { $0 << 8 | Int(sound[offset + $1]) }
    }
    let newer = integer(144, 8) > integer(4240, 8) ? 0 : 4096
    let main = 4096 * integer(newer + 128, 8)
    let meta = try #require(nodes(main).first { name(of: $0) == "meta" })
    let record = 4096 * integer(meta + 8 + 4 + 40, 8)
    #expect(nodes(record).map(name) == ["ledger"])
    func nodes(_ page: Int) -> [Int] {
      stride(from: 16, to: integer(page + 12, 2), by: 2).map { page + integer(page + $0, 2) }
    }
    func name(of node: Int) -> String {
      String(decoding: sound[node + 8..<node + 8 + integer(node + 6, 2)], as: UTF8.self)
    }
    // All but the unused bytes between the slots and the nodes, and the pad.
    for page in [main, record] {
      let (lower, upper) = (integer(page + 12, 2), integer(page + 14, 2))
      for place in Array(0..<8) + Array(10..<lower) + Array(upper..<4096) {
        try Self.damagedCopy(of: ledger) {
          $0[page + place] ^= 1 << UInt8(place % 8)
        } _: { path in
          for purpose in [Ledger.Purpose.writing, .reading] {
            if case .damaged? = Self.openingError(path, purpose) { continue }
            // The byte between a value of an odd length and the next.
            let copy = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
            #expect(try LogDigestTests.digest(copy) == digest, "byte \(place) of the page at \(page)")
          }
        }
      }
    }
  }

  private static func openingError(_ path: String, _ purpose: Ledger.Purpose) -> LedgerError? {
    do throws(LedgerError) {
      _ = try Ledger(at: path, for: purpose, height: 4, mapBytes: 1 << 30)
      return nil
    } catch { return error }
  }

  @Test("merging does not vouch for a block that was damaged before")
  func mergedDamage() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Array(Self.lines.prefix(5)))
    let block = try #require(try Self.blocks(in: ledger).first)
    // The amounts: a section that recording an event does not look at otherwise.
    let offset = try ledger.ledger.read { snapshot in
      Int(snapshot.blocks[0].column(.object).section.offset)
    }
    try Self.damagedCopy(of: ledger) {
      $0[block.offset + offset] ^= 1
    } _: { path in
      let damaged = try Ledger(at: path, for: .writing, height: 4, mapBytes: 1 << 30)
      #expect(throws: LedgerError.self) {
        for line in Self.lines[5..<16] { _ = try damaged.record(Array(line.utf8)) }
      }
    }
  }
}
