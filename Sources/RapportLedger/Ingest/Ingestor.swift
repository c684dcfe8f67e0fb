import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How ingest reads, waits and reports.
public struct IngestOptions: Sendable {
  public var rules = IngestRules()
  /// How long the first waiting event waits for others before it is committed.
  public var linger: Duration = .milliseconds(20)
  /// How long to wait for another writer.
  public var patience: Duration = .seconds(10)
  /// Bytes of memory to stay within, at least ``memoryMin``.
  ///
  /// An eighth of them and 176 MiB are for what is being recorded, a segment and keys. The others hold what is known of
  /// ids – fingerprints of events, customers – which goes to files in the ledger beyond that.
  public var memory = 2 << 30
  /// With less than this, ingest takes more than it is given.
  public static let memoryMin = 256 << 20
  /// Where refused lines go; nil is `rejects.ndjson` in the ledger.
  public var rejectsPath: String?
  /// False leaves the text of refused lines out of the rejects file.
  public var keepsRejectedText = true
  /// Called by the writer's thread when the acknowledged line has moved: everything up to it is durable.
  public var onCommit: (@Sendable (IngestProgress) -> Void)?
  /// Called by the reader's thread with the number of a line that ended with the input, without a line end.
  public var onUnterminatedLine: (@Sendable (UInt64, UnterminatedLine) -> Void)?
  /// Called when the input has ended: true to go on, where the descriptor now is of an input that others may write to.
  public var onInputEnd: (@Sendable () throws -> Bool)?

  public init() {}

  var memoryForIDs: Int { max(memory / 8 * 7 - (176 << 20), 1 << 20) }
}

/// What became of a line that has no line end.
public enum UnterminatedLine: Sendable, Equatable {
  case taken, refused
  /// Reading was ended within it, after so many of its bytes.
  case left(bytes: Int)
}

/// Where ingest stands.
public struct IngestProgress: Sendable {
  /// The last position of the log.
  public var position: UInt64
  /// Everything up to this input line is durable, or refused and in the rejects file.
  public var line: UInt64
  public var counts: IngestSummary
  /// Bytes of input up to that line.
  public var inputBytes: UInt64
}

/// What became of the input. `lines` = `accepted` + `duplicates` + `rejected` + `blank`; conflicts are part of rejected.
public struct IngestSummary: Sendable, Equatable {
  public var lines = 0
  public var accepted = 0
  public var duplicates = 0
  public var conflicts = 0
  public var rejected = 0
  public var blank = 0
  public var position: UInt64 = 0
  public var seconds = 0.0

  public init() {}

  public var json: JSONValue {
    .members([
      "lines": .int(lines), "accepted": .int(accepted), "duplicates": .int(duplicates), "conflicts": .int(conflicts),
      "rejected": .int(rejected), "blank": .int(blank), "position": .int(Int(position)), "seconds": .number(seconds),
      "events_per_second": seconds > 0 ? .int(Int(Double(lines) / seconds)) : .int(0),
    ])
  }
}

/// Reads events from a descriptor and records them: a pipeline of three threads.
///
/// The caller's thread reads and parses, a second one seals, a third de-duplicates, packs and commits: three, so that two
/// processors have work while one thread waits for the disk. They meet in a channel that holds one batch between two of
/// them, so a slow disk stops the reading and the sender feels it in its pipe. A trickle is committed when
/// its first event has waited for the linger; a flood, of which a thirty-second of a segment or more comes in that time,
/// fills whole segments as long as its input does not run dry.
public final class Ingestor: Sendable {
  private let ledger: Ledger
  private let input: Int32
  private let options: IngestOptions
  private let stopping = StopFlag()
  private let wantsNewRejects = Atomic<Bool>(false)

  /// - Parameter input: an open descriptor; the ingestor does not close it.
  public init(_ ledger: Ledger, input: Int32, options: IngestOptions = IngestOptions()) {
    self.ledger = ledger
    self.input = input
    self.options = options
  }

  /// Ends the reading: what was read as whole lines is committed, then ``run()`` returns. Safe from any thread.
  public func stop() { stopping.raise() }

  /// Whether ``stop()`` was called.
  public var isStopping: Bool { stopping.isRaised }

  /// Opens the rejects file anew before the next line is refused: for log rotation.
  public func reopenRejects() { wantsNewRejects.store(true, ordering: .releasing) }

  /// Records until the input ends or ``stop()``.
  ///
  /// - Throws: ``LedgerError``; what was acknowledged before is durable, and the same input can be sent again.
  public func run() throws -> IngestSummary {
    let started = Clock.monotonic
    let recording = Recording(ledger, options: options)
    let channel = BatchChannel(segmentEvents: ledger.segmentEvents, seed: ledger.meta.seed)
    let failure = Mutex<(any Error)?>(nil)
    let reading = Mutex<(any Error)?>(nil)
    let caller = pthread_self()
    parallel(3) { thread in
      do {
        // Where no thread can be made its part is run here, and would wait for ever.
        guard thread == 0 || pthread_equal(pthread_self(), caller) == 0 else {
          throw LedgerError.invalid("no thread can be made for ingest: this process or machine has too many already")
        }
        switch thread {
        case 0:
          do { try read(into: channel) } catch { reading.withLock { $0 = error } }
          channel.finish(.parsed)
        case 1:
          try seal(channel)
          channel.finish(.sealed)
        default: try record(channel, recording)
        }
      } catch {
        failure.withLock { if $0 == nil { $0 = error } }
        channel.fail()
        stop()
      }
    }
    if let error = failure.withLock({ $0 }) ?? reading.withLock({ $0 }) { throw error }
    var summary = recording.summary
    // Others may have recorded since.
    summary.position = try ledger.read { $0.position }
    summary.seconds = Double(Clock.monotonic - started) / 1e9
    return summary
  }

