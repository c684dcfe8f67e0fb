import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the command line needs from the operating system beyond the library, in one place.
enum System {
  static func exit(_ code: Int32) -> Never {
    #if canImport(Glibc)
      Glibc.exit(code)
    #elseif canImport(Musl)
      Musl.exit(code)
    #else
      Darwin.exit(code)
    #endif
  }

  /// Takes the place of standard streams that are closed, the wrong way round, so that using them fails: else a file of
  /// the ledger would get their number, and be read or written instead.
  static func occupyStandardDescriptors() {
    for (descriptor, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_RDWR)] as [(Int32, Int32)]
    where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", mode)
    }
  }

  /// The number of the first argument that is no valid UTF-8, which would be taken for another text; nil for none.
  static var firstInvalidArgument: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { index in
      CommandLine.unsafeArgv[index].map { String(validatingCString: $0) == nil } ?? false
    }
  }

  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// The value of an environment variable; nil where it is not set or empty.
  static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Width of a terminal in columns; 80 where it does not say.
  static func columns(of descriptor: Int32) -> Int {
    if let text = variable("COLUMNS"), let columns = Int(text), columns > 0 { return columns }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes all bytes.
  ///
  /// - Throws: ``ClosedPipe``, or a ``Failure`` with the system's message.
  static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
    try bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
        if written >= 0 {
          rest = rest.dropFirst(written)
        } else if errno == EPIPE {
          throw ClosedPipe()
        } else if errno == EAGAIN {
          waitUntilWritable(descriptor, milliseconds: -1)
        } else if errno != EINTR {
          throw Failure(.inputOutput, "standard output: \(message(errno))")
        }
      }
    }
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// - Parameter milliseconds: how long at most; -1 for ever.
  /// - Returns: whether it can be written to, be it that this fails.
  @discardableResult
  static func waitUntilWritable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&waited, 1, milliseconds) > 0
  }

  /// Sleeps, but wakes when nobody reads the descriptor any more.
  ///
  /// - Returns: whether there still is a reader.
  static func rest(milliseconds: Int32, whileRead descriptor: Int32) -> Bool {
    // No events are asked for: only errors and hang-ups wake.
    var waited = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&waited, 1, milliseconds) <= 0 || waited.revents & Int16(POLLERR | POLLNVAL) == 0
  }

  static func message(_ code: Int32) -> String { String(cString: strerror(code)) }

  // MARK: Files

  /// Size of what a descriptor reads; nil unless it is a regular file.
  static func sizeOfRegularFile(_ descriptor: Int32) -> UInt64? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let offset = max(0, lseek(descriptor, 0, SEEK_CUR))
    return UInt64(max(0, status.st_size - offset))
  }

  static func isThere(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0
  }

  /// Makes sure that a file can be made or opened: said at once, it is not said at the first line that is meant for it.
  static func checkCanBeFile(_ path: String, _ what: String) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw Failure(.cannotCreate, "\(path) cannot be \(what): it is a folder")
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard isThere(folder) else {
      throw Failure(.cannotCreate, "\(path) cannot be \(what): \(folder) is not there")
    }
  }

  /// Opens a FIFO for reading.
  static func openFIFO(_ path: String) throws -> Int32 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Failure(.inputOutput, "\(path): \(message(errno))") }
    guard status.st_mode & S_IFMT == S_IFIFO else {
      throw Failure(.usage, "\(path) is not a FIFO; make one with mkfifo, or give a file on standard input")
    }
    // Without waiting for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(.inputOutput, "\(path): \(message(errno))") }
    return descriptor
  }

  /// Opens a FIFO anew when its writers have gone: the old one would say for ever that it has ended. There is a reader at
  /// any time, so writers never meet a FIFO that nobody reads.
  static func reopenFIFO(_ path: String, as descriptor: Int32) throws {
    let new = try openFIFO(path)
    defer { close(new) }
    guard dup2(new, descriptor) >= 0 else { throw Failure(.inputOutput, "\(path): \(message(errno))") }
  }

  /// Both ends of a pipe.
  static func pipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
      let status = Glibc.pipe(&ends)
    #elseif canImport(Musl)
      let status = Musl.pipe(&ends)
    #else
      let status = Darwin.pipe(&ends)
    #endif
    guard status == 0 else { throw Failure(.inputOutput, "no pipe: \(message(errno))") }
    return (ends[0], ends[1])
  }

  static func closeDescriptor(_ descriptor: Int32) { close(descriptor) }

  /// A new directory of one's own under `$TMPDIR` or `/tmp`.
  static func makeTemporaryDirectory(prefix: String) throws -> String {
    let folder = variable("TMPDIR") ?? "/tmp"
    var template = Array("\(folder)/\(prefix).XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(.cannotCreate, "\(folder): \(message(errno))") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // MARK: Threads

  /// Runs `body` on a thread of its own: one that may block for as long as it likes, and hold a lock that belongs to a
  /// thread.
  static func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try spawn { continuation.resume(with: Result(catching: body)) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// Runs `body` on a thread of its own, and meanwhile looks for deferred signals.
  ///
  /// - Parameter tick: called ten times a second.
  /// - Throws: what `body` throws; ``Interrupted`` if a signal comes, and then `body` is left running: the program is to
  ///   end.
  static func watching(_ body: @escaping @Sendable () throws -> Void, tick: () -> Void) throws {
    let ends = try pipe()
    defer { close(ends.reading) }
    let outcome = Outcome()
    try spawn {
      let result = Result(catching: body)
      outcome.result.withLock { $0 = result }
      close(ends.writing)
    }
    while true {
      try checkSignals()
      tick()
      var waited = pollfd(fd: ends.reading, events: Int16(POLLIN), revents: 0)
      if poll(&waited, 1, 100) > 0 { break }
    }
    try outcome.result.withLock { $0! }.get()
  }

  private final class Outcome: Sendable {
    let result = Mutex<Result<Void, any Error>?>(nil)
  }

  /// Starts a thread that nobody waits for.
  static func spawn(_ body: @escaping @Sendable () -> Void) throws {
    let context = Unmanaged.passRetained(Work(body))
    var handle = pthread_t()
    let status = pthread_create(
      &handle, nil,
      { context in
        Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      throw Failure(.inputOutput, "no thread: \(message(status))")
    }
    pthread_detach(handle)
  }

  private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  // MARK: Signals

  /// The first signal of those that were deferred; 0 for none.
  private static let deferredSignal = Atomic<Int32>(0)

  /// Makes SIGINT, SIGTERM and SIGHUP wait for ``checkSignals()``: for what must be tidied up. One that the parent chose
  /// to ignore, as `nohup` does, stays ignored; one that it happened to block is let through.
  static func deferSignals() {
    // Made here, so that the handler finds it made.
    deferredSignal.store(0, ordering: .relaxed)
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(number, SIG_IGN)
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      signal(number) { System.deferredSignal.store($0, ordering: .relaxed) }
      sigaddset(&unblocked, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// - Throws: ``Interrupted`` if there was a signal.
  static func checkSignals() throws {
    let number = deferredSignal.load(ordering: .relaxed)
    if number != 0 { throw Interrupted(signal: number) }
  }

  /// Where this program can be started once more.
  static var executable: String {
    #if os(Linux)
      "/proc/self/exe"
    #else
      CommandLine.arguments[0]
    #endif
  }

  /// Ends the program as the signal would have.
  static func end(bySignal number: Int32) -> Never {
    signal(number, SIG_DFL)
    raise(number)
    exit(128 + number)
  }
}

/// A signal that was deferred has come.
struct Interrupted: Error {
  var signal: Int32
}
