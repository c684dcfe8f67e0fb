import Foundation
import Testing

/// Readers beside a writer: nobody waits for anybody, and whoever stalls is named.
@Suite("Readers beside a writer")
struct ReaderTests {
  /// More than a pipe and the program's own buffer hold, so that a reader whose output nobody takes stops half-way.
  private static let events = try? Executable.run(["generate", "--events", "1000", "--customers", "50"]).output

  private func input(_ range: Range<Int>) throws -> Data {
    let lines = try #require(Self.events).split(separator: "\n")[range]
    return Data((lines.joined(separator: "\n") + "\n").utf8)
  }

  private func ingest(_ range: Range<Int>, into ledger: String) throws {
    try Executable.succeed(["ingest", "--quiet", "--ledger", ledger], input: input(range))
  }

  private func readers(of ledger: String) throws -> [Int: Int] {
    let status = try Executable.run(["status", "--json", "--ledger", ledger]).json
    let readers = try #require(status["readers"] as? [[String: Any]])
    return Dictionary(uniqueKeysWithValues: readers.map { ($0["pid"] as? Int ?? 0, $0["lag"] as? Int ?? -1) })
  }

  @Test("a stopped reader is named with its lag, and forgotten when it is killed")
  func stalled() throws {
    let folder = try TemporaryFolder()
    let ledger = folder.ledger
    try ingest(0..<700, into: ledger)
    #expect(try readers(of: ledger) == [:])
    let reader = try StalledReader(ledger)
    reader.interrupt(by: SIGSTOP)
    #expect(try readers(of: ledger) == [reader.pid: 0])
    try ingest(700..<800, into: ledger)
    try ingest(800..<810, into: ledger)
    // The same again: no commit, no lag.
    try ingest(800..<810, into: ledger)
    #expect(try readers(of: ledger) == [reader.pid: 110])
    let page = try Executable.run(["status", "--ledger", ledger]).output
    #expect(page.contains("pid \(reader.pid) 110 positions behind"))
    reader.interrupt(by: SIGKILL)
    reader.waitForEnd()
    #expect(try readers(of: ledger) == [:])
  }

  @Test("64 readers neither block a writer nor see what it writes")
  func many() throws {
    let folder = try TemporaryFolder()
    let ledger = folder.ledger
    try ingest(0..<700, into: ledger)
    let stalled = try (0..<64).map { _ in try StalledReader(ledger) }
    try ingest(700..<1000, into: ledger)
    let status = try readers(of: ledger)
    #expect(Set(status.keys) == Set(stalled.map(\.pid)))
    #expect(Set(status.values) == [300])
    // One of them dies; the others read on to the end of what they began with.
    stalled[7].interrupt(by: SIGKILL)
    stalled[7].waitForEnd()
    for (index, reader) in stalled.enumerated() where index != 7 {
      let output = reader.readToEnd()
      #expect(output.split(separator: UInt8(ascii: "\n")).count == 700)
    }
    #expect(try readers(of: ledger) == [:])
    try Executable.succeed(["verify", "--quiet", "--ledger", ledger])
  }
}

/// `rapport log` whose output is not taken: it stands in the middle of its read transaction.
private final class StalledReader {
  private let process = Process()
  private let output = Pipe()

  init(_ ledger: String) throws {
    process.executableURL = URL(fileURLWithPath: Executable.path)
    process.arguments = ["log", "--ledger", ledger]
    process.environment = ["PATH": "/usr/bin:/bin"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
    // It writes when its buffer is full for the first time, and then is in the middle.
    var waited = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
    try #require(poll(&waited, 1, 20_000) == 1, "the reader has begun")
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var pid: Int { Int(process.processIdentifier) }
  func interrupt(by number: Int32) { kill(process.processIdentifier, number) }
  func waitForEnd() { process.waitUntilExit() }

  func readToEnd() -> Data {
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }
}
