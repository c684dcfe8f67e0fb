// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6, warnings are errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Targets that read LMDB's memory map: the compiler checks that no view outlives its transaction.
let mapped: [SwiftSetting] = strict + [.enableExperimentalFeature("Lifetimes")]

let package = Package(
  name: "rapport",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "RapportLedger", targets: ["RapportLedger"]),
    .library(name: "RapportGenerator", targets: ["RapportGenerator"]),
    .executable(name: "rapport", targets: ["RapportCLI"]),
    // Loaded into the executable by the crash tests; no part of it.
    .library(name: "FaultInjector", type: .dynamic, targets: ["FaultInjector"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CHash"),
    .target(name: "CTraps", cSettings: [.treatAllWarnings(as: .error)]),
    .target(
      name: "LMDB",
      dependencies: ["CLMDB", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: mapped + [.strictMemorySafety()]),
    .target(
      name: "RapportLedger",
      dependencies: [
        "LMDB", "CSimdjson", "CZstd", "CHash", "CTraps", "COpenSSL",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: mapped),
    .target(name: "RapportGenerator", swiftSettings: strict),
    .executableTarget(
      name: "RapportCLI",
      dependencies: [
        "RapportLedger", "RapportGenerator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LMDBTests", dependencies: ["LMDB", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: mapped),
    .testTarget(
      name: "RapportLedgerTests", dependencies: ["RapportLedger", "RapportGenerator"], swiftSettings: mapped),
    .testTarget(name: "RapportGeneratorTests", dependencies: ["RapportGenerator"], swiftSettings: strict),
    .testTarget(
      name: "RapportCLITests",
      dependencies: ["RapportCLI", "RapportLedger", .product(name: "Logging", package: "swift-log")],
      exclude: ["Snapshots"], swiftSettings: strict),
    .target(
      name: "FaultInjector", path: "Tests/FaultInjector", cSettings: [.treatAllWarnings(as: .error)]),
    .testTarget(
      name: "CrashTests", dependencies: ["RapportLedger", "RapportGenerator", "RapportCLI"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
