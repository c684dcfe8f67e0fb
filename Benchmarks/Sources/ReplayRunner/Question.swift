import OwnViews
import RapportLedger

/// What a ledger can be asked for here.
enum Question: String, CaseIterable {
  /// The numbers of the card that commute: the built-in projection, and the same one declared outside of the library.
  case totals
  case ownTotals = "own-totals"
  /// The orders of every customer.
  case orders
  /// Surveys, a narrow question: as a stream, and the view with its outcomes, built in and declared outside.
  case narrow
  case satisfaction
  case ownSatisfaction = "own-satisfaction"
  /// Orders as the built-in view keeps them.
  case perfectOrders = "perfect-orders"
  /// `card`, `perfect-orders` and `satisfaction` rebuilt with their digests, and then stored and flushed, too.
  case rebuild
  case durable

  func run(_ ledger: Ledger, threads: Int) throws {
    switch self {
    case .totals: try Self.stream(CardTotals(), ledger, threads)
    case .ownTotals: try Self.stream(OwnCardTotals(), ledger, threads)
    case .orders: try Self.fold(OrderCounts(), ledger, threads)
    case .narrow: try Self.stream(SurveyTotals(), ledger, threads)
    case .satisfaction: try Self.fold(Satisfaction(), ledger, threads)
    case .ownSatisfaction: try Self.fold(OwnSatisfaction(), ledger, threads)
    case .perfectOrders: try Self.fold(PerfectOrders(), ledger, threads)
    case .rebuild, .durable:
      let position = try ledger.read { $0.position }
      let views = ["card", "perfect-orders", "satisfaction"]
      _ = try ledger.replay(views: views, threads: threads, upTo: self == .rebuild ? position : nil)
    }
  }

  @inline(never)
  private static func stream(_ projection: some StreamingProjection, _ ledger: Ledger, _ threads: Int) throws {
    _ = try ledger.read { snapshot in try Replay(threads: threads).run(projection, over: snapshot).people.count }
  }

  @inline(never)
  private static func fold(_ projection: some Projection, _ ledger: Ledger, _ threads: Int) throws {
    _ = try ledger.read { snapshot in try Replay(threads: threads).run(projection, over: snapshot).people.count }
  }
}
