import Foundation
import Testing

/// `backup`, `restore` and the keys, as a shell sees them.
@Suite("Backup and restore")
struct BackupTests {
  private static let events = try? Executable.run(["generate", "--events", "4000", "--customers", "200"]).output

  private func ledger(_ folder: TemporaryFolder) throws -> String {
    let input = try #require(Self.events)
    try Executable.succeed(["ingest", "--quiet", "--ledger", folder.ledger], input: Data(input.utf8))
    return folder.ledger
  }

  private func names(_ path: String) -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
  }

  @Test("a backup that is restored elsewhere is the ledger again once its keys are brought")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let (backup, restored) = (folder.path + "/backup", folder.path + "/restored")

    let made = try Executable.run(["backup", backup, "--json", "--ledger", path])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.json["position"] as? Int == 4000)
    #expect(made.json["keys"] as? Bool == false)
    #expect(try #require(made.json["sealed_events"] as? Int) > 500)
    #expect(names(backup) == ["log", "keys.missing"])
    #expect(names(backup + "/log") == ["data.mdb"])
    #expect(
      made.json["digest"] as? String
        == (try Executable.run(["digest", "--json", "--ledger", path]).json["digest"] as? String))

    let back = try Executable.run(["restore", backup, "--ledger", restored])
    #expect(back.status == 0, "\(back.errors)")
    #expect(back.output.contains("keys\tnone yet") && back.output.contains("rapport keys import"))
    #expect(names(folder.path) == ["ledger", "backup", "restored"])

    let customer = try #require(
      try Executable.run(["log", "--type", "customer.registered", "--limit", "1", "--ledger", path]).json["subject"]
        as? String)
    // Without keys: everything that is not sealed, and a word about the rest.
    #expect(
      try Executable.run(["show", customer, "--ledger", restored]).output
        == (try Executable.run(["show", customer, "--ledger", path]).output))
    #expect(
      try Executable.run(["view", "satisfaction", "--json", "--at", "2025-12-31", "--ledger", restored]).output
        == (try Executable.run(["view", "satisfaction", "--json", "--at", "2025-12-31", "--ledger", path]).output))
    let without = try Executable.run(["timeline", customer, "--json", "--ledger", restored])
    #expect(without.status == 0)
    #expect(without.output.contains(#""sealed":true"#) && without.errors.contains("rapport keys import"))
    let refused = try Executable.run(["record", "new", "note.added", "text=hello", "--ledger", restored])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("rapport keys import"))

    let keys = folder.path + "/keys"
    let exported = try Executable.succeed(["keys", "export", keys, "--json", "--ledger", path])
    #expect(try #require(exported.json["customers"] as? Int) > 20 && exported.json["file"] as? String == keys)
    let again = try Executable.run(["keys", "export", keys, "--ledger", restored])
    #expect(again.status == 73, "the only copy may be there")
    let misspelt = try Executable.run(["keys", "import", keys, "--ledger", folder.path + "/misspelt"])
    #expect(misspelt.status == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/misspelt"))
    let imported = try Executable.succeed(["keys", "import", keys, "--json", "--ledger", restored])
    #expect(imported.json["added"] as? Int == exported.json["customers"] as? Int)
    #expect(imported.json["differing"] as? Int == 0 && imported.json["missing"] as? Int == 0)
    #expect(
      try Executable.run(["log", "--ledger", restored]).output
        == (try Executable.run(["log", "--ledger", path]).output))
    try Executable.succeed(["record", "new", "note.added", "text=hello", "--ledger", restored])
    try Executable.succeed(["verify", "--quiet", "--ledger", restored])
  }

  @Test("a ledger that has lost its keys says so, makes no others, and is whole again when they are brought")
  func lostKeys() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let keys = folder.path + "/exported"
    let whole = try Executable.run(["log", "--ledger", path]).output
    try Executable.succeed(["keys", "export", keys, "--ledger", path])
    try FileManager.default.removeItem(atPath: path + "/keys")
    let log = try Executable.run(["log", "--ledger", path])
    #expect(log.output.contains(#""sealed":true"#) && !log.output.contains(#""erased":true"#))
    #expect(log.errors.contains("rapport keys import"))
    let verified = try Executable.run(["verify", "--json", "--ledger", path])
    #expect(verified.status == 4 && verified.output.contains("rapport keys import"))
    for _ in 1...2 {
      let refused = try Executable.run(["record", "new", "note.added", "text=hello", "--ledger", path])
      #expect(refused.status == 1 && refused.errors.contains("rapport keys import"))
    }
    try Executable.succeed(["keys", "import", keys, "--ledger", path])
    #expect(try Executable.run(["log", "--ledger", path]).output == whole)
    try Executable.succeed(["record", "new", "note.added", "text=hello", "--ledger", path])
    try Executable.succeed(["verify", "--quiet", "--ledger", path])
  }

  @Test("backups that are made while events come in are sound")
  func hot() throws {
    let folder = try TemporaryFolder()
    let lines = try #require(Self.events).split(separator: "\n")
    let ingest = try RunningExecutable(["ingest", "--ack", "--quiet", "--ledger", folder.ledger])
    var positions: [Int] = []
    for round in 0..<4 {
      let part = lines[round * 1000..<(round + 1) * 1000]
      ingest.send(part.prefix(500).joined(separator: "\n") + "\n")
      #expect(ingest.wait { ingest.printed.contains("\"line\":\(round * 1000 + 500)}") })
      ingest.send(part.dropFirst(500).joined(separator: "\n") + "\n")
      let made = try Executable.run(["backup", folder.path + "/b\(round)", "--json", "--ledger", folder.ledger])
      #expect(made.status == 0, "\(made.errors)")
      positions.append(try #require(made.json["position"] as? Int))
      #expect(positions[round] >= round * 1000 + 500, "what was acknowledged is in it")
    }
    #expect(ingest.finish().status == 0)
    for round in 0..<4 {
      let digest = try Executable.run(["digest", "--ledger", folder.path + "/b\(round)"]).lines[0]
      try Executable.succeed(["verify", "--quiet", "--against", digest, "--ledger", folder.ledger])
    }
  }

  @Test(
    "a backup that a signal ends leaves nothing, or what the next one removes", arguments: [SIGINT, SIGTERM, SIGKILL])
  func interrupted(by number: Int32) throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let backup = folder.path + "/backup"
    let running = try RunningExecutable(["backup", backup, "--ledger", path])
    #expect(running.wait { FileManager.default.fileExists(atPath: backup + ".partial/log/data.mdb") })
    running.interrupt(by: number)
    #expect(running.finish().status == -number)
    #expect(names(folder.path) == (number == SIGKILL ? ["ledger", "backup.partial"] : ["ledger"]))
    // Verifying may outlive its parent for a moment.
    let again = try RunningExecutable(["backup", backup, "--quiet", "--ledger", path]).finish()
    #expect(again.status == 0, "\(again.errors)")
    #expect(names(folder.path) == ["ledger", "backup"])
    #expect(names(backup + "/log") == ["data.mdb"])
  }

  /// A limit on the size of files stands for a full disk: it needs no file system of its own.
  @Test(
    "a backup or a restore for which there is no room leaves nothing, and says so", arguments: ["backup", "restore"])
  func noRoom(command: String) throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    try Executable.succeed(["backup", folder.path + "/b", "--quiet", "--ledger", path])
    let arguments =
      command == "backup" ? "'\(folder.path)/x' --ledger '\(path)'" : "'\(folder.path)/b' --ledger '\(folder.path)/x'"
    let script = "trap '' XFSZ; ulimit -f 100; exec '\(Executable.path)' \(command) \(arguments)"
    let result = try RunningExecutable(["-c", script], program: "/bin/sh").finish()
    #expect(result.status == 74, "\(result.errors)")
    #expect(result.errors.contains("data.mdb"))
    #expect(names(folder.path) == ["ledger", "b"])
    try Executable.succeed(["verify", "--quiet", "--ledger", path])
  }

  @Test("a damaged backup is not restored, a damaged ledger not backed up")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let backup = folder.path + "/backup"
    try Executable.succeed(["backup", backup, "--quiet", "--ledger", path])
    for (file, arguments) in [
      (backup, ["restore", backup, "--ledger", folder.path + "/x"]),
      (path, ["backup", folder.path + "/x", "--ledger", path]),
    ] {
      let data = URL(fileURLWithPath: file + "/log/data.mdb")
      var bytes = try Data(contentsOf: data)
      for place in stride(from: 10_000, to: bytes.count, by: 5_000) { bytes[place] ^= 4 }
      try bytes.write(to: data)
      let result = try Executable.run(arguments)
      #expect(result.status == 4, "\(arguments) \(result.output) \(result.errors)")
      #expect(result.errors.contains("damaged"))
      #expect(["position", "data.mdb"].contains { result.errors.contains($0) }, "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/x"))
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/x.partial"))
    }
  }

  @Test("what is there already stays, and what is no backup is named")
  func refused() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    #expect(try Executable.run(["backup", path, "--ledger", path]).status == 73)
    let nothing = try Executable.run(["restore", folder.path + "/none", "--ledger", folder.path + "/x"])
    #expect(nothing.status == 1)
    #expect(nothing.errors.contains("no backup at"))
    try Executable.succeed(["backup", folder.path + "/b", "--quiet", "--ledger", path])
    #expect(try Executable.run(["restore", folder.path + "/b", "--ledger", path]).status == 73)
    #expect(names(folder.path) == ["ledger", "b"])
  }
}
