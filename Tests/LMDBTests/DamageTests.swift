import LMDB
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct DamageTests {
  @Test(arguments: [0, 1, 4_095, 4_096, 8_191, 8_192])
  func aFileThatWasCutToAFewBytesIsAnError(byteCount: Int) throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [1]])
    unsafe truncate(directory.dataFile, byteCount)
    for access in [Environment.Options.Access.readOnly, .readWrite] {
      guard case .truncated(byteCount, _)? = openFailure(directory.environment, access)?.code else {
        Issue.record("not found")
        continue
      }
    }
  }

  @Test func aTruncatedFileIsNamedWithBothSizes() throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [UInt8](repeating: 1, count: 100_000)])
    let whole = Int(status(directory.dataFile).st_size)
    unsafe truncate(directory.dataFile, whole - 4_096)
    let error = openFailure(directory.environment, .readOnly)
    #expect(error?.code == .truncated(byteCount: whole - 4_096, expectedByteCount: whole))
    #expect(error?.isDamaged == true)
  }

  @Test func aCutAtEveryPageIsFoundOrHarmless() throws {
    let directory = TemporaryDirectory()
    let expected = try history(in: directory, seed: 1, commits: 20) { _, _ in }
    let whole = contents(directory.dataFile)
    var found = 0
    for page in 0..<whole.count / 4_096 {
      replaceFile(directory.dataFile, with: Array(whole[..<(page * 4_096)]))
      if let error = openFailure(directory.environment, .readOnly) {
        #expect(error.isDamaged)
        found += 1
      } else {
        #expect(try everything(in: Fixture(in: directory)) == expected)
      }
    }
    #expect(found > 0)
  }

  /// LMDB counts pages that were allocated and freed in one transaction, but never writes them.
  @Test func aSoundFileThatIsShorterThanItsLastPageOpens() throws {
    let directory = TemporaryDirectory()
    var short = 0
    _ = try history(in: directory, seed: 2, commits: 60) { fixture, expected in
      let info = try fixture.environment.info()
      guard Int(status(directory.dataFile).st_size) < (info.lastPage + 1) * info.pageSize else { return }
      short += 1
      let copy = TemporaryDirectory()
      unsafe mkdir(copy.environment, 0o700)
      replaceFile(copy.dataFile, with: contents(directory.dataFile))
      #expect(try everything(in: Fixture(in: copy)) == expected)
    }
    #expect(short > 0, "the history must contain the case")
  }

  @Test func garbageIsAnError() throws {
    let directory = TemporaryDirectory()
    var random = Random(state: 3)
    unsafe mkdir(directory.environment, 0o700)
    replaceFile(directory.dataFile, with: (0..<20_000).map { _ in .random(in: 0...255, using: &random) })
    for access in [Environment.Options.Access.readOnly, .readWrite] {
      #expect(openFailure(directory.environment, access)?.isDamaged == true)
    }
  }

  @Test func aFlippedBitInAMetaPageIsAnErrorOrHarmless() throws {
    let directory = TemporaryDirectory()
    let expected = try history(in: directory, seed: 4, commits: 6) { _, _ in }
    let whole = contents(directory.dataFile)
    // Flags, magic, version, page size, root of the free list, and last page; not the roots of data, which LMDB checks.
    for offset in [10, 16, 17, 20, 40, 41, 80, 81, 136, 137, 143] {
      for page in 0...1 {
        var damaged = whole
        damaged[page * 4_096 + offset] ^= 0x09
        replaceFile(directory.dataFile, with: damaged)
        if openFailure(directory.environment, .readOnly) == nil {
          #expect(try everything(in: Fixture(in: directory)) == expected, "byte \(offset) of page \(page)")
        }
      }
    }
  }

  @Test func aSymbolicLinkIsNotFollowed() throws {
    let (directory, other) = (TemporaryDirectory(), TemporaryDirectory())
    try Fixture(in: other).put([1: [1]])
    unsafe mkdir(directory.environment, 0o700)
    unsafe symlink(other.dataFile, directory.dataFile)
    #expect(openFailure(directory.environment, .readWrite) != nil)
  }

  @Test func whatACrashDuringCreationLeavesIsReplaced() throws {
    let directory = TemporaryDirectory()
    unsafe mkdir(directory.environment, 0o700)
    replaceFile(directory.dataFile + ".new", with: [1, 2, 3])
    try Fixture(in: directory).put([1: [1]])
    #expect(unsafe access(directory.dataFile + ".new", F_OK) == -1)
  }

  /// Writes and deletes values of all sizes, and calls `check` after each commit with what should be there.
  private func history(
    in directory: TemporaryDirectory, seed: UInt64, commits: Int,
    check: (Fixture, [UInt64: [UInt8]]) throws -> Void
  ) throws -> [UInt64: [UInt8]] {
    var random = Random(state: seed)
    let fixture = try Fixture(in: directory)
    var expected: [UInt64: [UInt8]] = [:]
    for _ in 0..<commits {
      var transaction = try fixture.environment.write()
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let key = UInt64.random(in: 0..<20, using: &random)
        if Bool.random(using: &random) {
          let byteCount = Int.random(in: 0..<[300, 6_000, 60_000].randomElement(using: &random)!, using: &random)
          expected[key] = [UInt8](repeating: .random(in: 0...255, using: &random), count: byteCount)
          try transaction.put(key, expected[key]!, in: fixture.numbers)
        } else {
          try transaction.delete(key, in: fixture.numbers)
          expected[key] = nil
        }
      }
      try transaction.commit()
      try check(fixture, expected)
    }
    return expected
  }

  private func everything(in fixture: Fixture) throws -> [UInt64: [UInt8]] {
    let transaction = try fixture.environment.read()
    var cursor = try transaction.cursor(in: fixture.numbers)
    var found: [UInt64: [UInt8]] = [:]
    while let entry = try cursor.next() { found[entry.key] = array(entry.value) }
    return found
  }
}
