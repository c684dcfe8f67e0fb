/// Events that were parsed and checked and wait for the writer, in order of input.
///
/// Names and customers are numbers of the batch's own tables: the parser needs no lock, and the writer looks each text
/// up once a batch instead of once an event.
struct EventBatch: ~Copyable {
  var facts: [Facts] = []
  var fingerprints: [UInt64] = []
  /// Hashes of the events as sent: equal contents sent alike have equal hashes.
  var contentHashes: [UInt64] = []
  /// Payload records end to end (``PayloadRecord``) and where each ends.
  var payloads: [UInt8] = []
  var payloadEnds: [Int] = []
  /// Events whose payload ends with personal members in plain text, and how many bytes of it are to be sealed
  /// (``Sealer``).
  var unsealed: [(event: UInt32, byteCount: UInt32)] = []
  var lines: [OrderLine] = []
  var lineEnds: [UInt32] = []
  /// In the order of their events.
  var mentions: [Mention] = []
  /// Where each event stood in the input, for the rejects file.
  var origins: [Origin] = []
  /// The text of the events: chunks of input, kept until the batch is written.
  var chunks: [[UInt8]] = []
  /// Memory for the next chunks: the kernel takes longer to give it than we to fill it.
  var spareChunks: [[UInt8]] = []
  var names: TextTable
  var customers: TextTable
  var rejects: [Reject] = []

  /// Elements seen: lines, a batch line counting as its elements.
  var lineCount = 0
  var blankCount = 0
  /// The last input line that this batch covers.
  var lastLine: UInt64 = 0
  /// Bytes of input up to its end.
  var inputBytes: UInt64 = 0

  /// A text that an event brings though no column of its has it – the channel that a correction sets, the id that a
  /// customer is merged into –, so that the log has a number for what becomes of it.
  struct Mention: BitwiseCopyable {
    var event: UInt32
    /// Of the batch's customers, or of its names.
    var number: UInt32
    var isCustomer: Bool
  }

  struct Origin: BitwiseCopyable {
    var line: UInt64
    var offset: UInt64
    var chunk: UInt32
    var start: UInt32
    var end: UInt32
    /// −1: the line is one event.
    var index: Int32
  }

  init(seed: UInt64) {
    names = TextTable(seed: seed)
    customers = TextTable(seed: seed)
  }

  /// Forgets everything but its memory.
  mutating func removeAll() {
    facts.removeAll(keepingCapacity: true)
    fingerprints.removeAll(keepingCapacity: true)
    contentHashes.removeAll(keepingCapacity: true)
    payloads.removeAll(keepingCapacity: true)
    payloadEnds.removeAll(keepingCapacity: true)
    unsealed.removeAll(keepingCapacity: true)
    lines.removeAll(keepingCapacity: true)
    lineEnds.removeAll(keepingCapacity: true)
    mentions.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
    spareChunks += chunks.filter { $0.capacity >= LineReader.readBytes }
    chunks.removeAll(keepingCapacity: true)
    names.removeAll()
    customers.removeAll()
    rejects = []
    (lineCount, blankCount, lastLine, inputBytes) = (0, 0, 0, 0)
  }

  /// Asks for the memory of so many events at once, and for large pages: growing step by step would copy them all and
  /// take the pages one fault at a time. What is not needed is not touched.
  mutating func reserve(_ count: Int) {
    facts.reserveInLargePages(count)
    fingerprints.reserveInLargePages(count)
    contentHashes.reserveInLargePages(count)
    payloads.reserveInLargePages(count * Self.payloadBytesUsual)
    payloadEnds.reserveInLargePages(count)
    lineEnds.reserveInLargePages(count)
    origins.reserveInLargePages(count)
  }

  /// Bytes of a payload record with a few members.
  private static let payloadBytesUsual = 192

  /// Stands for the time of recording, which only the writer knows.
  static let noTime = Int64.min

  var count: Int { facts.count }
  /// Nothing to write and nothing to report.
  var isEmpty: Bool { lineCount == 0 }

  /// Bytes that it holds on to.
  var byteCount: Int { payloads.count + chunks.reduce(0) { $0 + $1.count } }

  func payload(_ index: Int) -> Range<Int> { (index == 0 ? 0 : payloadEnds[index - 1])..<payloadEnds[index] }
  func lineRange(_ index: Int) -> Range<Int> { (index == 0 ? 0 : Int(lineEnds[index - 1]))..<Int(lineEnds[index]) }

  /// The text of an event as it was sent.
  func text(_ index: Int) -> [UInt8] {
    let origin = origins[index]
    return Array(chunks[Int(origin.chunk)][Int(origin.start)..<Int(origin.end)])
  }
}
