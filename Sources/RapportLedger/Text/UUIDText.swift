/// The usual text of a UUID – 36 bytes, lower case – in 16 bytes and back.
///
/// Eight hexadecimal digits are turned at once, each in a byte of a 64-bit word: some 10 ns a UUID.
enum UUIDText {
  static let count = 36
  static let packedCount = 16

  private static let dash = UInt8(ascii: "-")

  /// - Parameters:
  ///   - text: 36 bytes.
  ///   - packed: room for 16 bytes.
  /// - Returns: false if the text is not a UUID in lower case; `packed` then holds nothing of use.
  static func pack(_ text: UnsafePointer<UInt8>, to packed: UnsafeMutableRawPointer) -> Bool {
    guard text[8] == dash, text[13] == dash, text[18] == dash, text[23] == dash else { return false }
    let bytes = UnsafeRawPointer(text)
    @inline(__always) func group(_ first: Int, _ second: Int, _ place: Int) -> Bool {
      let digits = UInt64(load(bytes + first)) | UInt64(load(bytes + second)) << 32
      let value = fold(digits)
      packed.storeBytes(of: value.littleEndian, toByteOffset: place, as: UInt32.self)
      return unfold(value) == digits
    }
    return group(0, 4, 0) && group(9, 14, 4) && group(19, 24, 8) && group(28, 32, 12)
  }

  /// - Parameters:
  ///   - packed: 16 bytes.
  ///   - text: room for 36 bytes.
  static func unpack(_ packed: UnsafeRawPointer, to text: UnsafeMutableRawPointer) {
    @inline(__always) func group(_ first: Int, _ second: Int, _ place: Int) {
      let digits = unfold(load(packed + place))
      text.storeBytes(of: UInt32(truncatingIfNeeded: digits).littleEndian, toByteOffset: first, as: UInt32.self)
      text.storeBytes(of: UInt32(truncatingIfNeeded: digits >> 32).littleEndian, toByteOffset: second, as: UInt32.self)
    }
    group(0, 4, 0)
    group(9, 14, 4)
    group(19, 24, 8)
    group(28, 32, 12)
    text.storeBytes(of: dash, toByteOffset: 8, as: UInt8.self)
    text.storeBytes(of: dash, toByteOffset: 13, as: UInt8.self)
    text.storeBytes(of: dash, toByteOffset: 18, as: UInt8.self)
    text.storeBytes(of: dash, toByteOffset: 23, as: UInt8.self)
  }

  @inline(__always)
  private static func load(_ bytes: UnsafeRawPointer) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
  }

  /// The value of eight digits, the first byte of the text and of the value the lowest. Nonsense for other bytes:
  /// ``unfold(_:)`` then gives another text back.
  @inline(__always)
  private static func fold(_ text: UInt64) -> UInt32 {
    // Bit 6 tells letters from digits; the low four bits of `a` are 1.
    let nibbles = (text & 0x0F0F_0F0F_0F0F_0F0F) &+ 9 &* (text >> 6 & 0x0101_0101_0101_0101)
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF
    return UInt32(truncatingIfNeeded: pairs | pairs >> 16)
  }

  /// The eight digits of a value.
  @inline(__always)
  private static func unfold(_ value: UInt32) -> UInt64 {
    let pairs = (UInt64(value) | UInt64(value) << 16) & 0x0000_FFFF_0000_FFFF
    let bytes = (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF
    let nibbles = bytes >> 4 & 0x000F_000F_000F_000F | (bytes & 0x000F_000F_000F_000F) << 8
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ 0x27 &* letters
  }
}
