import Synchronization

/// Folds projections over the log: every person's complete history, on any number of threads, always to the same result.
///
/// ```swift
/// try ledger.read { snapshot in
///   let replay = Replay(limits: ReplayLimits(), threads: 2)
///   let outcome = try replay.run(PerfectOrders(), over: snapshot)
/// }
/// ```
///
/// Customers are split into ranges; threads take the next range, gather its histories and fold them. Ranges keep their
/// place in the result, so it does not depend on who folded what.
public struct Replay: Sendable {
  public var limits: ReplayLimits
  public var threads: Int
  /// Called now and then, from any thread, with how far it is in events: at the end all of the log's, whether they are read
  /// or passed over.
  public var onProgress: (@Sendable (Int) -> Void)?

  /// Asked now and then, from any thread; once it says yes, the replay ends with ``LedgerError/interrupted``.
  public var isCancelled: (@Sendable () -> Bool)?

  public init(limits: ReplayLimits = ReplayLimits(), threads: Int = Replay.processors) {
    self.limits = limits
    self.threads = max(1, threads)
  }

  /// Processors that this process may use.
  public static var processors: Int { Threads.processors }

  /// Folds one projection, or takes what is stored of it as far as it still holds.
  ///
  /// - Parameter customer: only the person of this customer, and the firm; nil is everybody.
  /// - Throws: ``LedgerError/damaged(_:)`` if a column that it reads is not what was written.
  /// - Complexity: O(events + blocks · chunks), with a stored state O(outcomes + events of the people touched since). Of
  ///   a customer O(blocks · log rows + that customer's events), with a stored state in which nothing of theirs is
  ///   missing O(blocks since · log rows).
  public func run<P: Projection>(
    _ projection: P, over snapshot: borrowing Snapshot, customer: UInt32? = nil
  ) throws(LedgerError) -> Outcomes<P.Record> {
    if let customer { return try outcomes(of: customer, projection, over: snapshot) }
    if let outcomes = try stored(projection, over: snapshot) { return outcomes }
    let fold = Fold(projection)
    try run([fold], over: snapshot)
    return fold.outcomes()
  }

  /// The digest of what a projection makes of everybody, by their histories and from the log alone: equal wherever the
  /// same events are, in whatever order they arrived, with any number of threads.
  ///
  /// - Throws: ``LedgerError/damaged(_:)`` if a column that it reads is not what was written.
  /// - Complexity: O(events + blocks · chunks + outcomes).
  public func digest<P: Projection>(_ projection: P, over snapshot: borrowing Snapshot) throws(LedgerError)
    -> ViewDigest
  {
    let fold = Fold(projection, keeps: false, digests: true)
    try run([fold], over: snapshot)
    return fold.digest
  }

  /// Folds several projections in one pass, from the log alone.
  ///
  /// - Returns: whether all texts that the outcomes name are the log's own, so that they can be stored.
  @discardableResult
  func run(_ folds: [any AnyFold], over snapshot: borrowing Snapshot) throws(LedgerError) -> Bool {
    try check(request(folds), of: snapshot)
    let shared = try snapshot.belief(limits: limits)
    let texts = folds.contains(where: \.digests) ? try DigestTexts(snapshot) : nil
    let gatherings = [Gathering.people, .cases].filter { gathering in folds.contains { $0.gathering == gathering } }
    for (stage, gathering) in gatherings.enumerated() {
      let some = folds.filter { $0.gathering == gathering }
      let progress = Progress(events: Int(snapshot.position), stage: stage, of: gatherings.count, tell: onProgress)
      try foldFirm(some, shared.belief, snapshot, texts)
      switch gathering {
      case .people:
        let everybody = Cohort(shared.belief.people, snapshot)
        try foldPeople(some, everybody, shared.belief, snapshot, texts, progress)
      case .cases: try foldCases(some, shared.belief, snapshot, texts, progress)
      }
    }
    return shared.namesLogTextsOnly
  }

  /// How far a gathering is, told as events of the log: projections read some kinds only, and an event may be gathered
  /// for a person and for a case, so that what was folded says little about what is left.
  struct Progress: ~Copyable {
    private let events: Int
    private let stage: Int
    private let stages: Int
    private let done = Atomic<Int>(0)
    private let tell: (@Sendable (Int) -> Void)?

    init(events: Int, stage: Int, of stages: Int, tell: (@Sendable (Int) -> Void)?) {
      (self.events, self.stage, self.stages, self.tell) = (events, stage, stages, tell)
    }

    /// Progress of which nobody is told.
    init() { self.init(events: 0, stage: 0, of: 1, tell: nil) }

    /// One more of some parts is done.
    func finishPart(of parts: Int) {
      let done = done.add(1, ordering: .relaxed).newValue
      tell?(Int(Double(events) * (Double(stage) + Double(done) / Double(parts)) / Double(stages)))
    }
  }

  func request(_ folds: [any AnyFold]) -> HistoryRequest {
    var columns = folds.reduce(ColumnSet()) { $0.union($1.columns) }
    if folds.contains(where: { $0.gathering == .cases }) { columns.formUnion(CaseRows.columns) }
    return HistoryRequest(
      kinds: folds.reduce(EventKindSet()) { $0.union($1.kinds) }, columns: columns,
      readsLines: folds.contains { $0.readsLines }, limits: limits)
  }

