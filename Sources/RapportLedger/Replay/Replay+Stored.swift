/// What stored states lack: what became of those whom the events since are about.
extension Replay {
  /// Whether no event lies behind the valid time that is asked for.
  ///
  /// - Parameter latest: of the events that are corrected.
  func seesEverything(_ snapshot: borrowing Snapshot, latest: Int64) -> Bool {
    guard let time = limits.time else { return true }
    return latest <= time && snapshot.blocks.allSatisfy { $0.header.latest <= time }
  }

  /// Gathers some people from the log and folds them.
  func refold<P: Projection>(
    _ persons: [People.Person], _ projection: P, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot,
    firm: Outcomes<P.Record>
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    let request = request([fold])
    let cohort = Cohort(persons, snapshot)
    // Of few people only what is read.
    if cohort.hasRanges { try check(request, of: snapshot) }
    fold.setFirm(firm)
    try foldPeople([fold], cohort, belief, snapshot)
    return fold.outcomes().filter { $0 != 0 }
  }

  /// Gathers some cases from the log and folds them.
  ///
  /// - Complexity: O(events): a pass over their keys, two where something was corrected; and what it takes to apply the
  ///   corrections of those who have events in these cases, and those that set a case.
  func refold<P: Projection>(
    _ touched: Set<UInt64>, _ projection: P, _ people: People, _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record> {
    let fold = Fold(projection)
    let request = request([fold])
    for index in snapshot.blocks.indices {
      try snapshot.check(index, CaseRows.columns.union(ColumnSet(.kind)).rawValue)
    }
    let recorded = try CaseRows(touched, request, Corrections(), snapshot, threads: threads)
    let last = limits.position ?? .max
    var concerned = try Corrections.customersWhoSetCases(snapshot, upTo: last)
    try recorded.forEach(0) { block, rows, _ throws(LedgerError) in
      for row in rows {
        try snapshot.check(block, ColumnSet(.customer).rawValue, rows: Int(row)..<Int(row) + 1)
        concerned.insert(UInt32(truncatingIfNeeded: snapshot.blocks[block].column(.customer)[Int(row)]))
      }
    }
    let corrections = try Corrections(snapshot, upTo: last, of: concerned.sorted())
    let rows =
      corrections.isEmpty ? recorded : try CaseRows(touched, request, corrections, snapshot, threads: threads)
    var gatherer = CaseGatherer(snapshot, request)
    try rows.check(request, in: snapshot)
    try gatherer.gather(0, of: rows, belief: Belief(corrections, people), from: snapshot)
    return try fold.makeTypedWorker(snapshot).outcomes(gatherer.chunk)
  }
}

extension Corrections {
  /// The customers with corrections that may move events to other cases.
  ///
  /// - Complexity: O(blocks) where there are no corrections, else a pass over the kinds of those that have some.
  fileprivate static func customersWhoSetCases(
    _ snapshot: borrowing Snapshot, upTo last: UInt64
  ) throws(LedgerError) -> Set<UInt32> {
    var customers: Set<UInt32> = []
    try snapshot.forEachRow(of: [.eventCorrected], customers: nil, upTo: last) { index, row throws(LedgerError) in
      try snapshot.check(index, ColumnSet(.marks, .object).rawValue, rows: row..<row + 1)
      let block = snapshot.blocks[index]
      // Older logs do not say it.
      let isOld = block.column(.object)[row] == 0
      let marks = Facts.Marks(rawValue: UInt32(truncatingIfNeeded: block.column(.marks)[row]))
      guard isOld || marks.contains(.setsCase) else { return }
      customers.insert(UInt32(truncatingIfNeeded: block.column(.customer)[row]))
    }
    return customers
  }
}
