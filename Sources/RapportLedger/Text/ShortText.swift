import CHash

/// A text of up to 23 bytes held in place, so that two of them compare in three instructions: a key, a word.
///
/// Longer texts are equal to no short one, and are told by ``isShort``.
struct ShortText: Equatable, BitwiseCopyable, Sendable {
  private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

  static let bytesMax = 23

  init(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.count <= Self.bytesMax else {
      words.2 = .max
      return
    }
    var words = (UInt64(0), UInt64(0), UInt64(0))
    withUnsafeMutableBytes(of: &words) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(text))
      // The count tells texts apart that differ by trailing zeros.
      bytes[23] = UInt8(truncatingIfNeeded: text.count)
    }
    self.words = words
  }

  init(_ text: String) {
    let bytes = Array(text.utf8)
    self = bytes.withUnsafeBufferPointer { ShortText($0) }
  }

  /// The same for a text in a padded chunk (``JSONScanner/padding``): three loads, three masks, one branch.
  ///
  /// - Precondition: 24 bytes can be read.
  @inline(__always)
  init(padded start: UnsafePointer<UInt8>, count: Int) {
    guard count <= Self.bytesMax else {
      words.2 = .max
      return
    }
    let bytes = UnsafeRawPointer(start)
    @inline(__always) func word(_ index: Int) -> UInt64 {
      let word = bytes.loadUnaligned(fromByteOffset: 8 &* index, as: UInt64.self)
      return UInt64(littleEndian: word & rpt_text_mask(count, index))
    }
    words = (word(0), word(1), word(2) | UInt64(truncatingIfNeeded: count) &<< 56)
  }

  /// Some bits of the text, well mixed.
  @inline(__always)
  var mixed: UInt64 {
    let all = words.0 ^ (words.1 &* 0x9E37_79B9_7F4A_7C15) ^ (words.2 &* 0xD6E8_FEB8_6659_FD93)
    return (all ^ all >> 29) &* 0xBF58_476D_1CE4_E5B9
  }

  /// Equal to nothing.
  static var tooLong: ShortText {
    var text = ShortText("")
    text.words.2 = .max
    return text
  }

  var isShort: Bool { words.2 != .max }

  @inline(__always)
  static func == (a: ShortText, b: ShortText) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.isShort
  }
}
