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
  /// Appends the packed form of `values` to `bytes` and describes it. Numbers of 64 bits have a sign.
  ///
  /// - Parameter allowSparse: false for sections that are read by index alone.
  /// - Complexity: O(n); a column of zeros costs next to nothing.
  @inline(__always)
  static func encode<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, allowSparse: Bool = true, into bytes: inout [UInt8]
  ) -> Section {
    var section = Section()
    section.count = UInt32(values.count)
    let extent = Extent(values)
    if extent.low == extent.high {
      section.encoding = Section.constant
      section.base = extent.low
      return section
    }
    align(&bytes)
    let start = bytes.count
    section.offset = UInt32(start)
    let packing = Packing(values, extent)
    if !allowSparse || !encodeSparse(values, limit: values.count * packing.width, &section, &bytes) {
      section.encoding = Section.dense
      section.set(packing)
      append(values, packing, to: &bytes)
    }
    section.byteCount = UInt32(bytes.count - start)
    return section
  }

  /// Appends the sparse form if it has fewer bytes than `limit`.
  ///
  /// - Returns: whether it did.
  @inline(__always)
  private static func encodeSparse<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, limit: Int, _ section: inout Section, _ bytes: inout [UInt8]
  ) -> Bool {
    var present = 0
    for value in values { present += value == 0 ? 0 : 1 }
    let layout = SparseLayout(count: values.count)
    guard layout.valuesOffset + present < limit else { return false }
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: present + 1) { scratch in
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: layout.valuesOffset))
      bytes.withUnsafeMutableBytes { bytes in
        collectPresent(values, layout, bytes.baseAddress! + start, scratch.baseAddress!)
      }
      // The zeros are left out, so base, unit and width come from the others alone.
      let others = UnsafeBufferPointer(start: scratch.baseAddress, count: present)
      let packing = Packing(others, Extent(others), widthMin: 1)
      guard layout.valuesOffset + present * packing.width < limit else {
        bytes.removeLast(layout.valuesOffset)
        return false
      }
      section.encoding = Section.sparse
      section.set(packing)
      append(others, packing, to: &bytes)
      return true
    }
  }

  /// Writes the bits and ranks of a sparse section to `target`, and the values that are not zero to `present`,
  /// which has room for one more.
  @inline(__always)
  private static func collectPresent<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, _ layout: SparseLayout, _ target: UnsafeMutableRawPointer,
    _ present: UnsafeMutablePointer<Value>
  ) {
    let words = target.assumingMemoryBound(to: UInt64.self)
    let ranks = (target + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
    var rank = 0
    for index in 0..<layout.words {
      ranks[index] = UInt32(rank)
      let rows = UnsafeBufferPointer(rebasing: values[index * 64..<min(index * 64 + 64, values.count)])
      guard Extent.any(rows) != 0 else { continue }
      var word: UInt64 = 0
      for offset in 0..<rows.count {
        let isPresent: UInt64 = rows[offset] == 0 ? 0 : 1
        word |= isPresent &<< UInt64(offset)
        // Without a branch: the next value takes the place of a zero.
        present[rank] = rows[offset]
        rank += Int(isPresent)
      }
      words[index] = word
    }
  }

  /// Appends raw bytes as a section.
  static func encode(bytes raw: [UInt8], into bytes: inout [UInt8]) -> Section {
    encode(into: &bytes) { $0 += raw }
  }

  /// Describes what `append` appends as a section of raw bytes.
  static func encode(into bytes: inout [UInt8], _ append: (inout [UInt8]) -> Void) -> Section {
    align(&bytes)
    var section = Section()
    section.encoding = Section.bytes
    section.offset = UInt32(bytes.count)
    append(&bytes)
    section.byteCount = UInt32(bytes.count) - section.offset
    return section
  }

  static func align(_ bytes: inout [UInt8]) {
    while bytes.count % 8 != 0 { bytes.append(0) }
  }

  @inline(__always)
  private static func append<Value: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Value>, _ packing: Packing, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: values.count * packing.width))
    bytes.withUnsafeMutableBytes { bytes in
      let target = bytes.baseAddress! + start
      switch packing.width {
      case 1: packing.store(values, to: target.assumingMemoryBound(to: UInt8.self))
      case 2: packing.store(values, to: target.assumingMemoryBound(to: UInt16.self))
      case 4: packing.store(values, to: target.assumingMemoryBound(to: UInt32.self))
      default: packing.store(values, to: target.assumingMemoryBound(to: UInt64.self))
      }
    }
  }

  /// The least and the greatest of some values; zero if there are none.
  fileprivate struct Extent {
    var low: Int64 = 0
    var high: Int64 = 0

    @inline(__always)
    init<Value: FixedWidthInteger>(_ values: UnsafeBufferPointer<Value>) {
      // Most columns of most blocks are nothing but zeros.
      guard let first = values.first, Self.any(values) != 0 else { return }
      var (least, greatest) = (first, first)
      for value in values {
        least = min(least, value)
        greatest = max(greatest, value)
      }
      low = Int64(truncatingIfNeeded: least)
      high = Int64(truncatingIfNeeded: greatest)
    }

    /// All bits of the values: zero if they are all zero.
    @inline(__always)
    static func any<Value: FixedWidthInteger>(_ values: UnsafeBufferPointer<Value>) -> Value {
      var bits: Value = 0
      for value in values { bits |= value }
      return bits
    }
  }

  /// How values become the numbers that are stored.
  struct Packing {
    private(set) var base: Int64 = 0
    private(set) var unit = ExactDivisor(1)
    /// Bytes of a stored number.
    private(set) var width = 8

    /// Units worth trying, coarsest first: a day, a second, a millisecond and a microsecond of nanoseconds; a million
    /// (a whole score in millionths), ten thousand (a whole currency unit), a hundred (a cent).
    private static let units = [86_400_000_000_000, 1_000_000_000, 1_000_000, 10_000, 1_000, 100]
      .map { ExactDivisor($0) }

    @inline(__always)
    fileprivate init<Value: FixedWidthInteger>(
      _ values: UnsafeBufferPointer<Value>, _ extent: Extent, widthMin: Int = 0
    ) {
      let (range, overflow) = extent.high.subtractingReportingOverflow(extent.low)
      if overflow { return }
      for candidate in Self.units where range >= candidate.value && candidate.divides(UInt64(range)) {
        // Random numbers fail at once: this is a pass over all only where the unit fits.
        let low = Value(truncatingIfNeeded: extent.low)
        if values.allSatisfy({ candidate.divides(UInt64(truncatingIfNeeded: $0 &- low)) }) {
          unit = candidate
          break
        }
      }
      width = max(Self.width(of: unit.quotient(UInt64(range))), widthMin)
      if width < 8 || unit.value > 1 { base = extent.low }
    }

    private static func width(of value: UInt64) -> Int {
      value == 0 ? 0 : value < 1 << 8 ? 1 : value < 1 << 16 ? 2 : value < 1 << 32 ? 4 : 8
    }

    @inline(__always)
    fileprivate func store<Value: FixedWidthInteger, Stored: FixedWidthInteger>(
      _ values: UnsafeBufferPointer<Value>, to target: UnsafeMutablePointer<Stored>
    ) {
      let base = Value(truncatingIfNeeded: base)
      if unit.value == 1 {
        for index in 0..<values.count { target[index] = Stored(truncatingIfNeeded: values[index] &- base) }
      } else {
        for index in 0..<values.count {
          target[index] = Stored(truncatingIfNeeded: unit.quotient(UInt64(truncatingIfNeeded: values[index] &- base)))
        }
      }
    }
  }
}

