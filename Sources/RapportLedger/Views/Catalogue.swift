/// All views, in bytewise order of their names.
public enum Catalogue {
  static let views: [any View] = [
    Advocacy(), Authenticity(), Consent(), ContactPerson(), Countries(), DataUse(), Finding(), Journey(), Listening(),
    Losses(),
    PerceptionGap(), PerfectOrders(), Pressure(), Priorities(), Promises(), Reach(), Requests(), Retargeting(),
    Retention(), Satisfaction(), Seams(), SelfService(), ServiceQuality(), Stewardship(), Understanding(), Value(),
    Wants(),
  ]

  /// Projections with a digest: the views and the card.
  static let projections: [any Projection] = [CardProjection()] + views

  /// The views by name and what they answer.
  public static var infos: [ViewInfo] { views.map { ViewInfo(of: type(of: $0)) } }

  private static func view(_ name: String) throws(LedgerError) -> any View {
    guard let view = views.first(where: { type(of: $0).name == name }) else { throw .noSuchView(name) }
    return view
  }

  /// Answers a view's query.
  ///
  /// - Throws: ``LedgerError/noSuchView(_:)``, ``LedgerError/invalid(_:)`` for a grouping or an option that the view does
  ///   not have.
  public static func answer(
    _ name: String, _ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay
  ) throws -> ViewAnswer {
    try view(name).answer(query, over: snapshot, replay: replay)
  }

  /// Answers what another view asks: groupings that are not published are allowed.
  static func part(
    _ name: String, _ query: ViewQuery, over snapshot: borrowing Snapshot, replay: Replay
  ) throws -> ViewAnswer {
    try view(name).answerAlone(query, over: snapshot, replay: replay)
  }
}