  /// Makes sure that what will be read is what was written.
  func check(_ request: HistoryRequest, of snapshot: borrowing Snapshot) throws(LedgerError) {
    let next = Atomic<Int>(0)
    let last = min(limits.position ?? .max, snapshot.position)
    try snapshot.onThreads(threads) { snapshot throws(LedgerError) in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < snapshot.blocks.count, snapshot.blocks[index].firstPosition <= last else { return }
        let header = snapshot.blocks[index].header
        guard !header.kindSet.isDisjoint(with: request.kinds) else { continue }
        try snapshot.check(index, request.allSections(isWhole: header.lastPosition <= last))
      }
    }
  }

  /// The firm's own history, for projections that read it.
  func foldFirm(
    _ folds: [any AnyFold], _ belief: borrowing Belief, _ snapshot: borrowing Snapshot, _ texts: DigestTexts?
  ) throws(LedgerError) {
    for fold in folds { fold.prepare() }
    let readers = folds.filter(\.readsFirm)
    guard !readers.isEmpty else { return }
    var gatherer = HistoryGatherer(snapshot, request(readers))
    try gatherer.gatherPerson(of: 0, belief: belief, from: snapshot)
    try gatherer.identify(texts, in: snapshot)
    for fold in readers { try fold.foldFirm(gatherer.chunk, snapshot, texts) }
  }

  /// Folds the people of a cohort.
  ///
  /// - Precondition: the firm is folded. Of ranges what is read is intact.
  func foldPeople(
    _ folds: [any AnyFold], _ cohort: Cohort, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot,
    _ texts: DigestTexts? = nil, _ progress: borrowing Progress = Progress()
  ) throws(LedgerError) {
    let request = request(folds)
    let schedule = Schedule(snapshot, kinds: request.kinds, cohort: cohort, threads: threads)
    for fold in folds { fold.prepare(parts: schedule.count) }
    let next = Atomic<Int>(0)
    try withUnsafePointer(to: belief) { belief throws(LedgerError) in
      let belief = SharedPointer(pointer: belief)
      try snapshot.onThreads(min(threads, schedule.count)) { snapshot throws(LedgerError) in
        var gatherer = HistoryGatherer(snapshot, request)
        let listings = RowListings()
        var workers: [any FoldWorker] = []
        for fold in folds { workers.append(try fold.makeWorker(snapshot, texts, listings)) }
        while true {
          let part = next.add(1, ordering: .relaxed).oldValue
          guard part < schedule.count, isCancelled?() != true else { return }
          switch schedule.task(part) {
          case .customers(let range):
            try gatherer.gather(range, of: cohort, belief: belief.pointer.pointee, from: snapshot)
          case .persons(let range):
            try gatherer.gather(cohort.persons[range], belief: belief.pointer.pointee, from: snapshot)
          }
          try gatherer.identify(texts, in: snapshot)
          for worker in workers { worker.fold(part, gatherer.chunk) }
          progress.finishPart(of: schedule.count)
        }
      }
    }
    if isCancelled?() == true { throw .interrupted }
  }

  private func foldCases(
    _ folds: [any AnyFold], _ belief: borrowing Belief, _ snapshot: borrowing Snapshot, _ texts: DigestTexts?,
    _ progress: borrowing Progress
  ) throws(LedgerError) {
    let request = request(folds)
    let rounds = CaseRows.rounds(snapshot)
    for fold in folds { fold.prepare(parts: rounds) }
    try withUnsafePointer(to: belief) { belief throws(LedgerError) in
      let belief = SharedPointer(pointer: belief)
      for pass in CaseRows.passes(rounds) {
        let rows = try CaseRows(pass, of: rounds, request, belief.pointer.pointee, snapshot, threads: threads)
        let next = Atomic<Int>(pass.lowerBound)
        try snapshot.onThreads(min(threads, pass.count)) { snapshot throws(LedgerError) in
          var gatherer = CaseGatherer(snapshot, request)
          let listings = RowListings()
          var workers: [any FoldWorker] = []
          for fold in folds { workers.append(try fold.makeWorker(snapshot, texts, listings)) }
          while true {
            let round = next.add(1, ordering: .relaxed).oldValue
            guard round < pass.upperBound, isCancelled?() != true else { return }
            try gatherer.gather(round, of: rows, belief: belief.pointer.pointee, from: snapshot)
            try gatherer.identify(texts, in: snapshot)
            for worker in workers { worker.fold(round, gatherer.chunk) }
            progress.finishPart(of: rounds)
          }
        }
      }
    }
    if isCancelled?() == true { throw .interrupted }
  }
}

extension Snapshot {
  /// Runs `body` on several threads; the first error that one of them meets is thrown when all have ended.
  func onThreads(
    _ threads: Int, _ body: @Sendable (borrowing Snapshot) throws(LedgerError) -> Void
  ) throws(LedgerError) {
    let failure = Mutex<LedgerError?>(nil)
    // The snapshot outlives the threads: they are joined before this returns.
    withUnsafePointer(to: self) { pointer in
      let shared = SharedPointer(pointer: pointer)
      parallel(threads) { _ in
        do throws(LedgerError) { try body(shared.pointer.pointee) } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
