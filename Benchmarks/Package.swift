// swift-tools-version: 6.3
import PackageDescription

/// Every target of ours: Swift 6, warnings are errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// A package of its own, so that users of the library do not build benchmark machinery.
let package = Package(
  name: "rapport-benchmarks",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "replay-runner", targets: ["ReplayRunner"])],
  dependencies: [
    .package(name: "rapport", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // Projections as other people's packages declare them.
    .target(
      name: "OwnViews", dependencies: [.product(name: "RapportLedger", package: "rapport")],
      swiftSettings: strict + [.enableUpcomingFeature("InternalImportsByDefault")]),
    // What the scripts run: questions in one process, so that its start is not part of what is compared.
    .executableTarget(
      name: "ReplayRunner",
      dependencies: ["OwnViews", .product(name: "RapportLedger", package: "rapport")], swiftSettings: strict),
    // What the benchmarks work on.
    .target(
      name: "Fixture",
      dependencies: [
        .product(name: "RapportLedger", package: "rapport"), .product(name: "RapportGenerator", package: "rapport"),
      ],
      swiftSettings: strict + [.enableUpcomingFeature("InternalImportsByDefault")]),
    // Counts calls of malloc by standing before it.
    .target(name: "AllocationCount"),
    benchmarks("Counts", ["AllocationCount", "OwnViews"]),
    benchmarks("Ingest"),
    benchmarks("Replay", ["OwnViews"]),
  ],
  swiftLanguageModes: [.v6]
)

/// Benchmarks of one subject, a target each.
func benchmarks(_ name: String, _ targets: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name,
    dependencies: targets + [
      "Fixture",
      .product(name: "RapportLedger", package: "rapport"),
      .product(name: "Benchmark", package: "benchmark"),
    ],
    path: "Benchmarks/\(name)", swiftSettings: strict,
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}
