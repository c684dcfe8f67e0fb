/// What ingest accepts beyond the contract's defaults.
public struct IngestRules: Sendable {
  /// The longest line in bytes.
  public var maxLineBytes = 1 << 20
  /// Accept subjects that look like an e-mail address or a telephone number.
  public var allowsPersonalSubjects = false

  public init() {}
}

/// Turns lines into events of a batch, or into rejects: one strict parse a line (``JSONScanner``), then one walk over
/// its tokens (``EnvelopeReader``). A group of lines goes through the one, then through the other.
struct EventParser: ~Copyable {
  private var scanner: JSONScanner
  private var reader: EnvelopeReader
  private let maxLineBytes: Int

  /// Lines that are scanned together and then read: so many that calling the scanner costs nothing, so few that its
  /// tokens, which take more room than the lines, are still in the processor's own cache when they are read.
  private static let groupBytes = 64 << 10

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
  ///   - chunk: the input, with ``JSONScanner/padding`` bytes behind the last line. It is kept in the batch as long as
  ///     the batch lives.
  ///   - lines: where the lines are, without their line ends.
  ///   - firstLine: number of the first of them.
  ///   - offset: where the chunk begins in the input.
  ///   - now: the clock, nanoseconds since 1970.
  mutating func parse(
    _ chunk: consuming [UInt8], lines: [JSONScanner.Line], firstLine: UInt64, offset: UInt64, now: Int64,
    into batch: inout EventBatch
  ) {
    let number = UInt32(batch.chunks.count)
    chunk.withUnsafeBufferPointer { text in
      var next = 0
      while next < lines.count {
        let group = Self.group(of: lines, from: next)
        scanner.scan(Span(_unsafeElements: text), lines: lines.span.extracting(group))
        for index in group {
          let line = lines[index]
          let origin = EventBatch.Origin(
            line: firstLine + UInt64(index), offset: offset + UInt64(line.offset), chunk: number, start: line.offset,
            end: line.offset + line.length, index: -1)
          parse(index - group.lowerBound, text.baseAddress!, origin, now, &batch)
        }
        reader.finishGroup(&batch)
        next = group.upperBound
      }
      reader.finishChunk(&batch)
    }
    batch.chunks.append(chunk)
  }

  /// The lines from one on that are scanned together: at least one.
  private static func group(of lines: [JSONScanner.Line], from first: Int) -> Range<Int> {
    var end = first + 1
    while end < lines.count, Int(lines[end].offset - lines[first].offset) < groupBytes { end += 1 }
    return first..<end
  }

  @inline(__always)
  private mutating func parse(
    _ index: Int, _ chunk: UnsafePointer<UInt8>, _ origin: EventBatch.Origin, _ now: Int64, _ batch: inout EventBatch
  ) {
    let result = scanner.results[index]
    let line = ScannedLine(tokens: scanner.unsafeTokens, chunk: chunk, isPlain: result.is_plain != 0)
    batch.lastLine = origin.line
    if let error = result.error {
      batch.lineCount += 1
      return refuse(error, result, line, origin, &batch)
    }
    let root = line.tokens[result.firstToken]
    guard root.kind == .array else {
      batch.lineCount += 1
      return reader.read(result.firstToken, of: line, origin, now, &batch)
    }
    // A batch line counts as its elements; an empty one as a blank.
    batch.lineCount += max(1, root.members)
    if root.members == 0 { batch.blankCount += 1 }
    var element = result.firstToken + 1
    var part = origin
    for position in 0..<root.members {
      let range = line.tokens[element].quotedText
      part.index = Int32(position)
      part.start = range.start
      part.end = range.end
      part.offset = origin.offset + UInt64(range.start - origin.start)
      reader.read(element, of: line, part, now, &batch)
      element = line.tokens[element].after
    }
  }

  @inline(never)
  private func refuse(
    _ error: JSONError, _ result: JSONScanner.LineResult, _ line: ScannedLine, _ origin: EventBatch.Origin,
    _ batch: inout EventBatch
  ) {
    switch error {
    case .blank: batch.blankCount += 1
    case .tooLarge:
      var cut = origin
      cut.end = cut.start + UInt32(maxLineBytes)
      batch.reject(.overlong(maxLineBytes), cut, line, isCut: true)
    case .duplicateKey:
      let start = line.chunk + Int(origin.start + result.offset)
      let key = UnsafeBufferPointer(start: start, count: Int(result.length)).string
      batch.reject(Rejection(key, "the object has the key “\(key)” twice"), origin, line)
    default:
      batch.reject(Rejection(nil, "\(error.description) (byte \(result.offset) of the line)"), origin, line)
    }
  }
}

extension EventBatch {
  @inline(never)
  mutating func reject(_ rejection: Rejection, _ origin: Origin, _ line: ScannedLine, isCut: Bool = false) {
    let text = UnsafeBufferPointer(start: line.chunk + Int(origin.start), count: Int(origin.end - origin.start))
    rejects.append(
      Reject(
        line: origin.line, index: origin.index < 0 ? nil : Int(origin.index), offset: origin.offset,
        rejection: rejection, text: Array(text), isCut: isCut))
  }
}
