/// What decides between events of equal time and kind: the sequence – absent first, shorter first, then byte by byte –,
/// the source, the id.
struct TieKey: Comparable {
  /// As sent, or as corrected.
  var sequence: Sequence
  private let source: [UInt8]
  private let id: [UInt8]

  init(_ facts: Facts, _ record: PayloadRecord, _ snapshot: borrowing Snapshot) throws(LedgerError) {
    sequence = Sequence(facts) { EventText.topLevelText("sequence", inMembers: record.members) }
    source = Array(try snapshot.nameBytes(facts.source))
    id = Array(record.id)
  }

  /// The order of sequences.
  struct Sequence: Comparable {
    private var key: UInt64 = 0
    /// The whole of it where its key may not decide.
    private var text: [UInt8] = []

    init() {}

    init(_ facts: Facts, text whole: () -> [UInt8]?) {
      key = facts.sequence
      if !SequenceKey.isExact(key) { text = whole() ?? [] }
    }

    static func < (a: Sequence, b: Sequence) -> Bool {
      if a.key != b.key { return a.key < b.key }
      return a.text.count == b.text.count ? a.text.lexicographicallyPrecedes(b.text) : a.text.count < b.text.count
    }
  }

  static func < (a: TieKey, b: TieKey) -> Bool {
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    if a.source != b.source { return a.source.lexicographicallyPrecedes(b.source) }
    return a.id.lexicographicallyPrecedes(b.id)
  }
}
