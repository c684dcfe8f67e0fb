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
/// | `sparse` | a bit a row that is set where the value is not zero, in 64-bit words; then a UInt32 a word with the number of set bits before it, padded to 8 bytes; then `stored` of the set rows |
///
/// Directory entry, 40 bytes, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | encoding: 0 absent, 1 bytes, 2 constant, 3 dense, 4 sparse |
/// | 1 | 1 | width: 0, 1, 2, 4 or 8 |
/// | 2 | 2 | zero |
/// | 4 | 4 | count of values (of bytes: 0) |
/// | 8 | 4 | offset from the start of the block, a multiple of 8 |
/// | 12 | 4 | bytes |
/// | 16 | 8 | base |
/// | 24 | 8 | unit |
/// | 32 | 8 | XXH3-64 of the bytes |
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

  static let entryBytes = 40

  /// True if the numbers of this entry fit together, so that no read leaves the section.
  func isSound(blockBytes: Int) -> Bool {
    guard Int(offset) + Int(byteCount) <= blockBytes, offset % 8 == 0 else { return false }
    let values = Int(count)
    switch encoding {
    case Section.absent, Section.constant: return byteCount == 0
    case Section.bytes: return true
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

/// Packs whole numbers into the bytes of a section.
enum SectionEncoder {
  /// Units worth trying, coarsest first: a day, a second, a millisecond and a microsecond of nanoseconds; a million
  /// (a whole score in millionths), ten thousand (a whole currency unit), a hundred (a cent).
  private static let units: [Int64] = [86_400_000_000_000, 1_000_000_000, 1_000_000, 10_000, 1_000, 100]

  /// Appends the packed form of `values` to `bytes` and describes it.
  ///
  /// - Parameter allowSparse: false for sections that are read by index alone.
  /// - Complexity: O(n) with up to six divisions a value.
  static func encode(
    _ values: UnsafeBufferPointer<Int64>, allowSparse: Bool = true, into bytes: inout [UInt8]
  ) -> Section {
    var section = Section()
    section.count = UInt32(values.count)
    guard let first = values.first else {
      section.encoding = Section.constant
      return section
    }
    var all = Extent(first)
    var others = Extent(nil)
    var nonZero = 0
    for value in values {
      all.include(value)
      if value != 0 {
        others.include(value)
        nonZero += 1
      }
    }
    if all.low == all.high {
      section.encoding = Section.constant
      section.base = first
      return section
    }
    align(&bytes)
    let start = bytes.count
    section.offset = UInt32(start)
    let layout = SparseLayout(count: values.count)
    let dense = packing(values, all, skipZero: false)
    // A sparse section leaves the zeros out, so its base comes from the others alone.
    let sparseBytesMin = layout.valuesOffset + nonZero
    let sparse = sparseBytesMin < values.count * dense.width ? packing(values, others, skipZero: true) : dense
    if allowSparse, layout.valuesOffset + nonZero * max(sparse.width, 1) < values.count * dense.width {
      section.encoding = Section.sparse
      section.base = sparse.base
      section.unit = sparse.unit
      section.width = UInt8(max(sparse.width, 1))
      appendPresence(values, layout, to: &bytes)
      store(values, nonZero, section, skipZero: true, into: &bytes)
    } else {
      section.encoding = Section.dense
      section.base = dense.base
      section.unit = dense.unit
      section.width = UInt8(dense.width)
      store(values, values.count, section, skipZero: false, into: &bytes)
    }
    section.byteCount = UInt32(bytes.count - start)
    return section
  }

  /// The least and the greatest of some values.
  private struct Extent {
    var low: Int64
    var high: Int64

    init(_ value: Int64?) {
      low = value ?? .max
      high = value ?? .min
    }

    @inline(__always)
    mutating func include(_ value: Int64) {
      low = min(low, value)
      high = max(high, value)
    }
  }

  /// The bits and ranks of a sparse section.
  private static func appendPresence(
    _ values: UnsafeBufferPointer<Int64>, _ layout: SparseLayout, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: layout.valuesOffset))
    bytes.withUnsafeMutableBytes { bytes in
      let words = (bytes.baseAddress! + start).assumingMemoryBound(to: UInt64.self)
      let ranks = (bytes.baseAddress! + start + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
      var rank: UInt32 = 0
      for index in 0..<layout.words {
        var word: UInt64 = 0
        for offset in 0..<min(64, values.count - index * 64) where values[index * 64 + offset] != 0 {
          word |= 1 << UInt64(offset)
        }
        words[index] = word
        ranks[index] = rank
        rank += UInt32(word.nonzeroBitCount)
      }
    }
  }

  /// Appends raw bytes as a section.
  static func encode(bytes raw: [UInt8], into bytes: inout [UInt8]) -> Section {
    align(&bytes)
    var section = Section()
    section.encoding = Section.bytes
    section.offset = UInt32(bytes.count)
    section.byteCount = UInt32(raw.count)
    bytes += raw
    return section
  }

  static func align(_ bytes: inout [UInt8]) {
    while bytes.count % 8 != 0 { bytes.append(0) }
  }

  private static func packing(
    _ values: UnsafeBufferPointer<Int64>, _ extent: Extent, skipZero: Bool
  ) -> (base: Int64, unit: Int64, width: Int) {
    let low = extent.low
    let (range, overflow) = extent.high.subtractingReportingOverflow(low)
    if overflow { return (0, 1, 8) }
    for unit in units where range % unit == 0 && range >= unit {
      // `skipZero` values are not stored, so they need not fit the unit.
      if values.allSatisfy({ (skipZero && $0 == 0) || ($0 &- low) % unit == 0 }) {
        return (low, unit, width(of: UInt64(range / unit)))
      }
    }
    return width(of: UInt64(range)) == 8 ? (0, 1, 8) : (low, 1, width(of: UInt64(range)))
  }

  private static func width(of value: UInt64) -> Int {
    value == 0 ? 0 : value < 1 << 8 ? 1 : value < 1 << 16 ? 2 : value < 1 << 32 ? 4 : 8
  }

  private static func store(
    _ values: UnsafeBufferPointer<Int64>, _ count: Int, _ section: Section, skipZero: Bool, into bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count * Int(section.width)))
    let (base, unit) = (section.base, section.unit)
    @inline(__always) func run<T: FixedWidthInteger>(_: T.Type) {
      bytes.withUnsafeMutableBytes { bytes in
        let target = (bytes.baseAddress! + start).assumingMemoryBound(to: T.self)
        var next = 0
        for value in values where !(skipZero && value == 0) {
          let stored = unit == 1 ? value &- base : (value &- base) / unit
          target[next] = T(truncatingIfNeeded: stored)
          next += 1
        }
      }
    }
    switch section.width {
    case 1: run(UInt8.self)
    case 2: run(UInt16.self)
    case 4: run(UInt32.self)
    default: run(UInt64.self)
    }
  }
}

