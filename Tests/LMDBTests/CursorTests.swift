import LMDB
import Testing

@Suite struct CursorTests {
  @Test func integerKeysAreInNumericOrder() throws {
    let fixture = try Fixture()
    try fixture.put([256: [], 1: [], .max: [], 255: [], 0: []])
    #expect(try fixture.keys() == [0, 1, 255, 256, .max])
  }

  @Test func textKeysAreInTheOrderOfTheirBytes() throws {
    let fixture = try Fixture()
    let names = try fixture.environment.openDatabase(named: "names", keys: String.self, create: true)!
    var transaction = try fixture.environment.write()
    for name in ["é", "b", "a", "ab", "Z"] { try transaction.put(name, [], in: names) }
    var cursor = try transaction.cursor(in: names)
    var found: [String] = []
    while let entry = try cursor.next() { found.append(entry.key) }
    #expect(found == ["Z", "a", "ab", "b", "é"])
  }

  @Test func byteKeysAreReadAsTheyWereWritten() throws {
    let fixture = try Fixture()
    let database = try fixture.environment.openDatabase(named: "bytes", keys: [UInt8].self, create: true)!
    var transaction = try fixture.environment.write()
    try transaction.put([0xFF, 0], [1], in: database)
    let key = try transaction.cursor(in: database).firstKey()
    #expect(key == [0xFF, 0])
  }

  @Test func aCursorMovesBothWaysAndStopsAtTheEnds() throws {
    let fixture = try Fixture()
    try fixture.put([1: [], 2: [], 3: []])
    let transaction = try fixture.environment.read()
    var cursor = try transaction.cursor(in: fixture.numbers)
    let keys = try [
      cursor.last()?.key, cursor.next()?.key, cursor.first()?.key, cursor.next()?.key, cursor.previous()?.key,
      cursor.previous()?.key,
    ]
    #expect(keys == [3, nil, 1, 2, 1, nil])
  }

  @Test func seekingFindsTheKeyOrTheNextOne() throws {
    let fixture = try Fixture()
    try fixture.put([10: [1], 20: [2]])
    let transaction = try fixture.environment.read()
    var cursor = try transaction.cursor(in: fixture.numbers)
    let atOrAfter = try [
      cursor.seek(atOrAfter: 10)?.key, cursor.seek(atOrAfter: 11)?.key, cursor.seek(atOrAfter: 21)?.key,
    ]
    let exactly = try [cursor.seek(to: 20)?.key, cursor.seek(to: 11)?.key]
    #expect(atOrAfter == [10, 20, nil])
    #expect(exactly == [20, nil])
  }

  @Test func entriesStayValidWhenTheCursorMovesOn() throws {
    let fixture = try Fixture()
    try fixture.put([1: [1], 2: [2]])
    let transaction = try fixture.environment.read()
    var cursor = try transaction.cursor(in: fixture.numbers)
    let (first, second) = (try cursor.next()?.value, try cursor.next()?.value)
    let values = [array(first), array(second)]
    #expect(values == [[1], [2]])
  }

  @Test func anEmptyDatabaseHasNoEntries() throws {
    let fixture = try Fixture()
    let transaction = try fixture.environment.read()
    var cursor = try transaction.cursor(in: fixture.numbers)
    let keys = try [cursor.first()?.key, cursor.last()?.key, cursor.next()?.key, cursor.seek(atOrAfter: 0)?.key]
    #expect(keys == [nil, nil, nil, nil])
  }

  /// LMDB frees the cursor at the commit, the compiler destroys it only afterwards.
  @Test func aCursorMayOutliveTheCommit() throws {
    let fixture = try Fixture()
    for round: UInt64 in 0..<100 {
      var transaction = try fixture.environment.write()
      var cursor = try transaction.cursor(in: fixture.numbers)
      _ = try cursor.next()
      try transaction.put(round, [1], in: fixture.numbers)
      try transaction.commit()
    }
    #expect(try fixture.keys().count == 100)
  }

  @Test func aClosedCursorLeavesTheTransactionUsable() throws {
    let fixture = try Fixture()
    var transaction = try fixture.environment.write()
    for key: UInt64 in 0..<100 {
      var cursor = try transaction.cursor(in: fixture.numbers)
      _ = try cursor.last()
      cursor.close()
      try transaction.put(key, [1], in: fixture.numbers, append: true)
    }
    try transaction.commit()
    #expect(try fixture.keys().count == 100)
  }
}

extension Cursor {
  fileprivate consuming func firstKey() throws(LMDBError) -> Key? { try first()?.key }
}
