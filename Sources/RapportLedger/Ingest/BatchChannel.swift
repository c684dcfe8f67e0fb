/// A batch on its way between the threads.
final class BatchBox: @unchecked Sendable {
  // Owned by one thread at a time: the channel hands it over.
  var value: EventBatch
  init(seed: UInt64) { value = EventBatch(seed: seed) }
}

/// Where the threads of ingest meet. Between two of them there is room for one batch, and there are no more than three
/// batches altogether, which go round: so none of the threads runs far ahead of the slowest, and memory that was written
/// once is written again.
final class BatchChannel: @unchecked Sendable {
  /// What a batch has behind it when it is handed on.
  enum Stage: Int { case parsed, sealed }

  private let segmentEvents: Int
  private let seed: UInt64
  private let lock = Lock()
  /// By stage: the batch that waits there.
  private var waiting: [BatchBox?] = [nil, nil]
  /// By stage: nothing more will come.
  private var isFinished = [false, false]
  /// Written batches: their memory is used again.
  private var spares: [BatchBox] = []
  /// Batches that were made so far.
  private var made = 0
  /// The last position that is recorded, and the events on their way to it.
  private var position: UInt64 = 0
  private var underway = 0
  private var isFailed = false

  /// One that is parsed and two that are sealed, recorded or waiting.
  private static let batchesMax = 3

  /// - Parameter seed: the ledger's.
  init(segmentEvents: Int, seed: UInt64) {
    self.segmentEvents = segmentEvents
    self.seed = seed
  }

  /// Says where the log ends before the first batch.
  func begin(at position: UInt64) { lock.withLock { self.position = position } }

  /// How many events the next batch should have: as many as the unfinished segment lacks once all before them are
  /// recorded.
  var room: Int {
    lock.withLock { segmentEvents - Int((position + UInt64(underway)) % UInt64(segmentEvents)) }
  }

  /// An empty batch to begin with.
  func first() -> BatchBox { lock.withLock { takeSpare() } }

  /// Hands a parsed batch on and takes an empty one in its place.
  ///
  /// - Returns: nil if the place is taken, or no batch empty, and `waiting` is false; or if a thread has failed.
  func exchange(_ box: BatchBox, waiting isWaiting: Bool) -> BatchBox? {
    lock.withLock {
      while !canExchange, !isFailed {
        if !isWaiting { return nil }
        lock.wait()
      }
      if isFailed { return nil }
      put(box, .parsed)
      return takeSpare()
    }
  }

  private var canExchange: Bool {
    waiting[Stage.parsed.rawValue] == nil && (!spares.isEmpty || made < Self.batchesMax)
  }

  private func takeSpare() -> BatchBox {
    if let spare = spares.popLast() { return spare }
    made += 1
    return BatchBox(seed: seed)
  }

  /// Hands a batch on as soon as the place is free; to no avail if a thread has failed.
  func send(_ box: BatchBox, _ stage: Stage) {
    lock.withLock {
      while waiting[stage.rawValue] != nil, !isFailed { lock.wait() }
      if isFailed { return }
      put(box, stage)
    }
  }

  private func put(_ box: BatchBox, _ stage: Stage) {
    waiting[stage.rawValue] = box
    if stage == .parsed { underway += box.value.count }
    lock.wakeAll()
  }

  /// The next batch; nil when there will be none, be it that a thread has failed.
  func receive(_ stage: Stage) -> BatchBox? {
    lock.withLock {
      while waiting[stage.rawValue] == nil, !isFinished[stage.rawValue], !isFailed { lock.wait() }
      defer {
        waiting[stage.rawValue] = nil
        lock.wakeAll()
      }
      return waiting[stage.rawValue]
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
      lock.wakeAll()
    }
  }

  /// Says that nothing more will be sent at a stage.
  func finish(_ stage: Stage) {
    lock.withLock {
      isFinished[stage.rawValue] = true
      lock.wakeAll()
    }
  }

  /// Lets nobody wait any more, neither for a batch nor for a place.
  func fail() {
    lock.withLock {
      isFailed = true
      lock.wakeAll()
    }
  }

  var hasFailed: Bool { lock.withLock { isFailed } }
}
