/// Rows for spreadsheets and other programs: RFC 4180, lines ended by LF.
enum CSV {
  /// A text field. What a spreadsheet would take for a formula gets an apostrophe in front, so that text from customers
  /// cannot compute anything.
  static func field(_ text: String) -> String {
    let isFormula = text.unicodeScalars.first.map { formulaStarts.contains($0) } ?? false
    return quoted(isFormula ? "'" + text : text)
  }

  /// The last four are the full-width forms of the first.
  private static let formulaStarts = Array("=+-@\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars)

  /// A field that is known to be a number or our own word: only quoted where it must be.
  static func quoted(_ text: String) -> String {
    let quote = UInt8(ascii: "\"")
    let needsQuotes = text.utf8.contains { byte in
      byte == quote || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
    guard needsQuotes else { return text }
    var field = [quote]
    for byte in text.utf8 {
      if byte == quote { field.append(quote) }
      field.append(byte)
    }
    field.append(quote)
    return String(decoding: field, as: UTF8.self)
  }

  static func line(_ fields: [String]) -> String { fields.joined(separator: ",") + "\n" }
}
