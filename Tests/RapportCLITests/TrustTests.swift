import Foundation
import Testing

/// `digest`, `verify` and `prove`, as a shell sees them, on sound ledgers and on damaged ones.
@Suite("Trust")
struct TrustTests {
  private static let events = try? Executable.run(["generate", "--events", "1500", "--customers", "60"]).output

  /// A ledger of 1,500 events in two commits, and room for copies of it.
  private func ledger(_ folder: TemporaryFolder) throws -> String {
    let lines = try #require(Self.events).split(separator: "\n")
    for part in [lines[..<1000], lines[1000...]] {
      let input = Data((part.joined(separator: "\n") + "\n").utf8)
      try Executable.succeed(["ingest", "--quiet", "--ledger", folder.ledger], input: input)
    }
    return folder.ledger
  }

  private func verify(_ path: String, _ arguments: String...) throws -> Executable.Result {
    try Executable.run(["verify", "--json", "--ledger", path] + arguments)
  }

  private func kinds(_ result: Executable.Result) -> [String] {
    (result.json["damage"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
  }

  private func digest(_ path: String) throws -> String {
    try #require(try Executable.run(["digest", "--ledger", path]).lines.first)
  }

  @Test("a flipped bit in the keys of customers is found, and no key is made in the place of one that it hides")
  func keys() throws {
    let folder = try TemporaryFolder()
    let path = folder.ledger
    func note(_ id: Int) -> Data {
      Data(
        #"{"specversion":"1.0","id":"\#(id)","source":"/t","type":"note.added","subject":"mole","data":{"text":"x"}}"#
          .utf8)
    }
    try Executable.succeed(["ingest", "--quiet", "--ledger", path], input: note(1))
    #expect(try verify(path).status == 0)
    let file = URL(fileURLWithPath: path + "/keys/data.mdb")
    let sound = try Data(contentsOf: file)
    let name = try #require(sound.range(of: Data("mole".utf8)))
    // The hash of the customer, then the name: the record is 8 + 8 + 4 + 60, 8, 4 and 92 bytes, then the name.
    for offset in [name.lowerBound - 104, name.lowerBound - 50, name.lowerBound] {
      var flipped = sound
      flipped[offset] ^= 4
      try flipped.write(to: file)
      let result = try verify(path)
      #expect(result.status == 4)
      #expect(kinds(result) == ["keys"], "byte \(offset)")
      let recorded = try Executable.run(["ingest", "--quiet", "--ledger", path], input: note(2))
      #expect(recorded.status == 4, "byte \(offset)")
    }
    try sound.write(to: file)
    #expect(try verify(path).status == 0)
    let elsewhere = folder.path + "/elsewhere.key"
    try FileManager.default.moveItem(atPath: path + "/master.key", toPath: elsewhere)
    let locked = try verify(path)
    #expect(locked.status == 0 && locked.errors.contains("the customers' keys were not opened"))
    let opened = try verify(path, "--master-key", elsewhere)
    #expect(opened.status == 0 && opened.errors == "")
    try "nonsense".write(toFile: elsewhere, atomically: true, encoding: .utf8)
    #expect(try verify(path, "--master-key", elsewhere).status == 1)
  }

  // MARK: Sound

  @Test("a sound ledger is sound, and its digest the one that verifying computes anew")
  func sound() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let digest = try digest(path)
    #expect(digest.wholeMatch(of: /1500:[0-9a-f]{64}/) != nil)
    let result = try verify(path, "--against", digest)
    #expect(result.status == 0)
    #expect(result.json["ok"] as? Bool == true)
    #expect(result.json["position"] as? Int == 1500)
    #expect(result.json["checked_events"] as? Int == 1500)
    #expect("1500:\(result.json["digest"] as? String ?? "")" == digest)
    let json = try Executable.run(["digest", "--json", "--ledger", path]).json
    #expect("\(json["position"] as? Int ?? 0):\(json["digest"] as? String ?? "")" == digest)
  }

  @Test("a log that went on still extends a digest; a shorter or another log does not, and it is said which")
  func against() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let before = try digest(path)
    try Executable.succeed(["record", "C1", "item.scanned", "--ledger", path])
    #expect(try verify(path, "--against", before).status == 0)
    let page = try Executable.succeed(["verify", "--against", before, "--ledger", path]).output
    #expect(page.contains("events are those that the digest was taken of"))

    let longer = try digest(path)
    let other = folder.path + "/other"
    let lines = Data((try #require(Self.events)).utf8)
    try Executable.succeed(["ingest", "--quiet", "--ledger", other], input: lines)
    for (digest, word) in [(longer, "ends at position 1500"), (before, "are not those of the digest")] {
      let result = try verify(other, "--against", digest)
      #expect(result.status == 4)
      #expect(result.json["ok"] as? Bool == false)
      #expect(kinds(result) == ["digest"])
      #expect(result.output.contains(word))
    }
    let nonsense = try verify(path, "--against", "1500:abc")
    #expect(nonsense.status == 64)
    #expect(nonsense.errors.contains("no digest"))
  }

  // MARK: Proofs

  @Test("a proof leads from the event to the digest, by hashing alone", arguments: [1, 777, 1500])
  func proof(position: Int) throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let digest = try digest(path).split(separator: ":")
    let proof = try Executable.run(["prove", "--position", "\(position)", "--json", "--ledger", path]).json
    #expect(proof["position"] as? Int == position)
    #expect(proof["tree_size"] as? Int == 1500)
    #expect(try proofRoot(proof) == digest[1])
    let leaf = try #require(Data(base64Encoded: proof["leaf"] as? String ?? ""))
    var changed = proof
    changed["leaf"] = (leaf + [0]).base64EncodedString()
    #expect(try proofRoot(changed) != digest[1])

    let event = try Executable.run(["log", "--from", "\(position)", "--limit", "1", "--ledger", path]).json
    let (id, source) = (try #require(event["id"] as? String), try #require(event["source"] as? String))
    let named = try Executable.run(["prove", id, "--source", source, "--json", "--ledger", path]).json
    #expect(NSDictionary(dictionary: named) == NSDictionary(dictionary: proof))
  }

  @Test("what is not there cannot be proved")
  func noProof() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    #expect(try Executable.run(["prove", "no-such-id", "--ledger", path]).status == 2)
    #expect(try Executable.run(["prove", "--position", "1501", "--ledger", path]).status == 2)
  }

  /// RFC 9162, section 2.1.3.2, with the hash function of the system.
  private func proofRoot(_ proof: [String: Any]) throws -> String {
    var node = try #require(proof["position"] as? Int) - 1
    var last = try #require(proof["tree_size"] as? Int) - 1
    var hash = try sha256(Data([0]) + #require(Data(base64Encoded: proof["leaf"] as? String ?? "")))
    for sibling in try #require(proof["path"] as? [String]) {
      let sibling = try #require(bytes(ofHex: sibling))
      if node % 2 == 1 || node == last {
        hash = try sha256(Data([1]) + sibling + hash)
        while node % 2 == 0, node > 0 { (node, last) = (node / 2, last / 2) }
      } else {
        hash = try sha256(Data([1]) + hash + sibling)
      }
      (node, last) = (node / 2, last / 2)
    }
    #expect(last == 0)
    return hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private func bytes(ofHex text: String) -> Data? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 64 else { return nil }
    return Data(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }

  private func sha256(_ data: Data) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: data)
    try input.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return try #require(bytes(ofHex: String(text.prefix(64))))
  }

