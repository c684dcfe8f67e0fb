import Testing

@testable import RapportLedger

@Suite struct JSONScannerTests {
  static let modes: [JSONScanner.Mode] = [.domAndWalk, .walkOnly]

  /// Every kind of token, an escape, white space and characters of two to four bytes.
  static let sample = #"{"a":[1,-0.5e+2,{}],"bä\u00e4" :{"c":"x\"y€","d":true},"e":[null,false],"f𝄞":""}"#

  @Test func `tokens describe the source text`() {
    let text = Array(#"{"k\n":[12, "x"],"t":true}"#.utf8)
    let chunk = text + [UInt8](repeating: 0, count: JSONScanner.padding)
    var scanner = JSONScanner()
    scanner.scan(chunk.span, lines: [JSONScanner.Line(offset: 0, length: UInt32(text.count))].span)
    let tokens = scanner.tokens
    #expect(tokens.count == 7)
    #expect(tokens[0].kind == .object && tokens[0].members == 2 && tokens[0].after == 7)
    #expect(tokens[0].text == TextRange(start: 0, end: UInt32(text.count)) && tokens[0].hasSpace)
    #expect(tokens[1].kind == .string && tokens[1].hasEscape)
    #expect(tokens[1].text == TextRange(start: 2, end: 5))
    #expect(tokens[1].quotedText == TextRange(start: 1, end: 6))
    #expect(tokens[2].kind == .array && tokens[2].members == 2 && tokens[2].after == 5 && tokens[2].hasSpace)
    #expect(tokens[3].kind == .number && tokens[3].text == TextRange(start: 8, end: 10))
    #expect(tokens[4].kind == .string && !tokens[4].hasEscape)
    let key = chunk.span.extracting(tokens[5].text).equals("t")
    #expect(key)
    #expect(tokens[6].kind == .true && tokens[6].after == 7)
  }

  @Test func `white space counts for the containers around it only`() {
    func hasSpace(_ text: String) -> [Bool] {
      let chunk = Array(text.utf8) + [UInt8](repeating: 0, count: JSONScanner.padding)
      var scanner = JSONScanner()
      scanner.scan(chunk.span, lines: [JSONScanner.Line(offset: 0, length: UInt32(text.utf8.count))].span)
      let tokens = scanner.tokens
      return tokens.indices.filter { [.object, .array].contains(tokens[$0].kind) }.map { tokens[$0].hasSpace }
    }
    #expect(hasSpace(#" {"a":[1,2],"b":{ "c":[[2]]}} "#) == [true, false, true, false, false])
    #expect(hasSpace("[[ ],[1 ],[[] , 1]]") == [true, true, true, true, false])
    // White space around the document is none inside it.
    #expect(hasSpace(" [1] \r") == [false])
  }

  @Test(arguments: modes)
  func `lines of a chunk are judged each on its own`(mode: JSONScanner.Mode) {
    let texts = ["{}", "", "[1", " \t\r", "[1]\r", "1", "\"x\"", "{\"a\":1,\"a\":2}", "[]"]
    let scans = scan(texts.map { Array($0.utf8) }, mode: mode)
    #expect(scans.map(\.error) == [nil, .blank, .truncated, .blank, nil, nil, nil, .duplicateKey, nil])
    #expect(scans[4].rebuilt == Array("[1]".utf8))
    #expect(scans[8].rebuilt == Array("[]".utf8))
  }

  @Test func `no lines give no results`() {
    var scanner = JSONScanner()
    scanner.scan([UInt8]().span, lines: [JSONScanner.Line]().span)
    #expect(scanner.results.isEmpty && scanner.tokens.isEmpty)
  }

  @Test(
    arguments: [
      ("[1,]", JSONError.unexpected, 3, 1), ("{\"a\" 1}", .unexpected, 5, 1), ("[tru]", .invalidLiteral, 1, 0),
      ("[01]", .invalidNumber, 1, 1), ("[-]", .invalidNumber, 1, 1), ("[\"\\x\"]", .invalidEscape, 2, 2),
      ("[\"\\ud800\"]", .loneSurrogate, 2, 2), ("[\"a\tb\"]", .controlCharacter, 3, 1),
      ("{\"a\":\"b}", .unclosedString, 5, 3), ("[1] 2", .unexpected, 4, 1),
      ("{\"ab\":1,\"ab\":2}", .duplicateKey, 9, 2),
      ("\u{FEFF}{}", .unexpected, 0, 1), ("[1\u{B}]", .invalidNumber, 1, 1), ("[1\u{C}]", .unexpected, 2, 1),
    ] as [(String, JSONError, Int, Int)])
  func `an error says where it is`(text: String, error: JSONError, offset: Int, length: Int) {
    for mode in Self.modes {
      let scan = scan(text, mode: mode)
      #expect(scan.error == error)
      #expect(scan.offset == offset)
      #expect(scan.length == length)
    }
  }

  @Test(
    arguments: [
      ([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
      ([0x22, 0x61, 0xF4, 0x90, 0x80, 0x80, 0x22], 2), ([0x22, 0xE2, 0x82], 1), ([0x80], 0),
      ([0x22, 0xC3, 0xA4, 0xF0, 0x8F, 0x80, 0x80, 0x22], 3),
    ] as [([UInt8], Int)])
  func `invalid UTF-8 is found where it is`(text: [UInt8], offset: Int) {
    for mode in Self.modes {
      let scan = scan([text], mode: mode)[0]
      #expect(scan.error == .invalidUTF8)
      #expect(scan.offset == offset)
    }
  }

  @Test(arguments: modes)
  func `a line of the length allowed is read and one byte more is not`(mode: JSONScanner.Mode) {
    let texts = [1000, 1001].map { Array("\"\(String(repeating: "x", count: $0 - 2))\"".utf8) }
    let scans = scan(texts, mode: mode, lineBytesMax: 1000)
    #expect(scans.map(\.error) == [nil, .tooLarge])
  }

  @Test(arguments: modes)
  func `nesting of 64 is accepted and of 65 is not`(mode: JSONScanner.Mode) {
    func nested(_ depth: Int, _ core: String) -> String {
      String(repeating: "[{\"a\":", count: depth / 2) + (depth % 2 == 1 ? "[\(core)]" : core)
        + String(repeating: "}]", count: depth / 2)
    }
    for core in ["1", "null", "\"\""] {
      #expect(scan(nested(63, core), mode: mode).error == nil)
      #expect(scan(nested(64, core), mode: mode).error == nil)
      #expect(scan(nested(65, core), mode: mode).error == .tooDeep)
    }
    // An empty container is a level too.
    #expect(scan(nested(63, "[]"), mode: mode).error == nil)
    #expect(scan(nested(64, "[]"), mode: mode).error == .tooDeep)
    #expect(scan(nested(64, "{}"), mode: mode).error == .tooDeep)
    #expect(scan("1", mode: mode, depthMax: 0).error == nil)
    #expect(scan("[]", mode: mode, depthMax: 0).error == .tooDeep)
  }

  @Test(
    arguments: [
      #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"{"\u0061":1,"\u0061":2}"#, #"{"x":{"b":1,"c":2,"b":3}}"#,
      #"[{"":1,"":2}]"#, #"{"ä":1,"\u00E4":2}"#, #"{"𝄞":1,"\ud834\uDD1E":2}"#, #"{"\n":1,"\u000a":2}"#,
      #"{"/":1,"\/":2}"#, #"{"long key, more than eight bytes":1,"x":2,"long key, more than eight bytes":3}"#,
      #"{"a":{"a":1},"b":[{"a":1}],"a":{}}"#, #"{"\\u0061":1,"\\u0061":2}"#,
    ])
  func `a key twice in one object is refused`(text: String) {
    for mode in Self.modes { #expect(scan(text, mode: mode).error == .duplicateKey) }
  }

  @Test(
    arguments: [
      #"{"a":1,"A":1}"#, #"{"a":{"a":1},"b":{"a":1}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":1,"a\u0000":1}"#,
      #"{"a":"a","b":"a"}"#, #"{"\\u0061":1,"a":2}"#, #"{"12345678a":1,"12345678b":2,"22345678a":3}"#,
      // One letter composed and decomposed: other code points, other keys.
      #"{"ä":1,"a\u0308":2}"#,
      #"{"":1," ":2}"#,
    ])
  func `keys that differ or lie in other objects are accepted`(text: String) {
    for mode in Self.modes { #expect(scan(text, mode: mode).error == nil) }
  }

  @Test(arguments: [2, 15, 16, 17, 18, 40, 300])
  func `a repeated key is found among any number of keys`(count: Int) {
    let keys = (0..<count).map { "key \($0)" }
    func object(_ keys: [String]) -> String { "{" + keys.map { "\"\($0)\":[{}]" }.joined(separator: ",") + "}" }
    #expect(scan(object(keys)).error == nil)
    for (first, second) in [(0, count - 1), (count / 2 - 1, count / 2), (0, 1)] {
      var repeated = keys
      repeated[second] = keys[first]
      let text = object(repeated)
      let found = scan(text)
      #expect(found.error == .duplicateKey)
      let prefix = object(Array(repeated[..<second])).utf8.count - 1
      #expect(found.offset == (second == 0 ? 2 : prefix + 2))
      repeated[second] = repeated[second].replacing("k", with: "\\u006b")
      #expect(scan(object(repeated)).error == .duplicateKey)
    }
  }

  @Test(arguments: modes)
  func `a hundred thousand keys take no quadratic time`(mode: JSONScanner.Mode) {
    let text = Array(("{" + (0..<100_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8)
    let clock = ContinuousClock()
    let start = clock.now
    let scans = scan([text], mode: mode, lineBytesMax: 2 << 20)
    // Some 20 ms; comparing all pairs would take minutes.
    #expect(clock.now - start < .seconds(10))
    #expect(scans[0].error == nil)
    #expect(scans[0].rebuilt == text)
  }

  @Test(
    arguments: [
      "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e400", "-1E+99999", "1e-400",
      "0.1e999999999999999999999", "100000000000000000000000000000000000.00000000000000000000000000000001",
    ])
  func `numbers beyond 64 bits and doubles are kept as they are`(number: String) {
    for mode in Self.modes {
      for text in [number, "[\(number)]", "{\"a\":\(number) ,\"b\":[\(number),1]}"] {
        let scan = scan(text, mode: mode)
        #expect(scan.error == nil)
        #expect(scan.rebuilt == Array(text.filter { $0 != " " }.utf8))
      }
      // Such a number excuses no other fault of its line.
      #expect(scan("[\(number),01]", mode: mode).error == .invalidNumber)
      #expect(scan("[\(number),tru]", mode: mode).error == .invalidLiteral)
      #expect(scan("[\(number)x]", mode: mode).error == .invalidNumber)
      #expect(scan("[\(number)", mode: mode).error == .truncated)
      #expect(scan("{\"a\":\(number),\"a\":1}", mode: mode).error == .duplicateKey)
    }
  }

  @Test(arguments: modes)
  func `no part of a line is a document, whatever follows it`(mode: JSONScanner.Mode) {
    let text = Array(Self.sample.utf8)
    let chunk = text + [UInt8](repeating: 0, count: JSONScanner.padding)
    // In place: behind each part is the rest of the line.
    let lines = (0...text.count).map { JSONScanner.Line(offset: 0, length: UInt32($0)) }
    var scanner = JSONScanner(mode: mode)
    scanner.scan(chunk.span, lines: lines.span)
    for length in 1..<text.count {
      let error = scanner.results[length].error
      #expect(error != nil && error != .disagreement)
    }
    #expect(scanner.results[0].error == .blank)
    #expect(scanner.results[text.count].error == nil)
  }

  @Test func `every change of one byte is judged as by a naive reader`() {
    let text = Array(Self.sample.utf8)
    let characters = "\"\\{}[],:019-+.eEtfnu/ \t\r\u{B}\u{C}\u{1A}\0\u{7F}x"
    let bytes = Array(characters.utf8) + [0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xF4, 0xFF]
    var mutants: [[UInt8]] = []
    for position in text.indices {
      for byte in bytes {
        var mutant = text
        mutant[position] = byte
        mutants.append(mutant)
      }
      var shorter = text
      shorter.remove(at: position)
      mutants.append(shorter)
    }
    let strict = scan(mutants)
    let walked = scan(mutants, mode: .walkOnly)
    var accepted = 0
    for (index, mutant) in mutants.enumerated() where strict[index].rebuilt != (JSONOracle.minified(mutant) ?? []) {
      Issue.record("\(String(decoding: mutant, as: UTF8.self)): \(String(describing: strict[index].error))")
    }
    for scan in strict where scan.error == nil { accepted += 1 }
    #expect(accepted > 0)
    #expect(!strict.contains { $0.error == .disagreement })
    #expect(strict == walked)
    #expect(strict.allSatisfy { $0.minified == $0.rebuilt })
  }

  @Test func `random documents are rebuilt from their tokens`() {
    var generator = SeededGenerator(state: 1)
    let texts = (0..<300).map { _ in Array(randomValue(depth: 0, &generator).utf8) }
    for mode in Self.modes {
      let scans = scan(texts, mode: mode)
      for (text, scan) in zip(texts, scans) {
        #expect(scan.rebuilt == JSONOracle.minified(text) ?? [])
        #expect(scan.minified == scan.rebuilt)
      }
    }
  }

  private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> String {
    func space(_ generator: inout SeededGenerator) -> String {
      ["", "", "", " ", "\t\r "].randomElement(using: &generator)!
    }
    let scalars = [
      "1", "-0.0", "12345678901234567890123", "true", "null", #""""#, #""a b""#, #""\\\"\ud83d\ude00,""#, #""]ü""#,
    ]
    let text: String
    switch Int.random(in: 0..<(depth < 5 ? 6 : 4), using: &generator) {
    case 4:
      let count = Int.random(in: 0..<5, using: &generator)
      let elements = (0..<count).map { _ in randomValue(depth: depth + 1, &generator) }
      text = "[" + space(&generator) + elements.joined(separator: ",") + "]"
    case 5:
      let members = (0..<Int.random(in: 0..<20, using: &generator)).map { index in
        "\(space(&generator))\"k\(index)\"\(space(&generator)):" + randomValue(depth: depth + 1, &generator)
      }
      text = "{" + space(&generator) + members.joined(separator: ",") + "}"
    default: text = scalars.randomElement(using: &generator)!
    }
    return space(&generator) + text + space(&generator)
  }
}
