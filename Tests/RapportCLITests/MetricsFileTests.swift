import Foundation
import Testing

@testable import RapportCLI
@testable import RapportLedger

/// `ingest --metrics`: numbers for Prometheus.
@Suite("The metrics file", .timeLimit(.minutes(2)))
struct MetricsFileTests {
  private static func line(_ id: Int) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"/t","type":"message.received","subject":"C1"}"# + "\n"
  }

  /// The samples of a file by name and labels; nil if there is none. Every sample must have been announced.
  private static func samples(_ path: String) -> [String: Int]? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    var announced: Set<Substring> = []
    var samples: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# TYPE ") {
        #expect(words.count == 4 && ["counter", "gauge"].contains(words[3]), "\(line)")
        announced.insert(words[2])
      } else if !line.hasPrefix("# HELP ") {
        let value = words.count == 2 ? Int(words[1]) : nil
        #expect(announced.contains(words[0].prefix { $0 != "{" }) && value != nil, "\(line)")
        samples[String(words[0])] = value
      }
    }
    return samples
  }

  private static func lines(_ outcome: String) -> String { "rapport_ingest_lines_total{outcome=\"\(outcome)\"}" }

  @Test("the file is there from the beginning, follows while nothing else happens, and is whole at the end")
  func lifetime() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rapport.prom"
    let arguments = ["ingest", "--quiet", "--metrics", path, "--ledger", folder.ledger]
    for round in 0...1 {
      let daemon = try RunningExecutable(arguments)
      #expect(
        daemon.wait { Self.samples(path)?[Self.lines("accepted")] == 0 }, "counters begin with the process")
      let first = try #require(Self.samples(path))
      #expect(first["rapport_log_position"] == 2 * round)
      #expect(first["rapport_ingest_input_bytes_total"] == 0)
      #expect(first["rapport_ingest_last_commit_timestamp_seconds"] == nil)
      // Two commits in less than a second, and nothing behind them.
      daemon.send(Self.line(2 * round))
      usleep(100_000)
      daemon.send(Self.line(2 * round + 1))
      #expect(daemon.wait { Self.samples(path)?[Self.lines("accepted")] == 2 })
      let input = "no JSON\n\n" + Self.line(0)
      daemon.send(input)
      #expect(daemon.finish().status == 65)
      let last = try #require(Self.samples(path))
      #expect(last["rapport_log_position"] == 2 * round + 2)
      let outcomes = ["accepted": 2, "duplicate": 1, "conflict": 0, "rejected": 1, "blank": 1]
      for (outcome, count) in outcomes { #expect(last[Self.lines(outcome)] == count, "\(outcome)") }
      #expect(last["rapport_ingest_input_bytes_total"] == 2 * Self.line(0).utf8.count + input.utf8.count)
      let times = ["start", "last_commit"].compactMap { last["rapport_ingest_\($0)_timestamp_seconds"] }
      #expect(times.count == 2 && times[0] <= times[1] && abs(times[1] - Int(Date().timeIntervalSince1970)) < 60)
    }
    #expect(!FileManager.default.fileExists(atPath: path + ".tmp"))
  }

  @Test("the position is that of the log, whoever wrote to it, and so is that of the summary")
  func others() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rapport.prom"
    let daemon = try RunningExecutable(["ingest", "--json", "--metrics", path, "--ledger", folder.ledger])
    #expect(daemon.wait { Self.samples(path)?["rapport_log_position"] == 0 })
    try Executable.succeed(["record", "c1", "message.received", "--ledger", folder.ledger])
    #expect(daemon.wait { Self.samples(path)?["rapport_log_position"] == 1 })
    let result = daemon.finish()
    #expect(result.json["position"] as? Int == 1 && result.json["accepted"] as? Int == 0)
    #expect(Self.samples(path)?[Self.lines("accepted")] == 0)
  }

  @Test("others may read it, and a link stays one")
  func file() throws {
    let folder = try TemporaryFolder()
    let (path, link) = (folder.path + "/rapport.prom", folder.path + "/link")
    try Data().write(to: URL(fileURLWithPath: path))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    let former = umask(0o077)
    defer { umask(former) }
    try Executable.succeed(["ingest", "--metrics", link, "--ledger", folder.ledger], input: Data(Self.line(1).utf8))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
    #expect(Self.samples(path)?["rapport_log_position"] == 1)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    let refused = try Executable.run(["ingest", "--metrics", "/dev/null", "--ledger", folder.ledger])
    #expect(refused.status == 73 && refused.errors.contains("/dev/null cannot be the metrics file"))
  }

  @Test("where the file cannot be written that is said once, and recording goes on")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/nowhere/rapport.prom"
    let daemon = try RunningExecutable(["ingest", "--ack", "--metrics", path, "--ledger", folder.ledger])
    for id in 1...2 {
      daemon.send(Self.line(id))
      #expect(daemon.wait { daemon.printed.contains("\"position\":\(id)") })
      usleep(1_100_000)
    }
    let result = daemon.finish()
    #expect(result.status == 0)
    let said = result.errors.split(separator: "\n").filter { $0.hasSuffix("metrics could not be written") }
    #expect(said.count == 1)
    #expect(said.first?.contains("path=\(path) why=No such file or directory") == true)
  }
}
