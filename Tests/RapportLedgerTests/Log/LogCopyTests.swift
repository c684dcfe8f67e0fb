import Foundation
import Testing

@testable import RapportLedger

/// Copies of a log: complete or not there at all, and no keys in them.
@Suite("Copies of a log")
struct LogCopyTests {
  private static let lines = generatedLines(150)

  private func names(_ path: String) -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
  }

  /// Makes a copy as `rapport backup` does, verified in this process.
  @discardableResult
  private func backUp(
    _ path: String, _ make: (LogCopy) throws -> Void
  ) throws -> Verification {
    let staged = try StagedDirectory(for: path)
    let copy = LogCopy(in: staged.path)
    try make(copy)
    let verification = try Ledger(at: staged.path, for: .reading, mapBytes: 1 << 30).verify(threads: 1)
    try copy.finish(sealedEvents: verification.sealedEvents)
    try staged.complete(flushing: ["log"])
    return verification
  }

  // MARK: Staged directories

  @Test("a directory appears when it is complete, with what is in it")
  func completed() throws {
    let place = TemporaryPath()
    let staged = try StagedDirectory(for: place.path + "/")
    #expect(staged.destination == place.path)
    try Data("x".utf8).write(to: URL(fileURLWithPath: staged.path + "/file"))
    #expect(!FileManager.default.fileExists(atPath: place.path))
    try staged.complete()
    #expect(names(place.path) == ["file"])
    #expect(!FileManager.default.fileExists(atPath: staged.path))
    let mode = try FileManager.default.attributesOfItem(atPath: place.path)[.posixPermissions] as? Int
    #expect(mode == 0o700)
  }

  @Test("a directory that is not completed leaves nothing")
  func abandoned() throws {
    let place = TemporaryPath()
    var staged: StagedDirectory? = try StagedDirectory(for: place.path)
    let path = try #require(staged?.path)
    try FileManager.default.createDirectory(atPath: path + "/log", withIntermediateDirectories: false)
    try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/log/file"))
    staged = nil
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(!FileManager.default.fileExists(atPath: place.path))
  }

  @Test("what an attempt that died has left is removed by the next")
  func leftOver() throws {
    let place = TemporaryPath()
    try FileManager.default.createDirectory(atPath: place.path + ".partial/log", withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(fileURLWithPath: place.path + ".partial/log/data.mdb"))
    let staged = try StagedDirectory(for: place.path)
    #expect(names(staged.path).isEmpty)
    try staged.complete()
    #expect(names(place.path).isEmpty)
  }

  @Test(
    "a folder with other things is no such rest, and stays", arguments: ["photo.jpg", "log/photo.jpg", "keys/data.mdb"])
  func somebodyElses(name: String) throws {
    let place = TemporaryPath()
    let file = place.path + ".partial/" + name
    for path in [place.path + ".partial/log/data.mdb", file] {
      let url = URL(fileURLWithPath: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: url)
    }
    let error = #expect(throws: LedgerError.self) { _ = try StagedDirectory(for: place.path) }
    #expect(error?.description.contains("it holds other things") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("mine".utf8))
    #expect(FileManager.default.fileExists(atPath: place.path + ".partial/log/data.mdb"))
  }

  @Test("two attempts at one destination do not mix")
  func concurrent() throws {
    let place = TemporaryPath()
    let first = try StagedDirectory(for: place.path)
    #expect(throws: LedgerError.self) { _ = try StagedDirectory(for: place.path) }
    #expect(FileManager.default.fileExists(atPath: first.path), "the second took nothing away")
    try first.complete()
  }

  @Test("whatever is at the destination stays: a file, a folder with something in it, a link", arguments: 0..<3)
  func occupied(what: Int) throws {
    let place = TemporaryPath()
    switch what {
    case 0: try Data("mine".utf8).write(to: URL(fileURLWithPath: place.path))
    case 1: try FileManager.default.createDirectory(atPath: place.path + "/mine", withIntermediateDirectories: true)
    default: try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: "nowhere")
    }
    let error = #expect(throws: LedgerError.self) { _ = try StagedDirectory(for: place.path) }
    guard case .cannotCreate(place.path, _) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(!FileManager.default.fileExists(atPath: place.path + ".partial"))
  }

  @Test("what came to the destination meanwhile is not replaced")
  func occupiedMeanwhile() throws {
    let place = TemporaryPath()
    do {
      let staged = try StagedDirectory(for: place.path)
      try FileManager.default.createDirectory(atPath: place.path + "/mine", withIntermediateDirectories: true)
      #expect(throws: LedgerError.self) { try staged.complete() }
    }
    #expect(names(place.path) == ["mine"])
    #expect(!FileManager.default.fileExists(atPath: place.path + ".partial"))
  }

  // MARK: Copies

  @Test("a copy has the events and the digest, and of the keys only a note")
  func copied() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Self.lines, commits: [1, 20, 3, 50])
    let place = TemporaryPath()
    let verification = try backUp(place.path) { try $0.make(from: ledger.ledger) }
    #expect(verification.isSound)
    #expect(verification.digest == (try LogDigestTests.digest(ledger.ledger)))
    #expect(verification.sealedEvents == (try ledger.log().filter { try isSealed($0) }.count))
    #expect(verification.sealedEvents > 10)
    #expect(names(place.path) == ["log", "keys.missing"])
    #expect(names(place.path + "/log") == ["data.mdb"])
    let mode = try FileManager.default.attributesOfItem(atPath: place.path + "/log/data.mdb")[.posixPermissions]
    #expect(mode as? Int == 0o600)
  }

  /// Whether an event has personal fields: it reads otherwise without keys.
  private func isSealed(_ line: String) throws -> Bool {
    let ledger = try TestLedger(height: 4)
    try ledger.record([line])
    return FileManager.default.fileExists(atPath: ledger.path + "/master.key")
  }

  @Test("a copy of a copy is the same, and an empty log can be copied")
  func restored() throws {
    for lines in [Self.lines, []] {
      let ledger = try TestLedger(height: 4)
      try ledger.record(lines)
      let (backup, restored) = (TemporaryPath(), TemporaryPath())
      let first = try backUp(backup.path) { try $0.make(from: ledger.ledger) }
      let second = try backUp(restored.path) { try $0.make(fromBackup: backup.path) }
      #expect(first.digest == second.digest)
      #expect(first.position == UInt64(lines.count))
      let files = [backup, restored].map { FileManager.default.contents(atPath: $0.path + "/log/data.mdb") }
      #expect(files[0] != nil && files[0] == files[1])
    }
  }

  @Test("copies that are made while events are recorded are sound and extend what was there before")
  func hot() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record(Array(Self.lines.prefix(10)))
    let log = ledger.ledger
    let lines = Array(Self.lines.dropFirst(10))
    let recording = Recording(log, options: IngestOptions())
    let finished = DispatchSemaphore(value: 0)
    let batches = lines.map { BatchBox(parsing: Array("\($0)\n".utf8), seed: log.meta.seed) }
    Thread.detachNewThread {
      for batch in batches { try? recording.record(batch) }
      finished.signal()
    }
    var positions: [UInt64] = []
    repeat {
      let before = try LogDigestTests.digest(log)
      let place = TemporaryPath()
      try backUp(place.path) { try $0.make(from: log) }
      let copy = try Ledger(at: place.path, for: .reading, mapBytes: 1 << 30)
      let verification = try copy.verify(against: before, threads: 1)
      #expect(verification.damage == [])
      positions.append(verification.position)
    } while finished.wait(timeout: .now()) == .timedOut
    #expect(positions == positions.sorted())
    #expect(try LogDigestTests.digest(log).position == 150)
  }

  @Test("where there is no backup, nothing is made of it")
  func absent() throws {
    let (place, target) = (TemporaryPath(), TemporaryPath())
    let error = #expect(throws: LedgerError.self) { try backUp(target.path) { try $0.make(fromBackup: place.path) } }
    guard case .absent(place.path) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(!FileManager.default.fileExists(atPath: target.path + ".partial"))
  }

  // MARK: Keys

  private func note(_ id: String, _ subject: String) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"/t","type":"note.added","subject":"\#(subject)","time":"2025-01-01T00:00:00Z","data":{"text":"secret"}}"#
  }

  private func texts(_ path: String, for purpose: Ledger.Purpose = .reading) throws -> [String] {
    let ledger = try Ledger(at: path, for: purpose, height: 4, mapBytes: 1 << 30)
    var texts: [String] = []
    try ledger.read { snapshot in
      try snapshot.log {
        texts.append(String(decoding: $0.json, as: UTF8.self))
        return true
      }
    }
    #expect(ledger.unopenedEvents == texts.count { $0.contains(#""sealed":true"#) })
    return texts
  }

  @Test("a copy is read without keys, takes nothing that must be sealed, and is complete once its keys are brought")
  func keys() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record([note("1", "C1"), note("2", "C2"), note("3", "C1")])
    let (place, exported) = (TemporaryPath(), TemporaryPath())
    try backUp(place.path) { try $0.make(from: ledger.ledger) }
    #expect(try texts(place.path).allSatisfy { $0.contains(#""sealed":true"#) && !$0.contains("secret") })

    // An export from before C2 came.
    #expect(try ledger.ledger.exportKeys(to: exported.path) == 2)
    let all = try String(contentsOfFile: exported.path, encoding: .utf8)
    try all.split(separator: "\n").first!.appending("\n").write(
      toFile: exported.path, atomically: true, encoding: .utf8)
    do {
      let copy = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
      #expect(throws: LedgerError.self) { try copy.record(Array(note("4", "C3").utf8)) }
      #expect(try copy.importKeys(from: exported.path) == KeyImport(added: 1, missing: 1))
      #expect(throws: LedgerError.self) { try copy.record(Array(note("4", "C2").utf8)) }
      #expect(try copy.record(Array(note("4", "C1").utf8)) == .recorded(position: 4), "this key is there")

      try all.write(toFile: exported.path, atomically: true, encoding: .utf8)
      #expect(try copy.importKeys(from: exported.path) == KeyImport(added: 1))
      #expect(try copy.record(Array(note("5", "C3").utf8)) == .recorded(position: 5))
      #expect(try copy.record(Array(note("2", "C2").utf8)) == .duplicate)
    }
    #expect(try texts(place.path).filter { $0.contains("secret") }.count == 5)
    #expect(names(place.path).isSuperset(of: ["log", "keys", "master.key"]))
    #expect(!names(place.path).contains("keys.missing"))
  }

  @Test("a copy takes no keys that do not open it: they would keep its own out")
  func foreignKeys() throws {
    let (first, second) = (try TestLedger(height: 4), try TestLedger(height: 4))
    try first.record([note("1", "C1"), note("2", "C2")])
    try second.record([note("0", "C0"), note("1", "C1")])
    let (place, own, foreign) = (TemporaryPath(), TemporaryPath(), TemporaryPath())
    try backUp(place.path) { try $0.make(from: first.ledger) }
    _ = try first.ledger.exportKeys(to: own.path)
    _ = try second.ledger.exportKeys(to: foreign.path)
    do {
      let copy = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
      let error = #expect(throws: LedgerError.self) { try copy.importKeys(from: foreign.path) }
      #expect(error?.description.contains("keys of another ledger") == true)
      #expect(names(place.path).contains("keys.missing"))
      #expect(try copy.importKeys(from: own.path) == KeyImport(added: 2))
    }
    #expect(try texts(place.path).allSatisfy { $0.contains("secret") })
  }

  @Test("under another master key nobody gets keys, and nothing is recorded")
  func otherMasterKey() throws {
    let (place, other) = (TemporaryPath(), TemporaryPath())
    for path in [place.path, other.path] {
      let ledger = try Ledger(at: path, for: .writing, height: 4, mapBytes: 1 << 30)
      for id in 1...2 { _ = try ledger.record(Array(note("\(id)", "C\(id)").utf8)) }
    }
    do {
      let ledger = try Ledger(
        at: place.path, for: .writing, masterKeyPath: other.path + "/master.key", height: 4, mapBytes: 1 << 30)
      for customer in ["C1", "C9"] {
        let error = #expect(throws: LedgerError.self) { try ledger.record(Array(note("3", customer).utf8)) }
        #expect(error?.description.contains("is not the master key of this ledger") == true)
      }
    }
    let ledger = try Ledger(at: place.path, for: .writing, height: 4, mapBytes: 1 << 30)
    #expect(try ledger.record(Array(note("3", "C9").utf8)) == .recorded(position: 3))
    #expect(try ledger.exportKeys(to: other.path + "/exported") == 3)
  }

  @Test("keys of another ledger are not taken for those of this one")
  func otherKeys() throws {
    let (first, second) = (try TestLedger(height: 4), try TestLedger(height: 4))
    try first.record([note("1", "C1"), note("2", "C2")])
    try second.record([note("1", "C1")])
    let exported = TemporaryPath()
    _ = try first.ledger.exportKeys(to: exported.path)
    #expect(try second.ledger.importKeys(from: exported.path) == KeyImport(added: 1, differing: 1))
    #expect(try second.log().first?.contains("secret") == true)
  }
}
