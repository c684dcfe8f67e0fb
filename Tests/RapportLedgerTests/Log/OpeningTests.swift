import Foundation
import LMDB
import Testing

@testable import RapportLedger

/// What stands at a path, and what is said about it.
@Suite("Opening a ledger")
struct OpeningTests {
  private func error(_ path: String, _ purpose: Ledger.Purpose) -> LedgerError? {
    #expect(throws: LedgerError.self) { _ = try Ledger(at: path, for: purpose, height: 4, mapBytes: 1 << 30) }
  }

  @Test func `nothing there is absent to a reader and made by a writer`() throws {
    let place = TemporaryPath()
    guard case .absent = error(place.path, .reading) else { return #expect(Bool(false)) }
    #expect(!FileManager.default.fileExists(atPath: place.path), "a reader creates nothing")
    _ = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
    let mode = try FileManager.default.attributesOfItem(atPath: place.path)[.posixPermissions] as? Int
    #expect(mode == 0o700)
    _ = try Ledger(at: place.path, for: .reading, mapBytes: 1 << 30)
  }

  @Test func `an empty folder is absent to a reader and taken by a writer`() throws {
    let place = TemporaryPath()
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    guard case .absent = error(place.path, .reading) else { return #expect(Bool(false)) }
    _ = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
  }

  @Test(arguments: [Ledger.Purpose.reading, .writing])
  func `a file is no ledger`(purpose: Ledger.Purpose) throws {
    let place = TemporaryPath()
    try Data("x".utf8).write(to: URL(fileURLWithPath: place.path))
    guard case .notALedger = error(place.path, purpose) else { return #expect(Bool(false)) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: place.path)) == Data("x".utf8))
  }

  @Test func `a folder with other things is absent to a reader and refused to a writer`() throws {
    let place = TemporaryPath()
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: URL(fileURLWithPath: place.path + "/holiday.jpg"))
    guard case .absent = error(place.path, .reading) else { return #expect(Bool(false)) }
    guard case .notALedger = error(place.path, .writing) else { return #expect(Bool(false)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["holiday.jpg"])
  }

  @Test func `a link to nowhere is absent to a reader and refused to a writer`() throws {
    let place = TemporaryPath()
    try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: place.path + "-elsewhere")
    guard case .absent = error(place.path, .reading) else { return #expect(Bool(false)) }
    guard case .notALedger(_, let why) = error(place.path, .writing) else { return #expect(Bool(false)) }
    #expect(why.contains("a link to a folder that is not there"))
  }

  @Test func `a path below a file or below nothing cannot be created`() throws {
    let place = TemporaryPath()
    guard case .notALedger = error(place.path + "/a/b", .writing) else { return #expect(Bool(false)) }
  }

  @Test(arguments: ["log", "log/data.mdb"], ["keys", "views"])
  func `a ledger whose log was lost is damaged, and no other log takes its place`(lost: String, left: String) throws {
    let place = TemporaryPath()
    do {
      let ledger = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
      let note =
        #"{"specversion":"1.0","id":"1","source":"/t","type":"note.added","subject":"C1","data":{"text":"personal"}}"#
      _ = try ledger.record(Array(note.utf8))
      if left == "views" { _ = try ledger.replay(views: ["value"], threads: 1) }
    }
    let whole = try FileManager.default.contentsOfDirectory(atPath: place.path)
    #expect(whole.contains("keys") && whole.contains("views") == (left == "views"))
    if left == "views" { try FileManager.default.removeItem(atPath: place.path + "/keys") }
    try FileManager.default.removeItem(atPath: place.path + "/" + lost)
    for purpose in [Ledger.Purpose.reading, .writing] {
      guard case .damaged(let damage) = error(place.path, purpose) else { return #expect(Bool(false)) }
      #expect(damage.detail.contains("log/data.mdb is not there, though \(left)/data.mdb is"))
    }
    #expect(!FileManager.default.fileExists(atPath: place.path + "/log/data.mdb"))
  }

  @Test func `a ledger keeps its height and its seed`() throws {
    let place = TemporaryPath()
    func opened(_ height: Int) throws -> LedgerMeta {
      try Ledger(at: place.path, for: .writing, height: height, mapBytes: 1 << 30).meta
    }
    let first = try opened(5)
    let again = try opened(9)
    #expect(first.height == 5 && again.height == 5)
    #expect(first.seed == again.seed && first.id == again.id && first.created == again.created)
  }

  // MARK: The ledger's own record

  private func bytes(_ meta: LedgerMeta) -> [UInt8] { withUnsafeBytes(of: meta) { [UInt8]($0) } }

  @Test func `the ledger's own record comes back`() throws {
    let meta = LedgerMeta(height: 16)
    #expect(try bytes(LedgerMeta(bytes(meta))) == bytes(meta))
    #expect(bytes(meta).count == LedgerMeta.bytes)
    #expect(String(decoding: bytes(meta).prefix(8), as: UTF8.self) == "RAPPORTL")
  }

  @Test func `a newer format is refused as such`() {
    var meta = LedgerMeta(height: 16)
    meta.version = BlockHeader.formatVersion + 1
    meta.checksum = meta.computeChecksum()
    let record = bytes(meta)
    let error = #expect(throws: LedgerError.self) { _ = try LedgerMeta(record) }
    guard case .newerFormat(found: Int(BlockHeader.formatVersion) + 1, known: Int(BlockHeader.formatVersion)) = error
    else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
  }

  @Test func `every flipped bit of the record is noticed`() {
    let meta = bytes(LedgerMeta(height: 16))
    for bit in 0..<meta.count * 8 {
      var broken = meta
      broken[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: LedgerError.self) { _ = try LedgerMeta(broken) }
    }
  }

  @Test func `a record of another length is damage`() {
    let meta = bytes(LedgerMeta(height: 16))
    for wrong in [[], Array(meta.dropLast()), meta + [0]] {
      let error = #expect(throws: LedgerError.self) { _ = try LedgerMeta(wrong) }
      guard case .damaged = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }
  }

  @Test func `a ledger of a newer format is refused when it is opened`() throws {
    let place = TemporaryPath()
    do {
      let ledger = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
      var newer = ledger.meta
      newer.version = BlockHeader.formatVersion + 1
      newer.checksum = newer.computeChecksum()
      let meta = bytes(newer)
      let log = ledger.log
      let database = try #require(try log.openDatabase(named: "meta", keys: String.self, create: false))
      var transaction = try log.write()
      try transaction.put(LedgerMeta.key, meta.span.bytes, in: database)
      try transaction.commit()
    }
    guard
      case .newerFormat(found: Int(BlockHeader.formatVersion) + 1, known: Int(BlockHeader.formatVersion)) = error(
        place.path, .reading)
    else { return #expect(Bool(false)) }
  }
}
