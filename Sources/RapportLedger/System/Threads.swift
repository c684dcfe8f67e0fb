import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

enum Threads {
  /// Processors that this process may use.
  static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Lets this thread have what the others leave over, where priorities are a thread's.
  static func yieldToOthers() {
    #if os(Linux)
      let thisThread: UInt32 = 0
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), thisThread, 19)
    #endif
  }
}

/// Lets threads share what outlives them.
struct SharedPointer<T: ~Copyable>: @unchecked Sendable {
  let pointer: UnsafePointer<T>
}

/// Runs `body` on several threads and waits for all of them; one thread is the caller's.
func parallel(_ threads: Int, _ body: @Sendable (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var handles: [pthread_t] = []
    for index in 1..<max(threads, 1) {
      let context = Unmanaged.passRetained(ThreadBody { body(index) })
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil,
        { context in
          Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
          return nil
        }, context.toOpaque())
      if status == 0 {
        handles.append(handle)
      } else {
        // Too few threads only make it slower.
        context.takeRetainedValue().run()
      }
    }
    body(0)
    for handle in handles { pthread_join(handle, nil) }
  }
}

/// Calls `body` with 0 ..< count on several threads.
///
/// - Returns: what it returned, in that order.
/// - Throws: the first error in that order.
func mapInParallel<R, E: Error>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) throws(E) -> R
) throws(E) -> [R] {
  // Each is written by one thread, and read when all have ended.
  let results = SharedResults<R, E>(start: .allocate(capacity: count))
  results.start.initialize(repeating: nil, count: count)
  defer {
    results.start.deinitialize(count: count)
    results.start.deallocate()
  }
  let next = Atomic<Int>(0)
  parallel(min(threads, count)) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      do throws(E) { results.start[index] = .success(try body(index)) } catch { results.start[index] = .failure(error) }
    }
  }
  var list: [R] = []
  for index in 0..<count { list.append(try results.start[index]!.get()) }
  return list
}

/// Calls `body` with stretches of 0 ..< count on all processors: as many as are worth a thread.
///
/// - Parameter atLeast: fewer than this a thread has done in the time that it takes to begin.
/// - Returns: what it returned, in that order; one at least.
func mapStretches<R, E: Error>(
  of count: Int, atLeast: Int, _ body: @Sendable (Range<Int>) throws(E) -> R
) throws(E) -> [R] {
  let stretches = max(1, min(Threads.processors, count / atLeast))
  return try mapInParallel(stretches, threads: stretches) { stretch throws(E) in
    try body(count * stretch / stretches..<count * (stretch + 1) / stretches)
  }
}

private struct SharedResults<R, E: Error>: @unchecked Sendable {
  let start: UnsafeMutablePointer<Result<R, E>?>
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
