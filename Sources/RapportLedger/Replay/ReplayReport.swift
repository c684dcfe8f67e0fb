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
  /// False where the outcomes name a text that no column of the log has, as a correction in an older log brings it: they
  /// cannot be stored, and whoever asks folds the log.
  public var isStorable = true

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
  ///   - isCancelled: see ``Replay/isCancelled``; what is stored stays as it was.
  public func replay(
    views names: [String]? = nil, threads: Int = Replay.processors, upTo limit: UInt64? = nil, check: Bool = false,
    onProgress: (@Sendable (Int) -> Void)? = nil, isCancelled: (@Sendable () -> Bool)? = nil
  ) throws -> ReplayReport {
    let projections = try Catalogue.projections(named: names)
    return try read(upTo: limit) { snapshot in
      if check || limit != nil {
        let rebuilt = try Rebuilt(
          projections, snapshot, threads: threads, keeps: check, isCancelled, onProgress)
        guard check else { return rebuilt.report }
        guard let damage = try stateStore.damage() else { return try compareWithStored(rebuilt, snapshot) }
        var report = rebuilt.report
        report.differences = ["stored views: \(damage)"]
        return report
      }
      return try RebuildMark.during(in: stateStore.path) {
        let rebuilt = try Rebuilt(projections, snapshot, threads: threads, keeps: true, isCancelled, onProgress)
        for (checkpoint, fold) in zip(rebuilt.report.views, rebuilt.folds) {
          try stateStore.store(checkpoint, rebuilt.report.isStorable ? fold : nil)
        }
        return rebuilt.report
      }
    }
  }

  /// Views as the log gives them.
  private struct Rebuilt {
    let folds: [any AnyFold]
    var report: ReplayReport

    init(
      _ projections: [any Projection], _ snapshot: borrowing Snapshot, threads: Int, keeps: Bool,
      _ isCancelled: (@Sendable () -> Bool)? = nil, _ onProgress: (@Sendable (Int) -> Void)? = nil
    ) throws {
      var replay = Replay(threads: threads)
      replay.onProgress = onProgress
      replay.isCancelled = isCancelled
      folds = projections.map { Self.fold($0, keeps: keeps) }
      let started = Clock.monotonic
      let isStorable = try replay.run(folds, over: snapshot)
      let effect = try snapshot.belief(limits: replay.limits).belief.effect
      var views: [Checkpoint] = []
      for fold in folds {
        views.append(
          Checkpoint(
            view: fold.name, version: fold.version, position: snapshot.position, customers: fold.peopleCount,
            digest: fold.digest, effect: effect))
      }
      report = ReplayReport(
        position: snapshot.position, events: Int(snapshot.position), threads: replay.threads,
        seconds: Double(Clock.monotonic - started) / 1e9, views: views, isStorable: isStorable)
    }

    private static func fold(_ projection: some Projection, keeps: Bool) -> any AnyFold {
      Fold(projection, keeps: keeps, digests: true)
    }
  }

  /// Compares stored states with the log as it was at their positions.
  private func compareWithStored(_ rebuilt: Rebuilt, _ snapshot: borrowing Snapshot) throws -> ReplayReport {
    var report = rebuilt.report
    for (index, view) in report.views.enumerated() {
      guard let state = stateStore.load(view.view, version: view.version) else { continue }
      let position = state.checkpoint.position
      if position > view.position {
        report.differences.append(
          "\(view.view): the stored state is of position \(position), the log ends at \(view.position)")
      } else if position == view.position {
        report.differences += try Self.differences(state, rebuilt, index, snapshot)
      } else {
        let projections = try Catalogue.projections(named: [view.view])
        report.differences += try read(upTo: position) { snapshot in
          try Self.differences(state, Rebuilt(projections, snapshot, threads: report.threads, keeps: true), 0, snapshot)
        }
      }
    }
    return report
  }

  private static func differences(
    _ state: StateStore.State, _ rebuilt: Rebuilt, _ index: Int, _ snapshot: borrowing Snapshot
  ) throws -> [String] {
    let (view, kept) = (rebuilt.report.views[index], state.checkpoint)
    var differences: [String] = []
    if view.digest != kept.digest {
      differences.append(
        "\(view.view): stored digest \(kept.digest) at position \(kept.position), rebuilt \(view.digest)")
    }
    if !state.parts.isEmpty,
      let customer = try rebuilt.folds[index].firstDifference(from: state.parts, snapshot, names: NameHashes(snapshot))
    {
      differences.append(
        "\(view.view): what is stored of \(customer) at position \(kept.position) is not what the log says")
    }
    return differences
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
