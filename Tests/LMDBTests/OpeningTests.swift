import LMDB
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct OpeningTests {
  @Test func whatWasCommittedIsThereAfterReopening() throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [1]])
    #expect(try Fixture(in: directory).get(1) == [1])
  }

  @Test func readingAnAbsentPathIsAnErrorAndCreatesNothing() {
    let directory = TemporaryDirectory()
    #expect(openFailure(directory.environment, .readOnly)?.isAbsent == true)
    #expect(unsafe access(directory.environment, F_OK) == -1)
  }

  @Test func readingAnEmptyDirectoryIsAnErrorAndCreatesNothing() {
    let directory = TemporaryDirectory()
    #expect(openFailure(directory.path, .readOnly)?.isAbsent == true)
    #expect(unsafe rmdir(directory.path) == 0)
  }

  @Test func aDirectoryThatIsAFileIsAnError() {
    let directory = TemporaryDirectory()
    replaceFile(directory.environment, with: [])
    for access in [Environment.Options.Access.readOnly, .readWrite] {
      #expect(openFailure(directory.environment, access)?.description.hasSuffix("Not a directory") == true)
    }
  }

  /// In a process of its own, because the umask is one for all threads.
  @Test func whatIsCreatedIsPrivateWhateverTheUmask() async {
    await #expect(processExitsWith: .success) {
      let directory = TemporaryDirectory()
      umask(0o277)
      try Fixture(in: directory).put([1: [1]])
      #expect(permissions(directory.environment) == 0o700)
      for name in ["data.mdb", "lock.mdb", "open.lock"] {
        #expect(permissions(directory.environment + "/" + name) == 0o600, "\(name)")
      }
    }
  }

  @Test func aSecondEnvironmentOnOnePathIsRefusedUntilTheFirstIsClosed() throws {
    let directory = TemporaryDirectory()
    var fixture: Fixture? = try Fixture(in: directory)
    try fixture?.put([1: [1]])
    #expect(openFailure(directory.environment + "/../environment/", .readOnly)?.isAlreadyOpen == true)
    try fixture?.put([2: [2]])
    fixture = nil
    #expect(openFailure(directory.environment, .readOnly) == nil)
  }

  @Test func aReadOnlyEnvironmentReadsAndRefusesToWrite() throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [1]])
    let environment = try Environment(at: directory.environment, options: .init(access: .readOnly))
    let numbers = try environment.openDatabase(named: "numbers", keys: UInt64.self, create: false)!
    let reading = try environment.read()
    let count = try reading.count(of: numbers)
    #expect(count == 1)
    #expect(failure { () throws(LMDBError) in _ = try environment.write() }?.isPermissionDenied == true)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write anywhere"))
  func aDirectoryWithoutPermissionIsACleanError() throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [1]])
    unsafe chmod(directory.environment, 0o500)
    unsafe chmod(directory.environment + "/lock.mdb", 0o400)
    defer { unsafe chmod(directory.environment, 0o700) }
    #expect(openFailure(directory.environment, .readOnly)?.isPermissionDenied == true)
  }

  @Test func anAbsentDatabaseIsNil() throws {
    let fixture = try Fixture()
    #expect(try fixture.environment.openDatabase(named: "other", keys: UInt64.self, create: false) == nil)
  }

  @Test func aDatabaseIsNotOpenedWithAnotherKindOfKey() throws {
    let fixture = try Fixture()
    let error = failure { () throws(LMDBError) in
      _ = try fixture.environment.openDatabase(named: "numbers", keys: String.self, create: true)
    }
    #expect(error?.code == .wrongKindOfKey)
  }

  @Test func moreAddressSpaceThanThereIsFallsBackToLess() throws {
    let fixture = try Fixture(mapBytes: 1 << 50)
    try fixture.put([1: [1]])
    #expect(try fixture.environment.info().mapBytes < 1 << 50)
  }

  @Test func readersAreListedWhileTheyRead() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1]])
    let transaction = try fixture.environment.read()
    let number = transaction.transactionID
    #expect(try fixture.environment.readers().map(\.transactionID) == [number])
    #expect(try fixture.environment.readers().map(\.processID) == [getpid()])
    #expect(try fixture.environment.checkReaders() == 0)
  }

  @Test func informationFollowsWhatIsInUse() throws {
    let fixture = try Fixture()
    try fixture.put([1: [UInt8](repeating: 1, count: 1 << 20)])
    let full = try fixture.environment.info()
    var transaction = try fixture.environment.write()
    try transaction.delete(1, in: fixture.numbers)
    try transaction.commit()
    let empty = try fixture.environment.info()
    #expect(full.usedBytes > 1 << 20)
    #expect(empty.usedBytes < 1 << 16)
    #expect(empty.lastTransactionID == full.lastTransactionID + 1)
    #expect(empty.maxReaders == 1022)
  }
}
