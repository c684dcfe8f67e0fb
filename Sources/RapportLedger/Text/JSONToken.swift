internal import CSimdjson

/// One token of a scanned line: what it is and where its source text lies in the chunk.
///
/// The tokens of a line are its document in depth-first order; members of an object are a key token, which is a
/// string, followed by the tokens of the value. `next` skips a whole subtree:
///
///     {"a":[1,2]}   object(count 1, next 5), string a, array(count 2, next 5), number, number
///
/// To walk an object:
///
///     var key = object + 1
///     for _ in 0..<tokens[object].members {
///       let value = key + 1
///       …
///       key = tokens[value].after
///     }
typealias JSONToken = rpt_json_token

/// What a token is. The raw values are those of the C header.
enum JSONKind: UInt8, Sendable {
  case object, array, string, number, `true`, `false`, null
}

extension JSONToken {
  @inline(__always)
  var kind: JSONKind {
    // The C side writes these seven values only.
    JSONKind(rawValue: UInt8(truncatingIfNeeded: raw_kind))!
  }

  @inline(__always) var isNull: Bool { raw_kind == UInt32(RPT_JSON_NULL) }

  /// Where the raw text is: of a string without its quotes, of a container with its brackets.
  @inline(__always) var text: TextRange { TextRange(start: start, end: end) }

  /// The whole raw text, of a string with its quotes.
  @inline(__always) var quotedText: TextRange {
    kind == .string ? TextRange(start: start - 1, end: end + 1) : text
  }

  /// Index after the last descendant.
  @inline(__always) var after: Int { Int(next) }

  /// Members of an object or elements of an array.
  @inline(__always) var members: Int { Int(count) }

  /// Whether the raw text of a string differs from what it means.
  @inline(__always) var hasEscape: Bool { flags & UInt32(RPT_JSON_HAS_ESCAPE) != 0 }

  /// Whether a container has white space between its tokens.
  @inline(__always) var hasSpace: Bool { flags & UInt32(RPT_JSON_HAS_SPACE) != 0 }
}
