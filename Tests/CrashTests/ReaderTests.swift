import Foundation
import RapportLedger
import Testing

/// P7: readers and the writer never block each other, and a reader that stands still is named.
@Suite("Readers")
struct ReaderTests {
  @Test("64 followers see every event once and in order, though half of them are killed")
  func followers() throws {
    let stream = try Stream(events: 60, seed: 8)
    let scratch = try Scratch()
    _ = try Ledger(at: scratch.ledger, for: .writing, height: 4)
    let readers = try (0..<64).map { _ in try Child(["log", "--follow", "--ledger", scratch.ledger]) }
    let writer = try Child(["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", scratch.ledger])
    let half = stream.lines.count / 2
    try writer.feed(stream, from: 0, to: half, pieces: [5])
    for (index, reader) in readers.enumerated() where index % 2 == 0 { reader.send(signal: SIGKILL) }
    try writer.feed(stream, from: half, to: stream.lines.count, pieces: [5])
    writer.closeInput()
    #expect(writer.wait() == .exited(65))
    for (index, reader) in readers.enumerated() where index % 2 == 1 {
      var seen: [String] = []
      while seen.count < stream.log.count, let line = reader.nextLine() { seen.append(Stream.withoutPosition(line)) }
      #expect(seen == stream.log, "reader \(index)")
      reader.send(signal: SIGKILL)
    }
    readers.forEach { $0.wait() }
    #expect(try Self.readers(of: scratch.ledger) == [:], "dead readers leave nothing behind")
    #expect(try LedgerCheck(stream: stream).violations(at: scratch.ledger) == [])
  }

  @Test("a stopped reader is named by status, blocks nobody, and reads its snapshot to the end when it goes on")
  func stopped() throws {
    let stream = try Stream(events: 500, seed: 9)
    let scratch = try Scratch()
    let first = stream.lines.count * 9 / 10
    try Self.ingest(stream, 0, first, to: scratch.ledger, pieces: [first])
    // Nobody reads what it prints: it waits in the middle of its snapshot.
    let reader = try Child(["log", "--ledger", scratch.ledger])
    let deadline = Date(timeIntervalSinceNow: Child.patience)
    while try Self.readers(of: scratch.ledger)[reader.pid] == nil, Date() < deadline { usleep(10_000) }
    reader.send(signal: SIGSTOP)
    try Self.ingest(stream, first, stream.lines.count, to: scratch.ledger, pieces: [4])
    let lag = try #require(try Self.readers(of: scratch.ledger)[reader.pid], "it is named")
    #expect(lag == stream.eventCount - stream.eventsThrough[first], "positions behind")
    let page = try Child.run(["status", "--ledger", scratch.ledger])
    #expect(page.lines.contains { $0.contains("pid \(reader.pid)") && $0.contains("\(lag) positions behind") })
    reader.send(signal: SIGCONT)
    let seen = reader.remainingLines().map(Stream.withoutPosition)
    #expect(reader.wait() == .exited(0))
    #expect(seen == Array(stream.log.prefix(stream.eventsThrough[first])))
    #expect(try Self.readers(of: scratch.ledger) == [:])
    #expect(try LedgerCheck(stream: stream).violations(at: scratch.ledger) == [])
  }

  @Test("a reader that is killed while it stands still is forgotten")
  func stoppedAndKilled() throws {
    let stream = try Stream(events: 500, seed: 10)
    let scratch = try Scratch()
    try Self.ingest(stream, 0, stream.lines.count, to: scratch.ledger, pieces: [stream.lines.count])
    let reader = try Child(["log", "--ledger", scratch.ledger])
    let deadline = Date(timeIntervalSinceNow: Child.patience)
    while try Self.readers(of: scratch.ledger)[reader.pid] == nil, Date() < deadline { usleep(10_000) }
    #expect(try Self.readers(of: scratch.ledger)[reader.pid] != nil)
    reader.send(signal: SIGSTOP)
    reader.send(signal: SIGKILL)
    reader.wait()
    #expect(try Self.readers(of: scratch.ledger) == [:])
  }

  private static func ingest(_ stream: Stream, _ first: Int, _ end: Int, to path: String, pieces: [Int]) throws {
    let writer = try Child(["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", path])
    try writer.feed(stream, from: first, to: end, pieces: pieces)
    writer.closeInput()
    let (message, end) = (writer.errorText(), writer.wait())
    guard end == .exited(65) || end == .exited(0) else { throw Unexpected("ingest: \(end) \(message)") }
  }

  /// Positions that each reader is behind, by its process, as `status` tells it; without `status` itself.
  private static func readers(of path: String) throws -> [pid_t: Int] {
    let status = try Child(["status", "--json", "--ledger", path])
    let text = status.remainingLines().joined()
    guard status.wait() == .exited(0),
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let readers = json["readers"] as? [[String: Int]]
    else { throw Unexpected("status: \(text) \(status.errorText())") }
    var lags: [pid_t: Int] = [:]
    for reader in readers where reader["pid"]! != status.pid { lags[pid_t(reader["pid"]!)] = reader["lag"]! }
    return lags
  }
}
