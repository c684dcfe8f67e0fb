/// Why an event was not recorded.
public struct Rejection: Sendable, Error {
  /// The attribute or `data.field` that it is about; nil for the line as a whole.
  public var field: String?
  public var reason: String

  static func overlong(_ maxLineBytes: Int) -> Rejection {
    Rejection(nil, "the line is longer than \(maxLineBytes) bytes (--max-line)")
  }

  init(_ field: String?, _ reason: String) {
    self.field = field
    self.reason = reason
  }
}

/// A refused line, or element of a batch line, as it goes to the rejects file.
struct Reject {
  /// Number of the input line, from 1.
  var line: UInt64
  /// Index within a batch line; nil for a line that is one event.
  var index: Int?
  /// Where the line (or the element) begins in the input.
  var offset: UInt64
  var rejection: Rejection
  /// Conflicts are counted among the rejected and by themselves.
  var isConflict = false
  var text: [UInt8]
  /// The text was longer than the limit and is cut there.
  var isCut = false
}
