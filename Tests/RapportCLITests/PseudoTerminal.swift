import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A terminal of a fixed width that nobody sits at.
final class PseudoTerminal {
  static let isThere = access("/dev/ptmx", R_OK | W_OK) == 0 && access("/dev/pts", X_OK) == 0

  private let keyboard: FileHandle
  private let screen: FileHandle

  init(columns: UInt16) throws {
    // Linux by its own ways: the modules of its C libraries leave out posix_openpt and what belongs to it.
    let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (isLocked, terminal): (Int32, Int32) = (0, 0)
    try #require(ioctl(master, unlock, &isLocked) == 0 && ioctl(master, number, &terminal) == 0, "a pseudo-terminal")
    keyboard = FileHandle(fileDescriptor: master, closeOnDealloc: true)
    let slave = open("/dev/pts/\(terminal)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(slave >= 0)
    screen = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    var size = winsize(ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(slave, UInt(TIOCSWINSZ), &size) == 0)
  }

  /// Runs the executable with its output on a terminal.
  ///
  /// - Parameter input: a file that it reads; nil is nothing.
  /// - Returns: its end, and all that came to the terminal, from both of its streams.
  static func run(
    _ arguments: [String], columns: UInt16 = 80, input: String? = nil, environment: [String: String] = [:]
  ) throws -> (status: Int32, shown: String) {
    let terminal = try PseudoTerminal(columns: columns)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Executable.path)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC", "TERM": "xterm"].merging(environment) { $1 }
    process.standardInput = try input.map { try #require(FileHandle(forReadingAtPath: $0)) } ?? FileHandle.nullDevice
    process.standardOutput = terminal.screen
    process.standardError = terminal.screen
    try process.run()
    try terminal.screen.close()
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // Once nobody has it open any more, reading fails.
    while true {
      let count = read(terminal.keyboard.fileDescriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    process.waitUntilExit()
    let shown = String(decoding: bytes, as: UTF8.self)
    return (process.terminationStatus, shown.replacingOccurrences(of: "\r\n", with: "\n"))
  }
}
