import LMDB
import Testing

@testable import RapportLedger

@Suite("Keys of customers: kept by branches, found in two ways, and never silently lost")
struct KeyStoreTests {
  private func subjects(_ range: Range<Int>) -> [[UInt8]] { range.map { Array("customer-\($0 &* 7919)".utf8) } }

  private func ring(_ ledger: TestLedger, _ access: Environment.Options.Access) -> KeyRing {
    KeyRing(ledger: ledger.path, masterKeyPath: nil, access: access, seed: 42)
  }

  private func key(_ ring: KeyRing, _ subject: [UInt8]) throws -> [UInt8]? {
    try subject.withUnsafeBufferPointer { try ring.key(of: $0)?.bytes }
  }

  /// How many customers each transaction adds: across the borders of branches, and one by one.
  @Test(
    "every customer is found again, however the keys were written",
    arguments: [[2_600], [1_023, 1, 1, 1_100], [1_000, 100, 30, 7, 3, 1, 1, 1], Array(repeating: 1, count: 40)])
  func everybody(commits: [Int]) throws {
    let ledger = try TestLedger(height: 4)
    var made: [[UInt8]] = []
    var next = 0
    do {
      let writer = ring(ledger, .readWrite)
      for count in commits {
        made += try writer.keys(making: subjects(next..<next + count)).map(\.bytes)
        next += count
      }
      #expect(Set(made).count == next)
      // Known ones again, with new ones between them.
      let again = try writer.keys(making: subjects(next - 5..<next + 5)).map(\.bytes)
      #expect(Array(again.prefix(5)) == Array(made.suffix(5)))
    }
    let reader = ring(ledger, .readOnly)
    #expect(try reader.subjects().count == next + 5)
    // The first few by looking everywhere, the rest by the table.
    let asked = subjects(0..<next)
    for index in stride(from: 0, to: next, by: max(1, next / 100)) {
      #expect(try key(reader, asked[index]) == made[index])
      #expect(try key(reader, Array("nobody-\(index)".utf8)) == nil)
    }
  }

  @Test("the last branch is never in more than eleven records, and full ones are one")
  func records() throws {
    let ledger = try TestLedger(height: 4)
    var next = 0
    do {
      let writer = ring(ledger, .readWrite)
      for count in [1_020] + Array(repeating: 1, count: 30) + [500, 200, 90, 40, 20, 10, 5, 2, 1, 1_000] {
        _ = try writer.keys(making: subjects(next..<next + count))
        next += count
      }
    }
    let store = try #require(try KeyStore.open(ledger.path + "/keys", .readOnly, seed: 42))
    try store.withReading { transaction throws(LedgerError) in
      let branches = try store.list(transaction)
      #expect(branches.reduce(0) { $0 + $1.count } == next)
      let size = KeyBranch.customersMax
      let full = next / size
      #expect(branches.prefix(full).allSatisfy { $0.count == size })
      #expect(branches.count - full <= 11)
      // Numbers are dense.
      var expected: UInt64 = 1
      for branch in branches {
        #expect(branch.number == expected)
        expected += UInt64(branch.count)
      }
    }
  }

  /// How many customers the file holds: up to the border of a branch, and into one.
  @Test("customers beyond the memory of a writer are found in files, by it and by readers", arguments: [1_024, 1_500])
  func files(count: Int) throws {
    let ledger = try TestLedger(height: 4)
    let asked = subjects(0..<2_600)
    var made = try ring(ledger, .readWrite).keys(making: Array(asked[..<count])).map(\.bytes)
    // A run as a writer with less memory than these customers need would have left it.
    let path = ledger.path + "/keys"
    do {
      let store = try #require(try KeyStore.open(path, .readOnly, seed: 42))
      var table = FingerprintTable()
      try store.withReading { transaction throws(LedgerError) in
        for branch in try store.list(transaction) {
          let last = branch.number + UInt64(branch.count) - 1
          for place in 0..<branch.count { table.insert(branch.hash(of: place), position: last) }
        }
      }
      var runs = FingerprintRuns(named: "numbers", in: path + "/index", seed: 42, upTo: 0)
      try runs.append(table, through: UInt64(count))
    }
    do {
      let writer = ring(ledger, .readWrite)
      made += try writer.keys(making: Array(asked[count..<2_000])).map(\.bytes)
      #expect(try writer.keys(making: asked).map(\.bytes).prefix(2_000) == made[...])
      #expect(try writer.subjects().count == 2_600)
    }
    let reader = ring(ledger, .readOnly)
    for index in stride(from: 0, to: 2_000, by: 20) { #expect(try key(reader, asked[index]) == made[index]) }
    #expect(try key(reader, Array("nobody".utf8)) == nil)
  }

  @Test("a flipped bit never hides a customer, nor gives other keys")
  func flips() throws {
    let master = MasterKey(bytes: [UInt8](repeating: 7, count: 32))
    let cipher = Cipher()
    let customers = (0..<3).map { index in
      KeyBranch.Customer(hash: UInt64(index) << 61 | 5, subject: Array("C\(index)".utf8), key: .random())
    }
    let record = KeyBranch.record(customers.shuffled(), number: 9, master: master, cipher)
    /// The keys that a record gives for a customer; nil if it says that it is damaged.
    func keys(_ customer: KeyBranch.Customer, in record: [UInt8]) -> [UInt8]?? {
      record.withUnsafeBytes { bytes in
        guard let branch = KeyBranch(9, bytes), branch.isIntact else { return nil }
        switch customer.subject.withUnsafeBufferPointer({ branch.find($0, hash: customer.hash) }) {
        case .damaged: return nil
        case .absent: return .some(nil)
        case .found(let place):
          guard
            let branchKey = master.bytes.withUnsafeBytes({
              cipher.open(branch.wrappedKey, key: $0.baseAddress!, for: branch.number)
            }),
            let key = branchKey.withUnsafeBytes({
              cipher.open(branch.wrappedKey(of: place), key: $0.baseAddress!, for: branch.hash(of: place))
            })
          else { return nil }
          return .some(key)
        }
      }
    }
    for customer in customers { #expect(keys(customer, in: record) == .some(customer.key.bytes)) }
    var noticed = 0
    for bit in 0..<record.count * 8 {
      var changed = record
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      for customer in customers {
        let found = keys(customer, in: changed)
        #expect(found == nil || found == .some(customer.key.bytes), "bit \(bit)")
        if found == nil { noticed += 1 }
      }
    }
    #expect(noticed > record.count * 8)
    for length in 0..<record.count {
      for customer in customers {
        let found = keys(customer, in: Array(record.prefix(length)))
        #expect(found == nil || found == .some(customer.key.bytes), "\(length) bytes")
      }
    }
  }
}
