import Benchmark
import Fixture
import OwnViews
import RapportLedger

/// Rebuilding views from a ledger of generated events.
///
/// `RAPPORT_BENCHMARK_EVENTS` sets how many (default 1,000,000), with a fiftieth as many customers. The ledger is made
/// once, in a temporary folder, and removed at the end. An iteration is one whole replay, so
/// events a second are the events divided by the wall clock.
let benchmarks: @Sendable () -> Void = {
  let events = Folder.setting("RAPPORT_BENCHMARK_EVENTS", default: 1_000_000)
  let ledger: Ledger
  do {
    ledger = try GeneratedFile(events: events, customers: max(1, events / 50)).ingest().ledger
  } catch { fatalError("the benchmark's ledger: \(error)") }

  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .cpuTotal, .peakMemoryResident], warmupIterations: 1,
    maxDuration: .seconds(20), maxIterations: 15)

  for threads in [1, 2] {
    for views in [["perfect-orders"], ["satisfaction"], ["card"], ["card", "perfect-orders", "satisfaction"]] {
      Benchmark("replay \(views.joined(separator: " + ")), \(events) events, \(threads) threads") { benchmark in
        let report = try ledger.replay(views: views, threads: threads, upTo: UInt64(events))
        precondition(report.events == events, "the replay saw every event")
        blackHole(report)
      }
    }
    // The built-in projection, and the same one declared in another package: to compare them.
    for projection in [CardTotals(), OwnCardTotals()] as [any StreamingProjection] {
      Benchmark("stream \(type(of: projection).name), \(events) events, \(threads) threads") { benchmark in
        blackHole(try stream(projection, ledger, threads: threads))
      }
    }
    for projection in [Satisfaction(), OwnSatisfaction()] as [any Projection] {
      Benchmark("fold \(type(of: projection).name), \(events) events, \(threads) threads") { benchmark in
        blackHole(try fold(projection, ledger, threads: threads))
      }
    }
  }
}

private func stream(_ projection: some StreamingProjection, _ ledger: Ledger, threads: Int) throws -> Int {
  try ledger.read { snapshot in try Replay(threads: threads).run(projection, over: snapshot).people.count }
}

private func fold(_ projection: some Projection, _ ledger: Ledger, threads: Int) throws -> Int {
  try ledger.read { snapshot in try Replay(threads: threads).run(projection, over: snapshot).people.count }
}
