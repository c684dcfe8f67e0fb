import Foundation
import Testing

@testable import RapportLedger

/// The memory of what was recorded: in a table, in files beyond it, and the same in both.
@Suite("Fingerprints")
struct FingerprintTests {
  /// Fingerprints that are spread, and some that share the bits that entries keep.
  private static func fingerprints(_ count: Int) -> [UInt64] {
    var random = SeededGenerator(state: 7)
    var all = (0..<count).map { _ in UInt64.random(in: 1 ... .max, using: &random) }
    for index in stride(from: 10, to: count, by: 97) { all[index] = all[index - 1] ^ 1 }
    for index in stride(from: 20, to: count, by: 211) { all[index] = UInt64.max << 24 | UInt64(index) }
    return all
  }

  private static func positions(_ fingerprint: UInt64, in index: borrowing FingerprintIndex) -> [UInt64] {
    var search = index.search(fingerprint)
    var found: [UInt64] = []
    while let position = index.next(&search) { found.append(position) }
    return found
  }

  private static func index(_ ledger: TestLedger, seed: UInt64, last: UInt64) -> FingerprintIndex {
    FingerprintIndex(
      FingerprintRuns(named: "fingerprints", in: ledger.path + "/index", seed: seed, upTo: last), last: last,
      memoryMax: 1)
  }

  @Test func `a table finds every position, and none that is not there`() {
    let all = Self.fingerprints(20_000)
    var table = FingerprintTable(base: 1000)
    for (index, fingerprint) in all.enumerated() { table.insert(fingerprint, position: 1001 + UInt64(index)) }
    for (index, fingerprint) in all.enumerated() {
      var slot = table.home(fingerprint)
      var found: [UInt64] = []
      while let position = table.next(fingerprint, from: &slot) { found.append(position) }
      #expect(found.contains(1001 + UInt64(index)))
      #expect(found.allSatisfy { all[Int($0) - 1001] >> 24 == fingerprint >> 24 })
    }
    var random = SeededGenerator(state: 8)
    for _ in 0..<2000 {
      let other = UInt64.random(in: 1 ... .max, using: &random)
      var slot = table.home(other)
      #expect(table.next(other, from: &slot) == nil)
    }
    #expect(table.byteCount * 3 / 8 >= table.count * 4 / 2, "no more than three quarters of the slots are in use")
  }

  @Test(arguments: [0, 60_000]) func `a table that was loaded is the same as one that was filled`(capacity: Int) {
    let all = Self.fingerprints(60_000) + Self.fingerprints(20)
    var loaded = FingerprintTable(base: 5, capacity: capacity, isLoading: true)
    var filled = FingerprintTable(base: 5)
    for (index, fingerprint) in all.enumerated() {
      filled.insert(fingerprint, position: 6 + UInt64(index))
    }
    // By several threads, some entries each.
    withUnsafePointer(to: loaded) { loaded in
      let loaded = SharedPointer(pointer: loaded)
      parallel(3) { thread in
        let sorted = UnsafeMutablePointer<UInt64>.allocate(capacity: 1000)
        for start in stride(from: thread * 1000, to: all.count, by: 3000) {
          all[start..<min(start + 1000, all.count)].withUnsafeBufferPointer {
            loaded.pointer.pointee.load($0, first: 6 + UInt64(start), sorted: sorted)
          }
        }
        sorted.deallocate()
      }
    }
    loaded.settle()
    #expect(loaded.count == all.count && !loaded.isLoading)
    for part in 0..<FingerprintEntry.partCount {
      #expect(loaded.sortedEntries(ofPart: part) == filled.sortedEntries(ofPart: part))
    }
    for (index, fingerprint) in all.enumerated().prefix(9) {
      var slot = loaded.home(fingerprint)
      var found: [UInt64] = []
      while let position = loaded.next(fingerprint, from: &slot) { found.append(position) }
      #expect(found.sorted() == [6 + UInt64(index), 60_006 + UInt64(index)])
    }
    loaded.insert(7 << 56, position: 90_000)
    var slot = loaded.home(7 << 56)
    #expect(loaded.next(7 << 56, from: &slot) == 90_000)
  }

