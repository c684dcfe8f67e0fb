import Foundation
import Testing

@testable import RapportLedger

/// What `rapport replay` does when a view breaks, and when it was interrupted.
@Suite("A replay that does not get to its end")
struct BrokenViewTests {
  private func ledger(_ folder: TemporaryFolder, events: Int = 2_000) throws -> String {
    let events = try Executable.run(["generate", "--events", "\(events)", "--customers", "50"]).output
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.ledger], input: Data(events.utf8))
    return folder.ledger
  }

  /// The projection cannot be made to break from outside; what follows when it did is seen from the arguments that the
  /// process then has.
  @Test("the others are rebuilt, and the one that broke is named with the customer and the position")
  func others() throws {
    let folder = try TemporaryFolder()
    let ledger = try ledger(folder)
    let whole = try Executable.run(["replay", "--json", "--views", "card,value,satisfaction", "--ledger", ledger])
    #expect(whole.status == 0)
    let subject = try Ledger(at: ledger, for: .reading).read { try $0.subject(12) }
    let rest = try Executable.run([
      "replay", "--json", "--views", "card,value,satisfaction", "--ledger", ledger, "--broken", "wants:1:1", "--broken",
      "value:12:34",
    ])
    #expect(rest.status == 4)
    #expect(
      rest.errors == """
        rapport: value broke on the history of customer \(subject), at position 34; what was stored of it stays as it \
        was, the others go on without it

        """)
    #expect(digests(rest) == digests(whole).filter { !$0.hasPrefix("value ") })
    #expect(digests(rest).count == 2)
    try Executable.succeed(["replay", "--check", "--ledger", ledger])
  }

  @Test("a replay of nothing but the view that broke ends with 4")
  func alone() throws {
    let folder = try TemporaryFolder()
    let ledger = try ledger(folder)
    let result = try Executable.run(["replay", "--views", "card", "--ledger", ledger, "--broken", "card:0:0"])
    #expect(result.status == 4)
    #expect(result.output == "")
    #expect(result.errors == "rapport: card broke on the history of the firm; what was stored of it stays as it was\n")
  }

  private static let said = "the last replay was interrupted: starting over"

  @Test("after an interruption the former states stay in force, and the next replay starts over and says so")
  func interrupted() async throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let replay = ["replay", "--views", "card,value", "--ledger", path]
    #expect(!(try Executable.run(replay).errors.contains(Self.said)))
    let former = try Ledger(at: path, for: .reading).checkpoints()
    let more = try Executable.run(["generate", "--events", "500", "--seed", "2"]).output
    _ = try Executable.run(["ingest", "--quiet", "--ledger", path], input: Data(more.utf8))
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let ledger = try Ledger(at: path, for: .reading)
      _ = try ledger.replay(views: ["card", "value"], onProgress: { _ in kill(getpid(), SIGKILL) })
    }
    #expect(try Ledger(at: path, for: .reading).checkpoints() == former)
    let check = try Executable.run(replay + ["--check"])
    #expect(check.status == 0 && !check.errors.contains(Self.said))
    #expect(!(try Executable.run(replay + ["--to", "10"]).errors.contains(Self.said)))
    let next = try Executable.run(replay)
    #expect(next.status == 0 && next.errors.contains(Self.said))
    #expect(try Ledger(at: path, for: .reading).checkpoints() != former)
    #expect(!(try Executable.run(replay).errors.contains(Self.said)))
  }

  @Test("an interruption at any moment leaves states that are what the log says", arguments: [SIGINT, SIGKILL])
  func interruptedAnywhere(number: Int32) throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder, events: 20_000)
    for milliseconds in [1, 5, 10, 20, 40, 80, 160] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Executable.path)
      process.arguments = ["replay", "--quiet", "--ledger", path]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      usleep(UInt32(milliseconds) * 1_000)
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      let check = try Executable.run(["replay", "--check", "--ledger", path])
      #expect(check.status == 0, "\(check.errors)")
    }
    try Executable.succeed(["replay", "--ledger", path])
  }

  @Test("a replay that fails says why and was not interrupted")
  func failed() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let ledger = try Ledger(at: path, for: .reading)
    #expect(throws: LedgerError.self) { try ledger.replay(views: ["card"], isCancelled: { true }) }
    #expect(!ledger.wasReplayInterrupted)
  }

  private func digests(_ result: Executable.Result) -> [String] {
    (result.json["views"] as? [[String: Any]] ?? []).map { "\($0["view"]!) \($0["digest"]!)" }
  }
}
