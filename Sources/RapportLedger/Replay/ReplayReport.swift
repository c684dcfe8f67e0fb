/// What a rebuild of views came to.
public struct ReplayReport: Sendable {
  public var position: UInt64
  /// Events in the log up to the position.
  public var events: Int
  public var threads: Int
  public var seconds: Double
  public var views: [Checkpoint]
  /// Of a check: what differs from the stored state, a sentence each.
  public var differences: [String] = []

  public var eventsPerSecond: Double { seconds > 0 ? Double(events) / seconds : 0 }

  public var json: JSONValue {
    .members([
      "position": .int(Int(position)), "events": .int(events), "threads": .int(threads), "seconds": .number(seconds),
      "events_per_second": .int(Int(eventsPerSecond)),
      "views": .array(
        views.map { view in
          .members([
            "view": .string(view.view), "version": .int(view.version), "digest": .string(view.digest.description),
            "customers": .int(view.customers),
          ])
        }),
    ])
  }
}

extension Ledger {
  /// Rebuilds views from the log and stores how far.
  ///
  /// - Parameters:
  ///   - names: views and `card`; nil is all.
  ///   - limit: up to this position; such a rebuild is not stored.
  ///   - check: compares with what is stored and changes nothing.
  public func replay(
    views names: [String]? = nil, threads: Int = Replay.processors, upTo limit: UInt64? = nil, check: Bool = false,
    onProgress: (@Sendable (Int) -> Void)? = nil
  ) throws -> ReplayReport {
    let projections = try Catalogue.projections(named: names)
    let report = try read(upTo: limit) { snapshot in
      var replay = Replay(threads: threads)
      replay.onProgress = onProgress
      let folds = projections.map { Self.fold($0) }
      let started = Clock.monotonic
      try replay.run(folds, over: snapshot)
      let hashes = try NameHashes(snapshot)
      var views: [Checkpoint] = []
      for fold in folds {
        views.append(
          Checkpoint(
            view: fold.name, version: fold.version, position: snapshot.position, customers: fold.peopleCount,
            digest: try fold.digest(snapshot, names: hashes)))
      }
      return ReplayReport(
        position: snapshot.position, events: Int(snapshot.position), threads: replay.threads,
        seconds: Double(Clock.monotonic - started) / 1e9, views: views)
    }
    if check { return try compareWithStored(report) }
    if limit == nil { try store(report.views) }
    return report
  }

  private static func fold(_ projection: some Projection) -> any AnyFold { Fold(projection) }

  /// Compares stored states with the log as it was at their positions.
  private func compareWithStored(_ report: ReplayReport) throws -> ReplayReport {
    var report = report
    let stored = checkpoints()
    for view in report.views {
      guard let kept = stored[view.view], kept.version == view.version else { continue }
      var rebuilt = view
      if kept.position != view.position {
        guard kept.position < view.position else {
          report.differences.append(
            "\(view.view): the stored state is of position \(kept.position), the log ends at \(view.position)")
          continue
        }
        rebuilt = try replay(views: [view.view], threads: report.threads, upTo: kept.position).views[0]
      }
      if rebuilt.digest != kept.digest {
        report.differences.append(
          "\(view.view): stored digest \(kept.digest) at position \(kept.position), rebuilt \(rebuilt.digest)")
      }
    }
    return report
  }
}

extension Catalogue {
  /// Projections by name, in the catalogue's order; nil is all.
  static func projections(named names: [String]?) throws(LedgerError) -> [any Projection] {
    guard let names else { return projections }
    for name in names where !projections.contains(where: { type(of: $0).name == name }) { throw .noSuchView(name) }
    return projections.filter { names.contains(type(of: $0).name) }
  }
}
