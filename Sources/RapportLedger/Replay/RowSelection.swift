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
  private var kindCodes = Room<UInt8>()
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

  /// Selects all rows of a stretch of a block, if nearly all are wanted: rows without a gap are read so much faster that
  /// some more do not matter.
  ///
  /// - Parameters:
  ///   - lowest: the customer of index 0.
  ///   - spare: whose the rows are that are not wanted: of another kind, or of customers whom the cohort leaves out.
  /// - Returns: false if nothing was selected, because too many are not wanted.
  mutating func append(
    wholeOf range: Range<Int>, ofBlock index: Int, _ block: Block, lowest: UInt32, spare: UInt32, cohort: Cohort
  ) -> Bool {
    guard !cohort.isSparse, !range.isEmpty, block.header.lastPosition <= last else { return false }
    rows.reserve(count + range.count, keeping: count)
    people.reserve(count + range.count, keeping: count)
    let all = RowList(range)
    let target = people.start + count
    let isSubset = block.header.kindSet.isSubset(of: kinds)
    if !isSubset {
      kindCodes.reserve(range.count)
      block.column(.kind).read(all, to: kindCodes.start)
      var wanted = 0
      for place in 0..<range.count { wanted &+= Int(isWanted.start[Int(kindCodes.start[place])]) }
      guard wanted * 4 > range.count * 3 else { return false }
    }
    block.column(.customer).read(all, to: target)
    if !cohort.leftOut.isEmpty {
      for place in 0..<range.count {
        let customer = target[place]
        target[place] = cohort.leavesOut(customer) ? spare : customer &- lowest
      }
    } else {
      for place in 0..<range.count { target[place] &-= lowest }
    }
    if !isSubset {
      for place in 0..<range.count where isWanted.start[Int(kindCodes.start[place])] == 0 { target[place] = spare }
    }
    for place in 0..<range.count { rows.start[count + place] = UInt32(truncatingIfNeeded: range.lowerBound &+ place) }
    stretches.append(Stretch(block: index, range: count..<count + range.count))
    count += range.count
    return true
  }

  /// Selects rows that were found elsewhere, in order.
  ///
  /// - Parameter person: whose each of them is.
  @inline(__always)
  mutating func append(_ found: UnsafeBufferPointer<UInt32>, ofBlock index: Int, person: (Int) -> UInt32) {
    guard let start = found.baseAddress, !found.isEmpty else { return }
    rows.reserve(count + found.count, keeping: count)
    people.reserve(count + found.count, keeping: count)
    (rows.start + count).update(from: start, count: found.count)
    for place in 0..<found.count { people.start[count + place] = person(place) }
    stretches.append(Stretch(block: index, range: count..<count + found.count))
    count += found.count
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
    stretches.indices.partitioningIndex { stretches[$0].range.upperBound > index }
  }
}
