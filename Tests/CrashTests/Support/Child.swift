import Foundation

/// The real `rapport`, as a process that can be fed, stopped and killed.
final class Child {
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// `RAPPORT_BIN`, else the executable that was built with the tests.
  static let executable = ProcessInfo.processInfo.environment["RAPPORT_BIN"] ?? built("rapport")

  /// Something that was built with the tests.
  static func built(_ name: String) -> String {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name).path
  }

  let pid: pid_t
  private var input: Int32
  private let output: Int32
  private let errors: Int32
  private var waiting: [UInt8] = []
  /// Lines of a stream that it was fed.
  var linesSent = 0
  private var end: End?

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    // One at a time: no other child may inherit an end of a pipe in the moment before it is marked.
    Self.starting.lock()
    defer { Self.starting.unlock() }
    let (stdin, stdout, stderr) = (try Self.pipe(), try Self.pipe(), try Self.pipe())
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin.read, 0)
    posix_spawn_file_actions_adddup2(&actions, stdout.write, 1)
    posix_spawn_file_actions_adddup2(&actions, stderr.write, 2)
    var words = ([Self.executable] + arguments).map { strdup($0) } + [nil]
    let fixed = ["PATH": "/usr/bin:/bin", "TZ": "UTC"]
    var variables = fixed.merging(environment) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
    defer { (words + variables).forEach { free($0) } }
    var pid = pid_t()
    let status = posix_spawn(&pid, Self.executable, &actions, nil, &words, &variables)
    for end in [stdin.read, stdout.write, stderr.write] { close(end) }
    (input, output, errors, self.pid) = (stdin.write, stdout.read, stderr.read, pid)
    guard status == 0 else { throw Unexpected("cannot start \(Self.executable): \(String(cString: strerror(status)))") }
    // Writing to a child that is gone is part of the game.
    signal(SIGPIPE, SIG_IGN)
  }

  deinit {
    if end == nil {
      Foundation.kill(pid, SIGKILL)
      wait()
    }
    closeInput()
    close(output)
    close(errors)
  }

  private static let starting = NSLock()

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw Unexpected("no pipe: \(String(cString: strerror(errno)))") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  // MARK: Talking

  /// Writes to its standard input.
  ///
  /// - Returns: false if it does not read any more.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { write(input, $0.baseAddress! + sent, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// How long anything may take: so that a test fails rather than hangs.
  static let patience: Double = 60

  /// The next line of its standard output, waiting for it; nil at the end, or when `isHopeless` says that none will come.
  func nextLine(unless isHopeless: () -> Bool = { false }) -> String? {
    var searched = 0
    let deadline = Date(timeIntervalSinceNow: Self.patience)
    while true {
      if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { waiting.removeSubrange(...end) }
        return String(decoding: waiting[..<end], as: UTF8.self)
      }
      searched = waiting.count
      var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      if poll(&ready, 1, 20) == 0 {
        if isHopeless() || Date() > deadline { return nil }
        continue
      }
      guard let more = Self.readSome(output) else { return nil }
      waiting += more
    }
  }

  /// The whole lines that remain until it ends its output. What follows the last line end was never said.
  func remainingLines() -> [String] {
    var lines: [String] = []
    while let line = nextLine() { lines.append(line) }
    return lines
  }

  /// Everything that it said on standard error, when it is at its end.
  func errorText() -> String {
    var all: [UInt8] = []
    while let more = Self.readSome(errors) { all += more }
    return String(decoding: all, as: UTF8.self)
  }

  private static func readSome(_ descriptor: Int32) -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      return count > 0 ? Array(piece[..<count]) : nil
    }
  }

  // MARK: Ending

  func send(signal number: Int32) { if end == nil { Foundation.kill(pid, number) } }

  /// Waits for its end, and kills it if that takes too long.
  @discardableResult
  func wait() -> End {
    if let end { return end }
    var status: Int32 = 0
    let deadline = Date(timeIntervalSinceNow: Self.patience)
    while waitpid(pid, &status, WNOHANG) != pid {
      if Date() > deadline { Foundation.kill(pid, SIGKILL) }
      usleep(500)
    }
    let signal = status & 0x7F
    let end: End = signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
    self.end = end
    return end
  }

  /// Runs a command to its end.
  static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) throws -> (end: End, lines: [String], errors: String) {
    let child = try Child(arguments, environment: environment)
    child.send(input)
    child.closeInput()
    let lines = child.remainingLines()
    let errors = child.errorText()
    return (child.wait(), lines, errors)
  }
}

/// A test that cannot go on.
struct Unexpected: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A folder that goes away with the test, in memory where there is room: a flush there costs nothing.
final class Scratch: Sendable {
  let path: String

  init() throws {
    let folder = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    var resolved = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard realpath(folder, &resolved) != nil else { throw Unexpected("no folder \(folder)") }
    path =
      String(decoding: resolved.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      + "/rapport-crash-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var ledger: String { path + "/ledger" }

  /// Removes a ledger and what else lies below the path.
  func empty() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      try FileManager.default.removeItem(atPath: path + "/" + name)
    }
  }
}
