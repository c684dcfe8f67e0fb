#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that exists only to be locked with `flock`.
///
/// Every `LockFile` is a descriptor of its own, so it excludes the other threads of this process as well as other
/// processes, and the kernel releases it when its process dies.
struct LockFile: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// Opens the file and creates it, with mode 0600, if need be. Does not lock it yet.
  init(at path: String, for operation: String) throws(LMDBError) {
    descriptor = try Descriptor.openOrCreate(operation, path)
  }

  deinit { unlock() }

  /// Takes the lock; `false` if it could not be had by the deadline. Tries at least once.
  func lock(until deadline: ContinuousClock.Instant, for operation: String) throws(LMDBError) -> Bool {
    var pause = Duration.milliseconds(1)
    while true {
      do throws(LMDBError) {
        _ = try attempt(operation, descriptor.path) { flock(descriptor.rawValue, LOCK_EX | LOCK_NB) }
        return true
      } catch  where error.code == .system(.wouldBlock) {
        let left = ContinuousClock.now.duration(to: deadline)
        if left <= .zero { return false }
        sleep(for: min(pause, left))
        pause = min(pause * 2, .milliseconds(10))
      }
    }
  }

  /// Unlocks rather than only closing the file: a child that was forked meanwhile shares the lock.
  func unlock() { flock(descriptor.rawValue, LOCK_UN) }

  /// Writes the process's number into the file, for those who wait.
  func nameHolder(for operation: String) throws(LMDBError) {
    try descriptor.replaceContents(operation, with: "\(currentProcess())\n")
  }

  /// Takes the process's number out again. Best effort: a number left behind is only read while the lock is held.
  func forgetHolder() {
    try? descriptor.replaceContents("release", with: "")
  }

  /// The process that has the lock, as far as the file tells.
  var holder: Int32? {
    guard let bytes = try? descriptor.read("read", byteCount: 16, at: 0) else { return nil }
    return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
