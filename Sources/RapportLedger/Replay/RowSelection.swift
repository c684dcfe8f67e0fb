/// The rows that some histories are made of, block by block in the order of rows, and whose each is.
struct RowSelection: ~Copyable {
  /// Rows of one block that stand together in the selection.
  struct Stretch {
    var block: Int
    var range: Range<Int>
  }

  private(set) var count = 0
  private(set) var stretches: [Stretch] = []
  private(set) var rows = Room<UInt32>(capacity: 1 << 14)
  /// By row the index of the person (or case) among those of the chunk.
  private(set) var people = Room<UInt32>(capacity: 1 << 14)
  /// One where events of a kind are selected.
  let isWanted = Room<UInt8>(capacity: 256)
  let kinds: EventKindSet
  /// The last position that counts.
  let last: UInt64

  /// - Parameter last: events after this position are left out.
  init(kinds: EventKindSet, upTo last: UInt64) {
    self.kinds = kinds
    self.last = last
    for kind in 0..<256 { isWanted.start[kind] = kinds.contains(rawValue: UInt8(kind)) ? 1 : 0 }
  }

  mutating func removeAll() {
    count = 0
    stretches.removeAll(keepingCapacity: true)
  }

  /// Selects what is wanted of the rows of a block.
  ///
  /// - Parameter identify: writes for the rows that are selected whose they are, and returns how many of them are kept.
  @inline(__always)
  mutating func append(
    _ range: Range<Int>, ofBlock index: Int, _ block: Block,
    identify: (
      _ rows: UnsafeMutableBufferPointer<UInt32>, _ people: UnsafeMutablePointer<UInt32>
    ) -> Int
  ) {
    guard !range.isEmpty else { return }
    rows.reserve(count + range.count, keeping: count)
    people.reserve(count + range.count, keeping: count)
    let target = rows.start + count
    var found = selectKinds(range, block, target)
    if block.header.lastPosition > last { found = selectPositions(found, block, target) }
    guard found > 0 else { return }
    found = identify(UnsafeMutableBufferPointer(start: target, count: found), people.start + count)
    guard found > 0 else { return }
    stretches.append(Stretch(block: index, range: count..<count + found))
    count += found
  }

  /// Selects rows that were found elsewhere, in order, with whose they are.
  mutating func append(rows found: some Collection<(UInt32, UInt32)>, ofBlock index: Int) {
    rows.reserve(count + found.count, keeping: count)
    people.reserve(count + found.count, keeping: count)
    let first = count
    for (row, person) in found {
      rows.start[count] = row
      people.start[count] = person
      count += 1
    }
    if count > first { stretches.append(Stretch(block: index, range: first..<count)) }
  }

  private func selectKinds(_ range: Range<Int>, _ block: Block, _ target: UnsafeMutablePointer<UInt32>) -> Int {
    if block.header.kindSet.isSubset(of: kinds) {
      for offset in 0..<range.count { target[offset] = UInt32(truncatingIfNeeded: range.lowerBound &+ offset) }
      return range.count
    }
    let isWanted = isWanted.start
    let column = block.column(.kind)
    let section = column.section
    var found = 0
    if section.encoding == Section.dense, section.width == 1 {
      let stored = column.bytes.assumingMemoryBound(to: UInt8.self)
      let (base, unit) = (UInt8(truncatingIfNeeded: section.base), UInt8(truncatingIfNeeded: section.unit))
      for row in range {
        // Without a branch: the next row takes the place of one that is not wanted.
        target[found] = UInt32(truncatingIfNeeded: row)
        found &+= Int(isWanted[Int(base &+ unit &* stored[row])])
      }
      return found
    }
    for row in range {
      target[found] = UInt32(truncatingIfNeeded: row)
      found &+= Int(isWanted[Int(UInt8(truncatingIfNeeded: column[row]))])
    }
    return found
  }

  private func selectPositions(_ count: Int, _ block: Block, _ target: UnsafeMutablePointer<UInt32>) -> Int {
    let ranks = block.column(.rank)
    var found = 0
    for index in 0..<count {
      let row = target[index]
      target[found] = row
      if block.firstPosition + UInt64(ranks[Int(row)]) <= last { found += 1 }
    }
    return found
  }

  /// The stretch that a selected row belongs to.
  func stretch(of index: Int) -> Int {
    var low = 0
    var high = stretches.count
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].range.upperBound <= index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
