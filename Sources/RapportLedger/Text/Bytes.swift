/// The convention of this folder: **text is `Span<UInt8>`**, borrowed from whoever owns the chunk and never stored.
/// What has to be kept or queued is a `TextRange`, eight bytes that say where in the chunk the text lies.
/// `String` appears only in messages for people.
///
/// So nothing here copies on the way in, and no pointer outlives its chunk. The few lines that the compiler cannot
/// check are in this file.

/// Where a piece of text lies in its chunk: byte offsets, `start` included, `end` not.
public struct TextRange: Hashable, Sendable, BitwiseCopyable {
  public var start: UInt32
  public var end: UInt32

  @inlinable
  public init(start: UInt32, end: UInt32) {
    assert(start <= end)
    self.start = start
    self.end = end
  }

  @inlinable public var count: Int { Int(end) - Int(start) }
}

extension Span<UInt8> {
  /// The text at a range of this chunk. Traps when the range is not within it.
  @inlinable
  @_lifetime(copy self)
  func extracting(_ range: TextRange) -> Span<UInt8> {
    extracting(Int(range.start)..<Int(range.end))
  }

  /// Eight bytes as a little-endian number, so that the first byte is the lowest. Traps beyond the end.
  @inlinable
  func loadEightBytes(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count - 8, "eight bytes within the span")
    // Safe: any eight bytes are a UInt64, and all of them are within the span, as just checked.
    return UInt64(littleEndian: unsafe self.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Whether the bytes are those of a literal: `key.equals("subject")`.
  @inlinable
  func equals(_ literal: StaticString) -> Bool {
    guard literal.hasPointerRepresentation, count == literal.utf8CodeUnitCount else { return false }
    // Safe: a static string's storage is immortal and has utf8CodeUnitCount bytes.
    let text = unsafe Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount)
    return equals(text)
  }

  /// Whether both have the same bytes.
  @inlinable
  func equals(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    var offset = 0
    while offset + 8 <= count {
      if loadEightBytes(at: offset) != other.loadEightBytes(at: offset) { return false }
      offset += 8
    }
    while offset < count {
      if self[offset] != other[offset] { return false }
      offset += 1
    }
    return true
  }
}

extension [UInt8] {
  /// Appends the bytes of a span in one copy.
  @inlinable
  mutating func append(_ text: Span<UInt8>) {
    // Safe: the pointer is used only inside the closure, while the span is alive.
    unsafe text.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  /// Appends a number as two decimal digits. The number must be below 100.
  @inlinable
  mutating func appendTwoDigits(_ number: Int) {
    append(UInt8(truncatingIfNeeded: 0x30 + number / 10))
    append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
  }

  /// Appends a number in decimal, without leading zeros.
  @inlinable
  mutating func appendDecimal(_ number: UInt64) {
    let start = count
    var rest = number
    repeat {
      append(UInt8(truncatingIfNeeded: 0x30 + rest % 10))
      rest /= 10
    } while rest != 0
    self[start...].reverse()
  }
}

/// The digit an ASCII byte stands for; above 9 for any other byte.
@inlinable
func digitValue(_ byte: UInt8) -> UInt8 { byte &- 0x30 }