  @Test func `entries leave a part in order, also those that ran over its end`() {
    var table = FingerprintTable()
    // All in one part, half of them at its end.
    for index in 1...600 {
      let tag = index % 2 == 0 ? UInt64(0xFFFF_FF00 + index % 256) : UInt64(index) << 22
      table.insert(tag << 24 | UInt64(index), position: UInt64(index))
    }
    let entries = table.sortedEntries(ofPart: 0)
    #expect(entries.count == 600 && entries == entries.sorted())
    #expect(table.sortedEntries(ofPart: 1).isEmpty)
  }

  @Test func `runs take what memory does not hold, and are found again`() throws {
    let ledger = try TestLedger()
    let all = Self.fingerprints(250_000)
    var index = Self.index(ledger, seed: 3, last: 0)
    for (place, fingerprint) in all.enumerated() {
      index.insert(fingerprint, position: UInt64(place) + 1)
      try index.spillIfFull(through: UInt64(place) + 1)
    }
    #expect(index.base > 100_000, "at least two runs")
    for place in stride(from: 0, to: all.count, by: 13) {
      let found = Self.positions(all[place], in: index)
      #expect(found.contains(UInt64(place) + 1))
      #expect(found.allSatisfy { all[Int($0) - 1] >> 24 == all[place] >> 24 })
    }
    let again = Self.index(ledger, seed: 3, last: UInt64(all.count))
    #expect(again.base == index.base)
    for place in stride(from: 0, to: Int(again.base), by: 29) {
      #expect(Self.positions(all[place], in: again).contains(UInt64(place) + 1))
    }
    #expect(Self.index(ledger, seed: 4, last: .max).base == 0, "another ledger's")
    #expect(Self.index(ledger, seed: 3, last: 5).base == 0, "beyond the log")
  }

  @Test func `a damaged run is not used`() throws {
    let ledger = try TestLedger()
    var table = FingerprintTable()
    for (place, fingerprint) in Self.fingerprints(300).enumerated() {
      table.insert(fingerprint, position: UInt64(place) + 1)
    }
    let path = ledger.path + "/run"
    try FingerprintRun.write(table, through: 300, seed: 3, to: path)
    let sound = try Data(contentsOf: URL(filePath: path))
    #expect(FingerprintRun(path: path, seed: 3)?.last == 300)
    for place in stride(from: 0, to: sound.count, by: 7) {
      var broken = sound
      broken[place] ^= 1 << UInt8(place % 8)
      try broken.write(to: URL(filePath: path))
      #expect(FingerprintRun(path: path, seed: 3) == nil, "byte \(place)")
    }
    for count in [0, 63, 64, 4000, sound.count - 1] {
      try sound.prefix(count).write(to: URL(filePath: path))
      #expect(FingerprintRun(path: path, seed: 3) == nil, "\(count) bytes")
    }
  }

  @Test func `a writer with little memory records every event once, and so does the next`() throws {
    let ledger = try TestLedger()
    let lines = (0..<400).map { number in
      #"{"specversion":"1.0","id":"e\#(number)","source":"/s","type":"thing.happened","subject":"C\#(number % 7)"}"#
    }
    #expect(try ledger.record(lines, commits: [100]).accepted == 400)
    // Runs as a writer with less memory than these events need would have left them.
    let path = ledger.ledger.path
    try FileManager.default.createDirectory(atPath: path + "/index", withIntermediateDirectories: true)
    try ledger.ledger.read { snapshot in
      var table = FingerprintTable()
      for block in snapshot.blocks where block.header.lastPosition <= 200 {
        let column = block.section(BlockSection.fingerprint)
        for rank in 0..<block.count {
          table.insert(UInt64(bitPattern: column[rank]), position: block.firstPosition + UInt64(rank))
        }
      }
      let last = UInt64(table.count)
      #expect(last > 0)
      try FingerprintRun.write(
        table, through: last, seed: ledger.ledger.meta.seed, to: "\(path)/index/fingerprints-1-\(last)")
    }
    let again = try ledger.record(lines + [lines[0].replacing("thing", with: "other")], commits: [150])
    #expect(again.accepted == 0 && again.duplicates == 400 && again.conflicts == 1)
  }
}
