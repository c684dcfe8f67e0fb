import RapportLedger

/// Standard output, written in pieces of 64 KiB.
///
/// It belongs to one command at a time and is lent to it by ``Output/run(noColor:_:)``, which flushes at the end.
struct Output: ~Copyable {
  /// Who is looking.
  let terminal: Terminal
  private static let descriptor: Int32 = 1
  private static let pieceBytes = 64 << 10
  private var buffer: [UInt8] = []

  private init(noColor: Bool) {
    terminal = Terminal(Self.descriptor, noColor: noColor)
    buffer.reserveCapacity(Self.pieceBytes + 4096)
  }

  /// Lends standard output to `body`.
  ///
  /// What was written before an error is still printed.
  static func run<R>(noColor: Bool = true, _ body: (inout Output) throws -> R) throws -> R {
    var output = Output(noColor: noColor)
    do {
      let result = try body(&output)
      try output.flush()
      return result
    } catch let error as ClosedPipe {
      throw error
    } catch {
      try output.flush()
      throw error
    }
  }

  /// A line for people.
  mutating func line(_ text: Rich = Rich()) throws {
    buffer.append(contentsOf: text.rendered(on: terminal).utf8)
    buffer.append(UInt8(ascii: "\n"))
    try drain()
  }

  mutating func lines(_ lines: [Rich]) throws {
    for text in lines { try line(text) }
  }

  /// A JSON document on a line of its own.
  mutating func json(_ value: JSONValue) throws {
    var bytes: [UInt8] = []
    value.append(to: &bytes)
    try json(bytes)
  }

  /// JSON text on a line of its own.
  mutating func json(_ text: [UInt8]) throws {
    try json(piece: text)
    try line()
  }

  /// Some of the text of a JSON document.
  mutating func json(piece text: [UInt8]) throws {
    try self.text(terminal.isTerminal ? TerminalText.escapedJSON(text) : text)
  }

  /// Text that has its final form already: CSV.
  mutating func text(_ text: some Sequence<UInt8>) throws {
    buffer.append(contentsOf: text)
    try drain()
  }

  /// Writes out what waits: before a pause, so that a reader need not wait for the piece to fill.
  mutating func flush() throws {
    guard !buffer.isEmpty else { return }
    try System.write(buffer, to: Self.descriptor)
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func drain() throws {
    if buffer.count >= Self.pieceBytes { try flush() }
  }

  /// Writes whole lines at once, past any buffer: for acknowledgements and for bulk data.
  static func writeNow(_ bytes: [UInt8]) throws { try System.write(bytes, to: descriptor) }

  /// Whether a short line can be written, or nobody reads it any more; waits for that as long as it may.
  static func canTakeMore(within milliseconds: Int32) -> Bool {
    System.waitUntilWritable(descriptor, milliseconds: milliseconds)
  }
}

/// Standard error: everything that is not data. Unbuffered; that it cannot be written is nobody's concern.
enum StandardError {
  static let descriptor: Int32 = 2

  static func write(_ text: String) { try? System.write(Array(text.utf8), to: descriptor) }

  static func line(_ text: Rich, noColor: Bool) {
    write(text.rendered(on: Terminal(descriptor, noColor: noColor)) + "\n")
  }
}
