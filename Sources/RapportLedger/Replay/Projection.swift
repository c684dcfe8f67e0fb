/// What a view or a state knows of each person, computed from the person's complete history.
///
/// A projection names the kinds and columns that it reads and folds one history at a time into records: fixed-size rows
/// of numbers. It keeps nothing between histories, so the result is a function of the set of events, people can be
/// folded on any number of threads, and late events, corrections, merges, `--at` and `--known-at` are no concern of it:
/// the engine hands it the right history in canonical order (``HistoryGatherer``, ``Belief``).
///
/// ```swift
/// struct OrderCount: Projection {
///   static let name = "order-count"
///   static let version = 1
///   let kinds: EventKindSet = [.orderPlaced]
///   let columns = ColumnSet(.kind)
///
///   func fold(_ history: borrowing History, scratch: inout Void, into orders: inout [Int64]) {
///     orders.append(Int64(history.events.count))
///   }
///   func digest(_ orders: Int64, into hasher: inout DigestHasher) { hasher.add(orders) }
/// }
/// ```
public protocol Projection: Sendable {
  /// One row of what is known; a person may have any number of them.
  associatedtype Record: BitwiseCopyable & Sendable
  /// What a thread keeps between histories: tables that it clears for each person, to save memory traffic, and what it
  /// learned of the firm.
  associatedtype Scratch = Void

  /// Lower case with hyphens.
  static var name: String { get }
  /// Raised whenever the same history would give other records.
  static var version: Int { get }
  /// The kinds of events in the histories; there are no others in them.
  var kinds: EventKindSet { get }
  /// The columns that are filled in; `customer`, `kind` and `time` always are.
  var columns: ColumnSet { get }
  /// Whether order lines are gathered.
  var readsLines: Bool { get }
  /// Whose events make a history.
  var gathering: Gathering { get }
  /// Whether the history of the firm is folded too. It comes before all others, and what it gave is known to them
  /// (``makeScratch(firm:names:)``); its records are the first of ``Outcomes``, those of number 0.
  var readsFirm: Bool { get }

  /// - Parameters:
  ///   - firm: the records of the firm; none while the firm itself is folded.
  ///   - names: for ``Snapshot/number(ofName:)``.
  func makeScratch(firm: Span<Record>, names: borrowing Snapshot) throws(LedgerError) -> Scratch
  /// Appends the records of one history, which is not empty.
  func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Record])
  /// Feeds what a record means to a digest: no position, no number of the ledger's tables, nothing personal.
  func digest(_ record: Record, into hasher: inout DigestHasher)

  // What the engine calls: once a chunk and a person. The defaults are compiled beside the projection, so that their
  // loops know its types, whatever module it is of.

  /// Folds the histories of a chunk. There is a default.
  func fold(_ histories: borrowing Histories, scratch: inout Scratch, into outcomes: inout Outcomes<Record>)
  /// Feeds all records of a person to a digest. There is a default.
  func digest(_ records: Span<Record>, into hasher: inout DigestHasher)
}

/// Whose events make a history.
public enum Gathering: Sendable {
  /// A person: all ids that are merged.
  case people
  /// A case across subjects: the `case` of a type, else the `correlationid`. Events that have neither are in none.
  case cases
}

extension Projection {
  public var readsLines: Bool { false }
  public var gathering: Gathering { .people }
  public var readsFirm: Bool { false }

  @inlinable
  public func fold(
    _ histories: borrowing Histories, scratch: inout Scratch, into outcomes: inout Outcomes<Record>
  ) {
    outcomes.people.reserveCapacity(histories.count)
    for index in histories.indices {
      let history = histories[index]
      if history.events.isEmpty { continue }
      fold(history, scratch: &scratch, into: &outcomes.records)
      outcomes.people.append(.init(customer: history.customer, end: outcomes.records.count))
    }
  }

  @inlinable
  public func digest(_ records: Span<Record>, into hasher: inout DigestHasher) {
    for index in records.indices { digest(records[index], into: &hasher) }
  }
}

extension Projection where Scratch == Void {
  public func makeScratch(firm: Span<Record>, names: borrowing Snapshot) {}
}
