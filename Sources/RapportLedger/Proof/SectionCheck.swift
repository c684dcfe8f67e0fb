extension SectionReader {
  /// Of a sparse section: whether its ranks count the bits before them, no bit stands behind the last row, and the values
  /// fill the rest. Others have nothing to check.
  ///
  /// Checksums vouch for bytes, not for what they say: this holds for a section that somebody wrote on purpose, too.
  ///
  /// - Precondition: the section fits its block (``Section/isSound(blockBytes:)``).
  /// - Complexity: O(rows / 64).
  var hasSoundRanks: Bool {
    guard section.encoding == Section.sparse else { return true }
    let layout = SparseLayout(count: count)
    var present = 0
    for index in 0..<layout.words {
      let word = (bytes + index * 8).load(as: UInt64.self)
      let rank = (bytes + layout.ranksOffset + index * 4).load(as: UInt32.self)
      let rows = count - index * 64
      guard rank == UInt32(truncatingIfNeeded: present), rows >= 64 || word >> UInt64(rows) == 0 else { return false }
      present += word.nonzeroBitCount
    }
    return layout.valuesOffset + present * Int(section.width) == Int(section.byteCount)
  }
}
