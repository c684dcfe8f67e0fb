import Synchronization

/// A share of what is known of everybody without folding the log: stored parts in place, and last of all the outcomes of
/// those whom events since are about. Valid as long as the memory map is read.
struct KnownOutcomes<Record: BitwiseCopyable & Sendable> {
  fileprivate let parts: ArraySlice<UnsafeRawBufferPointer>
  fileprivate let seed: UInt64
  fileprivate let touched: Touched
  /// Of the last share the outcomes of the touched.
  fileprivate let fresh: Outcomes<Record>?
  fileprivate let isDamaged: SharedPointer<Atomic<Bool>>

  /// Who is not what was stored any more.
  enum Touched: Sendable {
    case people(Set<UInt32>)
    case cases(Set<UInt64>)

    func contains(_ part: PartInPlace, _ index: Int) -> Bool {
      switch self {
      case .people(let people): people.contains(part.customer(index))
      case .cases(let cases): cases.contains(part.caseKey(index))
      }
    }

    var isEmpty: Bool {
      switch self {
      case .people(let people): people.isEmpty
      case .cases(let cases): cases.isEmpty
      }
    }
  }

  /// Calls `body` with the people of each part and with their records. It ends early where a part is damaged; what was
  /// made of the others is then of no use.
  func forEachPart(_ body: (Span<OutcomePerson>, Span<Record>) -> Void) {
    var people: [OutcomePerson] = []
    for bytes in parts {
      guard let part = PartInPlace(bytes, seed: seed), part.recordBytes == MemoryLayout<Record>.stride else {
        return isDamaged.pointer.pointee.store(true, ordering: .relaxed)
      }
      if !touched.isEmpty, (0..<part.count).contains(where: { touched.contains(part, $0) }) {
        let others = Outcomes<Record>(part).keeping { !touched.contains(part, $0) }
        body(others.people.span, others.records.span)
        continue
      }
      part.list(&people)
      part.records.withRecords(of: Record.self) { body(people.span, $0) }
    }
    if let fresh { body(fresh.people.span, fresh.records.span) }
  }

  /// A copy of all of them.
  func outcomes() -> Outcomes<Record> {
    var all = Outcomes<Record>()
    all.people.reserveCapacity(parts.reduce(0) { $0 + PartInPlace.count(of: $1) })
    all.records.reserveCapacity(parts.reduce(0) { $0 + $1.count } / max(1, MemoryLayout<Record>.stride))
    forEachPart { people, records in all.append(people, records) }
    return all
  }

  /// A copy of those of some people.
  func outcomes(of isWanted: (UInt32) -> Bool) -> Outcomes<Record> {
    var some = Outcomes<Record>()
    forEachPart { people, records in some.append(people, records, of: isWanted) }
    return some
  }
}

extension UnsafeRawBufferPointer {
  /// Calls `body` with the records that these bytes are; with a copy where they do not lie as values of this type must.
  fileprivate func withRecords<Record: BitwiseCopyable>(of type: Record.Type, _ body: (Span<Record>) -> Void) {
    if UInt(bitPattern: baseAddress) % UInt(MemoryLayout<Record>.alignment) == 0 {
      body(bindMemory(to: Record.self).span)
    } else {
      body(records(of: type).span)
    }
  }

  /// A copy of the records that these bytes are.
  fileprivate func records<Record: BitwiseCopyable>(of type: Record.Type) -> [Record] {
    [Record](unsafeUninitializedCapacity: count / MemoryLayout<Record>.stride) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: self)
      initialized = buffer.count
    }
  }
}

extension Outcomes {
  fileprivate init(_ part: PartInPlace) {
    self.init()
    part.list(&people)
    records = part.records.records(of: Record.self)
    if part.hasCases { cases = (0..<part.count).map { part.caseKey($0) } }
  }

  fileprivate mutating func append(_ next: Span<OutcomePerson>, _ nextRecords: Span<Record>) {
    let offset = records.count
    nextRecords.withUnsafeBufferPointer { records.append(contentsOf: $0) }
    for index in next.indices {
      people.append(Person(customer: next[index].customer, end: next[index].end + offset))
    }
  }

  /// Appends what a part has of a person, if it has anything.
  ///
  /// - Returns: false if that is not intact, or of another size.
  mutating func append(_ part: PartInPlace, of customer: UInt32) -> Bool {
    guard part.recordBytes == MemoryLayout<Record>.stride else { return false }
    guard let index = part.index(of: customer) else { return true }
    guard let bytes = part.records(at: index) else { return false }
    bytes.withRecords(of: Record.self) { $0.withUnsafeBufferPointer { records.append(contentsOf: $0) } }
    people.append(Person(customer: customer, end: records.count))
    return true
  }

  fileprivate mutating func append(
    _ next: Span<OutcomePerson>, _ nextRecords: Span<Record>, of isWanted: (UInt32) -> Bool
  ) {
    var start = 0
    for index in next.indices {
      if isWanted(next[index].customer) {
        nextRecords.extracting(start..<next[index].end).withUnsafeBufferPointer { records.append(contentsOf: $0) }
        people.append(Person(customer: next[index].customer, end: records.count))
      }
      start = next[index].end
    }
  }
}

