import LMDB
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct TurnLockTests {
  private let directory = TemporaryDirectory()

  @Test func aTurnIsFreeAgainOnceItIsReleased() throws {
    let turns = TurnLock(in: directory.path)
    for _ in 0..<3 { try turns.acquire(waitingAtMost: .zero).release() }
    do { _ = try turns.acquire(waitingAtMost: .zero) }
    #expect(failure { () throws(LMDBError) in try turns.acquire(waitingAtMost: .zero).release() } == nil)
  }

  @Test func waitingTimesOutAndNamesTheHolder() throws {
    let turn = try TurnLock(in: directory.path).acquire(waitingAtMost: .zero)
    var error: LMDBError?
    let waited = ContinuousClock().measure {
      error = failure { () throws(LMDBError) in
        try TurnLock(in: directory.path).acquire(waitingAtMost: .milliseconds(50)).release()
      }
    }
    turn.release()
    #expect(error?.code == .lockTimedOut(holder: getpid()))
    #expect(error?.description.contains("process \(getpid())") == true)
    #expect(waited >= .milliseconds(50))
  }

  @Test func theLockFilesArePrivate() throws {
    try TurnLock(in: directory.path).acquire(waitingAtMost: .zero).release()
    #expect(permissions(directory.path + "/turn.lock") == 0o600)
    #expect(permissions(directory.path + "/writer.lock") == 0o600)
  }

  @Test func aLockFileThatIsASymbolicLinkIsRefused() {
    unsafe symlink("/tmp/elsewhere", directory.path + "/writer.lock")
    let error = failure { () throws(LMDBError) in
      try TurnLock(in: directory.path).acquire(waitingAtMost: .zero).release()
    }
    #expect(error != nil)
    #expect(unsafe access("/tmp/elsewhere", F_OK) == -1)
  }

  @Test func threadsNeverHoldTheTurnTogether() async throws {
    let holders = Holders()
    try await withThrowingTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { [directory] in
          for _ in 0..<10 {
            let turn = try TurnLock(in: directory.path).acquire(waitingAtMost: .seconds(30))
            holders.counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) }
            holders.counts.withLock { $0.now -= 1 }
            turn.release()
          }
        }
      }
      try await group.waitForAll()
    }
    let counts = holders.counts.withLock { $0 }
    #expect(counts == (now: 0, most: 1, total: 40))
  }

  /// One that takes the turn again the moment it lets go must not keep a waiting one out.
  @Test func aBusyHolderCannotStarveAWaitingOne() async throws {
    let waiting = Waiting()
    let deadline = ContinuousClock.now + .seconds(20)
    try await withThrowingTaskGroup { group in
      group.addTask { [directory] in
        while !waiting.isServed.load(ordering: .relaxed), ContinuousClock.now < deadline {
          let turn = try TurnLock(in: directory.path).acquire(waitingAtMost: .seconds(20))
          usleep(3_000)
          turn.release()
        }
      }
      group.addTask { [directory] in
        usleep(20_000)
        try TurnLock(in: directory.path).acquire(waitingAtMost: .seconds(5)).release()
        waiting.isServed.store(true, ordering: .relaxed)
      }
      try await group.waitForAll()
    }
    let served = waiting.isServed.load(ordering: .relaxed)
    #expect(served)
  }

  private final class Holders: Sendable {
    let counts = Mutex((now: 0, most: 0, total: 0))
  }

  private final class Waiting: Sendable {
    let isServed = Atomic(false)
  }
}
