import LMDB
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Copies of an environment that is in use, made by LMDB itself.
@Suite struct CopyTests {
  /// A file with branch pages, values of all sizes, deleted entries and free pages; or nothing but its two meta pages.
  private func fill(_ fixture: Fixture, rounds: Int) throws {
    var random = Random(state: 23)
    for round in 0..<rounds {
      var transaction = try fixture.environment.write()
      for key in 0..<400 as Range<UInt64> where round == 0 || key % 5 == UInt64(round) {
        let byteCount = Int.random(in: 0..<(key % 40 == 0 ? 30_000 : 80), using: &random)
        try transaction.put(key, [UInt8](repeating: UInt8(round), count: byteCount), in: fixture.numbers)
      }
      for key in 0..<30 as Range<UInt64> where round % 2 == 1 { try transaction.delete(key * 3, in: fixture.numbers) }
      try transaction.commit()
    }
  }

  private func copy(_ environment: Environment, to directory: TemporaryDirectory, compacting: Bool) throws {
    unsafe mkdir(directory.environment, 0o700)
    let file = try FileDescriptor.open(
      FilePath(directory.dataFile), .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
    try file.closeAfter { try environment.copy(to: file, compacting: compacting) }
  }

  private func entries(_ fixture: Fixture) throws -> [UInt64: [UInt8]] {
    var found: [UInt64: [UInt8]] = [:]
    for key in try fixture.keys() { found[key] = try fixture.get(key) }
    return found
  }

  @Test(arguments: [true, false], [0, 1, 6])
  func aCopyHasTheSameEntriesAndSoundPages(compacting: Bool, rounds: Int) throws {
    let fixture = try Fixture()
    try fill(fixture, rounds: rounds)
    let directory = TemporaryDirectory()
    try copy(fixture.environment, to: directory, compacting: compacting)
    let copied = try Fixture(in: directory)
    try copied.environment.checkPages(of: Fixture.databases)
    #expect(try entries(copied) == entries(fixture))
    // What is written into it afterwards leaves it sound: numbers of transactions begin anew in a compacted copy.
    for round in 1..<4 {
      try copied.put([UInt64(round): [1, 2, 3]])
      try copied.environment.checkPages(of: Fixture.databases)
    }
  }

  @Test func aCompactedCopyHasNoFreePagesAndNothingOfDeletedValues() throws {
    let fixture = try Fixture()
    let canary = Array("CANARY-5512".utf8)
    try fixture.put([1: Array(repeatElement(canary, count: 900).joined()), 2: [1]])
    var transaction = try fixture.environment.write()
    try transaction.delete(1, in: fixture.numbers)
    try transaction.commit()
    for (compacting, isThere) in [(true, false), (false, true)] {
      let directory = TemporaryDirectory()
      try copy(fixture.environment, to: directory, compacting: compacting)
      let bytes = contents(directory.dataFile)
      #expect(bytes.indices.contains { bytes[$0...].starts(with: canary) } == isThere)
      guard compacting else { continue }
      let copied = try Environment(at: directory.environment, options: .init(access: .readOnly, mapBytes: 1 << 24))
      #expect(try copied.info().usedBytes == bytes.count)
    }
  }

  @Test func aCopyShowsTheCommitAtWhichItBeganWhileTheWriterGoesOn() throws {
    let fixture = try Fixture()
    try fill(fixture, rounds: 6)
    let before = try entries(fixture)
    var transaction = try fixture.environment.write()
    try transaction.put(1, [9, 9, 9], in: fixture.numbers)
    // The copy neither waits for the transaction that is open, nor shows it.
    let directory = TemporaryDirectory()
    try copy(fixture.environment, to: directory, compacting: true)
    try transaction.commit()
    #expect(try entries(Fixture(in: directory)) == before)
    #expect(try fixture.get(1) == [9, 9, 9])
  }
}
