/// What decides between events of equal time and kind: the sequence – absent first, shorter first, then byte by byte –,
/// the source, the id.
struct TieKey: Comparable {
  private let sequence: UInt64
  /// The whole sequence where its key may not decide.
  private let sequenceText: [UInt8]
  private let source: [UInt8]
  private let id: [UInt8]

  init(_ facts: Facts, _ record: PayloadRecord, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    sequence = facts.sequence
    sequenceText =
      SequenceKey.isExact(facts.sequence) ? [] : EventText.topLevelText("sequence", inMembers: record.members) ?? []
    source = Array(try snapshot.nameBytes(facts.source))
    id = Array(record.id)
  }

  static func < (a: TieKey, b: TieKey) -> Bool {
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    if a.sequenceText != b.sequenceText {
      return a.sequenceText.count == b.sequenceText.count
        ? a.sequenceText.lexicographicallyPrecedes(b.sequenceText) : a.sequenceText.count < b.sequenceText.count
    }
    if a.source != b.source { return a.source.lexicographicallyPrecedes(b.source) }
    return a.id.lexicographicallyPrecedes(b.id)
  }
}
