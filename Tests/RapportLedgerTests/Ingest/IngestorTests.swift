import Foundation
import Synchronization
import Testing

@testable import RapportLedger

/// Ingest as a pipeline: from a pipe to the log, with acknowledgements and a rejects file.
@Suite("Ingest from a pipe", .timeLimit(.minutes(1)))
struct IngestorTests {
  private func options(linger: Duration = .milliseconds(20)) -> IngestOptions {
    var options = IngestOptions()
    options.linger = linger
    return options
  }

  private func line(_ id: Int) -> String { envelope(["id": .string("\(id)")]) + "\n" }

  @Test func `a trickle is committed after the linger, though more may come`() throws {
    let ledger = try TestLedger()
    let ingestion = Ingestion(ledger.ledger)
    ingestion.pipe.send(line(1))
    #expect(ingestion.wait(forLine: 1))
    #expect(try ledger.log().count == 1, "durable and visible while the input is open")
    ingestion.pipe.send(line(2))
    #expect(ingestion.wait(forLine: 2))
    #expect(try ingestion.finish().accepted == 2)
  }

  @Test func `events that come within the linger share a commit`() throws {
    let ledger = try TestLedger(height: 8)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .seconds(30)))
    for number in 1...5 { ingestion.pipe.send(line(number)) }
    #expect(try ingestion.finish().accepted == 5)
    #expect(ingestion.commits.map(\.line) == [5])
  }

  @Test func `a full segment is committed without waiting for the linger`() throws {
    let ledger = try TestLedger(height: 4)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .seconds(30)))
    ingestion.pipe.send((1...16).map(line).joined())
    #expect(ingestion.wait(forLine: 16))
    #expect(try ingestion.finish().position == 16)
  }

  @Test func `stop commits what was read as whole lines and returns`() throws {
    let ledger = try TestLedger(height: 8)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .milliseconds(300)))
    ingestion.pipe.send((1...3).map(line).joined())
    #expect(ingestion.wait(forLine: 3))
    ingestion.pipe.send(line(4) + "{\"half a line")
    usleep(100_000)
    let summary = try ingestion.stop()
    #expect(summary.accepted == 4)
    #expect(summary.rejected == 0, "the half line is the sender's to send again")
    #expect(try ledger.log().count == 4)
  }

  @Test func `stop returns though nothing ever came`() throws {
    let ledger = try TestLedger()
    var summary = try Ingestion(ledger.ledger).stop()
    summary.seconds = 0
    #expect(summary == IngestSummary())
  }

  @Test func `the acknowledged line covers blanks, duplicates and rejects`() throws {
    let ledger = try TestLedger(height: 8)
    let ingestion = Ingestion(ledger.ledger)
    ingestion.pipe.send(line(1))
    #expect(ingestion.wait(forLine: 1))
    ingestion.pipe.send(line(1) + "\n" + "garbage\n")
    #expect(ingestion.wait(forLine: 4))
    let last = try #require(ingestion.commits.last)
    #expect(last.position == 1)
    #expect(last.counts.duplicates == 1 && last.counts.blank == 1 && last.counts.rejected == 1)
    #expect(try ledger.rejects().count == 1, "rejects are in the file before the acknowledgement")
    #expect(last.inputBytes == UInt64((line(1) + line(1) + "\n" + "garbage\n").utf8.count))
    _ = try ingestion.finish()
  }

  @Test func `acknowledgements never go back, and end with the last line`() throws {
    let ledger = try TestLedger(height: 4)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .milliseconds(1)))
    for number in 1...120 { ingestion.pipe.send(line(number)) }
    let summary = try ingestion.finish()
    let lines = ingestion.commits.map(\.line)
    #expect(lines == lines.sorted() && lines.last == 120)
    #expect(ingestion.commits.map(\.position) == ingestion.commits.map(\.position).sorted())
    #expect(summary.accepted == 120 && summary.lines == 120 && summary.position == 120)
  }

  @Test func `a stream gives the ledger that its lines give`() throws {
    let lines = generatedLines(600)
    let wanted = try TestLedger(height: 8)
    try wanted.record(lines)
    let ledger = try TestLedger(height: 8)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .milliseconds(2)))
    for start in stride(from: 0, to: lines.count, by: 37) {
      ingestion.pipe.send(lines[start..<min(start + 37, lines.count)].joined(separator: "\n") + "\n")
    }
    #expect(try ingestion.finish().accepted == 600)
    #expect(try ledger.log() == wanted.log())
    #expect(try ledger.digests() == wanted.digests())
  }

  @Test func `writers take turns, and both know what the other recorded`() throws {
    let ledger = try TestLedger(height: 4)
    let ingestion = Ingestion(ledger.ledger, options: options(linger: .milliseconds(1)))
    for number in 1...20 {
      ingestion.pipe.send(line(2 * number))
      #expect(ingestion.wait(forLine: UInt64(2 * number - 1)))
      let outcome = try ledger.ledger.record(Array(envelope(["id": .string("\(2 * number + 1)")]).utf8))
      #expect(outcome == .recorded(position: UInt64(2 * number)))
      // What the other writer recorded is a duplicate for the ingestor.
      ingestion.pipe.send(line(2 * number + 1))
      #expect(ingestion.wait(forLine: UInt64(2 * number)))
    }
    let summary = try ingestion.finish()
    #expect(summary.accepted == 20 && summary.duplicates == 20 && summary.conflicts == 0)
    let ids = try ledger.log().map { try JSON(reading: $0)["id"]! }
    #expect(ids == (2...41).map { .string("\($0)") })
  }

  @Test func `while the writer is busy, the sender waits in its pipe and memory does not grow`() throws {
    let ledger = try TestLedger(height: 16)
    var options = options(linger: .milliseconds(1))
    options.memory = 64 << 20
    let gate = DispatchSemaphore(value: 0)
    options.onCommit = { if $0.line == 1 { gate.wait() } }
    let ingestion = Ingestion(ledger.ledger, options: options)
    let text = JSON.string(String(repeating: "x", count: 100_000))
    ingestion.pipe.send(line(0))
    let sent = Atomic<Int>(1)
    Thread.detachNewThread {
      for id in 1...200 {
        ingestion.pipe.send(envelope(["id": .string("\(id)"), "data": .object(["words": text])]) + "\n")
        sent.add(1, ordering: .sequentiallyConsistent)
      }
      ingestion.pipe.closeWriting()
    }
    // Two batches of 2 MB and a chunk fit between the sender and the writer, who waits at the gate.
    var before = 0
    while sent.load(ordering: .sequentiallyConsistent) != before {
      before = sent.load(ordering: .sequentiallyConsistent)
      sleep(1)
    }
    #expect(before < 100, "more than 10 MB went in though nothing was written")
    gate.signal()
    #expect(try ingestion.result().accepted == 201)
  }

  // MARK: The rejects file

  @Test func `a reject says where it stood, what is wrong, and what it was`() throws {
    let ledger = try TestLedger()
    let batch = "[" + envelope(["country": "x"]) + "]"
    let ingestion = Ingestion(ledger.ledger)
    ingestion.pipe.send(line(1) + "garbage\n" + batch + "\n")
    _ = try ingestion.finish()
    let rejects = try ledger.rejects()
    try #require(rejects.count == 2)
    let offset = line(1).utf8.count
    #expect(Set(rejects[0].members.keys) == ["line", "index", "offset", "field", "reason", "hash", "text"])
    #expect(rejects[0]["line"] == 2 && rejects[0]["index"] == nil && rejects[0]["field"] == nil)
    #expect(rejects[0]["offset"] == .number("\(offset)") && rejects[0]["text"] == "garbage")
    #expect(rejects[1]["line"] == 3 && rejects[1]["index"] == 0 && rejects[1]["field"] == "country")
    #expect(
      rejects[1]["offset"] == .number("\(offset + 9)")
        && rejects[1]["text"] == .string(String(batch.dropFirst().dropLast())))
    #expect(rejects.allSatisfy { $0["hash"]?.text?.count == 32 && $0["reason"]?.text?.isEmpty == false })
  }

  @Test func `rejects stand in the order of the input, conflicts among them`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope(), "a", envelope(["mine": 1]), "b", envelope(["mine": 2])])
    #expect(try ledger.rejects().map { $0["line"] } == [2, 3, 4, 5])
  }

  @Test func `a line that is not UTF-8 is kept as base64`() throws {
    let ledger = try TestLedger()
    let ingestion = Ingestion(ledger.ledger)
    ingestion.pipe.send([0xFF, 0xFE, 0x41, 0x42, 0x0A])
    _ = try ingestion.finish()
    let reject = try #require(try ledger.rejects().first)
    #expect(reject["text"] == nil)
    #expect(reject["text_base64"] == "//5BQg==")
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 255])
  func `base64 is that of Foundation`(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
    #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
  }

  @Test func `an overlong line is kept cut, and says so`() throws {
    var options = options()
    options.rules.maxLineBytes = 1000
    let ledger = try TestLedger()
    let ingestion = Ingestion(ledger.ledger, options: options)
    ingestion.pipe.send(String(repeating: "x", count: 5000))
    usleep(50_000)
    ingestion.pipe.send("xx\n" + line(1))
    let summary = try ingestion.finish()
    #expect(summary.accepted == 1 && summary.rejected == 1)
    let reject = try #require(try ledger.rejects().first)
    #expect(reject["cut"] == true)
    #expect(reject["text"]?.text?.count == 1000)
  }

  @Test func `the rejects file belongs to its owner alone`() throws {
    let ledger = try TestLedger()
    try ledger.record(["garbage"])
    let attributes = try FileManager.default.attributesOfItem(atPath: ledger.path + "/rejects.ndjson")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `no rejects, no file`() throws {
    let ledger = try TestLedger()
    try ledger.record([envelope()])
    #expect(!FileManager.default.fileExists(atPath: ledger.path + "/rejects.ndjson"))
  }

  @Test func `the text of rejects can be left out`() throws {
    var options = options()
    options.keepsRejectedText = false
    let ledger = try TestLedger()
    let ingestion = Ingestion(ledger.ledger, options: options)
    ingestion.pipe.send("my secret\n")
    _ = try ingestion.finish()
    let file = try String(contentsOfFile: ledger.path + "/rejects.ndjson", encoding: .utf8)
    #expect(!file.contains("secret"))
    #expect(try ledger.rejects()[0]["hash"]?.text?.count == 32)
  }

  @Test func `the rejects file can stand elsewhere and is appended to`() throws {
    let ledger = try TestLedger()
    var options = options()
    options.rejectsPath = ledger.path + "-elsewhere"
    defer { try? FileManager.default.removeItem(atPath: ledger.path + "-elsewhere") }
    for _ in 1...2 {
      let ingestion = Ingestion(ledger.ledger, options: options)
      ingestion.pipe.send("garbage\n")
      _ = try ingestion.finish()
    }
    let lines = try String(contentsOfFile: options.rejectsPath!, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2)
  }

  @Test func `a rejects file that cannot be written stops the acknowledgement`() throws {
    let ledger = try TestLedger()
    var options = options()
    options.rejectsPath = ledger.path + "/no/such/folder"
    let ingestion = Ingestion(ledger.ledger, options: options)
    ingestion.pipe.send("garbage\n")
    #expect(throws: LedgerError.self) { _ = try ingestion.finish() }
    #expect(ingestion.commits.isEmpty)
  }
}
