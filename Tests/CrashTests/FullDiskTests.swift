import Foundation
import RapportLedger
import Testing

/// P10: on a full disk acknowledgements stop, the ledger stays valid, and the same command goes on when there is room.
@Suite("Full disks", .enabled(if: !SmallDisk.ways.isEmpty, "no small file system can be mounted here"))
struct FullDiskTests {
  @Test(
    "a disk that runs full ends with 74 and what to do; with room the same command completes it",
    arguments: SmallDisk.ways)
  func cycles(_ way: SmallDisk.Way) throws {
    let stream = try Stream(events: 60, seed: 11)
    let full = Counter()
    let found = findings(0..<ProofSize.fullDisks) { number in
      let disk = try SmallDisk(bytes: 2 << 20, way: way)
      if number % 2 == 0 { _ = try Ledger(at: disk.ledger, for: .writing, height: 4) }
      // From no room at all to room for some commits.
      try disk.fill(leaving: number * number * 2 % 71 * 4096)
      var violations: [String] = []
      let child = try Child(["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", disk.ledger])
      let said = try child.feed(stream, pieces: [1, 4, 3])
      let (message, end) = (child.errorText(), child.wait())
      if end == .exited(74) {
        full.add()
        if !message.contains("make room") { violations.append("P10: it does not say what to do: \(message)") }
        if !message.contains("No space left") { violations.append("P10: it does not say why: \(message)") }
      } else if end != .exited(65) || said?.line != stream.lines.count {
        violations.append("P10: \(end) after \(String(describing: said)): \(message)")
      }
      violations += try Self.readers(of: disk, said)
      try disk.makeRoom()
      let check = LedgerCheck(stream: stream, acknowledged: said)
      return violations + (try check.violations(at: disk.ledger)).map { "\($0) [\(message)]" }
    }
    #expect(found == [])
    #expect(full.value >= ProofSize.fullDisks / 2, "disks that ran full")
  }

  /// While the disk is full, what is there can be read.
  private static func readers(of disk: SmallDisk, _ said: Acknowledgement?) throws -> [String] {
    guard let said else { return [] }
    let status = try Child.run(["status", "--json", "--ledger", disk.ledger])
    guard status.end == .exited(0), let text = status.lines.first,
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let position = json["position"] as? Int
    else { return ["P10: on a full disk status ends with \(status.end): \(status.errors)"] }
    return position < said.position ? ["P1: \(said) was said, status says \(position)"] : []
  }
}
