/// What ingest accepts beyond the contract's defaults.
public struct IngestRules: Sendable {
  /// The longest line in bytes.
  public var maxLineBytes = 1 << 20
  /// Accept subjects that look like an e-mail address or a telephone number.
  public var allowsPersonalSubjects = false

  public init() {}
}

/// Turns lines into events of a batch, or into rejects: one strict parse a line (``JSONScanner``), then one walk over
/// its tokens (``EnvelopeReader``).
struct EventParser: ~Copyable {
  private var scanner: JSONScanner
  private var reader: EnvelopeReader
  private let maxLineBytes: Int

  /// - Parameter seed: the ledger's, for keyed hashes.
  init(seed: UInt64, rules: IngestRules = IngestRules()) {
    maxLineBytes = min(max(rules.maxLineBytes, 1), JSONScanner.lineBytesLimit)
    scanner = JSONScanner(lineBytesMax: maxLineBytes, depthMax: 64)
    reader = EnvelopeReader(seed: seed, rules: rules)
  }

  /// Forgets what belongs to the last batch.
  mutating func beginBatch() { reader.beginBatch() }

  /// Parses whole lines.
  ///
  /// - Parameters:
  ///   - chunk: the input, followed by ``JSONScanner/padding`` bytes. It is kept in the batch as long as the batch lives.
  ///   - lines: where the lines are, without their line ends.
  ///   - firstLine: number of the first of them.
  ///   - offset: where the chunk begins in the input.
  ///   - now: the clock, nanoseconds since 1970.
  mutating func parse(
    _ chunk: [UInt8], lines: [JSONScanner.Line], firstLine: UInt64, offset: UInt64, now: Int64,
    into batch: inout EventBatch
  ) {
    let number = UInt32(batch.chunks.count)
    let text = chunk.span
    scanner.scan(text, lines: lines.span)
    let tokens = scanner.tokens
    for index in lines.indices {
      let line = lines[index]
      let result = scanner.results[index]
      var origin = EventBatch.Origin(
        line: firstLine + UInt64(index), offset: offset + UInt64(line.offset), chunk: number, start: line.offset,
        end: line.offset + line.length, index: -1)
      batch.lastLine = origin.line
      if let error = result.error {
        batch.lineCount += 1
        if error == .blank {
          batch.blankCount += 1
        } else if error == .tooLarge {
          origin.end = origin.start + UInt32(maxLineBytes)
          batch.reject(.overlong(maxLineBytes), origin, text, isCut: true)
        } else {
          batch.reject(syntax(error, result, text, line), origin, text)
        }
        continue
      }
      let root = tokens[result.firstToken]
      guard root.kind == .array else {
        batch.lineCount += 1
        reader.read(result.firstToken, tokens, text, origin, now, &batch)
        continue
      }
      // A batch line counts as its elements; an empty one as a blank.
      batch.lineCount += max(1, root.members)
      if root.members == 0 { batch.blankCount += 1 }
      var element = result.firstToken + 1
      for position in 0..<root.members {
        let range = tokens[element].quotedText
        origin.index = Int32(position)
        origin.start = range.start
        origin.end = range.end
        origin.offset = offset + UInt64(range.start)
        reader.read(element, tokens, text, origin, now, &batch)
        element = tokens[element].after
      }
    }
    batch.chunks.append(chunk)
  }

  private func syntax(
    _ error: JSONError, _ result: JSONScanner.LineResult, _ text: Span<UInt8>, _ line: JSONScanner.Line
  ) -> Rejection {
    if error == .duplicateKey {
      let start = Int(line.offset + result.offset)
      let key = text.extracting(start..<start + Int(result.length)).string
      return Rejection(key, "the object has the key “\(key)” twice")
    }
    return Rejection(nil, "\(error.description) (byte \(result.offset) of the line)")
  }
}

extension EventBatch {
  mutating func reject(_ rejection: Rejection, _ origin: Origin, _ text: Span<UInt8>, isCut: Bool = false) {
    var bytes: [UInt8] = []
    bytes.append(text.extracting(Int(origin.start)..<Int(origin.end)))
    rejects.append(
      Reject(
        line: origin.line, index: origin.index < 0 ? nil : Int(origin.index), offset: origin.offset,
        rejection: rejection, text: bytes, isCut: isCut))
  }
}
