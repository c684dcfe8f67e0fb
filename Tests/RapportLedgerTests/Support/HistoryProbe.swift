import Testing

@testable import RapportLedger

/// A projection that keeps what it is shown, to see what the engine makes of a log.
struct HistoryProbe: Projection {
  static let name = "history-probe"
  static let version = 1

  var kinds: EventKindSet = .interactions
  let columns = ColumnSet(
    .rank, .amount, .channel, .department, .code, .term, .marks, .customer, .object, .related, .correlation)
  var readsLines = true
  var gathering = Gathering.people
  var readsFirm = false

  struct Record: BitwiseCopyable, Sendable {
    var person: UInt32
    var customer: UInt32
    var time: Int64
    var kind: UInt8
    var amount: Int64
    var channel: UInt32
    var department: UInt32
    var lineCount: Int
    var quantity: Int64
    /// Records of the firm that the fold knew of.
    var firmCount: Int
  }

  func makeScratch(firm: Span<Record>, names: borrowing Snapshot) -> Int { firm.count }

  func fold(_ history: borrowing History, scratch: inout Int, into records: inout [Record]) {
    for index in history.events.indices {
      let event = history.events[index]
      let lines = history.lines(of: index)
      var quantity: Int64 = 0
      for line in lines.indices { quantity += lines[line].quantity }
      records.append(
        Record(
          person: history.customer, customer: event.customer, time: event.time, kind: event.kind.rawValue,
          amount: event.amount, channel: event.channel, department: event.department, lineCount: lines.count,
          quantity: quantity, firmCount: scratch))
    }
  }

  func digest(_ record: Record, into hasher: inout DigestHasher) {
    hasher.add(record.time)
    hasher.add(record.kind)
    hasher.add(record.amount)
    hasher.add(name: record.channel)
    hasher.add(name: record.department)
    hasher.add(record.quantity)
  }
}

extension TestLedger {
  /// What the histories say, one line an event: `C1: 2025-03-01T00:00:00Z order.placed 12.50 web`, histories in order
  /// of their lines, events as they come.
  func histories(
    _ probe: HistoryProbe = HistoryProbe(), limits: ReplayLimits = ReplayLimits(), threads: Int = 1,
    of customer: String? = nil
  ) throws -> [[String]] {
    try ledger.read { snapshot in
      let number = try customer.map { try snapshot.number(ofCustomer: Array($0.utf8)) }
      let outcomes = try Replay(limits: limits, threads: threads).run(probe, over: snapshot, customer: number)
      var histories: [[String]] = []
      var start = 0
      for person in outcomes.people {
        var lines: [String] = []
        for record in outcomes.records[start..<person.end] {
          #expect(record.person == person.customer)
          lines.append(try Self.describe(record, snapshot))
        }
        start = person.end
        histories.append(lines)
      }
      return histories.sorted { $0.lexicographicallyPrecedes($1) }
    }
  }

  private static func describe(_ record: HistoryProbe.Record, _ snapshot: borrowing Snapshot) throws -> String {
    var words = [
      record.person == 0 ? "firm:" : try snapshot.subject(record.person) + ":",
      Timestamp(nanoseconds: record.time).description, EventKind(rawValue: record.kind)!.name,
    ]
    if record.customer != record.person { words.append("(\(try snapshot.subject(record.customer)))") }
    if record.amount != 0 { words.append(DecimalText.tenThousandths(record.amount)) }
    if record.channel != 0 { words.append(try snapshot.name(record.channel)) }
    if record.department != 0 { words.append(try snapshot.name(record.department)) }
    if record.lineCount > 0 { words.append("\(record.lineCount) lines of \(record.quantity / 10_000)") }
    return words.joined(separator: " ")
  }

  /// The digest of a projection.
  func digest(_ probe: HistoryProbe, limits: ReplayLimits = ReplayLimits(), threads: Int = 1) throws -> String {
    try ledger.read { snapshot in
      try Replay(limits: limits, threads: threads).digest(probe, over: snapshot).description
    }
  }
}
