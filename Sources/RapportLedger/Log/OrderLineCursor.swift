/// Reads the order lines of a block for rows that ascend.
struct OrderLineCursor {
  private let rows, sku, group, quantity, price: SectionReader
  private var index: Int

  /// - Complexity: O(log lines).
  init(_ block: Block, from row: UInt32) {
    rows = block.section(BlockSection.lineRow)
    sku = block.section(BlockSection.lineSku)
    group = block.section(BlockSection.lineGroup)
    quantity = block.section(BlockSection.lineQuantity)
    price = block.section(BlockSection.linePrice)
    index = rows.first(notBelow: Int64(row), in: 0..<rows.count)
  }

  /// The next line of a row; nil if it has no more.
  mutating func next(of row: UInt32) -> OrderLine? {
    while index < rows.count, rows[index] < Int64(row) { index += 1 }
    guard index < rows.count, rows[index] == Int64(row) else { return nil }
    defer { index += 1 }
    return OrderLine(
      sku: UInt32(truncatingIfNeeded: sku[index]), group: UInt32(truncatingIfNeeded: group[index]),
      quantity: quantity[index], price: price[index])
  }
}
