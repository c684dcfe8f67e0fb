import CHash

/// Rows of a block that are wanted together.
struct RowList {
  let count: Int
  let first: Int
  /// In ascending order; nil if none is missing between the first and the last.
  let rows: UnsafePointer<UInt32>?

  init(_ rows: UnsafeBufferPointer<UInt32>) {
    count = rows.count
    first = rows.isEmpty ? 0 : Int(rows[0])
    let isContiguous = rows.isEmpty || Int(rows[rows.count - 1]) - first == rows.count - 1
    self.rows = isContiguous ? nil : rows.baseAddress
  }

  init(_ range: Range<Int>) {
    count = range.count
    first = range.lowerBound
    rows = nil
  }

  /// The row at a place of the list.
  @inline(__always)
  subscript(place: Int) -> Int { rows.map { Int($0[place]) } ?? first + place }
}

/// Reading many rows of a section at once, to anywhere.
extension SectionReader {
  /// Writes the values of some rows to places of an array.
  ///
  /// - Parameters:
  ///   - rows: rows of the block; each less than ``SectionReader/count``.
  ///   - slots: for each of them the place in `target`.
  ///   - isCleared: the array is full of zeros, and zeros need not be written.
  /// - Complexity: O(rows), without a branch for each but in sparse sections; of zeros next to nothing.
  func gather<Field: FixedWidthInteger>(
    _ list: RowList, to target: UnsafeMutablePointer<Field>, at slots: UnsafePointer<UInt32>, isCleared: Bool = false
  ) {
    decode(list, as: Field.self, leavesZeros: isCleared) { index, value in target[Int(slots[index])] = value }
  }

  /// Writes the values of some rows one after the other.
  func read<Field: FixedWidthInteger>(
    _ list: RowList, to target: UnsafeMutablePointer<Field>, isCleared: Bool = false
  ) {
    decode(list, as: Field.self, leavesZeros: isCleared) { index, value in target[index] = value }
  }

  /// Writes values that stand anywhere in the section to places of an array.
  ///
  /// - Precondition: each place of `wanted` is less than ``SectionReader/count``.
  func pick(
    _ wanted: UnsafePointer<UInt32>, count wantedCount: Int, to target: UnsafeMutablePointer<Int64>,
    at slots: UnsafePointer<UInt32>
  ) {
    guard section.encoding == Section.dense, section.width == 8 else {
      for index in 0..<wantedCount { target[Int(slots[index])] = self[Int(wanted[index])] }
      return
    }
    let values = bytes.assumingMemoryBound(to: Int64.self)
    for index in 0..<wantedCount {
      let place = Int(wanted[index])
      // Ranks are checksummed, not trusted.
      precondition(place < count, "index outside the section")
      target[Int(slots[index])] = section.base &+ section.unit &* values[place]
    }
  }

