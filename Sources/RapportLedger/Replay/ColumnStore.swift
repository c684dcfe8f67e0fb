#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The columns of a chunk: an array each of those that were asked for, and one of zeros for all others.
struct ColumnStore: ~Copyable {
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer>
  private let widths: [Int]
  private var capacity = 0
  /// Rows of each array that may not be zero.
  private var dirtyRows = [Int](repeating: 0, count: ColumnStore.count)

  private var ranks = Room<UInt32>()

  /// Of each type the direction that it has by itself.
  private let directionCodes = DirectionCodes()

  private static let count = 64
  private static let rowsMin = 1 << 14

  init(_ columns: ColumnSet) {
    widths = (0..<Self.count).map { slot in
      if slot == ColumnSet.touchSlot { return columns.contains(.direction) ? 1 : 0 }
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
      dirtyRows[slot] = rows
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

  /// Fills the array of a column with zeros, as far as it is not.
  mutating func clear(_ column: Column) {
    let slot = Int(column.rawValue)
    memset(UnsafeMutableRawPointer(mutating: pointers[slot]), 0, dirtyRows[slot] * widths[slot])
    dirtyRows[slot] = 0
  }

  /// Reads a column of some rows of a block.
  ///
  /// - Parameter rowCount: rows of the chunk, if the array was cleared for it; nil if it was not.
  mutating func gather(
    _ column: Column, of block: Block, _ rows: RowList, at slots: UnsafePointer<UInt32>, clearedFor rowCount: Int? = nil
  ) {
    let reader = block.column(column)
    let isCleared = rowCount != nil
    if let rowCount {
      if reader.isZero { return }
      dirtyRows[Int(column.rawValue)] = rowCount
    }
    switch widths[Int(column.rawValue)] {
    case 1: reader.gather(rows, to: start(column, UInt8.self), at: slots, isCleared: isCleared)
    case 2: reader.gather(rows, to: start(column, UInt16.self), at: slots, isCleared: isCleared)
    case 4: reader.gather(rows, to: start(column, UInt32.self), at: slots, isCleared: isCleared)
    default: reader.gather(rows, to: start(column, Int64.self), at: slots, isCleared: isCleared)
    }
  }

  /// Reads a column of some rows of a block into the first rows.
  mutating func read(_ column: Column, of block: Block, _ rows: RowList, isCleared: Bool) {
    let reader = block.column(column)
    if isCleared, reader.isZero { return }
    dirtyRows[Int(column.rawValue)] = rows.count
    switch widths[Int(column.rawValue)] {
    case 1: reader.read(rows, to: start(column, UInt8.self), isCleared: isCleared)
    case 2: reader.read(rows, to: start(column, UInt16.self), isCleared: isCleared)
    case 4: reader.read(rows, to: start(column, UInt32.self), isCleared: isCleared)
    default: reader.read(rows, to: start(column, Int64.self), isCleared: isCleared)
    }
  }

  /// Puts what the type says in the place of directions that were not sent, and finds what a touch is.
  ///
  /// - Parameter rows: how many rows the columns have.
  mutating func resolveDirections(rows: Int) {
    guard widths[Int(Column.direction.rawValue)] != 0 else { return }
    dirtyRows[Int(Column.direction.rawValue)] = rows
    let (directions, kinds) = (start(.direction, UInt8.self), start(.kind, UInt8.self))
    let (customers, touches) = (start(.customer, UInt32.self), touches)
    let (codes, masks) = (directionCodes.start, directionCodes.touchMasks)
    for row in 0..<rows {
      // Without a branch: which events say it cannot be predicted.
      let kind = Int(kinds[row])
      let sent = directions[row]
      let direction = sent | codes[kind] & (0 &- (sent == 0 ? 1 : 0))
      directions[row] = direction
      touches[row] = direction & masks[kind] & (0 &- (direction <= 2 && customers[row] != 0 ? 1 : 0))
    }
  }

  /// By row ``Direction`` of a touch; 0 is none.
  var touches: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(mutating: pointers[ColumnSet.touchSlot]).assumingMemoryBound(to: UInt8.self)
  }

  mutating func resolveDirection(of row: Int) {
    guard widths[Int(Column.direction.rawValue)] != 0 else { return }
    let directions = start(.direction, UInt8.self)
    let kind = start(.kind, UInt8.self)[row]
    if directions[row] == 0 { directions[row] = directionCodes[kind] }
    let isTouch = directions[row] <= 2 && start(.customer, UInt32.self)[row] != 0
    touches[row] = isTouch ? directions[row] & directionCodes.touchMasks[Int(kind)] : 0
  }

  func gatherPositions(
    of block: Block, _ rows: RowList, at slots: UnsafePointer<UInt32>
  ) {
    let positions = start(.rank, UInt64.self)
    block.column(.rank).gather(rows, to: positions, at: slots)
    for index in 0..<rows.count { positions[Int(slots[index])] += block.firstPosition }
  }

  mutating func gatherFingerprints(
    of block: Block, _ rows: RowList, at slots: UnsafePointer<UInt32>
  ) {
    let fingerprints = UnsafeMutableRawPointer(mutating: pointers[ColumnSet.fingerprintSlot])
      .assumingMemoryBound(to: Int64.self)
    ranks.reserve(rows.count)
    block.column(.rank).read(rows, to: ranks.start)
    block.section(BlockSection.fingerprint).pick(ranks.start, count: rows.count, to: fingerprints, at: slots)
  }

  /// Replaces what the columns say of a row, position and fingerprint apart.
  mutating func store(_ facts: Facts, at row: Int) {
    withUnsafeBytes(of: facts) { bytes in
      for column in Column.allCases where widths[Int(column.rawValue)] != 0 {
        guard let place = column.place else { continue }
        dirtyRows[Int(column.rawValue)] = max(dirtyRows[Int(column.rawValue)], row + 1)
        UnsafeMutableRawPointer(mutating: pointers[Int(column.rawValue)] + row * place.width)
          .copyMemory(from: bytes.baseAddress! + place.offset, byteCount: place.width)
      }
    }
  }
}

/// A copy of ``Vocabulary/directionCodes`` that is read without asking whether it is there, and which kinds may touch.
private struct DirectionCodes: ~Copyable {
  private let codes = Room<UInt8>(capacity: 256)
  private let masks = Room<UInt8>(capacity: 256)

  init() {
    for kind in 0..<256 {
      codes.start[kind] = Vocabulary.directionCodes[kind]
      let isInteraction = EventKindSet.interactions.contains(rawValue: UInt8(kind)) && kind != HistoryChunk.retracted
      masks.start[kind] = isInteraction ? .max : 0
    }
  }

  /// All bits set of kinds that are interactions.
  var touchMasks: UnsafePointer<UInt8> { UnsafePointer(masks.start) }

  var start: UnsafePointer<UInt8> { UnsafePointer(codes.start) }

  @inline(__always)
  subscript(kind: UInt8) -> UInt8 { codes.start[Int(kind)] }
}
