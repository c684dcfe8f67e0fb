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

  /// Whether all values lie in 0 ..< 2^bits.
  ///
  /// - Complexity: O(1) where the widths say so already, else O(n).
  func fits(bits: Int) -> Bool {
    let limit = Int64(1) << Int64(bits)
    if section.encoding == Section.absent { return true }
    if section.encoding == Section.constant { return section.base >= 0 && section.base < limit }
    if section.width < 8, section.base >= 0, section.unit >= 0 {
      let (product, overflow) = section.unit.multipliedReportingOverflow(by: 1 << Int64(8 * section.width) - 1)
      if !overflow, product < limit, section.base < limit - product { return true }
    }
    return (0..<count).allSatisfy { self[$0] >= 0 && self[$0] < limit }
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
      // Of a word without values the rank may never have been compared with its checksum.
      precondition(rest == 0 || rank + rest.nonzeroBitCount <= stored, "sparse rank outside the section")
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
