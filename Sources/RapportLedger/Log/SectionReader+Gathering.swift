/// Reading many rows of a section at once, in any order and to anywhere.
extension SectionReader {
  /// Writes the values of some rows to places of an array.
  ///
  /// - Parameters:
  ///   - rows: rows of the block; each less than ``SectionReader/count``.
  ///   - slots: for each of them the place in `target`.
  /// - Complexity: O(rows), without a branch for each but in sparse sections.
  func gather<Field: FixedWidthInteger>(
    _ rows: UnsafeBufferPointer<UInt32>, to target: UnsafeMutablePointer<Field>, at slots: UnsafePointer<UInt32>
  ) {
    decode(rows, as: Field.self) { index, value in target[Int(slots[index])] = value }
  }

  /// Writes the values of some rows one after the other.
  func read<Field: FixedWidthInteger>(_ rows: UnsafeBufferPointer<UInt32>, to target: UnsafeMutablePointer<Field>) {
    decode(rows, as: Field.self) { index, value in target[index] = value }
  }

  @inline(__always)
  private func decode<Field: FixedWidthInteger>(
    _ rows: UnsafeBufferPointer<UInt32>, as _: Field.Type, _ body: (Int, Field) -> Void
  ) {
    switch (section.encoding, section.width) {
    case (Section.constant, _):
      let value = Field(truncatingIfNeeded: section.base)
      for index in 0..<rows.count { body(index, value) }
    case (Section.dense, 1): dense(UInt8.self, rows, body)
    case (Section.dense, 2): dense(UInt16.self, rows, body)
    case (Section.dense, 4): dense(UInt32.self, rows, body)
    case (Section.dense, _): dense(UInt64.self, rows, body)
    case (Section.sparse, 1): sparse(UInt8.self, rows, body)
    case (Section.sparse, 2): sparse(UInt16.self, rows, body)
    case (Section.sparse, 4): sparse(UInt32.self, rows, body)
    case (Section.sparse, _): sparse(UInt64.self, rows, body)
    default: for index in 0..<rows.count { body(index, 0) }
    }
  }

  @inline(__always)
  private func dense<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _ rows: UnsafeBufferPointer<UInt32>, _ body: (Int, Field) -> Void
  ) {
    let values = bytes.assumingMemoryBound(to: Stored.self)
    let base = Field(truncatingIfNeeded: section.base)
    let unit = Field(truncatingIfNeeded: section.unit)
    for index in 0..<rows.count {
      body(index, base &+ unit &* Field(truncatingIfNeeded: values[Int(rows[index])]))
    }
  }

  @inline(__always)
  private func sparse<Stored: FixedWidthInteger, Field: FixedWidthInteger>(
    _: Stored.Type, _ rows: UnsafeBufferPointer<UInt32>, _ body: (Int, Field) -> Void
  ) {
    let layout = SparseLayout(count: count)
    let words = bytes.assumingMemoryBound(to: UInt64.self)
    let ranks = (bytes + layout.ranksOffset).assumingMemoryBound(to: UInt32.self)
    let values = (bytes + layout.valuesOffset).assumingMemoryBound(to: Stored.self)
    let stored = (Int(section.byteCount) - layout.valuesOffset) / MemoryLayout<Stored>.size
    let base = Field(truncatingIfNeeded: section.base)
    let unit = Field(truncatingIfNeeded: section.unit)
    for index in 0..<rows.count {
      let row = Int(rows[index])
      let word = words[row / 64]
      let bit = UInt64(1) << UInt64(row % 64)
      guard word & bit != 0 else {
        body(index, 0)
        continue
      }
      let rank = Int(ranks[row / 64]) + (word & (bit - 1)).nonzeroBitCount
      precondition(rank < stored, "sparse rank outside the section")
      body(index, base &+ unit &* Field(truncatingIfNeeded: values[rank]))
    }
  }
}
