/// The order lines of a chunk: one after the other as they were read, and by row which are whose.
struct LineStore: ~Copyable {
  private var lines = Room<OrderLine>()
  private var ranges = Room<(UInt32, UInt32)>()
  private var count = 0
  // Of the lines that were read last: their rows in the block, and their fields.
  private var rows = Room<UInt32>()
  private var skus = Room<UInt32>()
  private var groups = Room<UInt32>()
  private var quantities = Room<Int64>()
  private var prices = Room<Int64>()
  private var readCount = 0
  private var next = 0
  private var firstRead = 0

  /// Forgets all lines; every row has none.
  mutating func begin(rows: Int) {
    count = 0
    readCount = 0
    ranges.reserve(rows)
    ranges.start.update(repeating: (0, 0), count: rows)
  }

  /// Reads some lines of a block, all at once.
  ///
  /// - Precondition: they are intact.
  mutating func read(_ wanted: Range<Int>, of block: Block) {
    readCount = wanted.count
    next = 0
    guard readCount > 0 else { return }
    let list = RowList(wanted)
    rows.reserve(readCount)
    skus.reserve(readCount)
    groups.reserve(readCount)
    quantities.reserve(readCount)
    prices.reserve(readCount)
    block.section(BlockSection.lineRow).read(list, to: rows.start)
    block.section(BlockSection.lineSku).read(list, to: skus.start)
    block.section(BlockSection.lineGroup).read(list, to: groups.start)
    block.section(BlockSection.lineQuantity).read(list, to: quantities.start)
    block.section(BlockSection.linePrice).read(list, to: prices.start)
    firstRead = count
    lines.reserve(count + readCount, keeping: count)
    for index in 0..<readCount {
      lines.start[count + index] = OrderLine(
        sku: skus.start[index], group: groups.start[index], quantity: quantities.start[index],
        price: prices.start[index])
    }
    count += readCount
  }

  /// Gives a row of the chunk the lines of the row of the block that it is; rows of the block ascend.
  @inline(__always)
  mutating func assign(row: Int, of blockRow: UInt32) {
    while next < readCount, rows.start[next] < blockRow { next += 1 }
    let first = next
    while next < readCount, rows.start[next] == blockRow { next += 1 }
    if next > first { ranges.start[row] = (UInt32(firstRead + first), UInt32(firstRead + next)) }
  }

  mutating func replace(row: Int, with replacement: some Collection<OrderLine>) {
    let first = count
    lines.reserve(count + replacement.count, keeping: count)
    for line in replacement {
      lines.start[count] = line
      count += 1
    }
    ranges.start[row] = (UInt32(first), UInt32(count))
  }

  func columns(isGathered: Bool) -> LineColumns {
    LineColumns(lines: lines.start, ranges: isGathered ? UnsafePointer(ranges.start) : nil)
  }
}
