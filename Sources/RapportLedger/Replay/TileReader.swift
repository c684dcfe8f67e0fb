import CHash

/// Reads rows of blocks into tiles: the events of a range of customers, as they lie. One for each thread.
///
/// Of no type in particular: what is done for each row is compiled once, and looks up nothing.
struct TileReader: ~Copyable {
  private let request: HistoryRequest
  private let special: [UInt64]
  private let otherColumns: [Column]
  private var columns: ColumnStore
  private var selection: RowSelection
  /// Of the events that are wanted the rows of the tile, and the places of their customers.
  private var rows = Room<UInt32>(capacity: TileReader.tileRows)
  private var places = Room<UInt32>(capacity: TileReader.tileRows)
  /// By place whether there was an event.
  private(set) var isSeen = Room<UInt8>()
  private var customers: Range<UInt32> = 1..<1
  /// Events of the tile that are wanted.
  private(set) var count = 0
  /// Whether most of the rows before were wanted. Then all are read: rows without a gap are read so much faster.
  private var isMostlyWanted = false

  /// Rows that are decoded at once: their columns stay in the nearest cache.
  static let tileRows = 1 << 10

  /// - Parameter special: a bit a customer, set for those who are left out.
  init(_ request: HistoryRequest, upTo last: UInt64, special: [UInt64]) {
    self.request = request
    self.special = special
    otherColumns = request.columns.subtracting(ColumnSet(.customer, .kind, .time, .rank).union(.fingerprint)).columns
    columns = ColumnStore(request.columns.union(ColumnSet(.customer, .kind, .time)))
    selection = RowSelection(kinds: request.kinds, upTo: last)
  }

  /// Begins with other customers.
  mutating func begin(_ customers: Range<UInt32>) {
    self.customers = customers
    isSeen.reserve(customers.count)
    isSeen.start.update(repeating: 0, count: customers.count)
  }

  /// Asks memory for a tile that is read soon.
  func fetch(_ tile: Range<Int>, of block: Block) {
    block.column(.kind).fetch(tile)
    guard isMostlyWanted else { return }
    block.column(.customer).fetch(tile)
    block.column(.time).fetch(tile)
    for column in otherColumns { block.column(column).fetch(tile) }
  }

  /// Reads a tile, and notes whose its events are.
  ///
  /// - Parameters:
  ///   - tile: rows of these customers, at most ``tileRows``.
  ///   - place: is told which rows of the log these are.
  mutating func read(_ tile: Range<Int>, ofBlock index: Int, _ block: Block, _ place: FoldPlace) {
    let list =
      isMostlyWanted && special.isEmpty && block.header.lastPosition <= selection.last
      ? RowList(tile) : select(tile, index, block)
    count = 0
    guard list.count > 0 else { return }
    for column in otherColumns { columns.clear(column) }
    for column in otherColumns { columns.read(column, of: block, list, isCleared: true) }
    columns.read(.customer, of: block, list, isCleared: false)
    columns.read(.kind, of: block, list, isCleared: false)
    columns.read(.time, of: block, list, isCleared: false)
    columns.resolveDirections(rows: list.count)
    choose(list.count)
    isMostlyWanted = count * 2 > tile.count
    place.enter(list, of: block, customers: columns.start(.customer, UInt32.self))
  }

  /// The rows of some kinds that are not of somebody special.
  private mutating func select(_ tile: Range<Int>, _ index: Int, _ block: Block) -> RowList {
    selection.removeAll()
    selection.append(tile, ofBlock: index, block) { rows, people in
      guard !special.isEmpty else { return rows.count }
      block.column(.customer).read(RowList(UnsafeBufferPointer(rows)), to: people)
      var kept = 0
      for row in 0..<rows.count {
        let customer = people[row]
        rows[kept] = rows[row]
        kept += special[Int(customer) / 64] & 1 << UInt64(customer % 64) == 0 ? 1 : 0
      }
      return kept
    }
    return selection.count > 0 ? selection.rows(of: selection.stretches[0]) : RowList(0..<0)
  }

  /// Lists the rows that are wanted.
  private mutating func choose(_ rowCount: Int) {
    let (kinds, times) = (columns.start(.kind, UInt8.self), columns.start(.time, Int64.self))
    let customers = columns.start(.customer, UInt32.self)
    let (rows, places, isSeen, isWanted) = (rows.start, places.start, isSeen.start, selection.isWanted.start)
    let (lowest, peopleCount) = (self.customers.lowerBound, UInt32(self.customers.count))
    let last = request.limits.time ?? .max
    var found = 0
    for row in 0..<rowCount {
      // Without a branch: the next row takes the place of one that is not wanted.
      let isChosen = isWanted[Int(kinds[row])] & (times[row] <= last ? 1 : 0)
      let place = customers[row] &- lowest
      precondition(place < peopleCount, "customers of a block out of order")
      rows[found] = UInt32(truncatingIfNeeded: row)
      places[found] = place
      isSeen[Int(place)] |= isChosen
      found &+= Int(isChosen)
    }
    count = found
  }

  /// The events that were read last; valid until others are.
  ///
  /// - Parameter states: where the states of the customers begin.
  @_lifetime(borrow self)
  func events(states: UnsafeRawPointer, _ place: FoldPlace) -> EventTile {
    let events = EventTile(
      columns: columns.table, rows: rows.start, places: places.start, states: states, cursor: place.cursor, count: count
    )
    return _overrideLifetime(events, borrowing: self)
  }
}

/// Where the rows of each range of customers lie in each block that has kinds which are read.
final class RowBounds: @unchecked Sendable {
  private let starts: Room<UInt32>
  private let width: Int

  /// - Precondition: the column `customer` is intact.
  /// - Complexity: O(blocks · ranges · log rows).
  init(_ snapshot: borrowing Snapshot, _ schedule: Schedule, kinds: EventKindSet) {
    width = schedule.bounds.count
    starts = Room(capacity: max(1, snapshot.blocks.count * width))
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard !block.header.kindSet.isDisjoint(with: kinds) else { continue }
      let customers = block.column(.customer)
      var row = 0
      for (number, bound) in schedule.bounds.enumerated() {
        if bound > block.header.greatestCustomer {
          row = block.count
        } else if bound > block.header.leastCustomer {
          row = customers.first(notBelow: Int64(bound), in: row..<block.count)
        }
        starts.start[index * width + number] = UInt32(row)
      }
    }
  }

  func rows(of part: Int, inBlock index: Int) -> Range<Int> {
    let start = starts.start + index * width + part
    return Int(start[0])..<Int(start[1])
  }
}
