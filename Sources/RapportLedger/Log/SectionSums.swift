import CHash

/// Checksums of parts of a section, so that reading one customer's rows takes a look at few bytes and not at whole columns.
///
/// A section of more than ``groupBytes`` bytes is followed, at the next multiple of 8, by a table: of each group of
/// ``groupBytes`` bytes the XXH3-64, mixed with the place that the group has (``place(_:)``). Mixed, because bytes of an
/// older block that a disk left where a newer one should be may well fit their own table, but not another place. The
/// directory has the XXH3-64 of the table, or of the bytes themselves where there is no table.
///
/// Who reads a part compares the groups that it lies in; who reads all of a section compares every group, and the table
/// with the directory. A flipped bit in the table is a group that does not match.
struct SectionSums {
  /// What one checksum is of. Less would make the tables large; a point read of more would take longer than the cache
  /// misses that it has anyway.
  static let groupBytes = 1024

  private let block: UInt64

  /// - Parameters:
  ///   - firstPosition: of the block.
  ///   - count: events of the block.
  init(firstPosition: UInt64, count: UInt32, slot: Int) {
    block =
      firstPosition &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(count) &* 0xC2B2_AE3D_27D4_EB4F ^ UInt64(slot)
      &* 0x1656_67B1_9E37_79F9
  }

  /// What the checksum of a group is mixed with: another number in another block, section or group.
  @inline(__always)
  private func place(_ group: Int) -> UInt64 { block &+ UInt64(group) &* 0xD6E8_FEB8_6659_FD93 }

  /// The checksum of a group as it stands in the table.
  @inline(__always)
  func sum(ofGroup group: Int, at bytes: UnsafeRawPointer, of byteCount: Int) -> UInt64 {
    let first = group * Self.groupBytes
    return rpt_hash64(bytes + first, min(Self.groupBytes, byteCount - first), 0) ^ place(group)
  }

  /// Appends the table of the section that ends a block under construction, and completes its directory entry.
  ///
  /// - Complexity: O(bytes of the section).
  func seal(_ section: inout Section, _ block: inout [UInt8]) {
    let table = section.sumsOffset
    if section.sumCount > 0 {
      block.append(contentsOf: repeatElement(0, count: table + section.sumBytes - block.count))
    }
    block.withUnsafeMutableBytes { seal(&section, in: $0.baseAddress!) }
  }

  /// Writes the table of a section and the checksum of its directory entry.
  ///
  /// - Precondition: the block has room for the table.
  func seal(_ section: inout Section, in block: UnsafeMutableRawPointer) {
    guard section.byteCount > 0 else { return }
    let bytes = block + Int(section.offset)
    let table = block + section.sumsOffset
    for group in 0..<section.sumCount {
      let sum = sum(ofGroup: group, at: bytes, of: Int(section.byteCount))
      (table + group * 8).storeBytes(of: sum, as: UInt64.self)
    }
    section.checksum =
      section.sumCount > 0 ? rpt_hash64(table, section.sumBytes, 0) : rpt_hash64(bytes, Int(section.byteCount), 0)
  }
}

extension Section {
  /// Entries of the table of checksums; 0 if the directory has the only one.
  var sumCount: Int {
    encoding == Section.framed || byteCount <= SectionSums.groupBytes
      ? 0 : (Int(byteCount) + SectionSums.groupBytes - 1) / SectionSums.groupBytes
  }
  var sumBytes: Int { sumCount * 8 }
  /// Where the table begins, from the start of the block.
  var sumsOffset: Int { (Int(offset) + Int(byteCount) + 7) / 8 * 8 }
  /// Where the section ends, its table included.
  var end: Int { sumCount > 0 ? sumsOffset + sumBytes : Int(offset) + Int(byteCount) }
}

extension Block {
  /// True if the bytes of a section and of its table are those that were written. Frames have checksums of their own.
  ///
  /// - Complexity: O(bytes of the section), at memory speed.
  func isIntact(_ slot: Int) -> Bool {
    let reader = section(slot)
    let section = reader.section
    guard section.encoding != Section.framed, section.byteCount > 0 else { return true }
    guard section.sumCount > 0 else {
      return rpt_hash64(reader.bytes, Int(section.byteCount), 0) == section.checksum
    }
    let table = start + section.sumsOffset
    guard rpt_hash64(table, section.sumBytes, 0) == section.checksum else { return false }
    let sums = sums(slot)
    for group in 0..<section.sumCount {
      let stored = (table + group * 8).load(as: UInt64.self)
      guard sums.sum(ofGroup: group, at: reader.bytes, of: Int(section.byteCount)) == stored else { return false }
    }
    return true
  }

