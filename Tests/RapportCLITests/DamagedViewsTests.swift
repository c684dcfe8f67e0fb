import Foundation
import Testing

/// Stored views can be made anew: damage to them is found and told, and the next replay is rid of it.
@Suite("Damaged views")
struct DamagedViewsTests {
  private static let events = try? Executable.run(["generate", "--events", "300", "--customers", "30"]).output

  private func ledger(_ folder: borrowing TemporaryFolder) throws -> String {
    let events = try #require(Self.events)
    try Executable.succeed(["ingest", "--quiet", "--ledger", folder.ledger], input: Data(events.utf8))
    try Executable.succeed(["replay", "--quiet", "--ledger", folder.ledger])
    return folder.ledger
  }

  private func status(_ arguments: String..., of path: String) throws -> Int32 {
    try Executable.run(arguments + ["--quiet", "--ledger", path]).status
  }

  @Test func `a flipped bit is found, or changes nothing, and the next replay mends it`() throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let file = URL(fileURLWithPath: path + "/views/data.mdb")
    let sound = try Data(contentsOf: file)
    #expect(try status("verify", of: path) == 0)
    #expect(try status("replay", "--check", of: path) == 0)
    var found = 0
    for share in 1...8 {
      var bytes = sound
      let offset = 8192 + (sound.count - 8192) * share / 9
      bytes[offset] ^= 0x10
      try bytes.write(to: file)
      let verified = try status("verify", of: path)
      #expect(verified == 0 || verified == 4)
      #expect(try status("replay", "--check", of: path) == verified, "at \(offset)")
      #expect(try status("ingest", of: path) == 0)
      #expect(try status("replay", of: path) == 0, "at \(offset)")
      #expect(try status("verify", of: path) == 0, "at \(offset)")
      if verified == 4 { found += 1 }
    }
    #expect(found > 0, "some of the file is in use")
  }

  @Test(arguments: [0, 100, 8192, 20_000])
  func `a file that was cut off is found, and the next replay makes another`(bytes: UInt64) throws {
    let folder = try TemporaryFolder()
    let path = try ledger(folder)
    let answer = try Executable.run(["view", "service", "--json", "--at", "2026-01-01", "--ledger", path])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/views/data.mdb"))
    try file.truncate(atOffset: bytes)
    try file.close()
    if bytes > 0 { #expect(try status("verify", of: path) == 4) }
    let again = try Executable.run(["view", "service", "--json", "--at", "2026-01-01", "--ledger", path])
    #expect(again.status == 0 && again.output == answer.output)
    #expect(try status("replay", of: path) == 0)
    #expect(try status("replay", "--check", of: path) == 0)
    #expect(try status("verify", of: path) == 0)
  }
}
