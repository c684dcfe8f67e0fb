import Testing

@testable import RapportLedger

/// Lines as such: syntax, batches, limits.
@Suite("Lines")
struct LineTests {
  @Test(arguments: ["", " ", "\t ", "\r"])
  func `a line without anything on it is blank`(line: String) { #expect(judge(line) == [.blank]) }

  @Test(arguments: ["{", "{}}", "null", "7", "\"x\"", "{'a':1}", "{\"a\":01}", "nope"])
  func `what is no event is rejected as a line`(line: String) { #expect(judge(line) == [.rejected(nil)]) }

  @Test func `a key that stands twice is named`() {
    let line = envelope().dropLast() + ",\"mine\":1,\"mine\":1}"
    #expect(judge(line) == [.rejected("mine")])
  }

  @Test func `a key that stands twice is found deep in the data and behind escapes`() {
    #expect(
      judge(envelope(["data": "MARK"]).replacing("\"MARK\"", with: "{\"a\":{\"k\":1,\"\\u006b\":2}}")) != [.accepted])
  }

  @Test func `nesting is accepted up to 64 levels`() {
    func nested(_ levels: Int) -> String {
      let data = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
      return envelope(["data": "MARK"]).replacing("\"MARK\"", with: data)
    }
    #expect(judge(nested(63)) == [.accepted])
    #expect(judge(nested(64)) == [.rejected(nil)])
  }

  @Test func `invalid UTF-8 is rejected`() {
    let line = Array(envelope(["mine": "MARK"]).utf8)
    let mark = line.firstIndex(of: UInt8(ascii: "K"))!
    var broken = line
    broken[mark] = 0xFF
    #expect(judge(line) == [.accepted])
    #expect(judge(broken) == [.rejected(nil)])
  }

  @Test func `a line may be as long as allowed and no longer`() {
    var rules = IngestRules()
    let line = envelope()
    rules.maxLineBytes = line.utf8.count
    #expect(judge(line, rules: rules) == [.accepted])
    rules.maxLineBytes -= 1
    #expect(judge(line, rules: rules) == [.rejected(nil)])
  }

  // MARK: Batches

  @Test func `a batch line counts as its elements`() {
    let batch = "[" + envelope(["id": "a"]) + " , " + envelope(["id": "b"]) + "]"
    #expect(judge(batch) == [.accepted, .accepted])
  }

  @Test func `an empty batch is one blank`() { #expect(judge("[ ]") == [.blank]) }

  @Test func `elements of a batch are judged one by one`() {
    let batch =
      "[" + [envelope(), "7", envelope(["id": ""]), "null", envelope(["id": "z"]), "[]"].joined(separator: ",") + "]"
    #expect(
      judge(batch) == [.accepted, .accepted, .rejected(nil), .rejected("id"), .rejected(nil), .rejected(nil)])
  }

  @Test func `a batch with broken syntax is rejected as one line`() {
    #expect(judge("[" + envelope() + ",") == [.rejected(nil)])
  }

  @Test func `a reject within a batch names its index and its place`() throws {
    let first = envelope()
    let batch = parsed(Array("[\(first), {\"id\":7}]".utf8))
    let reject = try #require(batch.value.rejects.first)
    #expect(reject.index == 1)
    #expect(reject.offset == UInt64(first.utf8.count) + 3)
    #expect(String(decoding: reject.text, as: UTF8.self) == "{\"id\":7}")
  }

  @Test func `counts add up for any mixture`() throws {
    var random = SeededGenerator(state: 7)
    let ledger = try TestLedger()
    var lines: [String] = []
    for number in 0..<300 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: lines.append("")
      case 1: lines.append("[]")
      case 2: lines.append("garbage")
      case 3: lines.append("[" + envelope(["id": .string("\(number)")]) + ",7," + envelope() + "]")
      case 4: lines.append(envelope(["id": .string("\(number / 2)"), "mine": .number("\(number % 2)")]))
      case 5: lines.append(lines.last ?? "")
      default: lines.append(envelope(["id": .string("\(number)")]))
      }
    }
    let summary = try ledger.record(lines, commits: [1, 17, 40])
    #expect(summary.lines == summary.accepted + summary.duplicates + summary.rejected + summary.blank)
    #expect(summary.lines > 300)
    #expect(min(summary.accepted, summary.duplicates, summary.conflicts, summary.blank) > 0)
    #expect(summary.position == UInt64(summary.accepted))
  }
}