  /// Asks memory for what these rows will be read from: of many columns a little each comes slower than all of one.
  ///
  /// - Complexity: O(bytes / 64).
  func fetch(_ rows: Range<Int>) {
    let width = Int(section.width)
    switch section.encoding {
    case Section.dense: fetch(bytes + rows.lowerBound * width, rows.count * width)
    case Section.sparse:
      let layout = SparseLayout(count: count)
      let (first, last) = (rows.lowerBound / 64, (rows.upperBound - 1) / 64)
      fetch(bytes + first * 8, (last - first + 1) * 8)
      let ranks = (bytes + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
      // They may not be what was written: then what is fetched is of no use, no more.
      let values = Int(ranks[first])..<max(Int(ranks[first]), min(Int(ranks[last]), Int(ranks[first]) + rows.count))
      fetch(bytes + layout.valuesOffset + values.lowerBound * width, values.count * width + 64)
    default: return
    }
  }

  private func fetch(_ start: UnsafeRawPointer, _ byteCount: Int) {
    for offset in stride(from: 0, to: byteCount, by: 64) { rpt_prefetch(start + offset) }
  }

  @inline(__always)
  private func decode<Field: FixedWidthInteger>(
    _ list: RowList, as _: Field.Type, leavesZeros: Bool, _ body: (Int, Field) -> Void
  ) {
    switch (section.encoding, section.width) {
    case (Section.dense, 1): dense(UInt8.self, list, body)
    case (Section.dense, 2): dense(UInt16.self, list, body)
    case (Section.dense, 4): dense(UInt32.self, list, body)
    case (Section.dense, _): dense(UInt64.self, list, body)
    case (Section.sparse, 1): sparse(UInt8.self, list, leavesZeros, body)
    case (Section.sparse, 2): sparse(UInt16.self, list, leavesZeros, body)
    case (Section.sparse, 4): sparse(UInt32.self, list, leavesZeros, body)
    case (Section.sparse, _): sparse(UInt64.self, list, leavesZeros, body)
    default:
      let value = section.encoding == Section.constant ? Field(truncatingIfNeeded: section.base) : 0
      if value == 0, leavesZeros { return }
      for index in 0..<list.count { body(index, value) }
    }
  }

  @inline(__always)
  private func dense<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _ list: RowList, _ body: (Int, Field) -> Void
  ) {
    let values = bytes.assumingMemoryBound(to: Stored.self)
    let base = Field(truncatingIfNeeded: section.base)
    let unit = Field(truncatingIfNeeded: section.unit)
    guard let rows = list.rows else {
      let values = values + list.first
      for index in 0..<list.count { body(index, base &+ unit &* Field(truncatingIfNeeded: values[index])) }
      return
    }
    for index in 0..<list.count { body(index, base &+ unit &* Field(truncatingIfNeeded: values[Int(rows[index])])) }
  }

  @inline(__always)
  private func sparse<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _ list: RowList, _ leavesZeros: Bool, _ body: (Int, Field) -> Void
  ) {
    let layout = SparseLayout(count: count)
    let words = bytes.assumingMemoryBound(to: UInt64.self)
    let ranks = (bytes + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
    let values = (bytes + layout.valuesOffset).assumingMemoryBound(to: Stored.self)
    let stored = (Int(section.byteCount) - layout.valuesOffset) / MemoryLayout<Stored>.size
    let base = Field(truncatingIfNeeded: section.base)
    let unit = Field(truncatingIfNeeded: section.unit)
    precondition(stored > 0, "a sparse section without values")
    /// The value of a rank, or zero: what is not there is read from the first place and masked.
    func value(_ rank: Int, _ isPresent: UInt64) -> Field {
      let mask = 0 &- Int(truncatingIfNeeded: isPresent)
      let value = base &+ unit &* Field(truncatingIfNeeded: values[rank & mask])
      return value & Field(truncatingIfNeeded: mask)
    }
    if let rows = list.rows {
      for index in 0..<list.count {
        let row = Int(rows[index])
        let word = words[row >> 6]
        let isPresent = word >> UInt64(row & 63) & 1
        let below = word & (UInt64(1) << UInt64(row & 63) &- 1)
        let rank = Int(ranks[row >> 6]) + below.nonzeroBitCount
        // The rank of a row without a value means nothing: nobody may have compared it with its checksum.
        precondition(rank & (0 &- Int(isPresent)) < stored, "sparse rank outside the section")
        body(index, value(rank, isPresent))
      }
      return
    }
    var row = list.first
    let end = row + list.count
    while row < end {
      let wordEnd = min((row / 64 + 1) * 64, end)
      let word = words[row / 64]
      let from = UInt64(row % 64)
      var rest = word >> from
      if wordEnd % 64 != 0 { rest &= (1 << UInt64(wordEnd - row)) - 1 }
      let found = rest.nonzeroBitCount
      if found == 0, leavesZeros {
        row = wordEnd
        continue
      }
      var rank = Int(ranks[row / 64]) + (word & (1 << from - 1)).nonzeroBitCount
      precondition(found == 0 || rank + found <= stored, "sparse rank outside the section")
      if leavesZeros {
        while rest != 0 {
          let index = row &- list.first &+ rest.trailingZeroBitCount
          body(index, base &+ unit &* Field(truncatingIfNeeded: values[rank]))
          rank &+= 1
          rest &= rest &- 1
        }
      } else {
        for index in row - list.first..<wordEnd - list.first {
          body(index, value(rank, rest & 1))
          rank += Int(rest & 1)
          rest >>= 1
        }
      }
      row = wordEnd
    }
  }
}
