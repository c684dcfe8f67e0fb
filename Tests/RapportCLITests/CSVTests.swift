import Testing

@testable import RapportCLI

/// Fields of rows for spreadsheets, and text that a terminal is safe from.
struct CSVTests {
  private func field(_ text: String, behind start: String = "x,") -> String {
    var line = Array(start.utf8)
    CSV.append(text, to: &line)
    #expect(line.starts(with: start.utf8))
    return String(decoding: line.dropFirst(start.utf8.count), as: UTF8.self)
  }

  @Test(
    "a field is quoted where it must be, and what a spreadsheet would compute is disarmed",
    arguments: [
      ("", ""), ("plain", "plain"), ("two words", "two words"), ("ä€𝄞", "ä€𝄞"), ("a,b", "\"a,b\""),
      ("a\nb", "\"a\nb\""), ("a\rb", "\"a\rb\""), ("\"", "\"\"\"\""), ("\"\"", "\"\"\"\"\"\""),
      ("say \"so\"", "\"say \"\"so\"\"\""), ("\"a", "\"\"\"a\""), ("=1+1", "'=1+1"), ("@a,b", "\"'@a,b\""),
      ("\tx", "'\tx"), ("＝1", "'＝1"), ("1-2", "1-2"),
    ])
  func quoting(text: String, expected: String) { #expect(field(text) == expected) }

  @Test("a reader of RFC 4180 gets back every text of up to four characters that matter")
  func roundTrip() {
    var texts: Set = [""]
    for _ in 1...4 { texts.formUnion(texts.flatMap { text in "ä\",\n".map { text + String($0) } }) }
    for text in texts {
      // Only its first character could make it a formula.
      let written = field("x" + text)
      let isQuoted = written.hasPrefix("\"")
      #expect(isQuoted == text.contains { $0 != "ä" })
      let inner = isQuoted ? String(written.dropFirst().dropLast()) : written
      #expect(Array(inner.replacing("\"\"", with: "\"").utf8) == Array("x\(text)".utf8))
    }
  }

  @Test("of a line only what was appended is made safe")
  func escaping() {
    for (text, expected) in [
      ("plain ~", "plain ~"), ("ä€", "ä€"), ("a\u{202E}b", "a\\u{202E}b"), ("a\tb\n", "a\\tb\\n"),
      ("\u{7F}", "\\u{7F}"),
    ] {
      var line = Array("\t".utf8)
      let start = line.count
      line.append(contentsOf: text.utf8)
      TerminalText.escape(&line, from: start)
      #expect(String(decoding: line, as: UTF8.self) == "\t" + expected)
    }
  }
}
