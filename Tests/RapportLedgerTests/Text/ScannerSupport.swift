import Foundation

@testable import RapportLedger

/// What the scanner says of one document.
struct Scan: Equatable {
  var error: JSONError?
  var offset = 0
  var length = 0
  /// The document rebuilt from its tokens alone, without white space.
  var rebuilt: [UInt8] = []
  /// The document as `JSONText` minifies it.
  var minified: [UInt8] = []
}

/// Scans each text as one line, all in one chunk. `filler` is what follows each line instead of a line end.
func scan(
  _ texts: [[UInt8]], mode: JSONScanner.Mode = .domAndWalk, lineBytesMax: Int = 1 << 20, depthMax: Int = 64,
  filler: [UInt8] = [0x0A]
) -> [Scan] {
  var chunk: [UInt8] = []
  var lines: [JSONScanner.Line] = []
  for text in texts {
    lines.append(JSONScanner.Line(offset: UInt32(chunk.count), length: UInt32(text.count)))
    chunk += text + filler
  }
  chunk += [UInt8](repeating: filler.last ?? 0, count: JSONScanner.padding)
  var scanner = JSONScanner(lineBytesMax: lineBytesMax, depthMax: depthMax, mode: mode)
  scanner.scan(chunk.span, lines: lines.span)
  var scans: [Scan] = []
  for index in lines.indices {
    let result = scanner.results[index]
    var scan = Scan(error: result.error, offset: Int(result.offset), length: Int(result.length))
    if scan.error == nil {
      let end = rebuild(scanner.tokens, at: result.firstToken, chunk: chunk.span, to: &scan.rebuilt)
      precondition(end == result.firstToken + Int(result.token_count), "the root spans all tokens of its line")
      JSONText.appendMinified(scanner.tokens[result.firstToken], of: chunk.span, to: &scan.minified)
    }
    scans.append(scan)
  }
  return scans
}

func scan(_ text: String, mode: JSONScanner.Mode = .domAndWalk, depthMax: Int = 64) -> Scan {
  scan([Array(text.utf8)], mode: mode, depthMax: depthMax)[0]
}

/// Appends the document below a token and returns the index after it.
@_optimize(none)  // Swift 6.3.1 crashes when it optimises this: "Found ownership error"
func rebuild(_ tokens: Span<JSONToken>, at index: Int, chunk: Span<UInt8>, to text: inout [UInt8]) -> Int {
  let token = tokens[index]
  var next = index + 1
  switch token.kind {
  case .object:
    text.append(UInt8(ascii: "{"))
    for member in 0..<token.members {
      if member > 0 { text.append(UInt8(ascii: ",")) }
      precondition(tokens[next].kind == .string && tokens[next].after == next + 1, "a key is a string")
      next = rebuild(tokens, at: next, chunk: chunk, to: &text)
      text.append(UInt8(ascii: ":"))
      next = rebuild(tokens, at: next, chunk: chunk, to: &text)
    }
    text.append(UInt8(ascii: "}"))
  case .array:
    text.append(UInt8(ascii: "["))
    for element in 0..<token.members {
      if element > 0 { text.append(UInt8(ascii: ",")) }
      next = rebuild(tokens, at: next, chunk: chunk, to: &text)
    }
    text.append(UInt8(ascii: "]"))
  default:
    text.append(chunk.extracting(token.quotedText))
  }
  precondition(token.after == next, "a token's next is the index after its descendants")
  return next
}

/// The same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Reference data beside the package, where it is there: `../shared/data`.
enum SharedData {
  static let directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/data")

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appendingPathComponent(path).path)
  }

  /// What a command writes to its output.
  static func output(of command: String, _ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Array(data)
  }
}
