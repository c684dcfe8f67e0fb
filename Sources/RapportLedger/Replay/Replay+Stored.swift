extension Replay {
  /// More people touched since than one in so many: a replay is as fast.
  private static let touchedShare = 8
  /// Of more people than these it is as fast to check all columns at once.
  private static let fewPeople = 1024

  /// What a projection made of every person or case, from its stored state and the events since.
  ///
  /// - Returns: nil where there is no state that is of use: another version, another past, too much since, or events that
  ///   change who people are, what the firm is or – of cases – what other events say.
  /// - Complexity: O(outcomes + events of the people touched since); of cases O(outcomes + events), a pass over their keys.
  func stored<P: Projection>(
    _ projection: P, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record>? {
    guard let store = snapshot.stateStore, limits.position ?? .max >= snapshot.position,
      let state = store.load(P.name, version: P.version), state.isIntact, !state.parts.isEmpty,
      state.checkpoint.position <= snapshot.position, let outcomes = Outcomes<P.Record>(state.parts)
    else { return nil }
    let belief = try Belief(snapshot, limits: limits)
    guard try seesEverything(snapshot, belief) else { return nil }
    if state.checkpoint.position == snapshot.position { return outcomes }
    switch projection.gathering {
    case .people:
      guard let touched = try people(since: state.checkpoint.position, belief, snapshot) else { return nil }
      if touched.contains(0), projection.readsFirm { return nil }
      let others = touched.subtracting([0])
      if others.isEmpty { return outcomes }
      guard others.count <= max(64, snapshot.customerCount / Self.touchedShare) else { return nil }
      return outcomes.replacing(others, by: try refold(others, projection, belief, snapshot, firm: outcomes))
    case .cases:
      guard !projection.readsFirm,
        let touched = try cases(since: state.checkpoint.position, projection, belief, snapshot)
      else { return nil }
      if touched.isEmpty { return outcomes }
      guard touched.count <= max(64, outcomes.cases.count / Self.touchedShare) else { return nil }
      return outcomes.replacing(touched, by: try refold(touched, projection, belief, snapshot))
    }
  }

  /// The people whom events after a position are about; 0 is the firm.
  ///
  /// - Returns: nil if some of these events change who people are.
  private func people(
    since position: UInt64, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Set<UInt32>? {
    let hasMappings = snapshot.blocks.contains { !$0.header.kindSet.isDisjoint(with: .mappings) }
    // Corrections may be of merges.
    let changesPeople = EventKindSet.mappings.union(hasMappings ? .corrections : [])
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

  /// The cases that events after a position belong to.
  ///
  /// - Returns: nil if some of these events change who people are, or what other events say.
  private func cases<P: Projection>(
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
  private func seesEverything(_ snapshot: borrowing Snapshot, _ belief: borrowing Belief) throws(LedgerError) -> Bool {
    guard let time = limits.time else { return true }
    return snapshot.blocks.allSatisfy { $0.header.latest <= time }
      && belief.corrections.targets.allSatisfy { $0.isRetracted || $0.facts.time <= time }
  }

  private func refold<P: Projection>(
    _ touched: Set<UInt32>, _ projection: P, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot,
    firm: Outcomes<P.Record>
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    let request = request([fold])
    // Of few people only what is read.
    if touched.count > Self.fewPeople { try check(request, of: snapshot) }
    fold.prepare()
    fold.setFirm(firm.filter { $0 == 0 })
    fold.prepare(parts: 1)
    let persons = touched.sorted().map { People.Person(number: $0, members: belief.people.members(of: $0)) }
    try foldHistories(of: persons, fold, request, belief, snapshot, part: 0)
    return fold.outcomes().filter { $0 != 0 }
  }

  /// Gathers some cases from the log and folds them.
  private func refold<P: Projection>(
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
