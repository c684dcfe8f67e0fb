extension Draft {
  /// The events of a block back in order of arrival: the first half of merging blocks.
  ///
  /// Every byte is checked first: merging writes new checksums, which must not vouch for damage.
  ///
  /// - Throws: ``LedgerError/damaged(_:)``.
  /// - Complexity: O(events), and the unpacking of their payloads.
  init(_ block: Block, coder: FrameCoder) throws(LedgerError) {
    if let slot = block.firstDamagedSlot { throw .damaged(block.damage(ofSlot: slot)) }
    self.init(firstPosition: block.firstPosition)
    let count = block.count
    let rows = block.rowsByRank()
    let sorted = block.facts(0..<count)
    facts = rows.map { sorted[Int($0)] }
    let fingerprintSection = block.section(BlockSection.fingerprint)
    let hashes = block.section(BlockSection.contentHash)
    fingerprints = (0..<count).map { UInt64(bitPattern: fingerprintSection[$0]) }
    contentHashes = (0..<count).map { UInt64(bitPattern: hashes[$0]) }
    try readPayloads(block, rows, coder)
    readLines(block, rows)
    let ranks = block.section(BlockSection.commitRank)
    let times = block.section(BlockSection.commitTime)
    commits = (0..<ranks.count).map { (UInt32(truncatingIfNeeded: ranks[$0]), times[$0]) }
    firstNewCustomer = block.header.firstNewCustomer
    firstNewName = block.header.firstNewName
    let customers = block.newCustomers
    for index in 0..<customers.count { newCustomers.append(customers[index]) }
    let names = block.newNames
    for index in 0..<names.count { newNames.append(names[index]) }
  }

  private mutating func readPayloads(_ block: Block, _ rows: [UInt32], _ coder: FrameCoder) throws(LedgerError) {
    var records: [UInt8] = []
    var ends: [Int] = []
    var reader = PayloadReader(block, coder: coder)
    for row in 0..<block.count {
      try reader.withRecord(ofRow: row) { _, whole throws(LedgerError) in
        records.append(contentsOf: whole)
        ends.append(records.count)
      }
    }
    for row in rows {
      let start = row == 0 ? 0 : ends[Int(row) - 1]
      payloads.append(contentsOf: records[start..<ends[Int(row)]])
      payloadEnds.append(payloads.count)
    }
  }

  private mutating func readLines(_ block: Block, _ rows: [UInt32]) {
    for row in rows {
      if facts[lineEnds.count].marks.contains(.hasLines) { lines.append(contentsOf: block.lines(of: Int(row))) }
      lineEnds.append(UInt32(lines.count))
    }
  }

  /// Appends the events of the block that follows.
  mutating func append(_ next: Draft) {
    precondition(next.firstPosition == firstPosition + UInt64(count), "drafts follow each other without a gap")
    let rankOffset = UInt32(count)
    let payloadOffset = payloads.count
    let lineOffset = UInt32(lines.count)
    if newCustomers.count == 0 { firstNewCustomer = next.firstNewCustomer }
    if newNames.count == 0 { firstNewName = next.firstNewName }
    facts += next.facts
    fingerprints += next.fingerprints
    contentHashes += next.contentHashes
    payloads += next.payloads
    payloadEnds += next.payloadEnds.map { $0 + payloadOffset }
    lines += next.lines
    lineEnds += next.lineEnds.map { $0 + lineOffset }
    commits += next.commits.map { ($0.rank + rankOffset, $0.time) }
    newCustomers.append(next.newCustomers)
    newNames.append(next.newNames)
  }
}

extension TextList {
  fileprivate mutating func append(_ next: TextList) {
    for index in 0..<next.count { next.withText(at: index) { append($0) } }
  }
}
