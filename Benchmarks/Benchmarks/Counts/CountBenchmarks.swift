import AllocationCount
import Benchmark
import Fixture
import OwnViews
import RapportLedger

/// Figures that are the same on every machine, and so are compared with stored ones (`Thresholds`): how often memory is
/// asked for, and how large a ledger becomes. Always of 20,000 events and one thread.
///
///     swift package --package-path Benchmarks --disable-sandbox benchmark thresholds check \
///       --target Counts --path Benchmarks/Thresholds
let benchmarks: @Sendable () -> Void = {
  let allocations = BenchmarkMetric.custom("allocations", polarity: .prefersSmaller, useScalingFactor: false)
  let bytes = BenchmarkMetric.custom("bytes", polarity: .prefersSmaller, useScalingFactor: false)
  let file = GeneratedFile(events: 20_000, customers: 400)
  let ledger: Ledger
  do { ledger = try file.ingest().ledger } catch { fatalError("the benchmark's ledger: \(error)") }

  // Threads and arrays that grow are not quite the same each time.
  let tolerance = BenchmarkThresholds(relative: [.p90: 5.0], absolute: [.p90: 20])
  Benchmark.defaultConfiguration = .init(
    metrics: [allocations], warmupIterations: 2, maxDuration: .seconds(20), maxIterations: 5,
    thresholds: [allocations: tolerance])

  func count(_ benchmark: Benchmark, _ body: () throws -> Void) rethrows {
    let before = allocation_count()
    try body()
    benchmark.measurement(allocations, allocation_count() - before)
  }

  var both = Benchmark.defaultConfiguration
  both.metrics = [allocations, bytes]
  both.thresholds?[bytes] = BenchmarkThresholds(relative: [.p90: 2.0])
  for (name, memory) in [("ingest", 2 << 30), ("ingest with the least memory", 1 << 20)] {
    Benchmark(name, configuration: both) { benchmark in
      var made: (ledger: Ledger, path: String)?
      try count(benchmark) { made = try file.ingest(memory: memory) }
      benchmark.measurement(bytes, try made!.ledger.status().bytesLog)
      Folder.remove(made!.path)
    }
  }
  for view in ["card", "perfect-orders", "satisfaction"] {
    Benchmark("replay \(view)") { benchmark in
      try count(benchmark) { blackHole(try ledger.replay(views: [view], threads: 1, upTo: 20_000)) }
    }
  }
  Benchmark("stream card-totals") { benchmark in
    try count(benchmark) {
      blackHole(try ledger.read { try Replay(threads: 1).run(CardTotals(), over: $0).people.count })
    }
  }
  Benchmark("fold own-satisfaction") { benchmark in
    try count(benchmark) {
      blackHole(try ledger.read { try Replay(threads: 1).run(OwnSatisfaction(), over: $0).people.count })
    }
  }
}
