#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What happens when the processor or LMDB stops the program.
///
/// LMDB trusts the pages of its file and maps them: a damaged one can be a SIGSEGV, a SIGBUS, or an assertion of LMDB
/// and so a SIGABRT; where checksums were forged, a broken invariant of ours traps. Commands then say so and end like
/// for any other damage. What was committed stays: LMDB's locks survive the end of a process.
enum Faults {
  private static let signals = [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP]

  static func install() {
    // A parent that blocks signals hands that on.
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in signals { sigaddset(&unblocked, number) }
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    for number in signals {
      signal(number) { _ in
        // Only what is safe in a signal handler: no allocation, no lock, no Swift runtime.
        let text: StaticString =
          "rapport: reading the ledger failed, its file may be damaged: run `rapport verify`, which names the place\n"
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
        _exit(4)
      }
    }
  }

  /// Lets the signals end the process again: for a child whose parent wants to know which it was.
  static func remove() {
    for number in signals { signal(number, SIG_DFL) }
  }
}