/// Divides numbers that are multiples of another without dividing, and tells whether they are.
///
/// Odd numbers have an inverse modulo 2⁶⁴, and a multiple times the inverse is the quotient. Turning the powers of two
/// out at the low end puts what is not a multiple beyond the largest quotient (Granlund and Montgomery, 1994, § 9).
struct ExactDivisor {
  let value: Int64
  private let inverse: UInt64
  private let shift: UInt64
  private let quotientMax: UInt64

  init(_ value: Int64) {
    self.value = value
    shift = UInt64(value.trailingZeroBitCount)
    let odd = UInt64(value) >> shift
    var inverse = odd  // right in its 3 lowest bits; each step doubles them
    for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
    self.inverse = inverse
    quotientMax = UInt64.max / UInt64(value)
  }

  /// - Precondition: `number` is a multiple.
  @inline(__always)
  func quotient(_ number: UInt64) -> UInt64 {
    let product = number &* inverse
    return product &>> shift | product &<< (64 &- shift)
  }

  @inline(__always)
  func divides(_ number: UInt64) -> Bool { quotient(number) <= quotientMax }
}

extension Section {
  fileprivate mutating func set(_ packing: SectionEncoder.Packing) {
    base = packing.base
    unit = packing.unit.value
    width = UInt8(packing.width)
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

  /// True if it says so of itself that every value is zero.
  var isZero: Bool {
    section.encoding == Section.absent || (section.encoding == Section.constant && section.base == 0)
  }

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
