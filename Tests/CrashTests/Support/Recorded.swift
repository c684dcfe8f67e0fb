import Foundation
import RapportLedger

/// A stream on its way through `rapport ingest`, with everything that reached the disk.
struct Recorded: Sendable {
  let stream: Stream
  let trace: Trace
  /// Calls of the trace before the program was run again.
  private(set) var callsBefore = 0
  /// What the disk held before.
  let before: SimulatedDisk

  /// - Parameters:
  ///   - pieces: lines that are sent at once; the next are sent when these were acknowledged. The last again and again.
  ///   - height: nil begins without a ledger; else an empty one is there, with segments of 2^height events.
  ///   - failing: the number, from 1, of a call that fails with EIO; then the program is run once more.
  init(_ stream: Stream, pieces: [Int], height: Int?, failing call: Int? = nil) throws {
    self.stream = stream
    let scratch = try Scratch()
    let elsewhere = try Scratch()
    if let height { _ = try Ledger(at: scratch.ledger, for: .writing, height: height) }
    before = try SimulatedDisk(scratch.path)
    let trace = elsewhere.path + "/trace"
    let recording = Injector.recording(scratch.path, to: trace)
    func run(_ environment: [String: String]) throws -> Child.End {
      let child = try Child(
        ["ingest", "--ack", "--quiet", "--linger", "1ms", "--ledger", scratch.ledger], environment: environment)
      try child.feed(stream, pieces: pieces)
      return child.wait()
    }
    if let call {
      let failing = Injector.failing(scratch.path, call: call, .inputOutput, log: elsewhere.path + "/log")
      let end = try run(recording.merging(failing) { $1 })
      guard end == .exited(74) else { throw Unexpected("call \(call) failed, and the program ended with \(end)") }
      callsBefore = try Trace(readingFrom: trace).calls.count
    }
    let end = try run(recording)
    guard end == .exited(65) else { throw Unexpected("a run without faults ended with \(end)") }
    self.trace = try Trace(readingFrom: trace)
  }
}

extension Child {
  /// Sends a stream piece by piece, each when the one before was acknowledged, and ends the input.
  ///
  /// - Parameters:
  ///   - pieces: lines in a piece, the last number again and again.
  ///   - isHopeless: whether no more acknowledgements will come although it goes on.
  /// - Returns: the last acknowledgement; less than all if the child ended before.
  @discardableResult
  func feed(
    _ stream: Stream, pieces: [Int], unless isHopeless: () -> Bool = { false }
  ) throws -> Acknowledgement? {
    var last = try feed(stream, from: 0, to: stream.lines.count, pieces: pieces, unless: isHopeless)
    closeInput()
    for line in remainingLines() { last = try acknowledgement(line) }
    return last
  }

  /// The same for a part of a stream, with more to come.
  @discardableResult
  func feed(
    _ stream: Stream, from start: Int, to end: Int, pieces: [Int], unless isHopeless: () -> Bool = { false }
  ) throws -> Acknowledgement? {
    var (sent, piece) = (start, 0)
    var last: Acknowledgement?
    while sent < end {
      let next = min(end, sent + pieces[min(piece, pieces.count - 1)])
      guard send(stream.bytes(sent..<next)) else { return last }
      linesSent += next - sent
      (sent, piece) = (next, piece + 1)
      while (last?.line ?? 0) < linesSent {
        guard let line = nextLine(unless: isHopeless) else { return last }
        last = try acknowledgement(line)
      }
    }
    return last
  }

  private func acknowledgement(_ line: String) throws -> Acknowledgement {
    guard let found = Acknowledgement(line) else { throw Unexpected("said: \(line)") }
    return found
  }
}
