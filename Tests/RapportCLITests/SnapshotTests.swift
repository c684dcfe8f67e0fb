import Foundation
import Testing

/// Help and error texts are part of the product: they change on purpose or not at all.
///
/// `RAPPORT_UPDATE_SNAPSHOTS=1 swift test --filter Snapshot` writes them anew.
@Suite("Snapshots")
struct SnapshotTests {
  static let commands = [
    "", "demo", "generate", "ingest", "record", "show", "timeline", "view", "status", "log", "replay",
    "digest", "verify", "prove", "backup", "restore", "keys", "keys export", "keys import",
  ]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Snapshots")

  static func compare(_ text: String, with name: String) throws {
    let file = Self.folder.appendingPathComponent(name + ".txt")
    if ProcessInfo.processInfo.environment["RAPPORT_UPDATE_SNAPSHOTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let wanted = try String(contentsOf: file, encoding: .utf8)
    #expect(text == wanted, "\(name) differs from its snapshot")
  }

  @Test("help", arguments: commands)
  func help(command: String) throws {
    let result = try Executable.run(
      command.split(separator: " ").map(String.init) + ["--help"], environment: ["COLUMNS": "80"])
    #expect(result.status == 0)
    let name = (["help"] + command.split(separator: " ").map(String.init)).joined(separator: "-")
    try Self.compare(result.output, with: name)
  }

  @Test("errors")
  func errors() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/a-file"
    try Data().write(to: URL(fileURLWithPath: file))
    try FileManager.default.createDirectory(atPath: folder.path + "/other/things", withIntermediateDirectories: true)
    _ = try Executable.run(["ingest", "--quiet", "--ledger", folder.path + "/empty"])
    let cases = [
      ["status", "--ledger", folder.path + "/absent"], ["status", "--ledger", file],
      ["ingest", "--ledger", folder.path + "/other"], ["show", "nobody", "--ledger", folder.path + "/empty"],
      ["view", "nothing", "--ledger", folder.path + "/empty"],
      ["view", "perfect-orders", "--by", "moon", "--ledger", folder.path + "/empty"],
      ["view", "perfect-orders", "--from", "yesterday", "--ledger", folder.path + "/empty"], ["nonsense"],
      ["record", "C1", "order.placed", "order", "--ledger", folder.path + "/empty"],
      [
        "record", "C1", "order.refunded", "order=o", "amount=1.23456", "currency=EUR", "--ledger",
        folder.path + "/empty",
      ],
      ["ingest", "--linger", "soon", "--ledger", folder.path + "/empty"],
    ]
    var text = ""
    for arguments in cases {
      let result = try Executable.run(arguments, environment: ["COLUMNS": "80"])
      let shown =
        (["$ rapport"] + arguments).joined(separator: " ") + "\n" + result.errors + "exit \(result.status)\n\n"
      text += shown.replacingOccurrences(of: folder.path, with: "/tmp/ledgers")
    }
    try Self.compare(text, with: "errors")
  }
}
