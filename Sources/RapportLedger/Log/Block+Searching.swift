/// Finding rows by customer and order lines by row: in the samples first, then among the few values between two of them.
/// Whoever searches says how values are compared with their checksums; nothing else is read.
extension Block {
  /// Makes sure that some values of a section are those that were written.
  typealias Check = (_ slot: Int, _ values: Range<Int>) throws(LedgerError) -> Void

  /// The rows of a customer.
  ///
  /// - Complexity: O(log rows); nothing is read if all customers of the block lie before or behind.
  @inline(__always)
  func rows(of customer: UInt32, check: Check) throws(LedgerError) -> Range<Int> {
    guard customer >= header.leastCustomer, customer <= header.greatestCustomer else { return 0..<0 }
    return try search(
      Int(Column.customer.rawValue), samples: BlockSection.customerSample, from: Int64(customer),
      to: Int64(customer) + 1, check)
  }

  /// The indices of the order lines of some rows.
  ///
  /// - Complexity: O(log lines).
  @inline(__always)
  func lines(of rows: ClosedRange<Int>, check: Check) throws(LedgerError) -> Range<Int> {
    guard section(BlockSection.lineRow).count > 0 else { return 0..<0 }
    return try search(
      BlockSection.lineRow, samples: BlockSection.lineSample, from: Int64(rows.lowerBound),
      to: Int64(rows.upperBound) + 1, check)
  }

  /// The values of an ascending section from the first that is not below a bound to the last that is below another.
  private func search(
    _ slot: Int, samples sampleSlot: Int, from low: Int64, to high: Int64, _ check: Check
  ) throws(LedgerError) -> Range<Int> {
    let values = section(slot)
    let samples = section(sampleSlot)
    try check(sampleSlot, 0..<samples.count)
    func first(notBelow bound: Int64) throws(LedgerError) -> Int {
      let sample = samples.first(notBelow: bound, in: 0..<samples.count)
      guard sample > 0 else { return 0 }
      // The sample before is below the bound.
      let start = (sample - 1) * BlockSection.sampledRows + 1
      let window = start..<max(start, min(sample * BlockSection.sampledRows, values.count))
      try check(slot, window)
      return values.first(notBelow: bound, in: window)
    }
    let start = try first(notBelow: low)
    return start..<max(start, try first(notBelow: high))
  }
}

extension SectionReader {
  /// The first index whose value is not below a bound; values ascend.
  ///
  /// - Complexity: O(log n).
  func first(notBelow bound: Int64, in range: Range<Int>) -> Int {
    range.partitioningIndex { self[$0] >= bound }
  }
}
