#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Darwin
#endif

/// This program once more, as a child whose standard output is read: for what may end a process.
enum ChildProcess {
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// How often it is checked whether to go on.
  private static let pauseMilliseconds: Int32 = 100

  /// Runs the program with other arguments and waits for its end. It has nothing to read; standard error is shared with it.
  ///
  /// - Parameters:
  ///   - check: called ten times a second; what it throws ends the child. The default looks for deferred signals
  ///     (``System/deferSignals()``).
  ///   - line: gets every line that the child prints.
  /// - Throws: what `check` throws; the child then has ended, too.
  static func run(
    _ arguments: [String], check: () throws -> Void = System.checkSignals, line: (Substring) -> Void
  ) throws -> End {
    let (reading, writing) = try System.pipe()
    defer { close(reading) }
    _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
    let child = try spawn(arguments, output: writing)
    do {
      try readLines(reading, check, line)
    } catch {
      kill(child, SIGKILL)
      _ = try? wait(for: child)
      throw error
    }
    return try wait(for: child)
  }

  private static func readLines(_ reading: Int32, _ check: () throws -> Void, _ line: (Substring) -> Void) throws {
    var waiting: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      try check()
      var waited = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      if poll(&waited, 1, pauseMilliseconds) <= 0 { continue }
      let count = read(reading, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      waiting += piece[..<count]
      while let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
        line(Substring(decoding: waiting[..<end], as: UTF8.self))
        waiting.removeSubrange(...end)
      }
    }
  }

  private static func spawn(_ arguments: [String], output: Int32) throws -> pid_t {
    defer { close(output) }
    let path = System.executable
    #if os(Linux)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addclose(&actions, output)
    let words: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var child = pid_t()
    let status = posix_spawn(&child, path, &actions, nil, words, environ)
    guard status == 0 else { throw Failure(.inputOutput, "cannot start \(path): \(System.message(status))") }
    return child
  }

  private static func wait(for child: pid_t) throws -> End {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw Failure(.inputOutput, "lost the child: \(System.message(errno))") }
    }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
  }

  /// `Segmentation fault`
  static func name(ofSignal number: Int32) -> String {
    strsignal(number).map { String(cString: $0) } ?? "signal \(number)"
  }
}
