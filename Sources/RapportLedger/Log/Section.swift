/// One array of a block: where it stands, and how its numbers are packed.
///
/// A section is either bytes or whole numbers. Numbers are kept relative to a base in multiples of a common unit –
/// whole seconds of nanosecond times, cents of ten-thousandths – in as few bytes as the largest needs:
///
///     value[i] = base + unit · stored[i]
///
/// | encoding | bytes |
/// |---|---|
/// | `constant` | none: every value is `base` |
/// | `dense` | `stored` of every row, `width` bytes each, little-endian |
/// | `framed` | frames, each with a checksum of its own in another section |
/// | `sparse` | a bit a row that is set where the value is not zero, in 64-bit words; then a UInt32 a word with the number of set bits before it, padded to 8 bytes; then `stored` of the set rows |
///
/// Directory entry, 40 bytes, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | encoding: 0 absent, 1 bytes, 2 constant, 3 dense, 4 sparse, 5 framed |
/// | 1 | 1 | width: 0, 1, 2, 4 or 8 |
/// | 2 | 2 | zero |
/// | 4 | 4 | count of values (of bytes: 0) |
/// | 8 | 4 | offset from the start of the block, a multiple of 8 |
/// | 12 | 4 | bytes |
/// | 16 | 8 | base |
/// | 24 | 8 | unit |
/// | 32 | 8 | XXH3-64 of the bytes, or of the table of their checksums (``SectionSums``); of frames and of no bytes zero |
struct Section: BitwiseCopyable {
  var encoding: UInt8 = 0
  var width: UInt8 = 0
  var reserved: UInt16 = 0
  var count: UInt32 = 0
  var offset: UInt32 = 0
  var byteCount: UInt32 = 0
  var base: Int64 = 0
  var unit: Int64 = 1
  var checksum: UInt64 = 0

  static let absent: UInt8 = 0
  static let bytes: UInt8 = 1
  static let constant: UInt8 = 2
  static let dense: UInt8 = 3
  static let sparse: UInt8 = 4
  static let framed: UInt8 = 5

  static let entryBytes = 40

  /// True if the numbers of this entry fit together, so that no read leaves the section, nor its table the block.
  func isSound(blockBytes: Int) -> Bool {
    guard end <= blockBytes, offset % 8 == 0 else { return false }
    let values = Int(count)
    switch encoding {
    case Section.absent, Section.constant: return byteCount == 0
    case Section.bytes, Section.framed: return count == 0
    case Section.dense:
      return [1, 2, 4, 8].contains(width) && Int(byteCount) == values * Int(width)
    case Section.sparse:
      return [1, 2, 4, 8].contains(width) && Int(byteCount) >= SparseLayout(count: values).valuesOffset
    default: return false
    }
  }
}

/// Where the parts of a sparse section begin.
struct SparseLayout {
  let words: Int
  let ranksOffset: Int
  let valuesOffset: Int

  init(count: Int) {
    words = (count + 63) / 64
    ranksOffset = words * 8
    valuesOffset = (ranksOffset + words * 4 + 7) / 8 * 8
  }
}