/// Reads the numbers of one section. Valid as long as the block that it points into.
///
/// The checks are made once, when the block is opened (``Section/isSound(blockBytes:)``); the loops below are bare.
struct SectionReader {
  let section: Section
  /// The first byte of the section.
  let bytes: UnsafeRawPointer

  var count: Int { Int(section.count) }

  /// - Complexity: O(1).
  subscript(index: Int) -> Int64 {
    precondition(index >= 0 && index < count, "index outside the section")
    switch section.encoding {
    case Section.constant: return section.base
    case Section.dense: return decode(at: index, from: bytes)
    case Section.sparse:
      let layout = SparseLayout(count: count)
      let word = (bytes + index / 64 * 8).load(as: UInt64.self)
      let bit = UInt64(1) << UInt64(index % 64)
      guard word & bit != 0 else { return 0 }
      let before = (bytes + layout.ranksOffset + index / 64 * 4).load(as: UInt32.self)
      let rank = Int(before) + (word & (bit - 1)).nonzeroBitCount
      // The ranks are checksummed, not trusted: a rank beyond the section would leave it.
      let offset = layout.valuesOffset + (rank + 1) * Int(section.width)
      precondition(offset <= Int(section.byteCount), "sparse rank outside the section")
      return decode(at: rank, from: bytes + layout.valuesOffset)
    default: return 0
    }
  }

