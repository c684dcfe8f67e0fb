/// What a projection makes of one person, and of the firm.
extension Replay {
  func outcomes<P: Projection>(
    of customer: UInt32, _ projection: P, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    try outcomes(of: customer, projection, Belief(snapshot, limits: limits, of: customer), over: snapshot)
  }

  /// - Parameter belief: what concerns the person of the customer.
  func outcomes<P: Projection>(
    of customer: UInt32, _ projection: P, _ belief: borrowing Belief, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let person = belief.people.person(of: customer)
    switch projection.gathering {
    case .people:
      if let outcomes = try stored(projection, of: person, belief, over: snapshot) { return outcomes }
      return try folded(projection, customer, belief, over: snapshot)
    case .cases:
      // Cases are found in a pass over everybody's events. Those that begin with the firm are nobody's.
      let isWanted: @Sendable (UInt32) -> Bool = { $0 == person }
      let shares = try mapStored(projection, over: snapshot, shares: threads) { $0.outcomes(of: isWanted) }
      if let shares {
        return shares.reduce(into: Outcomes<P.Record>()) { $0.append($1) }
      }
      let fold = Fold(projection)
      try run([fold], over: snapshot)
      return fold.outcomes().filter(isWanted)
    }
  }

  /// What is stored of a person, if no event since is about that person.
  ///
  /// - Returns: nil where there is no state that is of use.
  private func stored<P: Projection>(
    _ projection: P, of person: UInt32, _ belief: borrowing Belief, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record>? {
    guard let store = snapshot.stateStore, limits.position ?? .max >= snapshot.position,
      seesEverything(snapshot, latest: belief.effect.latest)
    else { return nil }
    let wanted = person == 0 ? [0] : [0, person]
    let parts = Set(wanted.map { $0 / StateStore.customersPerPart }).sorted()
    return try withUnsafePointer(to: snapshot) { snapshot throws(LedgerError) in
      try withUnsafePointer(to: belief) { belief throws(LedgerError) in
        try store.withState(of: P.name, version: P.version, only: parts) {
          checkpoint, parts throws(LedgerError) -> Outcomes<P.Record>? in
          let people = projection.readsFirm ? wanted : [person]
          guard !parts.isEmpty, try holds(checkpoint, of: people, belief.pointee, snapshot.pointee) else { return nil }
          var outcomes = Outcomes<P.Record>()
          for bytes in parts {
            guard let part = PartInPlace(headOf: bytes, seed: store.seed),
              wanted.allSatisfy({ outcomes.append(part, of: $0) })
            else { return nil }
          }
          return outcomes
        } ?? nil
      }
    }
  }

  /// The kinds of events that change who people are.
  private func changesPeople(in snapshot: borrowing Snapshot) -> EventKindSet {
    let hasMappings = snapshot.blocks.contains { !$0.header.kindSet.isDisjoint(with: .mappings) }
    // Corrections may be of merges.
    return EventKindSet.mappings.union(hasMappings ? .corrections : [])
  }

  /// Whether no event behind a checkpoint is about some people.
  ///
  /// - Complexity: O(blocks since · log rows).
  private func holds(
    _ checkpoint: Checkpoint, of people: [UInt32], _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Bool {
    guard checkpoint.position <= snapshot.position else { return false }
    let changesPeople = changesPeople(in: snapshot)
    for index in snapshot.blocks.indices.reversed() {
      let block = snapshot.blocks[index]
      guard block.header.lastPosition > checkpoint.position else { return true }
      guard block.header.kindSet.isDisjoint(with: changesPeople) else { return false }
      for person in people {
        for customer in belief.people.members(of: person) {
          let rows = try snapshot.rows(of: customer, in: index)
          try snapshot.check(index, ColumnSet(.rank).rawValue, rows: rows)
          let ranks = block.column(.rank)
          for row in rows where block.firstPosition + UInt64(ranks[row]) > checkpoint.position { return false }
        }
      }
    }
    return true
  }

  /// Gathers the history of a customer's person and folds it.
  private func folded<P: Projection>(
    _ projection: P, _ customer: UInt32, _ belief: borrowing Belief, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    try foldFirm([fold], belief, snapshot, nil)
    fold.prepare(parts: 1)
    var gatherer = HistoryGatherer(snapshot, request([fold]))
    try gatherer.gatherPerson(of: customer, belief: belief, from: snapshot)
    try fold.makeWorker(snapshot, nil, RowListings()).fold(0, gatherer.chunk)
    return fold.outcomes()
  }
}
