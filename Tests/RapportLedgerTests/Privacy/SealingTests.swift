import Foundation
import Testing

@testable import RapportLedger

/// Personal fields are sealed under the customer's key before anything reaches a file, and opened when they are shown.
@Suite("Sealing")
struct SealingTests {
  private func note(_ id: String, _ data: String, type: String = "note.added", subject: String = "C1") -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"/t","type":"\#(type)","subject":"\#(subject)","time":"2025-01-01T00:00:00Z","data":\#(data)}"#
  }

  /// Every byte of every file of the ledger but the rejects.
  private func files(_ ledger: TestLedger) throws -> Data {
    var all = Data()
    let paths = try #require(FileManager.default.enumerator(atPath: ledger.path))
    for case let path as String in paths where !path.hasSuffix("rejects.ndjson") {
      if let data = FileManager.default.contents(atPath: ledger.path + "/" + path) { all.append(data) }
    }
    return all
  }

  private func shown(_ ledger: TestLedger) throws -> [[String: Any]] {
    try ledger.log().map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  static let personal: [(type: String, data: String)] = [
    ("note.added", #"{"text":"CANARY-7341"}"#), ("customer.registered", #"{"kind":"b2c","name":"CANARY-7341"}"#),
    ("search.performed", #"{"results":3,"query":"CANARY-7341"}"#),
    ("order.placed", #"{"order":"o","currency":"EUR","gift_note":"CANARY-7341"}"#),
    ("order.placed", #"{"order":"o","currency":"EUR","lines":[{"sku":"a","quantity":1,"engraving":"CANARY-7341"}]}"#),
    ("weather.observed", #"{"anything":["CANARY-7341"]}"#), ("weather.observed", #""CANARY-7341""#),
    ("customer.updated", #"{"set":{"language":{"value":"CANARY-7341","basis":"declared"}}}"#),
    ("customer.updated", #"{"set":{"language":{"value":"de","basis":"declared","why":"CANARY-7341"}}}"#),
    ("identity.linked", #"{"namespace":"crm","id":"CANARY-7341"}"#),
    ("event.corrected", #"{"source":"/t","id":"x","set":{"text":"CANARY-7341"}}"#),
    // Where something else stands than what is listed.
    ("customer.updated", #"{"set":{"size":{"value":1,"basis":"declared","n":"CANARY-7341"}}}"#),
    ("customer.updated", #"{"set":{"size":{"value":1,"basis":"declared","n":5,"expires":"CANARY-7341"}}}"#),
    ("customer.updated", #"{"set":{"size":{"value":1,"basis":"declared","confidence":["CANARY-7341"]}}}"#),
    ("customer.updated", #"{"set":{},"unset":["size",{"who":"CANARY-7341"}]}"#),
    ("data.read", #"{"purpose":"p","fields":["size",{"who":"CANARY-7341"}]}"#),
    ("note.added", #"{"CANARY-7341":1}"#),
  ]

  @Test("no plain text of a personal or unlisted field is in any file", arguments: personal.indices)
  func nothingInTheOpen(index: Int) throws {
    let ledger = try TestLedger(height: 4)
    let sent = note("1", Self.personal[index].data, type: Self.personal[index].type)
    #expect(try ledger.record([sent]).accepted == 1)
    #expect(try files(ledger).range(of: Data("CANARY-7341".utf8)) == nil)
    let event = try #require(try shown(ledger).first)
    let wanted = try #require(JSONSerialization.jsonObject(with: Data(sent.utf8)) as? [String: Any])
    #expect(NSDictionary(dictionary: event) == NSDictionary(dictionary: wanted))
  }

  @Test("what is public stays readable without a key")
  func publicPart() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record([
      note("1", #"{"order":"o1","currency":"EUR","revenue":"5.00","gift_note":"secret"}"#, type: "order.placed")
    ])
    try ledger.ledger.read { snapshot in
      let bare = try Snapshot(blocks: snapshot.blocks)
      try bare.log { event in
        let text = String(decoding: event.json, as: UTF8.self)
        #expect(text.contains(#""revenue":"5.00""#) && text.contains(#""erased":true"#))
        #expect(!text.contains("secret"))
        return true
      }
    }
    #expect(try ledger.card("C1").contains(#""revenue":{"EUR":"5.00"}"#))
  }

  @Test("events of the firm and attributes are never sealed")
  func firm() throws {
    let ledger = try TestLedger(height: 4)
    let line =
      #"{"specversion":"1.0","id":"1","source":"/t","type":"touchpoint.registered","data":{"touchpoint":"t","department":"d","note":"open"}}"#
    try ledger.record([line])
    #expect(!FileManager.default.fileExists(atPath: ledger.path + "/master.key"))
  }

  @Test("duplicates and conflicts are told apart though the content is sealed", arguments: [[1_000], [1]])
  func exactlyOnce(commits: [Int]) throws {
    let ledger = try TestLedger(height: 4)
    let summary = try ledger.record(
      [
        note("1", #"{"text":"a","x":1.0}"#), note("1", #"{"text":"a","x":1.0}"#),
        note("1", #"{ "x":1, "text":"\u0061"}"#),
        note("1", #"{"text":"b","x":1.0}"#),
      ], commits: commits)
    #expect(summary.accepted == 1)
    #expect(summary.duplicates == 2)
    #expect(summary.conflicts == 1)
  }

  @Test("keys are made once, whoever asks, and survive reopening")
  func reopened() throws {
    let ledger = try TestLedger(height: 4)
    let subjects = (0..<50).map { Array("C\($0)".utf8) }
    let first = KeyRing(ledger: ledger.path, masterKeyPath: nil, access: .readWrite, seed: 1)
    let made = try first.keys(making: subjects)
    #expect(Set(made.map { $0.sealing.0 }).count == 50)
    #expect(try first.keys(making: subjects).map { $0.sealing.0 } == made.map { $0.sealing.0 })
    let last = try #require(subjects.last)
    try last.withUnsafeBufferPointer { subject in
      let key = try #require(try first.key(of: subject))
      #expect(key.content.3 == made[49].content.3)
    }
  }

  @Test("another master key is refused by name, a missing one as well")
  func masterKey() throws {
    let ledger = try TestLedger(height: 4)
    try ledger.record([note("1", #"{"text":"a"}"#)])
    let path = ledger.path + "/master.key"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let kept = try Data(contentsOf: URL(fileURLWithPath: path))
    for content in [Data(String(repeating: "0", count: 64).utf8), nil] {
      try FileManager.default.removeItem(atPath: path)
      if let content { try content.write(to: URL(fileURLWithPath: path)) }
      let copy = ledger.path + "-copy"
      try FileManager.default.copyItem(atPath: ledger.path, toPath: copy)
      defer { try? FileManager.default.removeItem(atPath: copy) }
      let other = try Ledger(at: copy, for: .reading)
      #expect(throws: LedgerError.self) { try other.read { snapshot in try snapshot.log { _ in true } } }
      try? kept.write(to: URL(fileURLWithPath: path))
    }
  }

  @Test("a sealed text that was changed or moved does not open")
  func authenticated() {
    let cipher = Cipher()
    let key = CustomerKey.random()
    let plain = Array("hello".utf8)
    var sealed: [UInt8] = []
    withUnsafeBytes(of: key.sealing) { key in
      plain.withUnsafeBufferPointer { cipher.seal($0, key: key.baseAddress!, for: 7, into: &sealed) }
      func opened(_ bytes: [UInt8], _ owner: UInt64) -> [UInt8]? {
        bytes.withUnsafeBufferPointer { cipher.open($0, key: key.baseAddress!, for: owner) }
      }
      #expect(opened(sealed, 7) == plain)
      #expect(opened(sealed, 8) == nil)
      for bit in 0..<sealed.count * 8 {
        var changed = sealed
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(opened(changed, 7) == nil)
      }
      #expect(opened(Array(sealed.dropLast()), 7) == nil)
    }
  }
}
