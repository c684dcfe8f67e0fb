extension Replay {
  /// More people touched since than one in so many: a replay is as fast.
  private static let touchedShare = 8
  private static let fewPeople = 256

  /// What a projection made of every person, from its stored state and the events since.
  ///
  /// - Returns: nil where there is no state that is of use: another version, another past, too much since, or events that
  ///   change who people are or what the firm is.
  /// - Complexity: O(outcomes + events of the people touched since).
  func stored<P: Projection>(
    _ projection: P, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record>? {
    guard let store = snapshot.stateStore, projection.gathering == .people,
      limits.position ?? .max >= snapshot.position,
      let state = store.load(P.name, version: P.version), state.isIntact, !state.parts.isEmpty,
      state.checkpoint.position <= snapshot.position, let outcomes = Outcomes<P.Record>(state.parts)
    else { return nil }
    let checkpoint = state.checkpoint
    let hasMappings = snapshot.blocks.contains { !$0.header.kindSet.isDisjoint(with: .mappings) }
    let belief = try Belief(snapshot, limits: limits)
    guard try seesEverything(snapshot, belief) else { return nil }
    var touched: Set<UInt32> = []
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > checkpoint.position else { break }
      // Corrections may be of merges.
      let changesPeople = EventKindSet.mappings.union(hasMappings ? .corrections : [])
      guard block.header.kindSet.isDisjoint(with: changesPeople) else { return nil }
      try snapshot.check(index, ColumnSet(.customer, .rank).rawValue)
      let (customers, ranks) = (block.column(.customer), block.column(.rank))
      for row in 0..<block.count where block.firstPosition + UInt64(ranks[row]) > checkpoint.position {
        touched.insert(belief.people.person(of: UInt32(truncatingIfNeeded: customers[row])))
      }
    }
    if touched.remove(0) != nil, projection.readsFirm { return nil }
    if touched.isEmpty { return outcomes }
    guard touched.count <= max(64, snapshot.customerCount / Self.touchedShare) else { return nil }
    return outcomes.replacing(touched, by: try refold(touched, projection, belief, snapshot, firm: outcomes))
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
}
