/// Rows for spreadsheets and other programs: RFC 4180, lines ended by LF.
enum CSV {
  private static let quote = UInt8(ascii: "\"")

  /// A text field. What a spreadsheet would take for a formula gets an apostrophe in front, so that text from customers
  /// cannot compute anything.
  static func append(_ text: String, to line: inout [UInt8]) {
    let start = line.count
    if let first = text.unicodeScalars.first, formulaStarts.contains(first) { line.append(UInt8(ascii: "'")) }
    line.append(contentsOf: text.utf8)
    quoteField(of: &line, from: start)
  }

  /// The last four are the full-width forms of the first.
  private static let formulaStarts = Array("=+-@\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars)

  /// Quotes the field that begins at `start` and ends the line so far, where it must be.
  ///
  /// - Complexity: O(bytes of the field).
  static func quoteField(of line: inout [UInt8], from start: Int) {
    // Without branches and overflow checks, so that many bytes are looked at at once.
    let (quotes, others) = line[start...].withUnsafeBufferPointer { field in
      var quotes = 0
      var others: UInt8 = 0
      for byte in field {
        quotes &+= byte == quote ? 1 : 0
        others |= byte == UInt8(ascii: ",") ? 1 : 0
        others |= byte == UInt8(ascii: "\n") ? 1 : 0
        others |= byte == UInt8(ascii: "\r") ? 1 : 0
      }
      return (quotes, others)
    }
    guard quotes > 0 || others > 0 else { return }
    let end = line.count
    line.append(contentsOf: repeatElement(quote, count: quotes + 2))
    // From the end, so that each byte moves once. In front of each there is room for a quote until all have moved.
    line.withUnsafeMutableBufferPointer { line in
      var target = line.count - 1
      for source in (start..<end).reversed() {
        let byte = line[source]
        line[target &- 1] = byte
        line[target &- 2] = quote
        target &-= byte == quote ? 2 : 1
      }
      line[start] = quote
    }
  }

  static func line(_ fields: [String]) -> [UInt8] {
    var line: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      append(field, to: &line)
    }
    line.append(UInt8(ascii: "\n"))
    return line
  }
}
