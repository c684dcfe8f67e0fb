#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cuts a stream of bytes into whole lines, a chunk of them at a time.
///
/// A line that is longer than allowed is refused without being held: its first bytes are kept for the rejects file, the
/// rest is passed over.
struct LineReader {
  private let maxLineBytes: Int
  /// Bytes read and not yet parsed, then room for more and ``JSONScanner/padding``.
  private var buffer: [UInt8] = []
  private var filled = 0
  private var lines: [JSONScanner.Line] = []
  /// Input offset of the first byte of the buffer.
  private var offset: UInt64 = 0
  private(set) var nextLine: UInt64 = 1
  /// The beginning of a line that is too long, while the rest of it is passed over.
  private var overlong: (text: [UInt8], offset: UInt64)?

  /// Bytes asked for at once.
  static let readBytes = 1 << 20

  init(maxLineBytes: Int) {
    self.maxLineBytes = maxLineBytes
  }

  /// Reads what is there, waiting for at least one byte.
  ///
  /// - Returns: the number of bytes; 0 at the end of the input.
  mutating func fill(from input: Int32) throws(LedgerError) -> Int {
    var spare: [[UInt8]] = []
    if buffer.count < filled + Self.readBytes + JSONScanner.padding { replaceBuffer(from: 0, &spare) }
    while true {
      let space = buffer.count - JSONScanner.padding - filled
      let count = buffer.withUnsafeMutableBytes { read(input, $0.baseAddress! + filled, min(space, Self.readBytes)) }
      if count >= 0 {
        filled += count
        return count
      }
      if errno == EINTR { continue }
      if errno == EAGAIN { return -1 }
      throw .inputOutput(path: "standard input", why: String(cString: strerror(errno)))
    }
  }

  /// Parses whole lines of the buffer and keeps the rest.
  ///
  /// - Parameter limit: how many lines at most.
  /// - Returns: whether it stopped at the limit, so that there may be more.
  mutating func parse(_ parser: inout EventParser, into batch: inout EventBatch, atMost limit: Int = .max) -> Bool {
    if overlong != nil, !passOver(&batch) { return false }
    var start = 0
    skipByteOrderMark(&start)
    lines.removeAll(keepingCapacity: true)
    buffer.withUnsafeBytes { bytes in
      let base = bytes.baseAddress!
      while start < filled, lines.count < limit, let end = memchr(base + start, 0x0A, filled - start) {
        let length = base.distance(to: end) - start
        lines.append(Self.line(base, start, length))
        start += length + 1
      }
    }
    if lines.isEmpty { discard(start) } else { submit(upTo: start, &parser, &batch) }
    if lines.count == limit { return true }
    // A carriage return may be half of a line end that is still to come.
    if filled > maxLineBytes + 1 || (filled == maxLineBytes + 1 && buffer[maxLineBytes] != 0x0D) {
      overlong = (Array(buffer[0..<maxLineBytes]), offset)
      discard(filled)
    }
    return false
  }

  /// Parses an unterminated last line.
  ///
  /// - Returns: its number; nil if there is none.
  mutating func finish(_ parser: inout EventParser, into batch: inout EventBatch) -> UInt64? {
    let number = nextLine
    if overlong != nil {
      refuseOverlong(&batch)
    } else {
      var start = 0
      skipByteOrderMark(&start)
      guard filled > start else { return nil }
      lines = [buffer.withUnsafeBytes { Self.line($0.baseAddress!, start, filled - start) }]
      submit(upTo: filled, &parser, &batch)
    }
    return number
  }

  /// Bytes behind the last line end.
  var restBytes: Int { filled + (overlong?.text.count ?? 0) }

  /// Whether what stands behind the last line end is an event as it is, or a batch of them.
  func isRestWhole(_ rules: IngestRules, seed: UInt64) -> Bool {
    var reader = self
    var batch = EventBatch(seed: seed)
    var parser = EventParser(seed: seed, rules: rules)
    return reader.finish(&parser, into: &batch) != nil && !batch.isEmpty && batch.rejects.isEmpty
  }

  private static func line(_ base: UnsafeRawPointer, _ start: Int, _ length: Int) -> JSONScanner.Line {
    var length = length
    if length > 0, (base + start + length - 1).load(as: UInt8.self) == 0x0D { length -= 1 }
    return JSONScanner.Line(offset: UInt32(start), length: UInt32(length))
  }

  /// Parses the lines and drops their bytes: a full buffer goes to the batch as it is, of a trickle what is needed is
  /// copied.
  private mutating func submit(upTo end: Int, _ parser: inout EventParser, _ batch: inout EventBatch) {
    let first = offset
    var chunk: [UInt8]
    if end >= Self.readBytes / 2 {
      chunk = buffer
      replaceBuffer(from: end, &batch.spareChunks)
    } else {
      chunk = Array(buffer[..<min(end + JSONScanner.padding, buffer.count)])
      discard(end)
    }
    parser.parse(chunk, lines: lines, firstLine: nextLine, offset: first, now: Clock.now, into: &batch)
    batch.inputBytes = first + UInt64(end)
    nextLine += UInt64(lines.count)
  }

  /// Goes on with another buffer, which begins with the bytes from `start` on.
  private mutating func replaceBuffer(from start: Int, _ spares: inout [[UInt8]]) {
    let rest = filled - start
    let size = rest + Self.readBytes + JSONScanner.padding
    var next = spares.popLast() ?? []
    if next.count < size { next = Self.buffer(size + Self.readBytes / 16) }
    next.withUnsafeMutableBytes { next in
      buffer.withUnsafeBytes { if rest > 0 { memcpy(next.baseAddress!, $0.baseAddress! + start, rest) } }
    }
    swap(&buffer, &next)
    filled = rest
    offset += UInt64(start)
  }

  private static func buffer(_ byteCount: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, count in
      preparePages(bytes.baseAddress, byteCount: byteCount)
      memset(bytes.baseAddress!, 0, byteCount)
      count = byteCount
    }
  }

  /// A byte order mark is accepted at the very start of the input.
  private func skipByteOrderMark(_ start: inout Int) {
    if offset == 0, filled >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { start = 3 }
  }

  /// Drops the first bytes of the buffer.
  private mutating func discard(_ count: Int) {
    guard count > 0, !buffer.isEmpty else { return }
    let rest = filled - count
    buffer.withUnsafeMutableBytes { bytes in
      _ = memmove(bytes.baseAddress!, bytes.baseAddress! + count, rest)
    }
    filled = rest
    offset += UInt64(count)
  }

  /// Passes over an overlong line.
  ///
  /// - Returns: whether its end was reached.
  private mutating func passOver(_ batch: inout EventBatch) -> Bool {
    guard let end = buffer[0..<filled].firstIndex(of: 0x0A) else {
      discard(filled)
      return false
    }
    discard(end + 1)
    refuseOverlong(&batch)
    return true
  }

  private mutating func refuseOverlong(_ batch: inout EventBatch) {
    guard let line = overlong else { return }
    batch.rejects.append(
      Reject(
        line: nextLine, index: nil, offset: line.offset,
        rejection: Rejection.overlong(maxLineBytes), text: line.text,
        isCut: true))
    batch.lineCount += 1
    batch.lastLine = nextLine
    batch.inputBytes = offset
    nextLine += 1
    overlong = nil
  }
}
