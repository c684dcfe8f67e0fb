import Foundation
import Synchronization
import Testing

@testable import RapportLedger

@Suite("States that the daemon keeps close behind the log", .timeLimit(.minutes(2)))
struct StateKeeperTests {
  @Test("what is missing, of another version or too far behind is rebuilt, and nothing else")
  func catchesUp() throws {
    let ledger = try TestLedger(height: 8)
    let keeper = StateKeeper(ledger.ledger)
    #expect(try keeper.viewsBehind().isEmpty, "nothing is behind an empty log")
    let lines = generatedLines(2_400)
    try ledger.record(Array(lines[..<1_000]))
    let all = Catalogue.projections.map { type(of: $0).name }
    #expect(try keeper.viewsBehind() == all)
    try keeper.catchUp()
    #expect(try keeper.viewsBehind().isEmpty)
    #expect(ledger.ledger.checkpoints().values.allSatisfy { $0.position == 1_000 })
    #expect(try ledger.ledger.replay(threads: 1, check: true).differences.isEmpty)

    try ledger.record(Array(lines[1_000..<2_000]))
    #expect(try keeper.viewsBehind().isEmpty, "a thousand events are made up for by the question")
    try ledger.record(Array(lines[2_000...]))
    #expect(try keeper.viewsBehind() == all)

    var other = try #require(ledger.ledger.checkpoints()["perfect-orders"])
    _ = try ledger.ledger.replay(threads: 1)
    other.version += 1
    other.position = 2_400
    try ledger.ledger.store(other)
    #expect(try keeper.viewsBehind() == ["perfect-orders"])
  }

  @Test("what lacks a small share of a long log is rebuilt now and then only")
  func isBehind() {
    for (kept, position, hurried, calm) in [
      (UInt64(0), UInt64(1_024), false, false), (0, 1_025, true, true), (1_000_000, 1_010_000, false, true),
      (1_000_000, 1_020_000, true, true), (1_000_000, 1_001_000, false, false),
    ] {
      #expect(StateKeeper.isBehind(kept, of: position, isCalm: false) == hurried)
      #expect(StateKeeper.isBehind(kept, of: position, isCalm: true) == calm)
    }
  }

  @Test("a view that cannot be rebuilt is told, rests, and holds up no other")
  func rests() throws {
    struct Broken: Error {}
    let ledger = try TestLedger(height: 8)
    try ledger.record(generatedLines(200))
    let rebuilt = Mutex<[String]>([])
    let failed = Mutex<[String?]>([])
    let keeper = StateKeeper(ledger.ledger) { view, _ in
      if view == "perfect-orders" { throw Broken() }
      rebuilt.withLock { $0.append(view) }
    } onFailure: { view, error in
      failed.withLock { $0.append(error is Broken ? view : nil) }
    }
    let others = try keeper.viewsBehind().filter { $0 != "perfect-orders" }
    try keeper.catchUp()
    #expect(rebuilt.withLock { $0 } == others)
    #expect(failed.withLock { $0 } == ["perfect-orders"])
    try keeper.catchUp()
    #expect(rebuilt.withLock { $0 } == others + others, "nothing was stored, so they are behind still")
    #expect(failed.withLock { $0 } == ["perfect-orders"])
  }

  @Test("it keeps up by itself, and stops when it is told")
  func runs() throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(generatedLines(300))
    let keeper = StateKeeper(
      ledger.ledger, interval: .milliseconds(5), onFailure: { view, error in Issue.record("\(view ?? ""): \(error)") })
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      keeper.run()
      ended.signal()
    }
    while try !keeper.viewsBehind().isEmpty { usleep(10_000) }
    keeper.stop()
    ended.wait()
    #expect(try ledger.ledger.replay(threads: 1, check: true).differences.isEmpty)
  }

  @Test("a rebuild that is cancelled leaves the former state in force")
  func cancelled() throws {
    let ledger = try TestLedger(height: 8)
    let lines = generatedLines(600)
    try ledger.record(Array(lines[..<300]))
    _ = try ledger.ledger.replay(threads: 1)
    try ledger.record(Array(lines[300...]))
    #expect(throws: LedgerError.self) { try ledger.ledger.replay(threads: 1, isCancelled: { true }) }
    #expect(ledger.ledger.checkpoints().values.allSatisfy { $0.position == 300 })
    #expect(try ledger.ledger.replay(threads: 1, check: true).differences.isEmpty)
  }
}
