import Foundation

/// The executable at work: for signals, and for several at once.
final class RunningExecutable: @unchecked Sendable {
  let process = Process()
  private let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
  private let lock = NSLock()
  private var output = Data()
  private var errors = Data()
  private let group = DispatchGroup()

  /// - Parameter readsOutput: else nobody does, and there is room for a page of it at most.
  init(
    _ arguments: [String], program: String = Executable.path, environment: [String: String] = [:],
    readsOutput: Bool = true
  ) throws {
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC"].merging(environment) { $1 }
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    signal(SIGPIPE, SIG_IGN)
    try process.run()
    if readsOutput {
      collect(stdout) { $0.output += $1 }
    } else {
      _ = fcntl(stdout.fileHandleForReading.fileDescriptor, 1031 /* F_SETPIPE_SZ */, 4096)
    }
    collect(stderr) { $0.errors += $1 }
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  private func collect(_ pipe: Pipe, _ keep: @escaping @Sendable (RunningExecutable, Data) -> Void) {
    let handle = pipe.fileHandleForReading
    DispatchQueue.global().async(group: group) { [self] in
      while true {
        let data = handle.availableData
        if data.isEmpty { return }
        lock.withLock { keep(self, data) }
      }
    }
  }

  var pid: Int32 { process.processIdentifier }
  var printed: String { lock.withLock { String(decoding: output, as: UTF8.self) } }
  var complained: String { lock.withLock { String(decoding: errors, as: UTF8.self) } }

  func send(_ text: String) { try? stdin.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
  func closeInput() { try? stdin.fileHandleForWriting.close() }
  func interrupt(by number: Int32) { kill(pid, number) }

  /// Waits until something is so; false if it is not within the time, or the program has ended.
  func wait(seconds: Double = 20, until isSo: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while Date() < deadline {
      if isSo() { return true }
      if !process.isRunning { return isSo() }
      usleep(500)
    }
    return false
  }

  /// Waits for the end, and makes one if there is none. A program that a signal ended has its negative number as status.
  func finish(seconds: Double = 60) -> Executable.Result {
    closeInput()
    if !wait(seconds: seconds, until: { !process.isRunning }) { interrupt(by: SIGKILL) }
    process.waitUntilExit()
    group.wait()
    let status = process.terminationStatus
    return Executable.Result(
      status: process.terminationReason == .uncaughtSignal ? -status : status,
      output: String(decoding: output, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self))
  }
}
