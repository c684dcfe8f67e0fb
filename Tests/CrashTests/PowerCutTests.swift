import Foundation
import RapportLedger
import Testing

/// P1, P2, P3, P9: what the disk may hold after a power cut, whatever was lost, reordered or torn since the last flushes.
@Suite("Power cuts")
struct PowerCutTests {
  /// A ledger that comes into being, and small batches.
  static let creation = Result {
    try Recorded(Stream(events: 40, seed: 3), pieces: [1, 3, 10], height: nil)
  }

  /// Segments that are sealed, and the merging of their tails.
  static let growth = Result {
    try Recorded(Stream(events: 60, seed: 4), pieces: [1, 1, 1, 2, 5, 9, 1, 20], height: 4)
  }

  @Test("nothing that was acknowledged is lost while a ledger comes into being, and feeding again completes it")
  func whileCreating() throws {
    let cut = PowerCut(try Self.creation.get())
    #expect(findings(0..<ProofSize.images * 2 / 5) { try cut.violations(number: $0) } == [])
  }

  @Test("nothing that was acknowledged is lost while segments are sealed, and feeding again completes it")
  func whileGrowing() throws {
    let cut = PowerCut(try Self.growth.get())
    #expect(findings(0..<ProofSize.images * 2 / 5) { try cut.violations(number: $0) } == [])
  }

  @Test("nothing is built on a flush that failed: what it should have flushed may be gone, whatever was flushed later")
  func afterFailedFlushes() throws {
    let stream = try Stream(events: 20, seed: 12)
    let pieces = [1, 6, 9]
    let flushes = try Recorded(stream, pieces: pieces, height: nil).trace.calls.enumerated().filter {
      switch $1 {
      case .flush, .write(_, _, _, isFlushed: true): true
      default: false
      }
    }
    let images = (ProofSize.images / 5 + flushes.count - 1) / flushes.count
    #expect(flushes.count > 20)
    let found = findings(0..<flushes.count) { index in
      let cut = PowerCut(try Recorded(stream, pieces: pieces, height: nil, failing: flushes[index].offset + 1))
      return try (0..<images).flatMap { number in
        // Not in the microseconds between LMDB's changing a meta page that it could not write and our putting it back.
        let (first, end) = (cut.recorded.callsBefore, cut.trace.calls.count + 1)
        return try cut.violations(number: first + number * 7919 % (end - first) + number * end)
      }
    }
    #expect(found == [])
  }
}
