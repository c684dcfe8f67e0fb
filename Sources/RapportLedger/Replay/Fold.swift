import Synchronization

/// A projection at work, its types erased: one dynamic call for a chunk of histories.
protocol AnyFold: AnyObject, Sendable {
  var name: String { get }
  var version: Int { get }
  var kinds: EventKindSet { get }
  var columns: ColumnSet { get }
  var readsLines: Bool { get }
  var gathering: Gathering { get }
  var readsFirm: Bool { get }
  /// People with at least one event that it reads.
  var peopleCount: Int { get }
  /// Forgets everything.
  func prepare()
  /// Makes room for the outcomes of chunks.
  func prepare(parts: Int)
  /// Folds the only history of a chunk, the firm's.
  func foldFirm(_ chunk: borrowing HistoryChunk, _ snapshot: borrowing Snapshot) throws(LedgerError)
  /// - Precondition: the firm was folded.
  func makeWorker(_ snapshot: borrowing Snapshot) throws(LedgerError) -> any FoldWorker
  func digest(_ snapshot: borrowing Snapshot, names: NameHashes, threads: Int) throws(LedgerError) -> ViewDigest
  /// The outcomes as they are stored; none for those of cases.
  func storedParts() -> [StoredPart]
  /// The first customer, in the order of numbers, of whom something else is stored.
  func firstDifference(
    from parts: [StoredPart], _ snapshot: borrowing Snapshot, names: NameHashes
  ) throws(LedgerError) -> String?
}

/// What one thread needs to fold.
protocol FoldWorker: AnyObject {
  /// Folds the histories of a chunk and hands in what they gave as one part of the whole.
  func fold(_ part: Int, _ chunk: borrowing HistoryChunk)
}

final class Fold<P: Projection>: AnyFold {
  let projection: P
  private let firm = Mutex(Outcomes<P.Record>())
  private let parts = Mutex<[Outcomes<P.Record>]>([])

  init(_ projection: P) { self.projection = projection }

  var name: String { P.name }
  var version: Int { P.version }
  var kinds: EventKindSet { projection.kinds }
  var columns: ColumnSet { projection.columns }
  var readsLines: Bool { projection.readsLines }
  var gathering: Gathering { projection.gathering }
  var readsFirm: Bool { projection.readsFirm }
  var peopleCount: Int { parts.withLock { $0.reduce(0) { $0 + $1.people.count } } }

  func setFirm(_ outcomes: Outcomes<P.Record>) { firm.withLock { $0 = outcomes } }

  func prepare() {
    firm.withLock { $0 = Outcomes() }
    prepare(parts: 0)
  }

  func prepare(parts count: Int) { parts.withLock { $0 = Array(repeating: Outcomes(), count: count) } }

  func foldFirm(_ chunk: borrowing HistoryChunk, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    let none: [P.Record] = []
    let worker = Worker(projection, try projection.makeScratch(firm: none.span, names: snapshot), self)
    let outcomes = worker.outcomes(chunk)
    firm.withLock { $0 = outcomes }
  }

  func setPart(_ index: Int, _ outcomes: Outcomes<P.Record>) { parts.withLock { $0[index] = outcomes } }

  func makeWorker(_ snapshot: borrowing Snapshot) throws(LedgerError) -> any FoldWorker {
    try makeTypedWorker(snapshot)
  }

  func makeTypedWorker(_ snapshot: borrowing Snapshot) throws(LedgerError) -> Worker {
    let records = firm.withLock { $0.records }
    return Worker(projection, try projection.makeScratch(firm: records.span, names: snapshot), self)
  }

  final class Worker: FoldWorker {
    private let projection: P
    private let fold: Fold<P>
    /// On the heap, so that a fold's accesses need no check for exclusivity.
    private let scratch: UnsafeMutablePointer<P.Scratch>
    private let isWanted = Room<UInt8>(capacity: 256)
    private var rows = Room<UInt32>()
    private var ends = Room<UInt32>()

