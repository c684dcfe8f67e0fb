import LMDB
import Testing

@Suite struct TransactionTests {
  @Test func aCommittedValueIsRead() throws {
    let fixture = try Fixture()
    try fixture.put([7: [1, 2, 3]])
    #expect(try fixture.get(7) == [1, 2, 3])
  }

  @Test func anAbsentKeyIsNil() throws {
    let fixture = try Fixture()
    #expect(try fixture.get(7) == nil)
  }

  @Test func anEmptyValueIsNotAbsent() throws {
    let fixture = try Fixture()
    try fixture.put([7: []])
    #expect(try fixture.get(7) == [])
  }

  @Test func aSecondPutReplacesTheFirst() throws {
    let fixture = try Fixture()
    try fixture.put([7: [1], 7: [2, 2]])
    #expect(try fixture.get(7) == [2, 2])
  }

  @Test func aWriteTransactionReadsItsOwnWrites() throws {
    let fixture = try Fixture()
    var transaction = try fixture.environment.write()
    try transaction.put(1, [9], in: fixture.numbers)
    let value = try array(transaction.get(1, in: fixture.numbers))
    #expect(value == [9])
  }

  @Test func aReservedValueStartsAsZerosAndIsFilledInPlace() throws {
    let fixture = try Fixture()
    var transaction = try fixture.environment.write()
    var value = try transaction.reserve(1, byteCount: 10_000, in: fixture.numbers)
    value.storeBytes(of: 5, toByteOffset: 9_999, as: UInt8.self)
    try transaction.commit()
    #expect(try fixture.get(1) == [UInt8](repeating: 0, count: 9_999) + [5])
  }

  @Test func deletingTellsWhetherTheKeyWasThere() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1], 2: [2]])
    var transaction = try fixture.environment.write()
    let deleted = try [transaction.delete(1, in: fixture.numbers), transaction.delete(1, in: fixture.numbers)]
    try transaction.commit()
    #expect(deleted == [true, false])
    #expect(try fixture.keys() == [2])
  }

  @Test func deletingAllLeavesAnEmptyDatabase() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1], 2: [2]])
    var transaction = try fixture.environment.write()
    try transaction.deleteAll(in: fixture.numbers)
    try transaction.put(3, [3], in: fixture.numbers)
    try transaction.commit()
    #expect(try fixture.keys() == [3])
  }

  @Test func aTransactionThatIsNotCommittedLeavesNothing() throws {
    let fixture = try Fixture()
    do {
      var transaction = try fixture.environment.write()
      try transaction.put(1, [1], in: fixture.numbers)
    }
    #expect(try fixture.get(1) == nil)
  }

  @Test func aReaderKeepsItsSnapshot() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1]])
    let before = try fixture.environment.read()
    try fixture.put([1: [2]])
    let seen = try array(before.get(1, in: fixture.numbers))
    #expect(seen == [1])
    #expect(try fixture.get(1) == [2])
  }

  @Test func aTransactionKeepsItsEnvironmentAlive() throws {
    let directory = TemporaryDirectory()
    try Fixture(in: directory).put([1: [1]])
    let environment = try Environment(at: directory.environment, options: .init(access: .readOnly))
    let transaction = try environment.read()  // the last use of `environment`
    #expect(openFailure(directory.environment, .readOnly)?.isAlreadyOpen == true)
    let number = transaction.transactionID
    #expect(number > 0)
  }

  @Test func appendingOutOfOrderIsAnError() throws {
    let fixture = try Fixture()
    try fixture.put([5: [5]])
    var transaction = try fixture.environment.write()
    try transaction.put(6, [6], in: fixture.numbers, append: true)
    let error = failure { () throws(LMDBError) in
      try transaction.put(4, [4], in: fixture.numbers, append: true)
    }
    #expect(error?.isOutOfOrder == true)
  }

  @Test func aKeyOfOtherThan1To511BytesIsAnError() throws {
    let fixture = try Fixture()
    let names = try fixture.environment.openDatabase(named: "names", keys: String.self, create: true)!
    for key in ["", String(repeating: "k", count: 512)] {
      var transaction = try fixture.environment.write()
      let error = failure { () throws(LMDBError) in try transaction.put(key, [1], in: names) }
      #expect(error?.description.contains("1 to 511 bytes") == true)
    }
  }

  @Test func aFullMapIsReportedAndTheEnvironmentStaysUsable() throws {
    let fixture = try Fixture(mapBytes: 1 << 20)
    try fixture.put([1: [1]])
    let large = [UInt8](repeating: 7, count: 2 << 20)
    let error = failure { () throws(LMDBError) in try fixture.put([2: large]) }
    #expect(error?.isMapFull == true)
    #expect(error?.isOutOfSpace == true)
    #expect(error?.isOutcomeUnknown == false)
    try fixture.put([3: [3]])
    #expect(try fixture.keys() == [1, 3])
  }

  @Test func countAndTransactionNumberFollowTheCommits() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1], 2: [2]])
    let before = try fixture.environment.info().lastTransactionID
    try fixture.put([3: [3]])
    let transaction = try fixture.environment.read()
    let count = try transaction.count(of: fixture.numbers)
    let number = transaction.transactionID
    #expect(count == 3)
    #expect(number == before + 1)
  }
}
