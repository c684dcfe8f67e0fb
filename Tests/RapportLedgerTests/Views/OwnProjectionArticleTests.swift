import Foundation
import Testing

/// The tutorial's code is that of the example package, which is built and tested by itself.
@Suite("The article about projections of one's own")
struct OwnProjectionArticleTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Every Swift file of the example, the manifest among them.
  private func sources() throws -> [String] {
    let folder = Self.root.appendingPathComponent("Tests/Examples")
    return try ["Package.swift", "Sources/OwnProjections", "Tests/OwnProjectionsTests"].flatMap { name in
      let path = folder.appendingPathComponent(name)
      let files =
        name.hasSuffix(".swift")
        ? [path] : try FileManager.default.contentsOfDirectory(at: path, includingPropertiesForKeys: nil)
      return try files.map { try String(contentsOf: $0, encoding: .utf8) }
    }
  }

  /// What stands between the fences of an article's Swift code.
  private func snippets() throws -> [String] {
    let path = "Sources/RapportLedger/RapportLedger.docc/OwnProjection.md"
    let article = try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    return article.components(separatedBy: "```swift\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0]
    }
  }

  @Test func `every snippet stands in the example, line by line`() throws {
    let sources = try sources()
    let snippets = try snippets()
    #expect(snippets.count > 5)
    for snippet in snippets {
      // The manifest's line is quoted without its indentation.
      let isThere = sources.contains {
        ("\n" + $0).contains("\n" + snippet + "\n") || $0.contains("\n  " + snippet + "\n")
      }
      #expect(isThere, "\(snippet)")
    }
  }

  @Test func `the example sees only what is public`() throws {
    for source in try sources() { #expect(!source.contains("@testable import RapportLedger")) }
  }
}
