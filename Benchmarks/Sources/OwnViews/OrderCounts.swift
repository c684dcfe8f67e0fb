public import RapportLedger

/// The orders of every customer: placed, delivered, on time, perfect. Judged by the library's ``OrderBook`` over complete
/// histories, counted here.
public struct OrderCounts: Projection {
  public static let name = "order-counts"
  public static let version = 1

  public let kinds: EventKindSet = PerfectOrders().kinds
  public let columns = PerfectOrders().columns
  public let readsLines = true
  /// Dates are those of UTC.
  private let query = ViewQuery()

  public init() {}

  /// Of the orders that were placed.
  public struct Counts: BitwiseCopyable, Sendable {
    public var placed: UInt32 = 0
    public var delivered: UInt32 = 0
    public var onTime: UInt32 = 0
    public var perfect: UInt32 = 0
  }

  public func makeScratch(firm: Span<Counts>, names: borrowing Snapshot) -> OrderBook { OrderBook() }

  public func fold(_ history: borrowing History, scratch book: inout OrderBook, into records: inout [Counts]) {
    book.removeAll()
    for index in history.events.indices { book.apply(history.events[index], lines: history.lines(of: index)) }
    book.finish()
    var counts = Counts()
    for order in book.orders where order.isPlaced {
      counts.placed &+= 1
      guard order.isDelivered else { continue }
      counts.delivered &+= 1
      if order.isOnTime(query) { counts.onTime &+= 1 }
      if order.isPerfect(query) { counts.perfect &+= 1 }
    }
    records.append(counts)
  }

  public func digest(_ counts: Counts, into hasher: inout DigestHasher) {
    hasher.add(values: counts.placed, counts.delivered, counts.onTime, counts.perfect)
  }
}
