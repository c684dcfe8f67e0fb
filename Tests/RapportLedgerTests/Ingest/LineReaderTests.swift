import Testing

@testable import RapportLedger

/// Cutting a stream of bytes into lines: the same result however the bytes arrive.
@Suite("Reading lines")
struct LineReaderTests {
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Events, blanks, rejects, a batch, an overlong line, both kinds of line end, a byte order mark, no end at the end.
  static let mixture: [UInt8] =
    mark
    + Array(
      [
        envelope(["id": "1"]) + "\r", "", envelope(["id": "2", "mine": "äöü €"]), "\r", "garbage",
        "[" + envelope(["id": "3"]) + ",7]", envelope(["mine": .string(String(repeating: "x", count: 400))]),
        envelope(["id": "4"]), "[]", "  ", envelope(["id": ""]), envelope(["id": "5"]),
      ].joined(separator: "\n").utf8)

  static var rules: IngestRules {
    var rules = IngestRules()
    rules.maxLineBytes = 300
    return rules
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 64, 299, 300, 301])
  func `pieces of any size give the same events, rejects, places and counts`(size: Int) throws {
    let whole = try Pieces(Self.mixture, size: 60_000, rules: Self.rules)
    for limit in [1, 3, .max] {
      #expect(try Pieces(Self.mixture, size: size, limit: limit, rules: Self.rules).summary == whole.summary)
    }
    #expect(whole.events.count == 5)
    #expect(whole.rejects.count == 4)
    #expect(whole.blankCount == 4)
    #expect(whole.lineCount == 13)
    #expect(whole.inputBytes == UInt64(Self.mixture.count))
  }

  @Test func `offsets count from the first byte, the byte order mark included`() throws {
    let first = envelope(["id": "1"])
    let pieces = try Pieces(Self.mark + Array("\(first)\r\n\(first)\n".utf8), size: 1000)
    #expect(pieces.events == ["1/3: \(first)", "2/\(first.utf8.count + 5): \(first)"])
  }

  @Test func `a byte order mark is accepted only at the very start`() throws {
    let bytes = Array((envelope() + "\n").utf8) + Self.mark + Array((envelope() + "\n").utf8)
    let pieces = try Pieces(bytes, size: 1000)
    #expect(pieces.events.count == 1)
    #expect(pieces.rejects.count == 1)
  }

  @Test func `a carriage return within a line is not a line end`() throws {
    let pieces = try Pieces(Array("{\r}\n\(envelope())\r\r\n".utf8), size: 1000)
    #expect(pieces.lineCount == 2)
    #expect(pieces.rejects == ["1[-1]/0: specversion"])
    #expect(pieces.events.count == 1, "a second carriage return is white space")
  }

  @Test(arguments: [1, 10_000])
  func `an input that ends without a line end loses nothing`(size: Int) throws {
    #expect(try Pieces(Array(envelope().utf8), size: size).events.count == 1)
    #expect(try Pieces(Array((envelope() + "\n").utf8), size: size).lineCount == 1)
    #expect(try Pieces(Array("{".utf8), size: size).rejects.count == 1)
  }

  @Test func `nothing gives nothing, with a byte order mark or without`() throws {
    #expect(try Pieces([], size: 1).lineCount == 0)
    #expect(try Pieces(Self.mark, size: 1).lineCount == 0)
  }

  @Test(arguments: [1, 7, 250, 10_000])
  func `an overlong line is refused once, and its neighbours are recorded`(size: Int) throws {
    let long = String(repeating: "x", count: 5000)
    let text = [envelope(["id": "a"]), long, long, envelope(["id": "b"]), long].joined(separator: "\n")
    let pieces = try Pieces(Array(text.utf8), size: size, rules: Self.rules)
    #expect(pieces.events.count == 2)
    #expect(pieces.rejects.map { $0.prefix(1) } == ["2", "3", "5"])
    #expect(pieces.lineCount == 5)
  }

  /// A line of exactly as many bytes as allowed, with the line end of DOS, in pieces that end at each byte.
  @Test func `a line of the greatest length is accepted however it arrives`() throws {
    var rules = IngestRules()
    rules.maxLineBytes = envelope().utf8.count
    let bytes = Array((envelope() + "\n").utf8)
    #expect(try Pieces(bytes, size: 1, rules: rules).events.count == 1)
    let dos = Array((envelope() + "\r\n").utf8)
    #expect(try Pieces(dos, size: 10_000, rules: rules).events.count == 1)
    #expect(try Pieces(Self.mark + bytes, size: 1, rules: rules).events.count == 1)
    let pieces = try Pieces(dos, size: 1, rules: rules)
    #expect(pieces.events.count == 1)
  }
}
