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

  var isShort: Bool { words.2 != .max }

  @inline(__always)
  static func == (a: ShortText, b: ShortText) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.isShort
  }
}
