internal import CSimdjson

/// Validates the lines of a chunk as JSON and says where every token's text lies. One call into C per chunk.
///
/// A scanner owns its memory, reuses it from chunk to chunk, and hands its results out as spans that the compiler
/// ends at the next `scan`. It belongs to one thread at a time.
///
///     var scanner = JSONScanner()
///     scanner.scan(chunk, lines: lines.span)
///     let tokens = scanner.tokens
///     for line in 0..<lines.count {
///       let result = scanner.results[line]
///       if let error = result.error { … } else { read(tokens[result.firstToken]) }
///     }
///
/// A byte order mark is not white space: who reads the first line of a file takes it off.
///
/// Safe to use: the chunk's padding is checked, and what C owns is lent for no longer than C keeps it.
@safe struct JSONScanner: ~Copyable, @unchecked Sendable {
  typealias Line = rpt_json_line
  typealias LineResult = rpt_json_result

  /// Bytes that a chunk must have beyond the end of its last line. What they hold does not matter.
  static let padding = Int(RPT_JSON_PADDING)

  /// The largest value of `lineBytesMax`, 16 MiB.
  static let lineBytesLimit = Int(RPT_JSON_LINE_BYTES_LIMIT)

  /// How a line is judged.
  enum Mode: UInt32 {
    /// simdjson's DOM parser and the walk that emits the tokens must both accept it. The tests hold the walk against it.
    case domAndWalk = 0
    /// The walk over simdjson's index alone, which checks the whole grammar: the rule.
    case walkOnly = 1
  }

  private let scanner: OpaquePointer
  private var output = unsafe rpt_json_output()

  /// Creates a scanner. `lineBytesMax` is at most 16 MiB, `depthMax` at most 1024, `[[1]]` being of depth 2.
  init(lineBytesMax: Int = 1 << 20, depthMax: Int = 64, mode: Mode = .walkOnly) {
    guard let scanner = unsafe rpt_json_create(lineBytesMax, UInt32(depthMax), mode.rawValue) else {
      preconditionFailure("memory for a scanner, and limits that it knows")
    }
    unsafe self.scanner = scanner
  }

  deinit { unsafe rpt_json_destroy(scanner) }

  /// Judges every line. Traps unless `chunk` goes on for `padding` bytes after each of them.
  ///
  /// Time is linear in the bytes (and n log n in the keys of an object with more than 16).
  mutating func scan(_ chunk: Span<UInt8>, lines: Span<Line>) {
    precondition(chunk.count <= Int(UInt32.max), "a chunk of less than 4 GiB")
    for index in lines.indices {
      let line = lines[index]
      precondition(
        Int(line.offset) + Int(line.length) + Self.padding <= chunk.count, "lines and their padding within the chunk")
    }
    // Safe: the padding was just checked, and C keeps neither pointer.
    unsafe output = unsafe chunk.withUnsafeBufferPointer { chunk in
      unsafe lines.withUnsafeBufferPointer { lines in
        unsafe rpt_json_scan(scanner, chunk.baseAddress, lines.baseAddress, lines.count)
      }
    }
    precondition(unsafe output.result_count == lines.count, "memory for the results of a chunk")
  }

  /// What became of each line of the last scan, in their order.
  var results: Span<LineResult> {
    @_lifetime(borrow self)
    borrowing get {
      // Safe: C keeps the array until the next scan, which needs exclusive access to self.
      let span = unsafe Span(_unsafeStart: emptyIfNull(output.results), count: output.result_count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The tokens of all valid lines of the last scan.
  var tokens: Span<JSONToken> {
    @_lifetime(borrow self)
    borrowing get {
      // Safe: as for the results.
      let span = unsafe Span(_unsafeStart: emptyIfNull(output.tokens), count: output.token_count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The same without a lifetime, for a loop that the compiler cannot follow. Valid until the next scan.
  var unsafeTokens: UnsafePointer<JSONToken> { unsafe emptyIfNull(output.tokens) }

  /// An empty span needs a pointer too, if only to nothing.
  private func emptyIfNull<T>(_ pointer: UnsafePointer<T>?) -> UnsafePointer<T> {
    unsafe pointer ?? UnsafePointer(bitPattern: MemoryLayout<T>.alignment)!
  }
}

extension JSONScanner.LineResult {
  /// Why the line was not accepted; nil when it was. `offset` and `length` say where, from the start of the line.
  var error: JSONError? {
    // The C side writes these values only.
    status == UInt32(RPT_JSON_OK) ? nil : JSONError(rawValue: UInt8(truncatingIfNeeded: status))!
  }

  /// Index of the root token.
  var firstToken: Int { Int(first_token) }
}
