import Foundation
import Testing

@testable import RapportLedger

/// Nicolas Seriot's JSONTestSuite: y_ must be accepted, n_ refused, i_ is up to the parser.
@Suite(
  .enabled(if: SharedData.has("json/JSONTestSuite.tar.gz"), "needs ../shared/data/json/JSONTestSuite.tar.gz"))
struct JSONTestSuiteTests {
  typealias Document = (name: String, text: [UInt8])

  static let documents = Result { try unpack() }

  static func unpack() throws -> [Document] {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("JSONTestSuite-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let archive = SharedData.directory.appendingPathComponent("json/JSONTestSuite.tar.gz").path
    _ = try SharedData.output(of: "tar", ["-xzf", archive, "-C", directory.path])
    let folder = directory.appendingPathComponent("test_parsing")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }
      .sorted { $0.path < $1.path }
      .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
  }

  static let modes: [JSONScanner.Mode] = [.domAndWalk, .walkOnly]
  /// What follows a document must not matter; these would complete many a truncated one.
  static let fillers = ["\n", "\0", "]]]]", "\"\"\"\"", "1e1}", "rue,"]

  @Test func `the suite is complete`() throws {
    let documents = try Self.documents.get()
    #expect(documents.count(where: { $0.name.hasPrefix("y_") }) == 95)
    #expect(documents.count(where: { $0.name.hasPrefix("n_") }) == 188)
    #expect(documents.count(where: { $0.name.hasPrefix("i_") }) == 35)
  }

  @Test(arguments: modes, fillers)
  func `accepts every valid and refuses every invalid document`(mode: JSONScanner.Mode, filler: String) throws {
    let documents = try Self.documents.get()
    let scans = scan(documents.map(\.text), mode: mode, filler: Array(filler.utf8))
    for (document, scan) in zip(documents, scans) {
      switch document.name.prefix(2) {
      case "y_" where document.name.hasPrefix("y_object_duplicated_key"):
        // The one rule stricter than RFC 8259, which only says that names should be unique.
        #expect(scan.error == .duplicateKey, "\(document.name)")
      case "y_":
        #expect(scan.error == nil, "\(document.name)")
      case "n_":
        #expect(scan.error != nil, "\(document.name)")
      default:
        break
      }
      #expect(scan.error != .disagreement, "\(document.name)")
    }
  }

  @Test(arguments: modes)
  func `agrees with a naive reader on every document, also on its text`(mode: JSONScanner.Mode) throws {
    let documents = try Self.documents.get()
    let scans = scan(documents.map(\.text), mode: mode)
    for (document, scan) in zip(documents, scans) {
      let expected = JSONOracle.minified(document.text)
      #expect((scan.error == nil) == (expected != nil), "\(document.name)")
      #expect(scan.rebuilt == expected ?? [], "\(document.name)")
      #expect(scan.minified == expected ?? [], "\(document.name)")
    }
  }

  @Test func `says the same of a document with and without the DOM parser`() throws {
    let texts = try Self.documents.get().map(\.text)
    #expect(scan(texts, mode: .domAndWalk) == scan(texts, mode: .walkOnly))
  }
}
