import Foundation
import Testing

/// Runs the built executable as a user would.
struct Executable {
  /// `RAPPORT_BIN`, else the executable that was built with the tests.
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["RAPPORT_BIN"] { return path }
    return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("rapport")
      .path
  }()

  struct Result {
    var status: Int32
    var output: String
    var errors: String

    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]) ?? [:]
    }
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  /// - Parameters:
  ///   - input: what it reads from standard input.
  ///   - environment: added to a small, fixed one.
  static func run(_ arguments: [String], input: Data = Data(), environment: [String: String] = [:]) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC"].merging(environment) { $1 }
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    try process.run()
    let collected = Collected()
    let group = DispatchGroup()
    for (pipe, isOutput) in [(stdout, true), (stderr, false)] {
      DispatchQueue.global().async(group: group) {
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        collected.set(String(decoding: data, as: UTF8.self), isOutput: isOutput)
      }
    }
    // A program that ends early closes the pipe; that is no failure of the test.
    signal(SIGPIPE, SIG_IGN)
    try? stdin.fileHandleForWriting.write(contentsOf: input)
    try? stdin.fileHandleForWriting.close()
    process.waitUntilExit()
    group.wait()
    return Result(status: process.terminationStatus, output: collected.output, errors: collected.errors)
  }

  /// Runs it and expects success; says why there was none.
  @discardableResult
  static func succeed(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Result {
    let result = try run(arguments, input: input, environment: environment)
    #expect(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var output = ""
    private(set) var errors = ""
    func set(_ text: String, isOutput: Bool) {
      lock.withLock { if isOutput { output = text } else { errors = text } }
    }
  }
}

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
  let path = NSTemporaryDirectory() + "rapport-cli-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var ledger: String { path + "/ledger" }
}

/// Real data: in the folder `RAPPORT_DATA`, else beside the package, where it is there: `../shared/data`.
enum SharedData {
  static let directory: URL = {
    if let path = ProcessInfo.processInfo.environment["RAPPORT_DATA"] { return URL(fileURLWithPath: path) }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data")
  }()

  private static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appendingPathComponent(path).path)
  }

  static var hasOlist: Bool { has("olist/events.ndjson.gz") }
  static var hasCDNOW: Bool { ["sample", "master", "expected_rfm"].allSatisfy { has("cdnow/\($0).csv") } }
  /// A script turns the tickets into events.
  static var hasHelpdesk: Bool {
    has("helpdesk/helpdesk.xes.gz") && FileManager.default.fileExists(atPath: "/usr/bin/python3")
  }

  static func olist() throws -> Data {
    try output(of: "/bin/gzip", ["-dc", directory.appendingPathComponent("olist/events.ndjson.gz").path])
  }

  static func helpdesk(department: String) throws -> Data {
    try output(of: "/usr/bin/python3", [directory.appendingPathComponent("helpdesk/make_events.py").path, department])
  }

  /// The rows of a table without quotes, the header left out.
  static func rows(_ path: String) throws -> [[String]] {
    let text = try String(contentsOf: directory.appendingPathComponent(path), encoding: .utf8)
    return text.split(whereSeparator: \.isNewline).dropFirst().map { $0.components(separatedBy: ",") }
  }

  private static func output(of program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }
}
