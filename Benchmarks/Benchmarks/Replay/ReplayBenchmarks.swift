import Benchmark
import OwnViews
import RapportGenerator
import RapportLedger
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rebuilding views from a ledger of generated events.
///
/// `RAPPORT_BENCHMARK_EVENTS` sets how many (default 1,000,000), with a fiftieth as many customers. The ledger is made
/// once, in a temporary folder, and removed at the end. An iteration is one whole replay, so
/// events a second are the events divided by the wall clock.
let benchmarks: @Sendable () -> Void = {
  let events = setting("RAPPORT_BENCHMARK_EVENTS", default: 1_000_000)
  let fixture = Fixture(events: events, customers: max(1, events / 50))

  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .cpuTotal, .peakMemoryResident], warmupIterations: 1,
    maxDuration: .seconds(20), maxIterations: 15)

  for threads in [1, 2] {
    for views in [["perfect-orders"], ["satisfaction"], ["card"], ["card", "perfect-orders", "satisfaction"]] {
      Benchmark("replay \(views.joined(separator: " + ")), \(events) events, \(threads) threads") { benchmark in
        let report = try fixture.ledger.replay(views: views, threads: threads, upTo: fixture.position)
        precondition(report.events == Int(fixture.position), "the replay saw every event")
        blackHole(report)
      }
    }
    for projection in [CardTotals(), OwnCardTotals()] as [any StreamingProjection] {
      Benchmark("stream \(type(of: projection).name), \(events) events, \(threads) threads") { benchmark in
        blackHole(try people(projection, fixture, threads: threads))
      }
    }
  }
}

private func people(_ projection: some StreamingProjection, _ fixture: Fixture, threads: Int) throws -> Int {
  try fixture.ledger.read { snapshot in
    try Replay(threads: threads).run(projection, over: snapshot).people.count
  }
}

private func setting(_ name: String, default value: Int) -> Int {
  getenv(name).flatMap { Int(String(cString: $0)) } ?? value
}

/// A ledger of generated events that goes away with the process.
private final class Fixture: Sendable {
  let ledger: Ledger
  let position: UInt64
  private let folder: String

  init(events: Int, customers: Int) {
    var template = Array("/tmp/rapport-benchmark-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no temporary folder for the benchmark's ledger") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    do {
      ledger = try Ledger(at: folder + "/ledger", for: .writing)
      position = try Fixture.fill(ledger, from: folder + "/events.ndjson", events: events, customers: customers)
    } catch { fatalError("the benchmark's ledger: \(error)") }
    temporaryFolder.withLock { $0 = folder }
    atexit { temporaryFolder.withLock { removeFolder($0) } }
  }

  /// Generates events into a file and ingests it.
  private static func fill(_ ledger: Ledger, from path: String, events: Int, customers: Int) throws -> UInt64 {
    let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    precondition(file >= 0, "the file of generated events can be written")
    defer { close(file) }
    var generator = EventGenerator(
      .init(
        events: events, customers: customers, seed: 1,
        from: EventGenerator.Configuration.day(year: 2025, month: 1, day: 1), days: 365))
    var buffer: [UInt8] = []
    while generator.next(into: &buffer, atMost: 1 << 20) {
      precondition(write(file, buffer, buffer.count) == buffer.count, "room for \(events) generated events in /tmp")
      buffer.removeAll(keepingCapacity: true)
    }
    lseek(file, 0, SEEK_SET)
    let summary = try Ingestor(ledger, input: file).run()
    precondition(summary.accepted == events, "every generated event is recorded")
    unlink(path)
    return summary.position
  }
}

private let temporaryFolder = Mutex("")

/// Removes the benchmark's folder: the ledger has folders one deep.
private func removeFolder(_ path: String) {
  guard !path.isEmpty, let directory = opendir(path) else { return }
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if name == "." || name == ".." { continue }
    if unlink(path + "/" + name) != 0 { removeFolder(path + "/" + name) }
  }
  closedir(directory)
  rmdir(path)
}
