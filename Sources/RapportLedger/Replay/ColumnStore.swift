/// The columns of a chunk: an array each of those that were asked for, and one of zeros for all others.
struct ColumnStore: ~Copyable {
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer>
  private let widths: [Int]
  private var capacity = 0

  private static let count = 64
  private static let rowsMin = 1 << 14

  init(_ columns: ColumnSet) {
    widths = (0..<Self.count).map { slot in
      guard columns.rawValue & 1 << UInt64(slot) != 0 else { return 0 }
      return Column(rawValue: UInt8(slot))?.place?.width ?? 8
    }
    pointers = .allocate(capacity: Self.count)
    allocate(rows: Self.rowsMin)
  }

  deinit {
    release()
    pointers.deallocate()
  }

  /// By number of the column where it begins.
  var table: EventColumns { EventColumns(pointers) }

  private mutating func allocate(rows: Int) {
    capacity = rows
    let zeros = UnsafeMutableRawPointer.allocate(byteCount: rows * 8, alignment: 64)
    zeros.initializeMemory(as: UInt8.self, repeating: 0, count: rows * 8)
    for slot in 0..<Self.count {
      pointers[slot] =
        widths[slot] == 0
        ? UnsafeRawPointer(zeros)
        : UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: rows * widths[slot], alignment: 64))
    }
  }

  /// Slot 0 is no column: it is always the zeros.
  private func release() {
    for slot in 1..<Self.count where widths[slot] != 0 { pointers[slot].deallocate() }
    pointers[0].deallocate()
  }

  /// Makes room for rows. What was there is lost.
  mutating func reserve(_ rows: Int) {
    guard rows > capacity else { return }
    release()
    allocate(rows: max(rows, capacity * 2))
  }

  @inline(__always)
  func start<Value: BitwiseCopyable>(_ column: Column, _: Value.Type) -> UnsafeMutablePointer<Value> {
    UnsafeMutableRawPointer(mutating: pointers[Int(column.rawValue)]).assumingMemoryBound(to: Value.self)
  }

  /// Reads a column of some rows of a block.
  func gather(
    _ column: Column, of block: Block, _ rows: UnsafeBufferPointer<UInt32>, at slots: UnsafePointer<UInt32>
  ) {
    let reader = block.column(column)
    switch widths[Int(column.rawValue)] {
    case 1: reader.gather(rows, to: start(column, UInt8.self), at: slots)
    case 2: reader.gather(rows, to: start(column, UInt16.self), at: slots)
    case 4: reader.gather(rows, to: start(column, UInt32.self), at: slots)
    default: reader.gather(rows, to: start(column, Int64.self), at: slots)
    }
  }

  func gatherPositions(
    of block: Block, _ rows: UnsafeBufferPointer<UInt32>, at slots: UnsafePointer<UInt32>
  ) {
    let positions = start(.rank, UInt64.self)
    block.column(.rank).gather(rows, to: positions, at: slots)
    for index in 0..<rows.count { positions[Int(slots[index])] += block.firstPosition }
  }

  func gatherFingerprints(
    of block: Block, _ rows: UnsafeBufferPointer<UInt32>, at slots: UnsafePointer<UInt32>
  ) {
    let fingerprints = UnsafeMutableRawPointer(mutating: pointers[ColumnSet.fingerprintSlot])
      .assumingMemoryBound(to: Int64.self)
    let ranks = block.column(.rank)
    let section = block.section(BlockSection.fingerprint)
    for index in 0..<rows.count { fingerprints[Int(slots[index])] = section[Int(ranks[Int(rows[index])])] }
  }

  /// Replaces what the columns say of a row, position and fingerprint apart.
  func store(_ facts: Facts, at row: Int) {
    withUnsafeBytes(of: facts) { bytes in
      for column in Column.allCases where widths[Int(column.rawValue)] != 0 {
        guard let place = column.place else { continue }
        UnsafeMutableRawPointer(mutating: pointers[Int(column.rawValue)] + row * place.width)
          .copyMemory(from: bytes.baseAddress! + place.offset, byteCount: place.width)
      }
    }
  }
}
