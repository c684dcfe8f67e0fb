import Foundation
import Testing

/// `ingest --follow`: a FIFO whose writers come and go.
@Suite("Following a FIFO")
struct FollowTests {
  private static func line(_ id: String) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"/t","type":"thing.happened","subject":"C1"}"#
  }

  /// Writes as a writer does that opens the FIFO, and closes it.
  private func write(_ text: String, to fifo: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: fifo))
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  @Test func `what a writer leaves unfinished is a line of its own, and the next writer begins anew`() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.ledger + ".fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    let daemon = try RunningExecutable(["ingest", "--ack", "--follow", fifo, "--ledger", folder.ledger])
    let texts = [Self.line("a") + "\n" + Self.line("b"), #"{"specversion":"1.0","id":"ha"#, Self.line("c") + "\n"]
    for (text, last) in zip(texts, [2, 3, 4]) {
      try write(text, to: fifo)
      #expect(daemon.wait { daemon.printed.contains(#""line":\#(last)}"#) }, "line \(last)")
    }
    daemon.interrupt(by: SIGTERM)
    let result = daemon.finish()
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.components(separatedBy: "without a line end").count == 3, "\(result.errors)")
    let log = try Executable.succeed(["log", "--ledger", folder.ledger])
    #expect(log.lines.count == 3)
    let rejects = try String(contentsOfFile: folder.ledger + "/rejects.ndjson", encoding: .utf8)
    #expect(rejects.contains(#""line":3"#) && rejects.split(separator: "\n").count == 1)
  }

  @Test func `a FIFO that is taken away ends ingest, and what came through it is recorded`() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.ledger + ".fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    let daemon = try RunningExecutable(["ingest", "--follow", fifo, "--linger", "1h", "--ledger", folder.ledger])
    let file = try #require(FileHandle(forWritingAtPath: fifo))
    try file.write(contentsOf: Data((Self.line("a") + "\n").utf8))
    #expect(unlink(fifo) == 0)
    try file.close()
    #expect(daemon.wait { !daemon.process.isRunning })
    let result = daemon.finish()
    #expect(result.status == 74 && result.errors.contains(fifo), "\(result.errors)")
    #expect(try Executable.succeed(["log", "--ledger", folder.ledger]).lines.count == 1)
  }

  @Test func `a signal within a line refuses nothing, and takes what is an event as it stands`() throws {
    let folder = try TemporaryFolder()
    let half = #"{"specversion":"1.0","id":"ha"#
    for (text, taken, said) in [
      (half, 1, "ended within a line, which was not taken: send it again"),
      (Self.line("whole"), 2, "its last line was taken as it stands"),
      (#"{"specversion":"1.0","id":"no event"}"#, 1, "ended within a line"),
      ("[" + Self.line("b1") + "," + Self.line("b2") + "]", 3, "its last line was taken as it stands"),
    ] {
      let ledger = folder.path + "/\(taken)-\(text.utf8.count)"
      let daemon = try RunningExecutable(["ingest", "--ack", "--ledger", ledger])
      daemon.send(Self.line("a") + "\n" + text)
      #expect(daemon.wait { daemon.printed.contains(#""line":1}"#) })
      daemon.interrupt(by: SIGTERM)
      #expect(daemon.wait { !daemon.process.isRunning })
      let result = daemon.finish()
      #expect(result.status == 0 && result.errors.contains(said), "\(text): \(result.errors)")
      #expect(try Executable.succeed(["log", "--ledger", ledger]).lines.count == taken, "\(text)")
    }
  }

  @Test func `a signal also ends a daemon whose acknowledgements nobody reads`() throws {
    let folder = try TemporaryFolder()
    let daemon = try RunningExecutable(
      ["ingest", "--ack", "--linger", "0ms", "--ledger", folder.ledger], readsOutput: false)
    var sent = 0
    // Line by line, so that there is more than one commit.
    let standsStill = daemon.wait(seconds: 60) {
      sent += 1
      daemon.send(Self.line("\(sent)") + "\n")
      return daemon.complained.contains("recording stands still")
    }
    #expect(standsStill, "\(daemon.complained)")
    daemon.interrupt(by: SIGTERM)
    #expect(daemon.wait { !daemon.process.isRunning })
    let result = daemon.finish()
    #expect(result.status == 74 && result.errors.contains("nobody reads the acknowledgements"), "\(result.errors)")
    #expect(try Executable.succeed(["verify", "--quiet", "--ledger", folder.ledger]).status == 0)
  }

  @Test func `refused lines for a FIFO that nobody reads end ingest, and it waits for nobody`() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.path + "/rejects"
    try #require(mkfifo(fifo, 0o600) == 0)
    let input = Data((Self.line("a") + "\n{\n").utf8)
    let result = try Executable.run(["ingest", "--rejects", fifo, "--ledger", folder.ledger], input: input)
    #expect(result.status == 74 && result.errors.contains("nobody reads what is written to it"), "\(result.errors)")
  }

  @Test func `a last line without a line end is taken and reported`() throws {
    let folder = try TemporaryFolder()
    let refused = try Executable.run(["ingest", "--ledger", folder.path + "/other"], input: Data("{".utf8))
    #expect(refused.status == 65 && refused.errors.contains("its last line was refused as it stands"))
    let arguments = ["ingest", "--ledger", folder.ledger]
    let result = try Executable.succeed(arguments, input: Data((Self.line("a") + "\n" + Self.line("b")).utf8))
    #expect(result.errors.contains("without a line end") && result.errors.contains("line=2"), "\(result.errors)")
    let whole = try Executable.succeed(arguments, input: Data((Self.line("c") + "\n").utf8))
    #expect(!whole.errors.contains("without a line end"))
    let quiet = try Executable.succeed(arguments + ["--quiet"], input: Data(Self.line("d").utf8))
    #expect(quiet.errors.isEmpty)
  }
}