extension Replay {
  /// What a projection made of every person or case, from its stored state and the events since.
  ///
  /// - Returns: nil where there is no state that is of use: another version, another past, too much since, or events of
  ///   the firm since that the projection reads.
  /// - Complexity: O(outcomes + events of the people touched since), and that of ``ChangesSince/init(_:limits:since:)``; of
  ///   cases O(outcomes + events), passes over their keys.
  func stored<P: Projection>(
    _ projection: P, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Outcomes<P.Record>? {
    try mapStored(projection, over: snapshot, shares: 1) { $0.outcomes() }?.first
  }

  /// Calls `body` with shares of the same outcomes, on as many threads as a replay has: the people of one share all come
  /// before those of the next, but for those touched since, who come last.
  ///
  /// - Returns: what `body` returned, in the order of the shares; nil where there is no state that is of use.
  func mapStored<P: Projection, R>(
    _ projection: P, over snapshot: borrowing Snapshot, shares: Int,
    _ body: @Sendable (KnownOutcomes<P.Record>) -> R
  ) throws(LedgerError) -> [R]? {
    guard let store = snapshot.stateStore, limits.position ?? .max >= snapshot.position else { return nil }
    return try withUnsafePointer(to: snapshot) { snapshot throws(LedgerError) -> [R]? in
      try store.withState(of: P.name, version: P.version) { checkpoint, parts throws(LedgerError) -> [R]? in
        guard checkpoint.position <= snapshot.pointee.position, !parts.isEmpty,
          let (touched, fresh) = try since(checkpoint, parts, projection, store, snapshot.pointee)
        else { return nil }
        let isDamaged = Atomic<Bool>(false)
        let results = withUnsafePointer(to: isDamaged) { isDamaged in
          let isDamaged = SharedPointer(pointer: isDamaged)
          let parts = SharedParts(parts: parts, shares: shares)
          return mapInParallel(shares, threads: threads) { share in
            body(
              KnownOutcomes(
                parts: parts.ofShare(share), seed: store.seed, touched: touched,
                fresh: share == shares - 1 ? fresh : nil,
                isDamaged: isDamaged))
          }
        }
        return isDamaged.load(ordering: .relaxed) ? nil : results
      } ?? nil
    }
  }

  /// Who was touched since a checkpoint, and their outcomes.
  ///
  /// - Returns: nil where the state is of no use.
  private func since<P: Projection>(
    _ checkpoint: Checkpoint, _ parts: [UnsafeRawBufferPointer], _ projection: P, _ store: StateStore,
    _ snapshot: borrowing Snapshot
  ) throws(LedgerError) -> (KnownOutcomes<P.Record>.Touched, Outcomes<P.Record>?)? {
    guard let changes = try snapshot.changes(since: checkpoint.position, limits: limits),
      seesEverything(snapshot, latest: changes.effect(after: checkpoint.effect).latest)
    else { return nil }
    if projection.readsFirm, !changes.firmKinds.isDisjoint(with: projection.kinds) { return nil }
    switch projection.gathering {
    case .people:
      if changes.numbers.isEmpty { return (.people([]), nil) }
      var firm = Outcomes<P.Record>()
      guard let first = PartInPlace(headOf: parts[0], seed: store.seed), firm.append(first, of: 0) else { return nil }
      let fresh = try refold(changes.persons, projection, changes.belief, snapshot, firm: firm)
      return (.people(changes.numbers), fresh)
    case .cases:
      guard !projection.readsFirm, let touched = try changes.cases(request([Fold(projection)]), in: snapshot) else {
        return nil
      }
      if touched.isEmpty { return (.cases([]), nil) }
      let count = parts.reduce(0) { $0 + PartInPlace.count(of: $1) }
      guard touched.count <= max(64, count / Self.touchedShare) else { return nil }
      return (.cases(touched), try refold(touched, projection, changes.belief.people, snapshot))
    }
  }

  /// What acts come to, with the stored state of a projection where it is of use.
  ///
  /// - Complexity: that of ``ChangesSince/init(_:limits:since:)``, else of ``Belief/init(_:limits:)``; both once.
  func effect<P: Projection>(
    _ projection: P.Type, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> ActsEffect {
    if !snapshot.isBeliefKnown(limits: limits), let effect = try storedEffect(projection, over: snapshot) {
      return effect
    }
    return try snapshot.belief(limits: limits).belief.effect
  }

  private func storedEffect<P: Projection>(
    _ projection: P.Type, over snapshot: borrowing Snapshot
  ) throws(LedgerError) -> ActsEffect? {
    guard let store = snapshot.stateStore, limits.position ?? .max >= snapshot.position else { return nil }
    return try withUnsafePointer(to: snapshot) { snapshot throws(LedgerError) in
      try store.withState(of: P.name, version: P.version, only: []) {
        checkpoint, _ throws(LedgerError) -> ActsEffect? in
        guard checkpoint.position <= snapshot.pointee.position,
          let changes = try snapshot.pointee.changes(since: checkpoint.position, limits: limits)
        else { return nil }
        let effect = changes.effect(after: checkpoint.effect)
        return seesEverything(snapshot.pointee, latest: effect.latest) ? effect : nil
      } ?? nil
    }
  }

  /// More cases touched since than one in so many: a replay is as fast.
  private static let touchedShare = 8
}

/// Lets threads share parts, which outlive them.
private struct SharedParts: @unchecked Sendable {
  private let parts: [UnsafeRawBufferPointer]
  /// Where each share ends.
  private var ends: [Int] = []

  /// Shares of about as many bytes: those who came early have long histories, and stand in the first parts.
  init(parts: [UnsafeRawBufferPointer], shares: Int) {
    self.parts = parts
    let total = parts.reduce(0) { $0 + $1.count }
    var (end, bytes) = (0, 0)
    for share in 1...shares {
      while end < parts.count, bytes + parts[end].count / 2 < total * share / shares {
        bytes += parts[end].count
        end += 1
      }
      ends.append(share == shares ? parts.count : end)
    }
  }

  func ofShare(_ share: Int) -> ArraySlice<UnsafeRawBufferPointer> {
    parts[(share == 0 ? 0 : ends[share - 1])..<ends[share]]
  }
}
