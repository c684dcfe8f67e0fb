#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes that are appended a few at a time, millions of times, and thrown away together: an array without its checks
/// of who else holds it.
struct ByteBuffer: ~Copyable {
  private(set) var bytes: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 4096) {
    self.capacity = capacity
    bytes = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { bytes.deallocate() }

  var isEmpty: Bool { count == 0 }

  /// What it holds. Valid until the next change.
  var text: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: count)
  }

  @inline(__always)
  mutating func removeAll() { count = 0 }

  /// Drops the last bytes.
  @inline(__always)
  mutating func truncate(to count: Int) { self.count = min(count, self.count) }

  /// Makes room for so many bytes more.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(count + more) }
  }

  @inline(never)
  private mutating func grow(_ wanted: Int) {
    capacity = max(wanted, capacity * 2)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: bytes, byteCount: count)
    bytes.deallocate()
    bytes = larger
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    bytes.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Little-endian.
  @inline(__always)
  mutating func append<Number: FixedWidthInteger>(number: Number) {
    reserve(MemoryLayout<Number>.size)
    bytes.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
    count += MemoryLayout<Number>.size
  }

  /// Unsigned LEB128.
  @inline(__always)
  mutating func append(varint value: Int) {
    reserve(10)
    var rest = UInt64(value)
    while rest >= 0x80 {
      bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
      count += 1
      rest >>= 7
    }
    bytes.storeBytes(of: UInt8(rest), toByteOffset: count, as: UInt8.self)
    count += 1
  }

  @inline(__always)
  mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
    reserve(length)
    memcpy(bytes + count, start, length)
    count += length
  }

  /// Appends a text that lies in a padded chunk (``JSONScanner/padding``): 32 bytes at once, without a call.
  ///
  /// - Precondition: 31 bytes behind the text can be read.
  @inline(__always)
  mutating func append(padded start: UnsafePointer<UInt8>, _ length: Int) {
    reserve(length + 32)
    let source = UnsafeRawPointer(start)
    let target = bytes + count
    var copied = 0
    while copied < length {
      let block = (source + copied).loadUnaligned(as: SIMD32<UInt8>.self)
      (target + copied).storeBytes(of: block, as: SIMD32<UInt8>.self)
      copied += 32
    }
    count += length
  }

  @inline(__always)
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    if let start = text.baseAddress { append(start, text.count) }
  }

  /// Appends valid JSON without insignificant white space.
  mutating func append(minified text: UnsafeBufferPointer<UInt8>) {
    reserve(text.count)
    count += JSONText.minify(Span(_unsafeElements: text), into: bytes.assumingMemoryBound(to: UInt8.self) + count)
  }

  mutating func append(zeros: Int) {
    reserve(zeros)
    memset(bytes + count, 0, zeros)
    count += zeros
  }

  @inline(__always)
  mutating func append(_ literal: StaticString) { append(literal.utf8Start, literal.utf8CodeUnitCount) }
}

extension UnsafeMutablePointer<UInt8> {
  /// Moves the first bytes to memory twice as large, for buffers that public inlinable code writes to.
  mutating func double(_ capacity: inout Int, keeping count: Int) {
    capacity *= 2
    let larger = UnsafeMutablePointer.allocate(capacity: capacity)
    larger.update(from: self, count: count)
    deallocate()
    self = larger
  }
}
