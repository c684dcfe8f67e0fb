// swift-tools-version: 6.2
import PackageDescription

// A package as other people's are: it sees what the library makes public, and no more.
let package = Package(
  name: "rapport-examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "rapport", path: "../..")],
  targets: [
    .executableTarget(
      name: "OwnProjections", dependencies: [.product(name: "RapportLedger", package: "rapport")],
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .testTarget(
      name: "OwnProjectionsTests", dependencies: ["OwnProjections"], swiftSettings: [.treatAllWarnings(as: .error)]),
  ],
  swiftLanguageModes: [.v6]
)
