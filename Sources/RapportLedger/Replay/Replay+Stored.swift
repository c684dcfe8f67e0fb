/// What stored states lack: who was touched by the events since, and what became of them.
extension Replay {
  /// Of more people than these it is as fast to check all columns at once.
  private static let fewPeople = 1024

  /// The people whom events after a position are about; 0 is the firm.
  ///
  /// - Returns: nil if some of these events change who people are.
  func people(
    since position: UInt64, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Set<UInt32>? {
    let changesPeople = changesPeople(in: snapshot)
    var touched: Set<UInt32> = []
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > position else { break }
      guard block.header.kindSet.isDisjoint(with: changesPeople) else { return nil }
      try snapshot.check(index, ColumnSet(.customer, .rank).rawValue)
      let (customers, ranks) = (block.column(.customer), block.column(.rank))
      for row in 0..<block.count where block.firstPosition + UInt64(ranks[row]) > position {
        touched.insert(belief.people.person(of: UInt32(truncatingIfNeeded: customers[row])))
      }
    }
    return touched
  }

  /// The kinds of events that change who people are.
  func changesPeople(in snapshot: borrowing Snapshot) -> EventKindSet {
    let hasMappings = snapshot.blocks.contains { !$0.header.kindSet.isDisjoint(with: .mappings) }
    // Corrections may be of merges.
    return EventKindSet.mappings.union(hasMappings ? .corrections : [])
  }

  /// The cases that events after a position belong to.
  ///
  /// - Returns: nil if some of these events change who people are, or what other events say.
  func cases<P: Projection>(
    since position: UInt64, _ projection: P, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Set<UInt64>? {
    let request = request([Fold(projection)])
    var touched: Set<UInt64> = []
    var keys = CaseKeys(snapshot, request)
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > position else { break }
      guard block.header.kindSet.isDisjoint(with: .acts) else { return nil }
      try snapshot.check(index, CaseRows.columns.union(ColumnSet(.kind, .rank)).rawValue)
      keys.read(index, belief, snapshot)
      let ranks = block.column(.rank)
      keys.forEach { row, key in
        if block.firstPosition + UInt64(ranks[Int(row)]) > position { touched.insert(key) }
      }
    }
    return touched
  }

  /// Whether no event lies behind the valid time that is asked for.
  func seesEverything(_ snapshot: borrowing Snapshot, _ belief: borrowing Belief) throws(LedgerError) -> Bool {
    guard let time = limits.time else { return true }
    return belief.latestCorrected <= time && snapshot.blocks.allSatisfy { $0.header.latest <= time }
  }

  func refold<P: Projection>(
    _ touched: Set<UInt32>, _ projection: P, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot,
    firm: Outcomes<P.Record>
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    let request = request([fold])
    // Of few people only what is read.
    if touched.count > Self.fewPeople { try check(request, of: snapshot) }
    fold.prepare()
    fold.setFirm(firm)
    fold.prepare(parts: 1)
    let persons = touched.sorted().map { People.Person(number: $0, members: belief.people.members(of: $0)) }
    try foldHistories(of: persons, fold, request, belief, snapshot, part: 0)
    return fold.outcomes().filter { $0 != 0 }
  }

  /// Gathers some cases from the log and folds them.
  func refold<P: Projection>(
    _ touched: Set<UInt64>, _ projection: P, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    let request = request([fold])
    for index in snapshot.blocks.indices {
      try snapshot.check(index, CaseRows.columns.union(ColumnSet(.kind)).rawValue)
    }
    let rows = try CaseRows(touched, request, belief, snapshot, threads: threads)
    var gatherer = CaseGatherer(snapshot, request)
    try rows.check(request, in: snapshot)
    try gatherer.gather(0, of: rows, belief: belief, from: snapshot)
    return try fold.makeTypedWorker(snapshot).outcomes(gatherer.chunk)
  }
}
