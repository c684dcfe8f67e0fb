/// What a database is sorted by: `UInt64` in numeric order; `String` and `[UInt8]` in the order of their bytes.
///
/// LMDB accepts keys of 1 to 511 bytes.
public protocol DatabaseKey {
  /// Whether LMDB compares the keys as native integers. A property of the database, recorded in its file.
  static var isInteger: Bool { get }

  /// Reads a key back; `nil` if the bytes cannot be one.
  init?(keyBytes: RawSpan)

  /// Calls `body` with the key as it is stored.
  func withKeyBytes<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result
}

extension UInt64: DatabaseKey {
  @inlinable public static var isInteger: Bool { true }

  @inlinable public init?(keyBytes: RawSpan) {
    guard keyBytes.byteCount == 8 else { return nil }
    self = unsafe keyBytes.unsafeLoadUnaligned(as: UInt64.self)  // any eight bytes are an integer
  }

  @inlinable
  public func withKeyBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let one: [1 of UInt64] = [self]
    return unsafe try body(one.span.bytes)  // an integer has no padding
  }
}

extension String: DatabaseKey {
  @inlinable public static var isInteger: Bool { false }

  @inlinable public init?(keyBytes: RawSpan) {
    let units = Span<UInt8>(_bytes: keyBytes)
    guard let text = try? UTF8Span(validating: units) else { return nil }
    self.init(copying: text)
  }

  @inlinable
  public func withKeyBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(utf8Span.span.bytes)  // bytes as bytes
  }
}

extension [UInt8]: DatabaseKey {
  @inlinable public static var isInteger: Bool { false }

  @inlinable public init?(keyBytes: RawSpan) {
    self = unsafe keyBytes.withUnsafeBytes { bytes in unsafe Array(bytes) }
  }

  @inlinable
  public func withKeyBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(span.bytes)  // bytes as bytes
  }
}
