import RapportLedger
import Synchronization

/// Acknowledgements on standard output, each at once.
///
/// When one cannot be written there are no more, for half a line followed by another would be a lie. If nobody reads them
/// any more, recording goes on; that is what the events were sent for. If they could not be written for another reason,
/// ingest ends as it ends on a signal: a sender that waits for acknowledgements would wait for ever, and learns by its
/// pipe that it must begin anew.
///
/// A reader that has them open and does not read holds recording up, as a slow disk does; a signal ends that, too.
final class Acknowledgements: Sendable {
  /// Tenths of a second: how long recording stands still before that is said, and how long the end waits for a reader.
  private static let patience = 50

  private let failure = Mutex<(any Error)?>(nil)
  private let ingestor = Mutex<Ingestor?>(nil)
  private let onStandstill: @Sendable () -> Void

  /// - Parameter onStandstill: is called when recording waits for the reader.
  init(onStandstill: @escaping @Sendable () -> Void) { self.onStandstill = onStandstill }

  /// Says what is to end when there are no more acknowledgements.
  func attach(_ ingestor: Ingestor) { self.ingestor.withLock { $0 = ingestor } }

  func write(_ progress: IngestProgress) {
    failure.withLock { failure in
      guard failure == nil else { return }
      do {
        try waitForReader()
        try Output.writeNow(Array("{\"position\":\(progress.position),\"line\":\(progress.line)}\n".utf8))
      } catch {
        failure = error
        if !(error is ClosedPipe) { ingestor.withLock { $0 }?.stop() }
      }
    }
  }

  /// - Throws: why there were no more acknowledgements.
  func check() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func waitForReader() throws {
    var (waited, ending) = (0, 0)
    while !Output.canTakeMore(within: 100) {
      waited += 1
      if waited == Self.patience { onStandstill() }
      if ingestor.withLock({ $0?.isStopping }) == true { ending += 1 }
      if ending == Self.patience {
        throw Failure(
          .inputOutput,
          "standard output: nobody reads the acknowledgements; what was read is recorded, and can be sent again")
      }
    }
  }
}
