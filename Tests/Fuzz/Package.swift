// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it is built with a fuzzer's instrumentation, by `run` beside it.
let package = Package(
  name: "rapport-fuzz",
  dependencies: [.package(name: "rapport", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "RapportLedger", package: "rapport")])
  ],
  swiftLanguageModes: [.v6]
)
