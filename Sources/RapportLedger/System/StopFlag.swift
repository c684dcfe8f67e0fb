import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Says once to a thread that it is to end, and wakes it where it waits. Safe from any thread, also in a signal handler.
final class StopFlag: Sendable {
  private let isSet = Atomic<Bool>(false)
  /// Can be read from once the flag is raised: for `poll`.
  let descriptor: Int32
  private let waker: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    (descriptor, waker) = (ends[0], ends[1])
  }

  deinit {
    close(descriptor)
    close(waker)
  }

  var isRaised: Bool { isSet.load(ordering: .acquiring) }

  func raise() {
    isSet.store(true, ordering: .releasing)
    var byte: UInt8 = 1
    _ = write(waker, &byte, 1)
  }

  /// Waits until the flag is raised.
  ///
  /// - Returns: whether it is; false when the time has passed.
  func wait(atMost duration: Duration) -> Bool {
    let end = Clock.monotonic + duration.nanoseconds
    while !isRaised {
      let left = end - Clock.monotonic
      if left <= 0 { return false }
      var descriptors = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&descriptors, 1, Int32(clamping: left / 1_000_000 + 1))
    }
    return true
  }
}
