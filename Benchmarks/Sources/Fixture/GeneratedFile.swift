import RapportGenerator
public import RapportLedger

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of generated events, the same on every machine, and what can be done with it.
public final class GeneratedFile: Sendable {
  public let events: Int
  private let path = Folder.newPath()

  public init(events: Int, customers: Int) {
    self.events = events
    let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    precondition(file >= 0, "the file of generated events can be written")
    defer { close(file) }
    var generator = EventGenerator(
      .init(
        events: events, customers: customers, seed: 1,
        from: EventGenerator.Configuration.day(year: 2025, month: 1, day: 1), days: 365))
    var buffer: [UInt8] = []
    while generator.next(into: &buffer, atMost: 1 << 20) {
      precondition(write(file, buffer, buffer.count) == buffer.count, "room for \(events) generated events in /tmp")
      buffer.removeAll(keepingCapacity: true)
    }
  }

  /// Calls `body` with a descriptor at the beginning of the file.
  public func withInput<R>(_ body: (Int32) throws -> R) rethrows -> R {
    let file = open(path, O_RDONLY)
    precondition(file >= 0, "the file of generated events can be read")
    defer { close(file) }
    return try body(file)
  }

  /// A new ledger of these events.
  ///
  /// - Parameter memory: ``IngestOptions/memory``.
  public func ingest(memory: Int = 2 << 30) throws -> (ledger: Ledger, path: String) {
    let path = Folder.newPath()
    let ledger = try Ledger(at: path, for: .writing)
    var options = IngestOptions()
    options.memory = memory
    // Batches close when they are full: so that there are as many on a slow machine.
    options.linger = .seconds(60)
    let summary = try withInput { try Ingestor(ledger, input: $0, options: options).run() }
    precondition(summary.accepted == events, "every generated event is recorded")
    return (ledger, path)
  }
}
