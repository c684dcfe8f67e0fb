import Foundation
import Testing

@testable import RapportLedger

@Suite struct JSONTextTests {
  func unescaped(_ raw: String) -> String {
    var bytes: [UInt8] = []
    JSONText.unescape(Array(raw.utf8).span, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONText.appendString(Array(text.utf8).span, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `escapes are undone`() {
    #expect(unescaped("") == "")
    #expect(unescaped("plain ä€𝄞") == "plain ä€𝄞")
    #expect(unescaped(#"\"\\\/\b\f\n\r\t"#) == "\"\\/\u{8}\u{C}\n\r\t")
    #expect(unescaped(#"a\u0041\u00e4\u20AC\ud834\udd1eb\u0000"#) == "aAä€𝄞b\0")
  }

  /// Else a line with many escapes would take time in the square of its length.
  @Test func `room for many texts grows by factors, not by each text`() {
    let raw = Array(#"a\nb"#.utf8)
    var bytes: [UInt8] = []
    var growths = 0
    for _ in 1...2000 {
      let before = bytes.capacity
      JSONText.unescape(raw.span, to: &bytes)
      if bytes.capacity != before { growths += 1 }
    }
    #expect(bytes.count == 6000 && growths < 20)
  }

  @Test func `only what must be escaped is escaped`() {
    #expect(quoted("ä€𝄞/\u{7F}") == "\"ä€𝄞/\u{7F}\"")
    #expect(quoted("a\"b\\c") == #""a\"b\\c""#)
    #expect(quoted("\u{8}\t\n\u{C}\r\u{0}\u{1F}") == #""\b\t\n\f\r\u0000\u001f""#)
  }

  @Test func `any text survives escaping, and other readers agree`() throws {
    var generator = SeededGenerator(state: 2)
    for _ in 0..<200 {
      let scalars = (0..<Int.random(in: 0..<20, using: &generator)).map { _ -> Unicode.Scalar in
        let limit = [0x80, 0x800, 0xD800].randomElement(using: &generator)!
        return Unicode.Scalar(UInt32.random(in: 0..<UInt32(limit), using: &generator))!
      }
      let text = Array(String(String.UnicodeScalarView(scalars)).utf8)
      var json: [UInt8] = []
      JSONText.appendString(text.span, to: &json)
      #expect(scan([json])[0].error == nil)
      var meaning: [UInt8] = []
      JSONText.unescape(json.span.extracting(1..<json.count - 1), to: &meaning)
      #expect(meaning == text)
      let other = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed) as? String
      #expect(other.map { Array($0.utf8) } == text)
    }
  }

  @Test func `bytes equal a literal of the same bytes only`() {
    func equal(_ text: String, _ literal: StaticString) -> Bool { Array(text.utf8).span.equals(literal) }
    #expect(equal("correlationid", "correlationid"))
    #expect(!equal("correlationid", "correlationix"))
    #expect(!equal("correlationid", "Correlationid"))
    #expect(!equal("correlationid", "correlation"))
    #expect(equal("", ""))
  }
}
