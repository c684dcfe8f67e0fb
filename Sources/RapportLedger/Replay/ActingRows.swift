extension Snapshot {
  /// Calls `body` with the rows of some kinds, block by block in order of rows.
  ///
  /// - Parameters:
  ///   - kinds: of those that act: ``EventKindSet/acts``.
  ///   - customers: only rows of these, in ascending order; nil is all.
  /// - Complexity: O(1) for a block without such kinds, else O(rows of events that act), or of the customers.
  func forEachRow(
    of kinds: EventKindSet, customers: [UInt32]?, upTo last: UInt64,
    _ body: (_ block: Int, _ row: Int) throws(LedgerError) -> Void
  ) throws(LedgerError) {
    let last = min(last, position)
    for index in blocks.indices {
      let block = blocks[index]
      guard block.firstPosition <= last else { break }
      guard !block.header.kindSet.isDisjoint(with: kinds) else { continue }
      let isWhole = block.header.lastPosition <= last
      let (blockKinds, ranks) = (block.column(.kind), block.column(.rank))
      for row in try actingRows(of: index, customers) {
        guard kinds.contains(rawValue: UInt8(truncatingIfNeeded: blockKinds[row])) else { continue }
        if !isWhole {
          try check(index, Int(Column.rank.rawValue), values: row..<row + 1)
          guard block.firstPosition &+ UInt64(bitPattern: ranks[row]) <= last else { continue }
        }
        try check(index, Int(Column.customer.rawValue), values: row..<row + 1)
        try body(index, row)
      }
    }
  }

  /// Rows that may be of events that act; their kinds are intact.
  private func actingRows(of index: Int, _ customers: [UInt32]?) throws(LedgerError) -> [Int] {
    try check(index, Self.slots(BlockSection.actRow))
    let acts = blocks[index].section(BlockSection.actRow)
    var found: [Int] = []
    if let customers, customers.count < acts.count {
      for customer in customers {
        let rows = try rows(of: customer, in: index)
        try check(index, ColumnSet(.kind).rawValue, rows: rows)
        found += rows
      }
      return found
    }
    let column = blocks[index].column(.customer)
    for place in 0..<acts.count {
      let row = Int(acts[place])
      try check(index, ColumnSet(.kind, .customer).rawValue, rows: row..<row + 1)
      if let customers {
        let customer = UInt32(truncatingIfNeeded: column[row])
        let place = customers.indices.partitioningIndex { customers[$0] >= customer }
        guard place < customers.count, customers[place] == customer else { continue }
      }
      found.append(row)
    }
    return found
  }
}
