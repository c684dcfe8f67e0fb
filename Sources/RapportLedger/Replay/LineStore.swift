/// The order lines of a chunk: one after the other as they were read, and by row which are whose.
struct LineStore: ~Copyable {
  private var lines = Room<OrderLine>()
  private var ranges = Room<(UInt32, UInt32)>()
  private var count = 0

  /// Forgets all lines; every row has none.
  mutating func begin(rows: Int) {
    count = 0
    ranges.reserve(rows)
    ranges.start.update(repeating: (0, 0), count: rows)
  }

  mutating func append(row: Int, from cursor: inout OrderLineCursor, of blockRow: UInt32) {
    let first = count
    while let line = cursor.next(of: blockRow) { append(line) }
    ranges.start[row] = (UInt32(first), UInt32(count))
  }

  mutating func replace(row: Int, with replacement: some Collection<OrderLine>) {
    let first = count
    for line in replacement { append(line) }
    ranges.start[row] = (UInt32(first), UInt32(count))
  }

  private mutating func append(_ line: OrderLine) {
    lines.reserve(count + 1, keeping: count)
    lines.start[count] = line
    count += 1
  }

  func columns(isGathered: Bool) -> LineColumns {
    LineColumns(lines: lines.start, ranges: isGathered ? UnsafePointer(ranges.start) : nil)
  }
}
