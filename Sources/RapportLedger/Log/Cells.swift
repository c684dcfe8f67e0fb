/// The facts of a block turned from rows into columns: a field of all rows, then the next.
struct Cells {
  private var words: [UInt64] = []
  private var rowCount = 0

  /// Rows that are turned at once: few enough for their facts to stay in the nearest cache while each field is taken.
  private static let tileRows = 128

  /// For each column that is a field of ``Facts``: the bytes of a row before it.
  private static let places: [(column: Column, bytesBefore: Int)] = {
    var bytes = 0
    return Column.allCases.compactMap { column in
      guard let place = column.place else { return nil }
      defer { bytes += place.width }
      return (column, bytes)
    }
  }()
  private static let bytesBefore: [Int] = {
    var all = [Int](repeating: 0, count: BlockSection.slots)
    for place in places { all[Int(place.column.rawValue)] = place.bytesBefore }
    return all
  }()

  /// Rows rounded up, so that every column is aligned.
  private var stride: Int { (rowCount + 7) / 8 * 8 }

  mutating func fill(from facts: [Facts], _ order: [UInt32]) {
    rowCount = order.count
    let stride = stride
    let wordsMin = stride / 8 * MemoryLayout<Facts>.stride
    if words.count < wordsMin {
      words.reserveInLargePages(wordsMin)
      words.append(contentsOf: repeatElement(0, count: wordsMin - words.count))
    }
    words.withUnsafeMutableBytes { cells in
      facts.withUnsafeBytes { facts in
        order.withUnsafeBufferPointer { order in
          for first in Swift.stride(from: 0, to: order.count, by: Self.tileRows) {
            let rows = first..<min(first + Self.tileRows, order.count)
            for (column, bytesBefore) in Self.places {
              let place = column.place!
              let field = facts.baseAddress! + place.offset
              let target = cells.baseAddress! + bytesBefore * stride
              switch place.width {
              case 1: Self.turn(UInt8.self, field, rows, order, target)
              case 2: Self.turn(UInt16.self, field, rows, order, target)
              case 4: Self.turn(UInt32.self, field, rows, order, target)
              default: Self.turn(UInt64.self, field, rows, order, target)
              }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func turn<Value: BitwiseCopyable>(
    _: Value.Type, _ field: UnsafeRawPointer, _ rows: Range<Int>, _ order: UnsafeBufferPointer<UInt32>,
    _ target: UnsafeMutableRawPointer
  ) {
    let target = target.assumingMemoryBound(to: Value.self)
    for row in rows {
      target[row] = (field + Int(order[row]) * MemoryLayout<Facts>.stride).load(as: Value.self)
    }
  }

  /// - Precondition: `Value` has the width of the column.
  func with<Value: BitwiseCopyable, R>(
    _ column: Column, as _: Value.Type, _ body: (UnsafeBufferPointer<Value>) -> R
  ) -> R {
    words.withUnsafeBytes { cells in
      let start = cells.baseAddress! + Self.bytesBefore[Int(column.rawValue)] * stride
      return body(UnsafeBufferPointer(start: start.assumingMemoryBound(to: Value.self), count: rowCount))
    }
  }
}
