import LMDB

/// The environments of stored states that this process has open: a process may open a directory only once, but several
/// threads may answer at the same time.
///
/// Many read or one writes; who comes too early waits.
enum SharedEnvironment {
  private struct Use {
    /// Nil while somebody writes.
    var environment: Environment?
    var readers = 0
  }

  private static let lock = Lock()
  /// By path; only touched under the lock.
  private nonisolated(unsafe) static var uses: [String: Use] = [:]

  /// Opens the environment for reading unless it is open, and closes it when nobody reads any more.
  static func reading<R>(_ path: String, _ body: (Environment) throws(LMDBError) -> R) throws(LMDBError) -> R {
    try lock.withLock { () throws(LMDBError) in
      while let use = uses[path], use.environment == nil { lock.wait() }
      if uses[path] == nil {
        uses[path] = Use(environment: try Environment(at: path, options: .init(access: .readOnly)))
      }
      uses[path]!.readers += 1
    }
    defer {
      lock.withLock {
        uses[path]!.readers -= 1
        if uses[path]!.readers == 0 { uses[path] = nil }
        lock.wakeAll()
      }
    }
    return try read(path, body)
  }

  /// In a frame of its own, so that its reference is gone before the last reader closes the environment.
  @inline(never)
  private static func read<R>(_ path: String, _ body: (Environment) throws(LMDBError) -> R) throws(LMDBError) -> R {
    let environment = lock.withLock { uses[path]!.environment! }
    return try body(environment)
  }

  /// Opens the environment for writing, when nobody reads it.
  static func writing<R>(_ path: String, _ body: (Environment) throws(LMDBError) -> R) throws(LMDBError) -> R {
    lock.withLock {
      while uses[path] != nil { lock.wait() }
      uses[path] = Use()
    }
    defer {
      lock.withLock {
        uses[path] = nil
        lock.wakeAll()
      }
    }
    return try write(path, body)
  }

  @inline(never)
  private static func write<R>(_ path: String, _ body: (Environment) throws(LMDBError) -> R) throws(LMDBError) -> R {
    try body(try Environment(at: path, options: .init(access: .readWrite)))
  }
}
