import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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
  /// Called now and then with the number of events folded so far; from any thread.
  public var onProgress: (@Sendable (Int) -> Void)?

  public init(limits: ReplayLimits = ReplayLimits(), threads: Int = Replay.processors) {
    self.limits = limits
    self.threads = max(1, threads)
  }

  /// Processors that this process may use.
  public static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Customers that are gathered at once: enough to amortise a visit to every block, few enough to stay in cache.
  private static let rangeCustomersMax: UInt32 = 1024

  /// Folds one projection.
  ///
  /// - Throws: ``LedgerError/damaged(_:)`` if a column that it reads is not what was written.
  /// - Complexity: O(events + blocks · customers / 1024).
  public func run<P: Projection>(_ projection: P, over snapshot: borrowing Snapshot) throws -> Outcomes<P.Record> {
    let fold = Fold(projection)
    try run([fold], over: snapshot)
    return fold.outcomes()
  }

  /// Folds several projections in one pass.
  func run(_ folds: [any AnyFold], over snapshot: borrowing Snapshot) throws(LedgerError) {
    let kinds = folds.reduce(into: EventKindSet()) { $0 = $0.union($1.kinds) }
    let columns = folds.reduce(ColumnSet()) { $0.union($1.columns) }
    let readsLines = folds.contains { $0.readsLines }
    let sections = HistoryGatherer.sections(columns: columns, readsLines: readsLines)
    let customers = UInt32(snapshot.customerCount)
    let size = max(1, min(Self.rangeCustomersMax, customers / UInt32(threads * 8) + 1))
    let ranges = Int((customers + size - 1) / size)
    folds.forEach { $0.prepare(ranges: ranges) }
    guard ranges > 0 else { return }

    let failure = Mutex<LedgerError?>(nil)
    let nextBlock = Atomic<Int>(0)
    let nextRange = Atomic<Int>(0)
    let folded = Atomic<Int>(0)
    let threads = min(threads, ranges)
    // The snapshot outlives the threads: they are joined before this returns.
    withUnsafePointer(to: snapshot) { pointer in
      let shared = SharedPointer(pointer: pointer)
      parallel(threads) { _ in
        do throws(LedgerError) {
          while true {
            let index = nextBlock.add(1, ordering: .relaxed).oldValue
            guard index < shared.pointer.pointee.blocks.count else { break }
            try shared.pointer.pointee.check(index, sections)
          }
        } catch { failure.withLock { $0 = $0 ?? error } }
      }
      guard failure.withLock({ $0 == nil }) else { return }
      parallel(threads) { _ in
        do throws(LedgerError) {
          var gatherer = HistoryGatherer(
            shared.pointer.pointee, kinds: kinds, columns: columns, readsLines: readsLines, limits: limits)
          while true {
            let index = nextRange.add(1, ordering: .relaxed).oldValue
            guard index < ranges, failure.withLock({ $0 == nil }) else { break }
            let first = 1 + UInt32(index) * size
            let range = first..<min(first + size, customers + 1)
            try gatherer.gather(range, from: shared.pointer.pointee)
            for fold in folds { fold.fold(index, range, gatherer) }
            let done = folded.add(gatherer.facts.count - 1, ordering: .relaxed).newValue
            onProgress?(done)
          }
        } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

/// Lets threads share what outlives them.
private struct SharedPointer<T: ~Copyable>: @unchecked Sendable {
  let pointer: UnsafePointer<T>
}

/// Runs `body` on several threads and waits for all of them; one thread is the caller's.
func parallel(_ threads: Int, _ body: @Sendable (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var handles: [pthread_t] = []
    for index in 1..<max(threads, 1) {
      let context = Unmanaged.passRetained(ThreadBody { body(index) })
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil,
        { context in
          Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
          return nil
        }, context.toOpaque())
      if status == 0 {
        handles.append(handle)
      } else {
        // Too few threads only make it slower.
        context.takeRetainedValue().run()
      }
    }
    body(0)
    for handle in handles { pthread_join(handle, nil) }
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// What a projection made of every person, in order of customer numbers.
public struct Outcomes<Record: BitwiseCopyable & Sendable>: Sendable {
  /// People with at least one event that the projection reads.
  public var people: [Person] = []
  public var records: [Record] = []

  public struct Person: BitwiseCopyable, Sendable {
    public var customer: UInt32
    /// Where the person's records end.
    public var end: Int
  }

  /// Calls `body` with the records of each person.
  public func forEach(_ body: (UInt32, Span<Record>) throws -> Void) rethrows {
    var start = 0
    for person in people {
      try body(person.customer, records.span.extracting(start..<person.end))
      start = person.end
    }
  }
}

/// A projection at work, its types erased: one dynamic call for a range of customers.
protocol AnyFold: AnyObject, Sendable {
  var name: String { get }
  var version: Int { get }
  var kinds: EventKindSet { get }
  var columns: ColumnSet { get }
  var readsLines: Bool { get }
  /// People with at least one event that it reads.
  var peopleCount: Int { get }
  func prepare(ranges: Int)
  func fold(_ index: Int, _ range: Range<UInt32>, _ gathered: borrowing HistoryGatherer)
  func digest(_ snapshot: borrowing Snapshot, names: NameHashes) throws(LedgerError) -> ViewDigest
}

final class Fold<P: Projection>: AnyFold {
  private let projection: P
  private let parts = Mutex<[Outcomes<P.Record>]>([])

  init(_ projection: P) { self.projection = projection }

  var name: String { P.name }
  var version: Int { P.version }
  var kinds: EventKindSet { projection.kinds }
  var columns: ColumnSet { projection.columns }
  var readsLines: Bool { projection.readsLines }
  var peopleCount: Int { parts.withLock { $0.reduce(0) { $0 + $1.people.count } } }

  func prepare(ranges: Int) { parts.withLock { $0 = Array(repeating: Outcomes(), count: ranges) } }

  func fold(_ index: Int, _ range: Range<UInt32>, _ gathered: borrowing HistoryGatherer) {
    var part = Outcomes<P.Record>()
    var scratch = projection.makeScratch()
    let events = gathered.facts.span
    let lines = gathered.lines.span
    let lineEnds = gathered.lineEnds.span
    let kinds = projection.kinds
    let isFiltered = kinds != EventKindSet.all
    for person in 0..<range.count {
      let rows = Int(gathered.starts[person])..<Int(gathered.starts[person + 1])
      guard !rows.isEmpty else { continue }
      // Other projections may have asked for kinds that this one does not read.
      let reads = isFiltered ? rows.contains { kinds.contains(rawValue: events[$0].kindCode) } : true
      guard reads else { continue }
      let ends = lineEnds.isEmpty ? lineEnds : lineEnds.extracting(rows.lowerBound..<rows.upperBound + 1)
      let history = History(
        customer: range.lowerBound + UInt32(person), events: events.extracting(rows), lines: lines, lineEnds: ends)
      projection.fold(history, scratch: &scratch, into: &part.records)
      part.people.append(.init(customer: range.lowerBound + UInt32(person), end: part.records.count))
    }
    parts.withLock { $0[index] = part }
  }

  func outcomes() -> Outcomes<P.Record> {
    parts.withLock { parts in
      var all = Outcomes<P.Record>()
      for part in parts {
        let offset = all.records.count
        all.records += part.records
        all.people += part.people.map { .init(customer: $0.customer, end: $0.end + offset) }
      }
      return all
    }
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
