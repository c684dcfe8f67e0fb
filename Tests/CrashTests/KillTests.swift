import Foundation
import RapportLedger
import Synchronization
import Testing

/// P1, P2, P3, P7: the daemon is killed at any moment, with readers at work, and is started again.
@Suite("Kills")
struct KillTests {
  @Test("after every SIGKILL everything acknowledged is there, for readers too, and feeding goes on")
  func kills() throws {
    var (done, generation) = (0, 0)
    while done < ProofSize.kills {
      var life = try Life(generation, atMost: min(50, ProofSize.kills - done))
      #expect(try life.run() == [])
      #expect(life.kills > 0)
      guard life.kills > 0 else { break }
      done += life.kills
      generation += 1
    }
  }
}

/// A ledger from its first event until its stream is over or it was killed often enough.
private struct Life {
  let stream: Stream
  let scratch: Scratch
  let killsMax: Int
  var kills = 0
  private var random: SeededGenerator
  private var acknowledged: Acknowledgement?
  /// Positions that were compared with the stream.
  private var compared = 0

  /// - Parameter generation: every other one begins without a ledger.
  init(_ generation: Int, atMost killsMax: Int) throws {
    self.killsMax = killsMax
    random = SeededGenerator(seed: UInt64(generation))
    stream = try Stream(events: killsMax * 5, seed: UInt64(100 + generation))
    scratch = try Scratch()
    if generation % 2 == 0 { _ = try Ledger(at: scratch.ledger, for: .writing, height: 5) }
  }

  mutating func run() throws -> [String] {
    let readers = Readers(of: scratch.ledger, stream)
    defer { readers.stop() }
    while kills < killsMax, (acknowledged?.line ?? 0) < stream.lines.count {
      try feedAndKill()
      readers.promise(acknowledged?.position ?? 0)
      let found = try compare()
      if !found.isEmpty { return found.map { "after kill \(kills): \($0)" } }
    }
    readers.stop()
    var check = LedgerCheck(stream: stream, acknowledged: acknowledged)
    check.brokenRejects = kills
    return readers.violations + (try check.violations(at: scratch.ledger))
  }

  /// Goes on a little before the line that was acknowledged last, and kills at any moment.
  private mutating func feedAndKill() throws {
    let child = try Child(["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", scratch.ledger])
    let first = max(0, (acknowledged?.line ?? 0) - Int.random(in: 0..<6, using: &random))
    var sent = first
    var last: Acknowledgement?
    for _ in 0..<Int.random(in: 0..<3, using: &random) where sent < stream.lines.count {
      try send(&sent, to: child)
      last = child.nextLine().flatMap(Acknowledgement.init) ?? last
    }
    try send(&sent, to: child)
    usleep(UInt32.random(in: 0..<(last == nil ? 50_000 : 6_000), using: &random))
    child.send(signal: SIGKILL)
    for line in child.remainingLines() { last = Acknowledgement(line) ?? last }
    guard child.wait() == .signalled(SIGKILL) else { throw Unexpected("it ended before: \(child.errorText())") }
    kills += 1
    // Lines are counted from where this run began.
    if let last, first + last.line >= acknowledged?.line ?? 0 {
      acknowledged = Acknowledgement(position: last.position, line: first + last.line)
    }
  }

  private mutating func send(_ sent: inout Int, to child: Child) throws {
    let end = min(stream.lines.count, sent + Int.random(in: 1..<9, using: &random))
    child.send(stream.bytes(sent..<end))
    sent = end
  }

  /// What is new in the log must be what was sent; now and then everything is verified.
  private mutating func compare() throws -> [String] {
    guard let ledger = try LedgerCheck.openExisting(scratch.ledger) else {
      return acknowledged.map { ["P1: \($0) was said, and there is no ledger"] } ?? []
    }
    let new = try Stream.log(of: ledger, from: UInt64(compared + 1))
    let position = try Int(ledger.read { $0.position })
    guard compared + new.count == position, position <= stream.log.count,
      new == Array(stream.log[compared..<position])
    else { return ["P3: positions \(compared + 1)…\(position) are not what was sent"] }
    if let acknowledged, position < max(acknowledged.position, stream.eventsThrough[acknowledged.line]) {
      return ["P1: \(acknowledged) was said, and the log ends at \(position)"]
    }
    compared = position
    guard kills % 10 == 0 else { return [] }
    return try ledger.verify(threads: 1).damage.map { "P4: \($0)" }
  }
}

/// Commands that read a ledger, one after the other, some of them killed; none may fail, and none may see less than was
/// promised when it began.
private final class Readers: Sendable {
  private let path: String
  private let isStopping = Atomic<Bool>(false)
  private let promised = Atomic<Int>(0)
  private let found = Mutex<[String]>([])
  private let ended = DispatchSemaphore(value: 0)

  init(of path: String, _ stream: Stream) {
    self.path = path
    Thread.detachNewThread { [self] in
      var random = SeededGenerator(seed: UInt64(stream.lines.count))
      var number = 0
      while !isStopping.load(ordering: .acquiring) {
        do { try read(number, &random) } catch { found.withLock { $0.append("a reader: \(error)") } }
        number += 1
      }
      ended.signal()
    }
  }

  /// From now on nobody may see less.
  func promise(_ position: Int) { promised.store(position, ordering: .releasing) }

  func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    ended.wait()
  }

  var violations: [String] { found.withLock { $0 } }

  private func read(_ number: Int, _ random: inout SeededGenerator) throws {
    let commands = [
      ["status", "--json"], ["log"], ["show", "N30"], ["view", "perfect-orders"], ["status", "--json"],
      ["view", "satisfaction"], ["log", "--reverse", "--limit", "3"],
    ]
    let command = commands[number % commands.count]
    let promised = promised.load(ordering: .acquiring)
    let reader = try Child(command + ["--ledger", path])
    if number % 3 == 2 {
      usleep(UInt32.random(in: 0..<30_000, using: &random))
      reader.send(signal: SIGKILL)
    }
    let lines = reader.remainingLines()
    let (message, end) = (reader.errorText(), reader.wait())
    switch end {
    case .signalled(SIGKILL): return
    case .exited(0): break
    case .exited(2) where command[0] == "show": return
    case .exited(1) where promised == 0: return
    default: return add("P7: \(command) ended with \(end): \(message)")
    }
    switch command[0] {
    case "status":
      let status = try JSONSerialization.jsonObject(with: Data(lines.joined().utf8)) as? [String: Any]
      let position = status?["position"] as? Int ?? -1
      if position < promised { add("P7: status says \(position), \(promised) was promised") }
    case "log" where command.count == 1:
      if lines.count < promised { add("P7: log prints \(lines.count) events, \(promised) were promised") }
    default: break
    }
  }

  private func add(_ violation: String) { found.withLock { $0.append(violation) } }
}
