import Foundation
import RapportLedger
import Testing

/// P10: every call that changes a file fails once, in every way.
///
/// Acknowledgements stop, the program says what, where and what to do, and exits 74 – or, where a call can be repeated or
/// does not matter, everything is done. Either way what was acknowledged is there, and the same command completes it.
@Suite("Injected faults")
struct FaultTests {
  /// A stream, and how its lines are sent.
  private struct Workload: Sendable {
    var stream: Stream
    var pieces: [Int]
    /// Nil begins without a ledger.
    var height: Int?
  }

  @Test("every call fails once while a ledger comes into being", arguments: Injector.Failure.allCases)
  func whileCreating(_ failure: Injector.Failure) throws {
    let workload = Workload(stream: try Stream(events: 30, seed: 5), pieces: [2, 15, 40], height: nil)
    let (count, found) = try Self.everyCall(workload, failure)
    #expect(found == [])
    #expect(count >= (failure == .short ? 20 : 60), "calls that failed")
  }

  @Test("the disk is full or dead from a call on", arguments: [Injector.Failure.noSpace, .inputOutput])
  func fromACallOn(_ failure: Injector.Failure) throws {
    let workload = Workload(stream: try Stream(events: 20, seed: 6), pieces: [10], height: 4)
    let (count, found) = try Self.everyCall(workload, failure, lasting: true)
    #expect(found == [])
    #expect(count >= 40, "calls that failed")
  }

  @Test(
    "every call of many commits fails once", .enabled(if: ProofSize.isRelease), arguments: Injector.Failure.allCases)
  func longer(_ failure: Injector.Failure) throws {
    let workload = Workload(
      stream: try Stream(events: 240, seed: 7), pieces: [1, 2, 3, 4], height: 4)
    let (count, found) = try Self.everyCall(workload, failure)
    #expect(found == [])
    #expect(count >= ProofSize.faults * (failure == .short ? 1 : 3) / 10, "calls that failed")
  }

  /// Lets call 1, 2, 3, … fail until there is none left to fail.
  private static func everyCall(
    _ workload: Workload, _ failure: Injector.Failure, lasting: Bool = false
  ) throws -> (count: Int, found: [String]) {
    let calls = try numberOfCalls(workload)
    let counted = Counter()
    let found = findings(1..<calls + 1) { call in
      let (didFail, violations) = try run(workload, call, failure, lasting)
      if didFail { counted.add() }
      return violations
    }
    return (counted.value, found)
  }

  private static func numberOfCalls(_ workload: Workload) throws -> Int {
    let scratch = try Scratch()
    let elsewhere = try Scratch()
    // A run without faults, whose calls are those of its recording.
    try prepare(workload, scratch)
    let recording = try ingest(scratch, Injector.recording(scratch.path, to: elsewhere.path + "/trace"))
    try recording.feed(workload.stream, pieces: workload.pieces)
    guard recording.wait() == .exited(65) else { throw Unexpected("without faults: \(recording.errorText())") }
    return try Trace(readingFrom: elsewhere.path + "/trace").calls.count
  }

  private static func prepare(_ workload: Workload, _ scratch: Scratch) throws {
    if let height = workload.height { _ = try Ledger(at: scratch.ledger, for: .writing, height: height) }
  }

  private static func ingest(_ scratch: Scratch, _ environment: [String: String]) throws -> Child {
    try Child(
      ["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", scratch.ledger], environment: environment)
  }

  private static func run(
    _ workload: Workload, _ call: Int, _ failure: Injector.Failure, _ lasting: Bool
  ) throws -> (didFail: Bool, violations: [String]) {
    let scratch = try Scratch()
    let elsewhere = try Scratch()
    try prepare(workload, scratch)
    let log = elsewhere.path + "/log"
    let child = try ingest(scratch, Injector.failing(scratch.path, call: call, failure, lasting: lasting, log: log))
    let readLog = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    // What cannot be said does not keep it from recording; what was interrupted is said again.
    let isMute = failure == .noSpace || failure == .inputOutput
    let said = try child.feed(workload.stream, pieces: workload.pieces) {
      isMute && readLog().contains("standard output")
    }
    let (message, end) = (child.errorText(), child.wait())
    let failed = readLog()
    let what = failed.split(separator: "\n").first.map(String.init) ?? "nothing failed"
    var violations: [String] = []
    switch end {
    case .exited(65):
      if said?.line != workload.stream.lines.count {
        violations.append("P10: it ended well after \(String(describing: said))")
      }
    case .exited(74):
      let isTold = message.contains(scratch.path) || message.contains("standard output")
      if !isTold { violations.append("P10: it does not say where: \(message)") }
      if message.contains(scratch.path), !message.contains("run the same command again") {
        violations.append("P10: it does not say what to do: \(message)")
      }
    default: violations.append("P10: \(end): \(message)")
    }
    var check = LedgerCheck(stream: workload.stream, acknowledged: said)
    check.brokenRejects = 1
    violations += try check.violations(at: scratch.ledger)
    return (!failed.isEmpty, violations.map { "\($0) [\(failure.rawValue) at \(what)]" })
  }
}

/// Counts from several threads.
final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  func add() { lock.withLock { count += 1 } }
  var value: Int { lock.withLock { count } }
}