  /// True if the groups that hold some values of a section are those that were written.
  ///
  /// - Parameters:
  ///   - values: indices of values; of a section of bytes, of bytes.
  ///   - known: the groups that need no second look.
  /// - Complexity: O(groups).
  func isIntact(_ slot: Int, _ values: Range<Int>, known: borrowing KnownGroups) -> Bool {
    let reader = section(slot)
    guard values.lowerBound >= 0, values.upperBound <= reader.valueCount else { return false }
    return reader.areIntact(values) { bytes in
      let section = reader.section
      guard section.sumCount > 0 else {
        if known.contains(reader.bytes) { return true }
        guard rpt_hash64(reader.bytes, Int(section.byteCount), 0) == section.checksum else { return false }
        known.insert(reader.bytes)
        return true
      }
      let table = start + section.sumsOffset
      let sums = sums(slot)
      let last = (bytes.upperBound - 1) / SectionSums.groupBytes
      for group in bytes.lowerBound / SectionSums.groupBytes...last {
        let first = reader.bytes + group * SectionSums.groupBytes
        if known.contains(first) { continue }
        let stored = (table + group * 8).load(as: UInt64.self)
        guard sums.sum(ofGroup: group, at: reader.bytes, of: Int(section.byteCount)) == stored else { return false }
        known.insert(first)
      }
      return true
    }
  }

  private func sums(_ slot: Int) -> SectionSums {
    SectionSums(firstPosition: header.firstPosition, count: header.count, slot: slot)
  }
}

extension SectionReader {
  /// How many values can be asked for: of a section of bytes, its bytes.
  fileprivate var valueCount: Int { section.encoding == Section.bytes ? Int(section.byteCount) : count }

  /// Names the bytes that reading some values touches, and asks of each whether they are intact before it reads them
  /// itself: where the values of a sparse section stand is told by its bits and ranks.
  ///
  /// - Parameter isIntact: asked for ranges of bytes that are not empty.
  /// - Returns: whether all are.
  fileprivate func areIntact(_ values: Range<Int>, _ isIntact: (Range<Int>) -> Bool) -> Bool {
    guard !values.isEmpty else { return true }
    let width = Int(section.width)
    switch section.encoding {
    case Section.bytes: return isIntact(values)
    case Section.dense: return isIntact(values.lowerBound * width..<values.upperBound * width)
    case Section.sparse:
      let layout = SparseLayout(count: count)
      let words = values.lowerBound / 64...(values.upperBound - 1) / 64
      guard isIntact(words.lowerBound * 8..<words.upperBound * 8 + 8) else { return false }
      let before = bits(of: words.lowerBound, below: values.lowerBound % 64)
      let through = bits(of: words.upperBound, below: (values.upperBound - 1) % 64 + 1)
      if words.count == 1, before == through { return true }
      guard isIntact(layout.ranksOffset + words.lowerBound * 4..<layout.ranksOffset + words.upperBound * 4 + 4) else {
        return false
      }
      let first = rank(layout, words.lowerBound) + before
      let end = rank(layout, words.upperBound) + through
      let range = layout.valuesOffset + first * width..<layout.valuesOffset + max(end, first) * width
      guard first <= end, range.upperBound <= Int(section.byteCount) else { return false }
      return range.isEmpty || isIntact(range)
    default: return true
    }
  }

  /// Bits of a word of a sparse section that are set below one of them, 0 … 64.
  private func bits(of word: Int, below bit: Int) -> Int {
    let bits = (bytes + word * 8).load(as: UInt64.self)
    return (bit == 64 ? bits : bits & (1 << UInt64(bit) - 1)).nonzeroBitCount
  }

  private func rank(_ layout: SparseLayout, _ word: Int) -> Int {
    Int((bytes + layout.ranksOffset + word * 4).load(as: UInt32.self))
  }
}
