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
    #expect(try Executable.run(["replay", "--check", "--ledger", ledger]).status == 0)
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

  private func digests(_ result: Executable.Result) -> [String] {
    (result.json["views"] as? [[String: Any]] ?? []).map { "\($0["view"]!) \($0["digest"]!)" }
  }
}
