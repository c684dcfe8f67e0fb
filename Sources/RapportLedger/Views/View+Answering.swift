extension View {
  /// Answers a query: from the log, for it is not known what a view of another package made of it before.
  ///
  /// ```swift
  /// let query = ViewQuery(from: start, asOf: now, grouping: "month")
  /// let answer = try SecondChance().answer(query, over: snapshot)
  /// print(answer.json.text)
  /// ```
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` for a grouping or an option that the view does not have, and what rows throw.
  /// - Complexity: O(events + blocks · chunks).
  public func answer(_ query: ViewQuery, over snapshot: borrowing Snapshot) throws -> ViewAnswer {
    try answer(query, over: snapshot, replay: Replay(limits: ReplayLimits(time: query.asOf)))
  }

  /// Answers a query with the events that a replay sees.
  public func answer(_ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay) throws -> ViewAnswer {
    try Self.definition.check(query, of: Self.name)
    let query = query.known(at: replay.limits.position)
    let counterweights = Self.definition.counterweights
    var answers = try replay.map(counterweights.count + 1, over: snapshot) { index, replay, snapshot in
      if index > 0 {
        var plain = query
        plain.grouping = nil
        plain.options = [:]
        return try Catalogue.part(counterweights[index - 1], plain, over: snapshot, replay: replay)
      }
      guard let delegate = delegate(for: query) else {
        return try answerAlone(query, over: snapshot, replay: replay)
      }
      return try delegate.answerAlone(query, over: snapshot, replay: replay)
    }
    var answer = answers.removeFirst()
    answer.view = Self.name
    let effect =
      if let customer = query.customer {
        try Belief(snapshot, limits: replay.limits, of: customer).effect
      } else {
        try replay.effect(Self.self, over: snapshot)
      }
    answer.rows.leaveOut(effect.leftOut)
    answer.counterweights = zip(counterweights, answers).map { ($0, Array($1.rows.rows)) }
    return answer
  }

  /// The rows without what is printed beside them; the query is known to be one that the view takes.
  func answerAlone(_ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay) throws -> ViewAnswer {
    let parts = Self.parts(for: query)
    // The view's own people, and the parts.
    let pieces = try replay.map(parts.count + 1, over: snapshot) { index, replay, snapshot -> Piece<Tally> in
      guard index > 0 else { return .tally(try count(query, over: snapshot, replay: replay)) }
      let part = parts[index - 1]
      var partQuery = query
      partQuery.grouping = part.grouping
      partQuery.lumpsKinds = part.lumpsKinds
      partQuery.options = [:]
      return .part(try Catalogue.part(part.view, partQuery, over: snapshot, replay: replay))
    }
    var tally = makeTally()
    for piece in pieces {
      switch piece {
      case .tally(let own): tally = own
      case .part(let answer): add(answer, to: &tally)
      }
    }
    return ViewAnswer(
      view: Self.name, version: Self.version, from: query.from, to: query.to, asOf: query.asOf,
      knownAt: replay.limits.position, position: snapshot.position,
      rows: try rows(tally, for: query, names: snapshot))
  }

  /// What is counted of everybody, or of the query's customer.
  private func count(
    _ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay
  ) throws(LedgerError) -> Tally {
    // What is known of the firm has to be there before the people come. More shares than threads, for equal bytes do not
    // take equally long.
    let isOne = replay.threads == 1 || readsFirm || !(Tally.self is any Mergeable.Type)
    let shares = isOne ? 1 : 2 * replay.threads
    if query.customer == nil,
      let tallies = try replay.mapStored(
        self, over: snapshot, shares: shares,
        { outcomes in
          var tally = makeTally()
          outcomes.forEachPart { people, records in add(people, records, to: &tally, for: query) }
          return tally
        })
    {
      return Self.merged(tallies)
    }
    let outcomes = try replay.run(self, over: snapshot, customer: query.customer)
    var tally = makeTally()
    add(outcomes.people.span, outcomes.records.span, to: &tally, for: query)
    return tally
  }

  /// - Precondition: there is one, or they are ``Mergeable``.
  private static func merged(_ tallies: [Tally]) -> Tally {
    func merge<M: Mergeable>(_ first: M) -> Tally {
      var all = first
      for tally in tallies.dropFirst() { all.merge(tally as! M) }
      return all as! Tally
    }
    guard tallies.count > 1, let first = tallies[0] as? any Mergeable else { return tallies[0] }
    return merge(first)
  }
}

/// What an answer is made of: what was counted, or what another view answered.
private enum Piece<Tally> {
  case tally(Tally)
  case part(ViewAnswer)
}

extension Replay {
  /// Does several things at once, as far as there are threads; those that are left over are for each of them.
  ///
  /// - Returns: what `body` returned, in order.
  fileprivate func map<R>(
    _ count: Int, over snapshot: borrowing Snapshot,
    _ body: @Sendable (Int, Replay, borrowing Snapshot) throws -> R
  ) throws -> [R] {
    var each = self
    each.threads = max(1, threads / count)
    let replay = each
    return try withUnsafePointer(to: snapshot) { snapshot in
      // The snapshot outlives the threads.
      let shared = SharedPointer(pointer: snapshot)
      return try mapInParallel(count, threads: threads) { try body($0, replay, shared.pointer.pointee) }
    }
  }
}
