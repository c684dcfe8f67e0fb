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
  func digest(_ snapshot: borrowing Snapshot, names: NameHashes) throws(LedgerError) -> ViewDigest
}

/// What one thread needs to fold.
protocol FoldWorker: AnyObject {
  /// Folds the histories of a chunk and hands in what they gave as one part of the whole.
  func fold(_ part: Int, _ chunk: borrowing HistoryChunk)
}

final class Fold<P: Projection>: AnyFold {
  private let projection: P
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

  func makeWorker(_ snapshot: borrowing Snapshot) throws(LedgerError) -> any FoldWorker {
    let records = firm.withLock { $0.records }
    return Worker(projection, try projection.makeScratch(firm: records.span, names: snapshot), self)
  }

  private final class Worker: FoldWorker {
    private let projection: P
    private var scratch: P.Scratch
    private let fold: Fold<P>
    private let isWanted = Room<UInt8>(capacity: 256)
    private var rows = Room<UInt32>()
    private var ends = Room<UInt32>()

    init(_ projection: P, _ scratch: P.Scratch, _ fold: Fold<P>) {
      self.projection = projection
      self.scratch = scratch
      self.fold = fold
      for kind in 0..<256 { isWanted.start[kind] = projection.kinds.contains(rawValue: UInt8(kind)) ? 1 : 0 }
      isWanted.start[Int(HistoryChunk.retracted)] = 0
    }

    func fold(_ part: Int, _ chunk: borrowing HistoryChunk) {
      let outcomes = outcomes(chunk)
      fold.parts.withLock { $0[part] = outcomes }
    }

    func outcomes(_ chunk: borrowing HistoryChunk) -> Outcomes<P.Record> {
      var found = Outcomes<P.Record>()
      chunk.list(isWanted.start, rows: &rows, ends: &ends)
      var start = 0
      for person in 0..<chunk.peopleCount {
        let end = Int(ends.start[person])
        guard end > start else { continue }
        let number = chunk.numbers.start[person]
        let history = chunk.history(number, rows: rows.start + start, count: end - start)
        projection.fold(history, scratch: &scratch, into: &found.records)
        found.people.append(.init(customer: number, end: found.records.count))
        start = end
      }
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

  func digest(_ snapshot: borrowing Snapshot, names: NameHashes) throws(LedgerError) -> ViewDigest {
    var digest = ViewDigest()
    var hasher = DigestHasher(names: names)
    let outcomes = outcomes()
    var start = 0
    for person in outcomes.people {
      hasher.begin(try snapshot.subjectBytes(person.customer))
      for record in outcomes.records[start..<person.end] { projection.digest(record, into: &hasher) }
      start = person.end
      digest.add(hasher.finish())
    }
    return digest
  }
}
