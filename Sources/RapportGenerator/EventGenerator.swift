/// A deterministic stream of plausible events: customers register, search, order, wait, complain, are helped, answer
/// surveys, and a firm around them promises, sends and measures.
///
/// ```swift
/// var generator = EventGenerator(.init(events: 1_000_000, customers: 20_000, seed: 7, from: 20_089, days: 365))
/// var buffer: [UInt8] = []
/// while generator.next(into: &buffer, atMost: 1 << 18) {
///   try output.write(buffer)
///   buffer.removeAll(keepingCapacity: true)
/// }
/// ```
///
/// What it guarantees:
///
/// - **Exactly** `events` lines, each a CloudEvents object that the ledger accepts, each with an id of its own.
/// - **The same bytes** for the same configuration on every machine and for every size of chunk: integers only, a
///   generator of its own, no hashing, no clock.
/// - **Order**: `time` does not decrease from line to line, but for about 2 % of the events, which arrive late by up to
///   three days, as events do. All times lie within `days` days from midnight (UTC) of day `from`.
/// - **Consistency**: what ships was placed, what is resolved was opened, whoever acts has registered (in `time`).
///   At the end of the stream some stories are simply not over.
/// - **Memory** for what is in flight, one byte per customer, and four bytes per hour of `days` (of a dense stream: per 28 s).
///
/// The stream is not a model of any market: do not draw conclusions from its numbers.
public struct EventGenerator: ~Copyable {
  public struct Configuration: Sendable, Equatable {
    /// The number of lines.
    public var events: Int
    /// The number of customers who may appear, 1 … 2³¹ − 1. The rare ones appear only if there are events enough.
    public var customers: Int
    public var seed: UInt64
    /// The first day, in days since 1970-01-01 (UTC). See `day(year:month:day:)`.
    public var from: Int
    /// How many days the events are spread over, 1 … 36,525.
    public var days: Int
    /// The `source` of all events: a URI reference of 1 … 255 bytes without control characters.
    public var source: String
    /// Adds merged and unmerged customers, corrections and retractions.
    public var identityAndCorrections: Bool

    public init(
      events: Int, customers: Int, seed: UInt64, from: Int, days: Int, source: String = "/demo",
      identityAndCorrections: Bool = false
    ) {
      self.events = events
      self.customers = customers
      self.seed = seed
      self.from = from
      self.days = days
      self.source = source
      self.identityAndCorrections = identityAndCorrections
    }

    /// The days from 1970-01-01 to a date of the Gregorian calendar, for `from`.
    public static func day(year: Int, month: Int, day: Int) -> Int {
      let marchYear = month <= 2 ? year - 1 : year
      let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
      let yearOfEra = marchYear - era * 400
      let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
      return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
  }

  private var storyteller: Storyteller

  /// Starts a stream.
  ///
  /// A configuration outside its documented ranges is a programmer's error and traps; check user input before. Days
  /// must lie within 1678-01-01 … 2261-12-31, the range of the ledger.
  public init(_ configuration: Configuration) {
    precondition(configuration.events >= 0, "events must not be negative")
    precondition((1...Int(Int32.max)).contains(configuration.customers), "customers must be 1 … 2³¹ − 1")
    precondition((1...36_525).contains(configuration.days), "days must be 1 … 36,525")
    let first = Configuration.day(year: 1678, month: 1, day: 1)
    let last = Configuration.day(year: 2262, month: 1, day: 1)
    precondition(configuration.from >= first, "from must not be before 1678")
    precondition(configuration.from + configuration.days <= last, "the stream must end before 2262")
    let source = configuration.source.utf8
    precondition((1...255).contains(source.count), "source must have 1 … 255 bytes")
    precondition(source.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "source must not contain control characters")
    storyteller = Storyteller(configuration)
  }

  /// Events handed out so far, and perhaps one that is held back for the next call.
  public var eventsTold: Int { storyteller.told }

  /// Appends whole lines to `buffer`, as many as fit into `bytes` bytes, but at least one as long as there are any.
  ///
  /// The concatenation of all chunks is the same for all sizes. Chunks of 64 KiB and more are fastest.
  ///
  /// - Returns: whether anything was appended; false means that the stream is over.
  public mutating func next(into buffer: inout [UInt8], atMost bytes: Int) -> Bool {
    var appended = 0
    while true {
      // A line that did not fit into the last chunk is still there, and goes first.
      let mark = storyteller.line.count
      let isLine = storyteller.tell()
      if isLine && appended + mark > 0 && appended + storyteller.line.count > bytes {
        hand(mark, to: &buffer)
        return true
      }
      if !isLine || storyteller.line.count >= LineWriter.bytesMax {
        appended += storyteller.line.count
        hand(storyteller.line.count, to: &buffer)
      }
      if !isLine { return appended > 0 }
    }
  }

  private mutating func hand(_ count: Int, to buffer: inout [UInt8]) {
    buffer.append(contentsOf: storyteller.line.bytes[..<count])
    storyteller.line.removeFirst(count)
  }

  /// All lines of a stream at once: for tests and small demonstrations.
  public static func lines(_ configuration: Configuration) -> [UInt8] {
    var generator = EventGenerator(configuration)
    var all: [UInt8] = []
    while generator.next(into: &all, atMost: 1 << 20) {}
    return all
  }
}