    init(_ projection: P, _ scratch: consuming P.Scratch, _ fold: Fold<P>) {
      self.projection = projection
      self.fold = fold
      self.scratch = .allocate(capacity: 1)
      self.scratch.initialize(to: scratch)
      for kind in 0..<256 { isWanted.start[kind] = projection.kinds.contains(rawValue: UInt8(kind)) ? 1 : 0 }
      isWanted.start[Int(HistoryChunk.retracted)] = 0
    }

    deinit {
      scratch.deinitialize(count: 1)
      scratch.deallocate()
    }

    func fold(_ part: Int, _ chunk: borrowing HistoryChunk) { fold.setPart(part, outcomes(chunk)) }

    func outcomes(_ chunk: borrowing HistoryChunk) -> Outcomes<P.Record> {
      var found = Outcomes<P.Record>()
      chunk.list(isWanted.start, rows: &rows, ends: &ends)
      projection.fold(
        chunk.histories(rows: rows.start, ends: ends.start), scratch: &scratch.pointee, into: &found)
      return found
    }
  }

  func outcomes() -> Outcomes<P.Record> {
    var all = firm.withLock { $0 }
    parts.withLock { parts in
      for part in parts { all.append(part) }
    }
    return all
  }

  func digest(
    _ snapshot: borrowing Snapshot, names: NameHashes, threads: Int
  ) throws(LedgerError) -> ViewDigest {
    let parts = [firm.withLock { $0 }] + parts.withLock { $0 }
    let texts = try TextDirectory.customers(snapshot)
    let next = Atomic<Int>(0)
    let total = Mutex(ViewDigest())
    try snapshot.onThreads(min(threads, parts.count)) { snapshot throws(LedgerError) in
      var digest = ViewDigest()
      var hasher = DigestHasher(names: names)
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < parts.count else { break }
        try add(parts[index], to: &digest, &hasher, texts, snapshot)
      }
      total.withLock { $0.add(digest) }
    }
    return total.withLock { $0 }
  }

  private func add(
    _ part: Outcomes<P.Record>, to digest: inout ViewDigest, _ hasher: inout DigestHasher, _ texts: TextDirectory,
    _ snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    let customers = UInt32(snapshot.customerCount)
    var start = 0
    for person in part.people {
      if person.customer >= 1, person.customer <= customers {
        texts.withText(person.customer) { hasher.begin($0) }
      } else {
        hasher.begin(try snapshot.subjectBytes(person.customer))
      }
      projection.digest(part.records.span.extracting(start..<person.end), into: &hasher)
      start = person.end
      digest.add(hasher.finish())
    }
  }

  // MARK: Storing

  func storedParts() -> [StoredPart] { gathering == .people ? outcomes().storedParts() : [] }

  func firstDifference(
    from parts: [StoredPart], _ snapshot: borrowing Snapshot, names: NameHashes
  ) throws(LedgerError) -> String? {
    let rebuilt = try hashes(outcomes(), names)
    let stored =
      try Outcomes<P.Record>(parts).map { outcomes throws(LedgerError) in try hashes(outcomes, names) } ?? [:]
    var first: UInt32?
    for customer in Set(rebuilt.keys).union(stored.keys) where rebuilt[customer] != stored[customer] {
      first = min(first ?? .max, customer)
    }
    guard let first else { return nil }
    return first == 0 ? "the firm" : try snapshot.subject(first)
  }

  /// A hash of each person's records.
  private func hashes(_ outcomes: Outcomes<P.Record>, _ names: NameHashes) throws(LedgerError) -> [UInt32: UInt64] {
    var hashes: [UInt32: UInt64] = [:]
    var hasher = DigestHasher(names: names)
    outcomes.forEach { customer, records in
      hasher.begin(UnsafeBufferPointer(start: nil, count: 0))
      projection.digest(records, into: &hasher)
      hashes[customer] = hasher.finish().lo
    }
    return hashes
  }
}
