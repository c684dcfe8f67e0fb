import Benchmark
import Fixture
import RapportLedger

/// Recording generated events.
///
/// `RAPPORT_BENCHMARK_EVENTS` sets how many (default 1,000,000), with a fiftieth as many customers. An iteration takes
/// all of them, so events a second are the events divided by the wall clock.
let benchmarks: @Sendable () -> Void = {
  let events = Folder.setting("RAPPORT_BENCHMARK_EVENTS", default: 1_000_000)
  let file = GeneratedFile(events: events, customers: max(1, events / 50))

  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .cpuTotal, .peakMemoryResident], warmupIterations: 1,
    maxDuration: .seconds(20), maxIterations: 10)

  // Beyond the border the fingerprints of former events are in sorted files.
  for (name, memory) in [("ingest", 2 << 30), ("ingest with the least memory", 1 << 20)] {
    Benchmark("\(name), \(events) events") { benchmark in
      let (_, path) = try file.ingest(memory: memory)
      benchmark.stopMeasurement()
      Folder.remove(path)
    }
  }
}
