extension Corrections {
  /// A correction or retraction, and where its target is.
  struct Act {
    var place: Place
    var position: UInt64
    var customer: UInt32
    var isRetraction: Bool
    var time: Int64
    /// Fingerprint of the target.
    var fingerprint: UInt64
    var target = Place.nowhere
    var targetPosition: UInt64 = 0

    init(
      _ place: Place, in snapshot: borrowing Snapshot, _ reader: inout EventReader
    ) throws(LedgerError) {
      let (block, row) = (snapshot.blocks[place.block], Int(place.row))
      try snapshot.check(place.block, ColumnSet(.customer, .kind, .time, .object, .rank).rawValue, rows: row..<row + 1)
      self.place = place
      position = block.firstPosition &+ UInt64(bitPattern: block.column(.rank)[row])
      customer = UInt32(truncatingIfNeeded: block.column(.customer)[row])
      isRetraction = block.column(.kind)[row] == Int64(EventKind.eventRetracted.rawValue)
      time = block.column(.time)[row]
      fingerprint = UInt64(bitPattern: block.column(.object)[row])
      // Older logs have it in the event only.
      if fingerprint == 0 { fingerprint = try Self.target(place, in: snapshot, &reader) }
    }

    private static func target(
      _ place: Place, in snapshot: borrowing Snapshot, _ reader: inout EventReader
    ) throws(LedgerError) -> UInt64 {
      var text: [UInt8] = []
      try reader.withEvent(row: Int(place.row), in: place.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
      }
      let seed = snapshot.seed
      return EventText.withDocument(text) { document -> UInt64? in
        guard let data = document.member("data", of: 0), let source = document.member("source", of: data),
          let id = document.member("id", of: data)
        else { return nil }
        return Array(document.string(source).utf8).withUnsafeBufferPointer { source in
          Array(document.string(id).utf8).withUnsafeBufferPointer {
            References.fingerprint(source: source, id: $0, seed: seed)
          }
        }
      } ?? 0
    }

    /// What decides between acts of equal time.
    func tieKey(_ snapshot: borrowing Snapshot, _ reader: inout EventReader) throws(LedgerError) -> TieKey {
      try reader.withEvent(row: Int(place.row), in: place.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try TieKey(facts, record, snapshot)
      }
    }
  }

  /// Finds what acts, in the order of what it acts on.
  static func acts(
    _ snapshot: borrowing Snapshot, upTo last: UInt64, of customers: [UInt32]?, on kinds: EventKindSet
  ) throws(LedgerError) -> [Act] {
    var acts: [Act] = []
    var reader = EventReader()
    try snapshot.forEachRow(of: EventKindSet.corrections, customers: customers, upTo: last) {
      index, row throws(LedgerError) in
      acts.append(try Act(Place(block: index, row: UInt32(row)), in: snapshot, &reader))
    }
    if acts.isEmpty { return [] }
    try findTargets(&acts, kinds, snapshot, last)
    acts.sort { $0.target < $1.target }
    return acts
  }

  /// Looks for the targets among the rows of their customers.
  private static func findTargets(
    _ acts: inout [Act], _ wanted: EventKindSet, _ snapshot: borrowing Snapshot, _ last: UInt64
  ) throws(LedgerError) {
    acts.sort { ($0.customer, $0.fingerprint) < ($1.customer, $1.fingerprint) }
    let wanted = wanted.subtracting(.corrections)
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard block.firstPosition <= last else { break }
      guard !block.header.kindSet.isDisjoint(with: wanted) else { continue }
      let (kinds, ranks) = (block.column(.kind), block.column(.rank))
      let fingerprints = block.section(BlockSection.fingerprint)
      var start = 0
      while start < acts.count {
        let customer = acts[start].customer
        var end = start + 1
        while end < acts.count, acts[end].customer == customer { end += 1 }
        defer { start = end }
        let rows = try snapshot.rows(of: customer, in: index)
        guard !rows.isEmpty else { continue }
        try snapshot.check(index, ColumnSet(.kind, .rank).rawValue, rows: rows)
        try snapshot.check(index, BlockSection.fingerprint, ofRows: RowList(rows))
        for row in rows where wanted.contains(rawValue: UInt8(truncatingIfNeeded: kinds[row])) {
          let rank = Int(ranks[row])
          guard block.firstPosition + UInt64(rank) <= last else { continue }
          let fingerprint = UInt64(bitPattern: fingerprints[rank])
          var act = (start..<end).partitioningIndex { acts[$0].fingerprint >= fingerprint }
          while act < end, acts[act].fingerprint == fingerprint {
            acts[act].target = Place(block: index, row: UInt32(row))
            acts[act].targetPosition = block.firstPosition + UInt64(rank)
            act += 1
          }
        }
      }
    }
  }
}
