import Foundation
import Testing

/// A ledger in the layers of a container.
@Suite("Overlay file systems", .enabled(if: Overlay.isAllowed, "skipped: no overlay can be mounted here"))
struct OverlayTests {
  private func events(_ ids: ClosedRange<Int>) -> Data {
    let lines = ids.map {
      #"{"specversion":"1.0","id":"\#($0)","source":"/t","type":"item.scanned","subject":"C1","time":"2025-01-01T00:00:00Z"}"#
    }
    return Data((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// A reader that opened the file of the lower layer would never see what is written to its copy.
  @Test("a reader of a ledger that came with the image sees what is recorded later")
  func copiedUp() throws {
    let overlay = try Overlay()
    _ = try Executable.run(["ingest", "--quiet", "--ledger", overlay.lower + "/ledger"], input: events(1...3))
    try overlay.mount()
    let ledger = overlay.merged + "/ledger"
    let reader = try RunningExecutable(["log", "--follow", "--ledger", ledger])
    #expect(reader.wait { reader.printed.contains(#""ledgerposition":3"#) })
    let ingest = try Executable.run(["ingest", "--ledger", ledger], input: events(4...5))
    #expect(ingest.status == 0)
    #expect(ingest.errors.contains("on a volume"), "it is said that the ledger goes with the container")
    #expect(reader.wait { reader.printed.contains(#""ledgerposition":5"#) })
    reader.interrupt(by: SIGKILL)
    _ = reader.finish()
    try Executable.succeed(["verify", "--quiet", "--ledger", ledger])
    let lower = try Executable.run(["digest", "--ledger", overlay.lower + "/ledger"]).output
    #expect(lower.hasPrefix("3:"), "the image is as it was")
  }

  @Test("an overlay that flushes nothing is refused, and nothing is created on it")
  func volatile() throws {
    let overlay = try Overlay()
    try overlay.mount(options: ",volatile")
    let result = try Executable.run(["ingest", "--ledger", overlay.merged + "/ledger"], input: events(1...1))
    #expect(result.status == 73)
    #expect(result.errors.contains("volatile") && result.errors.contains("on a volume"))
    #expect(!FileManager.default.fileExists(atPath: overlay.merged + "/ledger"))
  }

  @Test("a file system that nothing can be written to is refused with what to do")
  func readOnly() throws {
    let overlay = try Overlay()
    _ = try Executable.run(["ingest", "--quiet", "--ledger", overlay.lower + "/ledger"], input: events(1...1))
    try overlay.mount(options: ",ro")
    let result = try Executable.run(["status", "--ledger", overlay.merged + "/ledger"])
    #expect(result.status == 1 && result.output == "")
    #expect(result.errors.contains("Read-only file system; who only reads writes lock files, too: copy it"))
    let ingest = try Executable.run(["ingest", "--ledger", overlay.merged + "/ledger"], input: events(2...2))
    #expect(ingest.status == 73)
  }
}

/// Two layers in a folder of their own.
private final class Overlay {
  private let folder: TemporaryFolder
  private var isMounted = false

  var lower: String { folder.path + "/lower" }
  var merged: String { folder.path + "/merged" }

  init() throws {
    folder = try TemporaryFolder()
    for name in ["lower", "upper", "work", "merged"] {
      try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
    }
  }

  deinit { if isMounted { _ = try? Self.run(["umount", "-l", merged]) } }

  func mount(options: String = "") throws {
    let layers = "lowerdir=\(lower),upperdir=\(folder.path)/upper,workdir=\(folder.path)/work"
    let status = try Self.run(["mount", "-t", "overlay", "overlay", "-o", layers + options, merged])
    try #require(status == 0, "mounted")
    isMounted = true
  }

  /// Only root may, and not in every container.
  static let isAllowed: Bool = {
    #if os(Linux)
      guard geteuid() == 0, let overlay = try? Overlay() else { return false }
      return (try? overlay.mount()) != nil
    #else
      return false
    #endif
  }()

  private static func run(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
