/// The writing half of ingest: batches in, commits and acknowledgements out. Belongs to the writer's thread.
final class Recording: @unchecked Sendable {
  private let ledger: Ledger
  private let writer: LogWriter
  private let onCommit: (@Sendable (IngestProgress) -> Void)?
  private var rejects: RejectsFile
  private var sealer: Sealer
  private(set) var summary = IngestSummary()

  init(_ ledger: Ledger, options: IngestOptions) {
    self.ledger = ledger
    writer = LogWriter(ledger, waitingAtMost: options.patience, memoryMax: options.memoryForIDs)
    onCommit = options.onCommit
    sealer = Sealer(ledger.keyRing)
    rejects = RejectsFile(
      path: options.rejectsPath ?? ledger.path + "/rejects.ndjson", keepsText: options.keepsRejectedText)
  }

  /// Loads what the writer needs to know.
  ///
  /// - Returns: the last position.
  func prepare() throws(LedgerError) -> UInt64 {
    summary.position = try writer.prepare()
    return summary.position
  }

  func reopenRejects() { rejects.reopen() }

  /// Records a batch: events first, then what was refused, then the acknowledgement.
  func record(_ box: BatchBox) throws(LedgerError) {
    try sealer.seal(&box.value)
    let appended = try writer.append(&box.value)
    var refused = box.value.rejects
    for conflict in appended.conflicts {
      let origin = box.value.origins[conflict.index]
      refused.append(
        Reject(
          line: origin.line, index: origin.index < 0 ? nil : Int(origin.index), offset: origin.offset,
          rejection: Rejection(
            "id",
            "conflict: position \(conflict.position) has the same source and id with other content; line \(origin.line) was not recorded"
          ),
          isConflict: true, text: box.value.text(conflict.index)))
    }
    refused.sort { ($0.line, $0.index ?? -1) < ($1.line, $1.index ?? -1) }
    try rejects.append(refused)
    summary.lines += box.value.lineCount
    summary.blank += box.value.blankCount
    summary.accepted += appended.accepted
    summary.duplicates += appended.duplicates
    summary.conflicts += appended.conflicts.count
    summary.rejected += refused.count
    summary.position = appended.position
    onCommit?(
      IngestProgress(
        position: appended.position, line: box.value.lastLine, counts: summary, inputBytes: box.value.inputBytes))
  }
}

/// What became of one event that was recorded by hand.
public enum RecordOutcome: Sendable, Equatable {
  case recorded(position: UInt64)
  /// The same event is there already.
  case duplicate
}

extension Ledger {
  /// Records one event.
  ///
  /// - Parameter line: a CloudEvent as JSON text.
  /// - Throws: ``LedgerError/rejected(field:reason:)`` if it is not acceptable or contradicts a recorded one.
  public func record(_ line: [UInt8], waitingAtMost patience: Duration = .seconds(10)) throws(LedgerError)
    -> RecordOutcome
  {
    let batch = BatchBox(parsing: line + [0x0A], seed: meta.seed)
    if let reject = batch.value.rejects.first {
      throw .rejected(field: reject.rejection.field, reason: reject.rejection.reason)
    }
    var sealer = Sealer(keyRing)
    try sealer.seal(&batch.value)
    let appended = try LogWriter(self, waitingAtMost: patience).append(&batch.value)
    if let conflict = appended.conflicts.first {
      throw .rejected(
        field: "id", reason: "conflict: position \(conflict.position) has the same source and id with other content")
    }
    return appended.accepted == 1 ? .recorded(position: appended.position) : .duplicate
  }
}

extension BatchBox {
  /// A batch of whole lines.
  convenience init(parsing text: [UInt8], seed: UInt64, rules: IngestRules = IngestRules()) {
    self.init(seed: seed)
    var parser = EventParser(seed: seed, rules: rules)
    var lines: [JSONScanner.Line] = []
    var start = 0
    for end in text.indices where text[end] == 0x0A {
      lines.append(JSONScanner.Line(offset: UInt32(start), length: UInt32(end - start)))
      start = end + 1
    }
    parser.parse(
      text + [UInt8](repeating: 0, count: JSONScanner.padding), lines: lines, firstLine: 1, offset: 0, now: Clock.now,
      into: &value)
  }
}
