// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that users of the library do not build benchmark machinery.
let package = Package(
  name: "rapport-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "rapport", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Replay",
      dependencies: [
        .product(name: "RapportLedger", package: "rapport"),
        .product(name: "RapportGenerator", package: "rapport"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Replay",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
