import Foundation
import Synchronization

@testable import RapportLedger

/// A pipe that ends are closed of by hand.
final class TestPipe: Sendable {
  let read: Int32
  private let write: Mutex<Int32>

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "a pipe")
    read = ends[0]
    write = Mutex(ends[1])
  }

  deinit {
    closeWriting()
    close(read)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    let end = write.withLock { $0 }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Foundation.write(end, $0.baseAddress! + sent, bytes.count - sent) }
      precondition(count > 0, "the reader is gone")
      sent += count
    }
  }

  func closeWriting() {
    write.withLock { end in
      if end >= 0 { close(end) }
      end = -1
    }
  }
}

/// What ``LineReader`` makes of bytes that arrive in pieces of one size and are parsed so many lines at once.
struct Pieces {
  var lineCount = 0
  var blankCount = 0
  /// The accepted events as they stood in the input, with their lines and offsets.
  var events: [String] = []
  /// Line, index, offset and field of each reject.
  var rejects: [String] = []
  var lastLine: UInt64 = 0
  var inputBytes: UInt64 = 0

  init(_ bytes: [UInt8], size: Int, limit: Int = .max, rules: IngestRules = IngestRules()) throws {
    let pipe = TestPipe()
    var reader = LineReader(maxLineBytes: rules.maxLineBytes)
    var parser = EventParser(seed: 1, rules: rules)
    let box = BatchBox(seed: 1)
    var start = 0
    while start < bytes.count {
      let end = min(start + size, bytes.count)
      pipe.send(Array(bytes[start..<end]))
      _ = try reader.fill(from: pipe.read)
      while reader.parse(&parser, into: &box.value, atMost: limit) {}
      start = end
    }
    _ = reader.finish(&parser, into: &box.value)
    lineCount = box.value.lineCount
    blankCount = box.value.blankCount
    for index in 0..<box.value.count {
      let origin = box.value.origins[index]
      events.append("\(origin.line)/\(origin.offset): " + String(decoding: box.value.text(index), as: UTF8.self))
    }
    rejects = box.value.rejects.sorted { ($0.line, $0.index ?? -1) < ($1.line, $1.index ?? -1) }.map {
      "\($0.line)[\($0.index ?? -1)]/\($0.offset): \($0.rejection.field ?? "–")"
    }
    lastLine = box.value.lastLine
    inputBytes = box.value.inputBytes
  }

  var summary: [String] {
    ["lines \(lineCount), blank \(blankCount), last \(lastLine), bytes \(inputBytes)"] + events + ["rejects"] + rejects
  }
}

/// Ingests from a pipe on a thread of its own.
final class Ingestion: Sendable {
  let pipe = TestPipe()
  let ingestor: Ingestor
  private let outcome = Mutex<Result<IngestSummary, any Error>?>(nil)
  private let finished = DispatchSemaphore(value: 0)

  init(_ ledger: Ledger, options: IngestOptions = IngestOptions()) {
    let shared = SharedProgress()
    var options = options
    let given = options.onCommit
    options.onCommit = {
      shared.add($0)
      given?($0)
    }
    self.shared = shared
    ingestor = Ingestor(ledger, input: pipe.read, options: options)
    Thread.detachNewThread { [self] in
      let result = Result { try ingestor.run() }
      outcome.withLock { $0 = result }
      finished.signal()
    }
  }

  private let shared: SharedProgress
  var commits: [IngestProgress] { shared.all }

  /// Waits for a commit that acknowledges a line.
  func wait(forLine line: UInt64, seconds: Double = 10) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while Date() < deadline {
      if commits.contains(where: { $0.line >= line }) { return true }
      usleep(1000)
    }
    return false
  }

  /// Waits for the end of the run.
  func finish() throws -> IngestSummary {
    pipe.closeWriting()
    return try result()
  }

  func stop() throws -> IngestSummary {
    ingestor.stop()
    return try result()
  }

  /// Waits for the end of the run, with the input left as it is.
  func result() throws -> IngestSummary {
    finished.wait()
    return try outcome.withLock { $0! }.get()
  }
}

private final class SharedProgress: Sendable {
  private let list = Mutex<[IngestProgress]>([])
  func add(_ progress: IngestProgress) { list.withLock { $0.append(progress) } }
  var all: [IngestProgress] { list.withLock { $0 } }
}

/// A path of its own that is emptied when nobody needs it any more.
final class TemporaryPath: Sendable {
  let path = NSTemporaryDirectory() + "rapport-test-\(UUID().uuidString)"
  deinit { try? FileManager.default.removeItem(atPath: path) }
}
