import Foundation
import RapportLedger

/// Whether a ledger keeps its promises after something happened to it.
struct LedgerCheck {
  let stream: Stream
  /// Everything up to its line must be there.
  var acknowledged: Acknowledgement?
  /// If it is known where commits end: positions that the log may have.
  var positions: Set<Int>?
  /// Lines of the rejects file that may be broken off: one for each time that writing it was cut short.
  var brokenRejects = 1

  /// What is broken, in words; empty if nothing is.
  ///
  /// Afterwards the whole stream has been fed again, unless something was broken before.
  func violations(at path: String) throws -> [String] {
    let before = try asFound(at: path)
    return before.isEmpty ? try afterFeedingAgain(at: path) : before
  }

  // MARK: As it was found

  /// P1, P3, P4: it opens and is sound, what was acknowledged is there, and the log is a prefix of what was sent.
  func asFound(at path: String) throws -> [String] {
    do {
      guard let ledger = try Self.openExisting(path) else {
        return acknowledged.map { ["P1: \($0) was said, and there is no ledger"] } ?? []
      }
      let verification = try ledger.verify(threads: 1)
      guard verification.isSound else { return verification.damage.map { "P4: damaged: \($0)" } }
      return try inLog(Stream.log(of: ledger)) + inRejects(at: path, through: acknowledged?.line ?? 0)
    } catch {
      return ["P4: it does not open: \(error)"]
    }
  }

  private func inLog(_ log: [String]) -> [String] {
    var violations: [String] = []
    if log != Array(stream.log.prefix(log.count)) {
      let first = zip(log, stream.log).enumerated().first { $1.0 != $1.1 }
      violations.append(
        "P3: the log is no prefix of what was sent, from position \((first?.offset ?? stream.log.count) + 1) on")
    }
    if let acknowledged {
      let wanted = max(acknowledged.position, stream.eventsThrough[acknowledged.line])
      if log.count < wanted { violations.append("P1: \(acknowledged) was said, and the log ends at \(log.count)") }
    }
    if let positions, !positions.contains(log.count) {
      violations.append("P3: the log ends at \(log.count), in the middle of a batch: \(positions.sorted())")
    }
    return violations
  }

  /// P9: every refused line up to one is in the dead-letter file.
  private func inRejects(at path: String, through line: Int) -> [String] {
    let text = (try? Data(contentsOf: URL(fileURLWithPath: path + "/rejects.ndjson"))) ?? Data()
    // By their text: line numbers begin anew with every run.
    var found: Set<String> = []
    var broken = 0
    for entry in text.split(separator: UInt8(ascii: "\n")) {
      let object = try? JSONSerialization.jsonObject(with: entry) as? [String: Any]
      if let refused = object?["text"] as? String { found.insert(refused) } else { broken += 1 }
    }
    var violations: [String] = []
    let missing = stream.refusedLines.filter { $0 <= line && !found.contains(stream.lines[$0 - 1]) }
    if !missing.isEmpty { violations.append("P9: refused lines \(missing) are not in the rejects file") }
    if broken > brokenRejects { violations.append("P9: \(broken) lines of the rejects file are broken") }
    return violations
  }

  // MARK: After feeding the same again

  /// P2, P3, P9, P10: the same stream completes it, each event is there once, and the counts add up.
  func afterFeedingAgain(at path: String) throws -> [String] {
    var violations: [String] = []
    do {
      let before = try position(at: path)
      let summary = try Feeding.feed(stream, to: path)
      violations += counts(summary, before)
      let ledger = try Ledger(at: path, for: .reading, mapBytes: 1 << 30)
      if try Stream.log(of: ledger) != stream.log { violations.append("P3: fed again, the log is not what was sent") }
      let digests = try Stream.digests(of: ledger)
      if digests != stream.digests { violations.append("P2: fed again, the digests are \(digests)") }
      let verification = try ledger.verify(threads: 1)
      if !verification.isSound { violations.append("P4: fed again, damaged: \(verification.damage)") }
    } catch {
      violations.append("P10: it cannot be fed again: \(error)")
    }
    return violations + inRejects(at: path, through: stream.lines.count)
  }

  private func position(at path: String) throws -> Int {
    guard let ledger = try Self.openExisting(path) else { return 0 }
    return try Int(ledger.read { $0.position })
  }

  /// - Returns: nil if there is no ledger.
  static func openExisting(_ path: String) throws -> Ledger? {
    do { return try Ledger(at: path, for: .reading, mapBytes: 1 << 30) } catch {
      if case .absent = error { return nil }
      throw error
    }
  }

  private func counts(_ summary: IngestSummary, _ before: Int) -> [String] {
    var wanted = stream.expectedSummary
    wanted.duplicates += min(before, stream.eventCount)
    wanted.accepted = stream.eventCount - min(before, stream.eventCount)
    var violations: [String] = []
    if summary != wanted { violations.append("P2: fed again after \(before) events: \(summary), not \(wanted)") }
    if summary.accepted + summary.duplicates + summary.rejected + summary.blank != summary.lines {
      violations.append("P9: the counts do not add up: \(summary)")
    }
    return violations
  }
}