  @inline(__always)
  private func decode(at index: Int, from values: UnsafeRawPointer) -> Int64 {
    let stored: UInt64
    switch section.width {
    case 1: stored = UInt64((values + index).load(as: UInt8.self))
    case 2: stored = UInt64((values + index * 2).loadUnaligned(as: UInt16.self))
    case 4: stored = UInt64((values + index * 4).loadUnaligned(as: UInt32.self))
    default: stored = (values + index * 8).loadUnaligned(as: UInt64.self)
    }
    return section.base &+ section.unit &* Int64(bitPattern: stored)
  }

  /// Writes the values of `rows` into a field of an array of structures.
  ///
  /// - Parameters:
  ///   - rows: rows of the block.
  ///   - target: the field in the first structure.
  ///   - stride: distance of two structures in bytes.
  ///   - slots: for each row of `rows` the index of its structure.
  /// - Complexity: O(rows), without a branch per row but for sparse sections.
  func scatter<Field: FixedWidthInteger>(
    _ rows: Range<Int>, as _: Field.Type, to target: UnsafeMutableRawPointer, stride: Int,
    slots: UnsafePointer<UInt32>
  ) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "rows outside the section")
    switch (section.encoding, section.width) {
    case (Section.constant, _):
      let value = Field(truncatingIfNeeded: section.base)
      if value == 0 { return }
      for index in 0..<rows.count {
        (target + Int(slots[index]) * stride).storeBytes(of: value, as: Field.self)
      }
    case (Section.dense, 1): dense(UInt8.self, Field.self, rows, target, stride, slots)
    case (Section.dense, 2): dense(UInt16.self, Field.self, rows, target, stride, slots)
    case (Section.dense, 4): dense(UInt32.self, Field.self, rows, target, stride, slots)
    case (Section.dense, _): dense(UInt64.self, Field.self, rows, target, stride, slots)
    case (Section.sparse, 1): sparse(UInt8.self, Field.self, rows, target, stride, slots)
    case (Section.sparse, 2): sparse(UInt16.self, Field.self, rows, target, stride, slots)
    case (Section.sparse, 4): sparse(UInt32.self, Field.self, rows, target, stride, slots)
    case (Section.sparse, _): sparse(UInt64.self, Field.self, rows, target, stride, slots)
    default: return
    }
  }

  @inline(__always)
  private func dense<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _: Field.Type, _ rows: Range<Int>, _ target: UnsafeMutableRawPointer, _ stride: Int,
    _ slots: UnsafePointer<UInt32>
  ) {
    let values = bytes.assumingMemoryBound(to: Stored.self) + rows.lowerBound
    let base = section.base
    let unit = section.unit
    for index in 0..<rows.count {
      let value = base &+ unit &* Int64(truncatingIfNeeded: values[index])
      (target + Int(slots[index]) * stride).storeBytes(of: Field(truncatingIfNeeded: value), as: Field.self)
    }
  }

  @inline(__always)
  private func sparse<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _: Field.Type, _ rows: Range<Int>, _ target: UnsafeMutableRawPointer, _ stride: Int,
    _ slots: UnsafePointer<UInt32>
  ) {
    let layout = SparseLayout(count: count)
    let words = bytes.assumingMemoryBound(to: UInt64.self)
    let ranks = (bytes + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
    let values = (bytes + layout.valuesOffset).assumingMemoryBound(to: Stored.self)
    let stored = (Int(section.byteCount) - layout.valuesOffset) / MemoryLayout<Stored>.size
    let base = section.base
    let unit = section.unit
    var index = rows.lowerBound
    while index < rows.upperBound {
      let wordIndex = index / 64
      let end = min((wordIndex + 1) * 64, rows.upperBound)
      let word = words[wordIndex]
      let from = UInt64(index % 64)
      var rank = Int(ranks[wordIndex]) + (word & (1 << from - 1)).nonzeroBitCount
      var rest = word >> from
      if end % 64 != 0 { rest &= (1 << UInt64(end - index)) - 1 }
      precondition(rank + rest.nonzeroBitCount <= stored, "sparse rank outside the section")
      while rest != 0 {
        let row = index + rest.trailingZeroBitCount
        let value = base &+ unit &* Int64(truncatingIfNeeded: values[rank])
        (target + Int(slots[row - rows.lowerBound]) * stride)
          .storeBytes(of: Field(truncatingIfNeeded: value), as: Field.self)
        rank += 1
        rest &= rest - 1
      }
      index = end
    }
  }
}
