/// A batch on its way between the threads.
final class BatchBox: @unchecked Sendable {
  // Owned by one thread at a time: the channel hands it over.
  var value: EventBatch
  init(seed: UInt64) { value = EventBatch(seed: seed) }
}

/// Holds one batch: the reading thread is at most one batch ahead of the writing one.
final class BatchChannel: @unchecked Sendable {
  private let segmentEvents: Int
  private let lock = Lock()
  private var batch: BatchBox?
  /// Written batches: their memory is used again.
  private var spares: [BatchBox] = []
  /// The last position that is recorded, and the events on their way to it.
  private var position: UInt64 = 0
  private var underway = 0
  private var isFinished = false
  private var isFailed = false

  init(segmentEvents: Int) { self.segmentEvents = segmentEvents }

  /// Says where the log ends before the first batch.
  func begin(at position: UInt64) { lock.withLock { self.position = position } }

  /// How many events the next batch should have: as many as the unfinished segment lacks once all before them are
  /// recorded.
  var room: Int {
    lock.withLock { segmentEvents - Int((position + UInt64(underway)) % UInt64(segmentEvents)) }
  }

  /// - Returns: false if the place is taken and `waiting` is false, or if the receiver has failed.
  func send(_ box: BatchBox, waiting: Bool) -> Bool {
    lock.withLock {
      while batch != nil, !isFailed {
        if !waiting { return false }
        lock.wait()
      }
      if isFailed { return false }
      batch = box
      underway += box.value.count
      lock.wakeAll()
      return true
    }
  }

  /// The next batch; nil when there will be none.
  func receive() -> BatchBox? {
    lock.withLock {
      while batch == nil, !isFinished { lock.wait() }
      defer {
        batch = nil
        lock.wakeAll()
      }
      return batch
    }
  }

  /// Returns a batch that was recorded, empty.
  ///
  /// - Parameters:
  ///   - count: the events that it had.
  ///   - position: the last of the log.
  func giveBack(_ box: BatchBox, events count: Int, position: UInt64) {
    lock.withLock {
      spares.append(box)
      underway -= count
      self.position = position
    }
  }

  func takeSpare() -> BatchBox? { lock.withLock { spares.popLast() } }

  func finish() {
    lock.withLock {
      isFinished = true
      lock.wakeAll()
    }
  }

  func fail() {
    lock.withLock {
      isFailed = true
      lock.wakeAll()
    }
  }

  var hasFailed: Bool { lock.withLock { isFailed } }
}
