/// What a view or a state knows of each person, computed from the person's complete history.
///
/// A projection names the kinds and columns that it reads and folds one history at a time into records: fixed-size rows
/// of numbers. It keeps nothing between histories, so the result is a function of the set of events, people can be
/// folded on any number of threads, and late events, `--at` and `--known-at` are no concern of it: the engine hands it
/// the right history in canonical order (``HistoryGatherer``).
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
  /// What the fold keeps between histories only to save memory traffic: tables that it clears for each person.
  associatedtype Scratch = Void

  /// Lower case with hyphens.
  static var name: String { get }
  /// Raised whenever the same history would give other records.
  static var version: Int { get }
  /// The kinds of events in the histories.
  var kinds: EventKindSet { get }
  /// The columns that are filled in; `customer`, `kind`, `time` and the position always are.
  var columns: ColumnSet { get }
  /// Whether order lines are gathered.
  var readsLines: Bool { get }

  func makeScratch() -> Scratch
  /// Appends the records of one person. The history is not empty.
  func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Record])
  /// Feeds what a record means to a digest: no position, no number of the ledger's tables, nothing personal.
  func digest(_ record: Record, into hasher: inout DigestHasher)
}

extension Projection {
  public var readsLines: Bool { false }
}

extension Projection where Scratch == Void {
  public func makeScratch() {}
}

/// The complete history of one person: events in canonical order.
public struct History: ~Escapable {
  /// Number of the customer.
  public let customer: UInt32
  public let events: Span<Facts>
  private let allLines: Span<OrderLine>
  /// Where the lines of each event end, in the lines of the chunk; one entry more than events at the front.
  private let lineEnds: Span<UInt32>

  @_lifetime(copy events, copy lines, copy lineEnds)
  init(customer: UInt32, events: Span<Facts>, lines: Span<OrderLine>, lineEnds: Span<UInt32>) {
    self.customer = customer
    self.events = events
    self.allLines = lines
    self.lineEnds = lineEnds
  }

  /// The order lines of an event; empty unless the projection reads lines.
  @_lifetime(copy self)
  public func lines(of event: Int) -> Span<OrderLine> {
    guard !lineEnds.isEmpty else { return allLines.extracting(0..<0) }
    return allLines.extracting(Int(lineEnds[event])..<Int(lineEnds[event + 1]))
  }
}
