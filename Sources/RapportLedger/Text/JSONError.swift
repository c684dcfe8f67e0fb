/// Why a line is not a JSON document that the ledger takes. The raw values are those of the C header.
enum JSONError: UInt8, Error, Sendable {
  /// Nothing, or nothing but white space: to be counted, not to be rejected.
  case blank = 1
  case tooLarge
  case invalidUTF8
  case controlCharacter
  case unclosedString
  case invalidEscape
  case loneSurrogate
  case invalidNumber
  case invalidLiteral
  case unexpected
  case truncated
  case tooDeep
  case duplicateKey
  case outOfMemory
  case disagreement
}

extension JSONError: CustomStringConvertible {
  /// A message for the person who sent the line.
  var description: String {
    switch self {
    case .blank: "The line is blank."
    case .tooLarge: "The line is longer than allowed (--max-line)."
    case .invalidUTF8: "The line is not valid UTF-8."
    case .controlCharacter: "A control character inside a string must be escaped, as in \\u0009."
    case .unclosedString: "A string has no closing quote."
    case .invalidEscape: "A backslash in a string is followed by something that is no JSON escape."
    case .loneSurrogate: "A \\u escape is half of a surrogate pair and stands for no character."
    case .invalidNumber: "This is not a JSON number."
    case .invalidLiteral: "Only true, false and null may stand here without quotes."
    case .unexpected: "Not valid JSON: unexpected character."
    case .truncated: "Not valid JSON: the line ends too early."
    case .tooDeep: "Objects and arrays are nested too deeply."
    case .duplicateKey: "An object has the same key twice."
    case .outOfMemory: "There was not enough memory to read the line."
    case .disagreement: "The line could not be validated (an error in rapport; please report it)."
    }
  }
}
