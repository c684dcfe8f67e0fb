import LMDB
import Testing

/// What LMDB takes on trust is checked: pages of trees, of the free list, and meta pages.
@Suite struct PageWalkTests {
  /// A file with a branch page, values of all sizes and free pages.
  private func makeFile(in directory: TemporaryDirectory) throws {
    let fixture = try Fixture(in: directory)
    var random = Random(state: 11)
    for round in 0..<6 {
      var transaction = try fixture.environment.write()
      for key in 0..<300 as Range<UInt64> where round == 0 || key % 7 == UInt64(round) {
        let byteCount = Int.random(in: 0..<(key % 50 == 0 ? 20_000 : 90), using: &random)
        try transaction.put(key, [UInt8](repeating: UInt8(round), count: byteCount), in: fixture.numbers)
      }
      for key in 0..<20 as Range<UInt64> where round % 2 == 1 { try transaction.delete(key * 3, in: fixture.numbers) }
      try transaction.commit()
      try fixture.environment.checkPages(of: Fixture.databases)
    }
  }

  private func defect(
    in directory: TemporaryDirectory, of databases: [String: any DatabaseKey.Type] = Fixture.databases
  ) -> LMDBError? {
    failure { () throws(LMDBError) in
      let options = Environment.Options(access: .readOnly, mapBytes: 1 << 24)
      try Environment(at: directory.environment, options: options).checkPages(of: databases)
    }
  }

  private func integer(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
    (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
  }

  @Test func soundFilesAreSound() throws {
    let directory = TemporaryDirectory()
    try makeFile(in: directory)
    #expect(defect(in: directory) == nil)
  }

  @Test func aDatabaseOfAnotherNameOrKindIsFound() throws {
    let directory = TemporaryDirectory()
    try makeFile(in: directory)
    for databases: [String: any DatabaseKey.Type] in [["numbeps": UInt64.self], ["numbers": String.self], [:]] {
      #expect(defect(in: directory, of: databases)?.isDamaged == true)
    }
  }

  /// As if nothing had ever been written: then a writer would begin anew.
  @Test func aFirstCommitWhoseNumberLostItsBitIsFound() throws {
    let directory = TemporaryDirectory()
    _ = try Fixture(in: directory)
    var damaged = contents(directory.dataFile)
    #expect(integer(damaged, 144, 8) == 0 && integer(damaged, 4_240, 8) == 1)
    damaged[4_240] = 0
    replaceFile(directory.dataFile, with: damaged)
    #expect(openFailure(directory.environment, .readWrite)?.isDamaged == true)
  }

  /// Every bit of the header, the slots and the nodes' headers of every page of the trees and of the free list.
  @Test func aFlippedBitInTheStructureOfAPageIsFound() throws {
    let directory = TemporaryDirectory()
    try makeFile(in: directory)
    let whole = contents(directory.dataFile)
    let newer = integer(whole, 144, 8) > integer(whole, 4_240, 8) ? 0 : 4_096
    var missed: [String] = []
    for (name, root) in [("free", integer(whole, newer + 80, 8)), ("main", integer(whole, newer + 128, 8))] {
      for page in pages(below: root, whole) {
        let lower = integer(whole, page * 4_096 + 12, 2)
        // Of the header the pad is not used.
        var places = Array(0..<8) + Array(10..<lower)
        for slot in stride(from: 16, to: lower, by: 2) {
          let node = integer(whole, page * 4_096 + slot, 2)
          // How large a value is that has pages of its own only its reader can tell, as long as the pages suffice.
          let isElsewhere = whole[page * 4_096 + 10] & 2 != 0 && whole[page * 4_096 + node + 4] & 1 != 0
          places += (isElsewhere ? 2..<8 : 0..<8).map { node + $0 }
        }
        let isBranch = whole[page * 4_096 + 10] & 1 != 0
        for place in places {
          // The key that a branch's first node has is never looked at, nor how long it is.
          let firstNode = integer(whole, page * 4_096 + 16, 2)
          if isBranch, place == firstNode + 6 || place == firstNode + 7 { continue }
          var damaged = whole
          damaged[page * 4_096 + place] ^= 1 << UInt8(place % 8)
          replaceFile(directory.dataFile, with: damaged)
          if defect(in: directory) == nil { missed.append("\(name) page \(page) byte \(place)") }
        }
      }
    }
    #expect(missed == [])
  }

  private func pages(below number: Int, _ whole: [UInt8]) -> [Int] {
    let start = number * 4_096
    guard whole[start + 10] & 3 != 0 else { return [] }
    var found = [number]
    for slot in stride(from: 16, to: integer(whole, start + 12, 2), by: 2) {
      let node = start + integer(whole, start + slot, 2)
      if whole[start + 10] & 1 != 0 {
        found += pages(below: integer(whole, node, 2) | integer(whole, node + 2, 2) << 16, whole)
      } else if whole[node + 4] & 2 != 0 {
        found += pages(below: integer(whole, node + 8 + integer(whole, node + 6, 2) + 40, 8), whole)
      }
    }
    return found
  }

  /// A flipped bit in a transaction's number would show an older state, or hide that there is a newer one.
  @Test func aFlippedBitInATransactionNumberIsFound() throws {
    let directory = TemporaryDirectory()
    try makeFile(in: directory)
    let whole = contents(directory.dataFile)
    for page in 0...1 {
      for bit in 0..<64 {
        var damaged = whole
        damaged[page * 4_096 + 144 + bit / 8] ^= 1 << UInt8(bit % 8)
        replaceFile(directory.dataFile, with: damaged)
        #expect(openFailure(directory.environment, .readOnly)?.isDamaged == true, "bit \(bit) of page \(page)")
      }
    }
  }
}