  private func seal(_ channel: BatchChannel) throws {
    var sealer = Sealer(ledger.keyRing)
    while let batch = channel.receive(.parsed) {
      try sealer.seal(&batch.value)
      channel.send(batch, .sealed)
    }
  }

  private func record(_ channel: BatchChannel, _ recording: Recording) throws {
    channel.begin(at: try recording.prepare())
    while let batch = channel.receive(.sealed) {
      if wantsNewRejects.exchange(false, ordering: .acquiring) { recording.reopenRejects() }
      let count = batch.value.count
      try recording.record(batch)
      batch.value.removeAll()
      channel.giveBack(batch, events: count, position: recording.summary.position)
    }
  }

  // MARK: The reading half

  /// Batches close when they hold this many bytes of input. There are three of them.
  private var batchBytesMax: Int { min(max(options.memory / 32, 1 << 20), 64 << 20) }

  /// Few lines are shorter.
  private static let lineBytesUsualMin = 128

  private func read(into channel: BatchChannel) throws {
    let seed = ledger.meta.seed
    var lines = LineReader(maxLineBytes: options.rules.maxLineBytes)
    var parser = EventParser(seed: seed, rules: options.rules)
    var batch = channel.first()
    // However the reading ends: what was read is gone from the pipe.
    defer { if !batch.value.isEmpty { channel.send(batch, .parsed) } }
    // Whole lines were read and not parsed, because the batch before them was full.
    var hasMore = false
    var opened: Int64 = 0
    let linger = options.linger.nanoseconds

    while true {
      let isWaiting = !batch.value.isEmpty
      var timeout: Int32 = -1
      if isWaiting {
        let left = opened + linger - Clock.monotonic
        // A full batch waits for the writer, however long it takes: one that only lingered may go on growing.
        let isFull = batch.value.count >= channel.room || batch.value.byteCount >= batchBytesMax
        if try isFull || (left <= 0 && !(isFlood(batch) && (hasMore || waitForInput(0)))) {
          if let next = channel.exchange(batch, waiting: isFull) {
            batch = next
            parser.beginBatch()
            continue
          }
          if channel.hasFailed { return }
          timeout = 1
        } else {
          timeout = Int32(max(0, left + 999_999) / 1_000_000)
        }
      }
      if !hasMore {
        if stopping.isRaised {
          // Half a line is no bad input: whoever is writing it has the whole.
          if lines.isRestWhole(options.rules, seed: seed) {
            finish(&lines, &parser, into: batch)
          } else if lines.restBytes > 0 {
            options.onUnterminatedLine?(lines.nextLine, .left(bytes: lines.restBytes))
          }
          break
        }
        guard try waitForInput(timeout) else { continue }
        let count = try lines.fill(from: input)
        if count == 0 {
          if batch.value.isEmpty { opened = Clock.monotonic }
          finish(&lines, &parser, into: batch)
          if try options.onInputEnd?() == true { continue }
          break
        }
      }
      if batch.value.isEmpty { opened = Clock.monotonic }
      let room = max(1, channel.room - batch.value.count)
      if isFlood(batch) { batch.value.reserve(min(batch.value.count + room, batchBytesMax / Self.lineBytesUsualMin)) }
      hasMore = lines.parse(&parser, into: &batch.value, atMost: room)
    }
  }

  /// Takes what stands behind the last line end as a line.
  private func finish(_ lines: inout LineReader, _ parser: inout EventParser, into batch: BatchBox) {
    let refused = batch.value.rejects.count
    guard let line = lines.finish(&parser, into: &batch.value) else { return }
    options.onUnterminatedLine?(line, batch.value.rejects.count > refused ? .refused : .taken)
  }

  /// So much has come within the linger that it pays to fill a whole segment before it is committed. What is read at once
  /// (``LineReader/readBytes``) is as much, in lines of up to 500 bytes.
  private func isFlood(_ batch: BatchBox) -> Bool { batch.value.count >= ledger.segmentEvents / 32 }

  /// - Returns: whether there is something to read.
  private func waitForInput(_ timeout: Int32) throws -> Bool {
    var descriptors = [
      pollfd(fd: input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    let ready = poll(&descriptors, 2, timeout)
    if ready < 0, errno != EINTR {
      throw LedgerError.inputOutput(path: "standard input", why: String(cString: strerror(errno)))
    }
    return ready > 0 && descriptors[0].revents != 0
  }
}

extension Duration {
  var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
