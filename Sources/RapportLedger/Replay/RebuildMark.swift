#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A mark that views are being rebuilt whose states will be stored: the file `rebuilding` in `views/`, with a byte in it
/// while that lasts.
///
/// Whoever rebuilds holds a lock on the file, which the system drops however the process ends; so a byte under no lock
/// is of a rebuild that never got to its end. Only for telling: where the file cannot be written, or somebody else is
/// rebuilding, everything is done all the same.
enum RebuildMark {
  private static func path(_ folder: String) -> String { folder + "/rebuilding" }

  /// Calls `body` under the mark.
  ///
  /// - Parameter folder: of the states.
  static func during<R>(in folder: String, _ body: () throws -> R) rethrows -> R {
    let file =
      makeDirectory(folder) ? open(path(folder), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600)) : -1
    guard file >= 0 else { return try body() }
    defer { close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return try body() }
    var byte: UInt8 = 1
    _ = pwrite(file, &byte, 1, 0)
    // An error is no interruption: whoever was told of it knows.
    defer { ftruncate(file, 0) }
    return try body()
  }

  /// Whether the last rebuild never got to its end.
  static func isLeft(in folder: String) -> Bool {
    let file = open(path(folder), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var status = stat()
    return flock(file, LOCK_SH | LOCK_NB) == 0 && fstat(file, &status) == 0 && status.st_size > 0
  }
}

extension Ledger {
  /// Whether the last ``replay(views:threads:upTo:check:onProgress:isCancelled:)`` that stores states was interrupted,
  /// by a signal or a power cut. The next replay starts over; until then each view has a whole state, the former or
  /// the new one.
  public var wasReplayInterrupted: Bool { RebuildMark.isLeft(in: stateStore.path) }
}
