import LMDB

/// The environments of stored states that this process has open: a process may open a directory only once, but several
/// threads may answer at the same time.
///
/// Many read or one writes; who comes too early waits. Between two questions an environment stays open as long as the
/// ledger that it belongs to does: opening one takes longer than finding what is stored of one customer.
enum SharedEnvironment {
  private struct Use {
    /// Nil while somebody writes.
    var environment: Environment?
    var readers = 0
  }

  private static let lock = Lock()
  /// By path; only touched under the lock.
  private nonisolated(unsafe) static var uses: [String: Use] = [:]
  /// The paths whose ledgers are open; only touched under the lock.
  private nonisolated(unsafe) static var kept: Set<String> = []

  /// Lets an environment that is opened for reading stay open until ``release(_:)``.
  static func keep(_ path: String) { _ = lock.withLock { kept.insert(path) } }

  static func release(_ path: String) {
    lock.withLock {
      kept.remove(path)
      closeUnlessUsed(path)
    }
  }

  private static func closeUnlessUsed(_ path: String) {
    if let use = uses[path], use.environment != nil, use.readers == 0, !kept.contains(path) { uses[path] = nil }
  }

  /// Reads an environment, and opens it unless it is open.
  static func reading<R>(_ path: String, _ body: (Environment) throws(LMDBError) -> R) throws(LMDBError) -> R {
    try lock.withLock { () throws(LMDBError) in
      while let use = uses[path], use.environment == nil { lock.wait() }
      // Its files may be deleted at any time, or others be put in their place.
      if let use = uses[path], use.readers == 0, !use.environment!.isInPlace { uses[path] = nil }
      if uses[path] == nil {
        uses[path] = Use(environment: try open(path, .readOnly))
      }
      uses[path]!.readers += 1
    }
    defer {
      lock.withLock {
        uses[path]!.readers -= 1
        closeUnlessUsed(path)
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
      while let use = uses[path], use.environment == nil || use.readers > 0 { lock.wait() }
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
    try body(try open(path, .readWrite))
  }

  /// Checks all pages before LMDB follows any of them: on one that is not what was written it may go anywhere.
  private static func open(_ path: String, _ access: Environment.Options.Access) throws(LMDBError) -> Environment {
    let environment = try Environment(at: path, options: .init(access: access))
    try environment.checkPages(of: StateStore.databases, for: access)
    return environment
  }
}
