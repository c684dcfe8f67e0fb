import Foundation
import Testing

@testable import RapportLedger

@Suite("The rejects file")
struct RejectsFileTests {
  @Test func `a line that a crash or a full disk broke off stays a line of its own`() throws {
    let ledger = try TestLedger()
    let brokenOff = "{\"line\":7,\"rea"
    try Data(brokenOff.utf8).write(to: URL(fileURLWithPath: ledger.path + "/rejects.ndjson"))
    for text in ["no JSON", "nor this"] { try ledger.record([text]) }
    let lines = try String(contentsOfFile: ledger.path + "/rejects.ndjson", encoding: .utf8).split(separator: "\n")
    #expect(lines.first.map(String.init) == brokenOff)
    #expect(try lines.dropFirst().map { try JSON(reading: $0)["text"] } == ["no JSON", "nor this"])
  }
}
