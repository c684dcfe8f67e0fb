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
  /// Whether a digest is made beside the outcomes.
  var digests: Bool { get }
  /// Of what was folded, if one was asked for.
  var digest: ViewDigest { get }
  /// Forgets everything.
  func prepare()
  /// Makes room for the outcomes of chunks.
  func prepare(parts: Int)
  /// Folds the only history of a chunk, the firm's.
  func foldFirm(
    _ chunk: borrowing HistoryChunk, _ snapshot: borrowing Snapshot, _ texts: DigestTexts?
  ) throws(LedgerError)
  /// - Precondition: the firm was folded.
  /// - Parameter texts: what the digest is made with; needed only if one is asked for.
  /// - Parameter listings: those of the thread on which it will work.
  func makeWorker(
    _ snapshot: borrowing Snapshot, _ texts: DigestTexts?, _ listings: RowListings
  ) throws(LedgerError) -> any FoldWorker
  /// The outcomes as they are stored, part by part.
  func forEachStoredPart(_ body: (StoredPart) throws -> Void) rethrows
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
  let digests: Bool
  /// Whether the outcomes are kept; what is only wanted for its digest is forgotten at once.
  private let keeps: Bool
  private let firm = Mutex(Outcomes<P.Record>())
  private let parts = Mutex<[Outcomes<P.Record>]>([])
  private let total = Mutex((people: 0, digest: ViewDigest()))

  init(_ projection: P, keeps: Bool = true, digests: Bool = false) {
    self.projection = projection
    self.keeps = keeps
    self.digests = digests
  }

  var name: String { P.name }
  var version: Int { P.version }
  var kinds: EventKindSet { projection.kinds }
  var columns: ColumnSet { projection.columns }
  var readsLines: Bool { projection.readsLines }
  var gathering: Gathering { projection.gathering }
  var readsFirm: Bool { projection.readsFirm }
  var peopleCount: Int { total.withLock { $0.people } }
  var digest: ViewDigest { total.withLock { $0.digest } }

  func setFirm(_ outcomes: Outcomes<P.Record>) { firm.withLock { $0 = outcomes } }

  func prepare() {
    firm.withLock { $0 = Outcomes() }
    total.withLock { $0 = (0, ViewDigest()) }
    prepare(parts: 0)
  }

  func prepare(parts count: Int) { parts.withLock { $0 = Array(repeating: Outcomes(), count: count) } }

  func foldFirm(
    _ chunk: borrowing HistoryChunk, _ snapshot: borrowing Snapshot, _ texts: DigestTexts?
  ) throws(LedgerError) {
    let none: [P.Record] = []
    let scratch = try projection.makeScratch(firm: none.span, names: snapshot)
    let worker = Worker(projection, scratch, self, texts, RowListing(projection.kinds))
    let outcomes = worker.outcomes(chunk)
    firm.withLock { $0 = outcomes }
    let digest = worker.digest(outcomes, chunk)
    total.withLock { $0.digest.add(digest) }
  }

  func setPart(_ index: Int, _ outcomes: Outcomes<P.Record>) {
    parts.withLock { $0[index] = outcomes }
    total.withLock { $0.people += outcomes.people.count }
  }

  /// Takes what a chunk gave; as a copy without room to spare.
  fileprivate func take(_ outcomes: borrowing Outcomes<P.Record>, digest: ViewDigest, part: Int) {
    total.withLock {
      $0.people += outcomes.people.count
      $0.digest.add(digest)
    }
    guard keeps else { return }
    let kept = outcomes.exactCopy()
    parts.withLock { $0[part] = kept }
  }

  func makeWorker(
    _ snapshot: borrowing Snapshot, _ texts: DigestTexts?, _ listings: RowListings
  ) throws(LedgerError) -> any FoldWorker {
    try makeTypedWorker(snapshot, texts, listings)
  }

  func makeTypedWorker(
    _ snapshot: borrowing Snapshot, _ texts: DigestTexts? = nil, _ listings: RowListings = RowListings()
  ) throws(LedgerError) -> Worker {
    let records = firm.withLock { $0.records }
    let scratch = try projection.makeScratch(firm: records.span, names: snapshot)
    return Worker(projection, scratch, self, texts, listings.of(projection.kinds))
  }

  final class Worker: FoldWorker {
    private let projection: P
    private let fold: Fold<P>
    /// On the heap, so that a fold's accesses need no check for exclusivity.
    private let scratch: UnsafeMutablePointer<P.Scratch>
    private let listing: RowListing
    /// Of one chunk; its memory serves the next one.
    private var found = Outcomes<P.Record>()
    private var hasher: DigestHasher?
    private let place = FoldPlace(P.name)

    init(
      _ projection: P, _ scratch: consuming P.Scratch, _ fold: Fold<P>, _ texts: DigestTexts?, _ listing: RowListing
    ) {
      self.listing = listing
      self.projection = projection
      self.fold = fold
      self.scratch = .allocate(capacity: 1)
      self.scratch.initialize(to: scratch)
      hasher = if fold.digests, let texts { DigestHasher(names: texts.names) } else { nil }
    }

    deinit {
      scratch.deinitialize(count: 1)
      scratch.deallocate()
    }

    func fold(_ part: Int, _ chunk: borrowing HistoryChunk) {
      found.removeAll()
      add(chunk, to: &found)
      fold.take(found, digest: digest(found, chunk), part: part)
    }

    func outcomes(_ chunk: borrowing HistoryChunk) -> Outcomes<P.Record> {
      var found = Outcomes<P.Record>()
      add(chunk, to: &found)
      return found
    }

    private func add(_ chunk: borrowing HistoryChunk, to found: inout Outcomes<P.Record>) {
      listing.list(chunk)
      place.enter(chunk)
      projection.fold(
        chunk.histories(
          rows: listing.rows.start, ends: listing.ends.start, numbers: listing.numbers, cursor: place.cursor),
        scratch: &scratch.pointee, into: &found)
      place.leave()
      guard projection.gathering == .cases else { return }
      for index in 0..<chunk.peopleCount where !listing.isEmpty(index) {
        found.cases.append(chunk.cases.start[index])
      }
    }

    /// The digest of what a chunk gave; zero if none was asked for.
    ///
    /// - Precondition: the people of the chunk were identified.
    func digest(_ found: borrowing Outcomes<P.Record>, _ chunk: borrowing HistoryChunk) -> ViewDigest {
      var digest = ViewDigest()
      guard var hasher = hasher.take() else { return digest }
      place.enter()
      defer { place.leave() }
      var start = 0
      var index = 0
      for person in found.people {
        // In the order of the chunk; who has no outcome is passed over.
        while listing.isEmpty(index) || listing.numbers[index] != person.customer { index += 1 }
        hasher.begin(chunk.idHash(of: index, firstRow: listing.rows.start[listing.start(of: index)]))
        place.cursor.pointee.customer = person.customer
        projection.digest(found.records.span.extracting(start..<person.end), into: &hasher)
        start = person.end
        digest.add(hasher.finish())
      }
      self.hasher = consume hasher
      return digest
    }
  }

  func outcomes() -> Outcomes<P.Record> {
    var all = firm.withLock { $0 }
    parts.withLock { parts in
      all.people.reserveCapacity(parts.reduce(all.people.count) { $0 + $1.people.count })
      all.records.reserveCapacity(parts.reduce(all.records.count) { $0 + $1.records.count })
      for part in parts { all.append(part) }
    }
    return all
  }

  // MARK: Storing

  func forEachStoredPart(_ body: (StoredPart) throws -> Void) rethrows {
    let parts = [firm.withLock { $0 }] + parts.withLock { $0 }
    try Outcomes.forEachStoredPart(parts, body)
  }

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
      hasher.begin(0)
      projection.digest(records, into: &hasher)
      // A person may have several cases, in any order.
      hashes[customer, default: 0] &+= hasher.finish().lo
    }
    return hashes
  }
}