  // MARK: Damaged

  private func dataFile(_ path: String) -> URL { URL(fileURLWithPath: path + "/log/data.mdb") }

  /// A copy of a ledger whose data file was changed.
  private func copy(_ path: String, in folder: TemporaryFolder, _ change: (inout Data) -> Void) throws -> String {
    let copy = folder.path + "/copy-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    var data = try Data(contentsOf: dataFile(copy))
    change(&data)
    try data.write(to: dataFile(copy))
    return copy
  }

  @Test("a flipped bit is found and named, or was in no page that is in use")
  func flipped() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let log = try Executable.run(["log", "--ledger", path]).output
    let size = try Data(contentsOf: dataFile(path)).count
    var found = 0
    for place in stride(from: 8_192 + 1_234, to: size, by: size / 24) {
      let copy = try copy(path, in: folder) { $0[place] ^= 1 << UInt8(place % 8) }
      let result = try verify(copy)
      if result.status == 0 {
        #expect(try Executable.run(["log", "--ledger", copy]).output == log)
        continue
      }
      found += 1
      #expect(result.status == 4)
      #expect(result.json["ok"] as? Bool == false)
      #expect(!kinds(result).isEmpty)
      for command in [["log"], ["show", "C000001"], ["status"], ["view", "satisfaction"]] {
        let status = try Executable.run(command + ["--ledger", copy]).status
        #expect([0, 2, 4].contains(status), "\(command) ended with \(status)")
      }
      try FileManager.default.removeItem(atPath: copy)
    }
    #expect(found > 5)
  }

  @Test("a ledger that was cut short is damaged, whatever command looks at it")
  func truncated() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let copy = try copy(path, in: folder) { $0 = $0.prefix($0.count / 2) }
    for command in [
      ["log"], ["show", "C000001"], ["status"], ["view", "satisfaction"], ["digest"], ["replay"], ["ingest"],
    ] {
      let result = try Executable.run(command + ["--ledger", copy])
      #expect(result.status == 4, "\(command)")
      #expect(result.output.isEmpty, "\(command)")
      #expect(result.errors.contains("damaged") && result.errors.contains("cut short"), "\(command): \(result.errors)")
    }
    let result = try verify(copy)
    #expect(result.status == 4)
    #expect(kinds(result) == ["file"])
  }

  /// A page of the tree that leads out of the file: only a process of its own can look what else there is.
  @Test("pages that lead out of the file are named, and so is what else is damaged")
  func leadsOut() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let whole = [UInt8](try Data(contentsOf: dataFile(path)))
    let node = try #require(firstBlockNode(in: whole))
    // The number of the page that the first block begins on: its fourth byte, so that it is far behind the end.
    let outside = try copy(path, in: folder) { $0[node + 16 + 3] ^= 1 }
    let result = try verify(outside)
    #expect(result.status == 4)
    #expect(kinds(result).contains("file"))
    #expect(result.errors.isEmpty, "\(result.errors)")
    let page = try Executable.run(["verify", "--ledger", outside])
    #expect(page.status == 4)
    #expect(page.output.contains("verified\tdamaged") && page.output.contains("lies beyond the last one"))

    // The page walk fails, and the blocks are looked at all the same.
    let pages = 4_096 * Int(whole[node + 16..<node + 20].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    let both = try copy(path, in: folder) {
      $0[pages + 10] ^= 0x40
      $0[pages + 16 + 3_000] ^= 1
    }
    let found = kinds(try verify(both))
    #expect(found.contains("file") && found.contains("column"), "\(found)")
  }

  /// Where the node of the first block is: in the leaf that is the root of the database `blocks`.
  private func firstBlockNode(in file: [UInt8]) -> Int? {
    func integer(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reversed().reduce(0) { $0 << 8 | Int(file[offset + $1]) }
    }
    func nodes(ofPage number: Int) -> [Int] {
      let page = number * 4_096
      return stride(from: 16, to: integer(page + 12, 2), by: 2).map { page + integer(page + $0, 2) }
    }
    let newer = integer(144, 8) > integer(4_240, 8) ? 0 : 4_096
    let databases = nodes(ofPage: integer(newer + 128, 8))
    let blocks = databases.first { file[($0 + 8)..<($0 + 8 + integer($0 + 6, 2))].elementsEqual("blocks".utf8) }
    return blocks.flatMap { nodes(ofPage: integer($0 + 8 + integer($0 + 6, 2) + 40, 8)).first }
  }

  // MARK: Under a running reader

  @Test("a reader whose ledger is cut short under it ends with 4 and says what to do")
  func cutShortUnderReader() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let reader = try RunningExecutable(["log", "--follow", "--from", "1500", "--ledger", path])
    #expect(reader.wait { reader.printed.contains(#""ledgerposition":1500"#) })
    // LMDB has the file mapped and looks at nothing of it but its pages.
    #expect(truncate(dataFile(path).path, 8_192) == 0)
    #expect(reader.wait { !reader.process.isRunning })
    let result = reader.finish()
    #expect(result.status == 4)
    #expect(result.errors.contains("reading the ledger failed") && result.errors.contains("rapport verify"))
  }

  @Test("an assertion of LMDB or a trap ends with 4 as well", arguments: [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP])
  func faults(number: Int32) throws {
    let folder = try TemporaryFolder()
    let reader = try RunningExecutable(["log", "--follow", "--from", "1500", "--ledger", try ledger(folder)])
    #expect(reader.wait { reader.printed.contains(#""ledgerposition":1500"#) })
    reader.interrupt(by: number)
    let result = reader.finish()
    #expect(result.status == 4)
    #expect(result.errors.contains("rapport verify"))
  }
}
