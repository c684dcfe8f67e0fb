/// One person's history, all ids together, for cards and timelines.
struct PersonReader: ~Copyable {
  /// Number of the canonical id.
  let number: UInt32
  /// The numbers of all ids.
  let members: [UInt32]
  let belief: Belief
  private var gatherer: HistoryGatherer
  private var reader = EventReader()
  let limits: ReplayLimits

  /// - Parameter subject: any of the person's ids.
  /// - Throws: ``LedgerError/noSuchCustomer(_:)`` if no event is about it within the limits.
  /// - Complexity: O(blocks · log rows + events of the person); where customers were merged, a pass over the kinds.
  init(
    of subject: String, in snapshot: borrowing Snapshot, columns: ColumnSet, readsLines: Bool, limits: ReplayLimits
  ) throws(LedgerError) {
    let customer = try snapshot.number(ofCustomer: Array(subject.utf8))
    let belief = try Belief(snapshot, limits: limits, of: customer, keepsTexts: true)
    let members = belief.people.members(of: customer)
    let request = HistoryRequest(
      kinds: .all, columns: columns.union(ColumnSet(.rank)), readsLines: readsLines, limits: limits)
    var gatherer = HistoryGatherer(snapshot, request)
    try gatherer.gatherPerson(of: customer, belief: belief, from: snapshot)
    guard (0..<gatherer.chunk.count).contains(where: { gatherer.chunk.times[$0] <= limits.time ?? .max }) else {
      throw .noSuchCustomer(subject)
    }
    number = belief.people.person(of: customer)
    self.members = members
    self.belief = belief
    self.gatherer = gatherer
    self.limits = limits
  }

  /// Folds the history.
  func fold<P: Projection>(
    _ projection: P, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [P.Record] {
    let fold = Fold(projection)
    return try fold.makeTypedWorker(snapshot).outcomes(gatherer.chunk).records
  }

  /// An event of the history and where it stands in the log.
  struct Item {
    var block: Int
    var row: Int
    var position: UInt64
    var time: Int64
    var kind: EventKind
    /// What became of it since; nil if it is as it was recorded.
    var target: Corrections.Target?
  }

  /// The events in canonical order, retracted ones too.
  mutating func items() -> [Item] { Self.items(&gatherer, belief.corrections, limits) }

  /// The notices that the firm published, which nobody can correct.
  static func notices(in snapshot: borrowing Snapshot, limits: ReplayLimits) throws(LedgerError) -> [Item] {
    let request = HistoryRequest(
      kinds: [.noticePublished], columns: ColumnSet(.rank), readsLines: false, limits: limits)
    var gatherer = HistoryGatherer(snapshot, request)
    try gatherer.gatherPerson(of: 0, belief: Belief(Corrections(), People()), from: snapshot)
    return items(&gatherer, Corrections(), limits)
  }

  private static func items(
    _ gatherer: inout HistoryGatherer, _ corrections: borrowing Corrections, _ limits: ReplayLimits
  ) -> [Item] {
    var items: [Item] = []
    for row in 0..<gatherer.chunk.count where gatherer.chunk.times[row] <= limits.time ?? .max {
      let (block, blockRow) = gatherer.source(ofRow: row)
      let event = gatherer.chunk.event(row)
      items.append(
        Item(
          block: block, row: blockRow, position: event.position, time: event.time, kind: event.kind,
          target: corrections.target(block: block, row: UInt32(blockRow))))
    }
    return items
  }
}
