import Foundation
import Testing

@testable import RapportLedger

/// The states of views that `rapport ingest` keeps close behind the log while it runs.
@Suite("States kept beside ingest", .timeLimit(.minutes(2)))
struct StateKeepingTests {
  private func begin(_ folder: TemporaryFolder) throws -> RunningExecutable {
    let events = try Executable.run(["generate", "--events", "1500", "--customers", "50"]).output
    let daemon = try RunningExecutable(["ingest", "--quiet", "--ledger", folder.ledger])
    daemon.send(events)
    return daemon
  }

  @Test("every view has a state soon, made by a process of its own")
  func kept() throws {
    let folder = try TemporaryFolder()
    let daemon = try begin(folder)
    let views = Set(Catalogue.projections.map { type(of: $0).name })
    #expect(
      daemon.wait(seconds: 60) {
        let ledger = try? Ledger(at: folder.ledger, for: .reading)
        return ledger.map { Set($0.checkpoints().keys) == views } ?? false
      })
    let result = daemon.finish()
    #expect(result.status == 0 && result.errors == "")
    try Executable.succeed(["replay", "--check", "--quiet", "--ledger", folder.ledger])
  }

  @Test("where states cannot be stored replay says why")
  func unstorable() throws {
    let folder = try TemporaryFolder()
    let message = #"{"specversion":"1.0","id":"1","source":"test","type":"message.received","subject":"c1"}"#
    let correction =
      #"{"specversion":"1.0","id":"2","source":"test","type":"event.corrected","subject":"c1","data":"#
      + #"{"source":"test","id":"1","set":{"channel":"unheard-of"}}}"#
    func replayed() throws -> String { try Executable.succeed(["replay", "--ledger", folder.ledger]).errors }
    let said = "no states are stored: a correction"
    try Executable.succeed(["ingest", "--quiet", "--ledger", folder.ledger], input: Data((message + "\n").utf8))
    #expect(!(try replayed().contains(said)))
    let ledger = try Ledger(at: folder.ledger, for: .writing)
    let batch = BatchBox(parsing: Array((correction + "\n").utf8), seed: ledger.meta.seed)
    // As before corrections brought names with them.
    batch.value.mentions = []
    _ = try LogWriter(ledger).append(&batch.value)
    #expect(try replayed().contains(said))
  }

  @Test("where states cannot be kept that is said, and recording goes on")
  func failing() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.ledger, withIntermediateDirectories: true)
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.ledger])
    let states = folder.ledger + "/views"
    try? FileManager.default.removeItem(atPath: states)
    try Data("no folder".utf8).write(to: URL(fileURLWithPath: states))
    let daemon = try begin(folder)
    let said = "states are not kept close behind the log, and are tried again later"
    #expect(
      daemon.wait(seconds: 60) {
        daemon.complained.split(separator: "\n").contains { $0.contains("view=card") && $0.hasSuffix(said) }
      })
    daemon.send(
      #"{"specversion":"1.0","id":"one-more","source":"test","type":"message.received","subject":"c1"}"# + "\n")
    let result = daemon.finish()
    #expect(result.status == 0)
    let log = try Executable.run(["log", "--ledger", folder.ledger]).output
    #expect(log.contains(#""id":"one-more""#))
    try Executable.succeed(["show", "c1", "--ledger", folder.ledger])
  }
}
