/// Gathers the histories of cases: the rows of a case across subjects.
///
/// Cases are split by their keys into rounds of about a million rows; for each round a pass over the keys of the log
/// collects its rows, so memory is bounded whatever the number of cases.
struct CaseGatherer: ~Copyable {
  private(set) var chunk: HistoryChunk
  private var selection: RowSelection
  private let request: HistoryRequest

  private struct Row: BitwiseCopyable {
    var key: UInt64
    var block: UInt32
    var row: UInt32
  }

  private static let roundRows = 1 << 20

  /// The columns that make the key.
  static let columns = ColumnSet(.object, .related, .correlation)

  init(_ snapshot: borrowing Snapshot, _ request: HistoryRequest) {
    var request = request
    request.columns = request.columns.union(ColumnSet(.customer))
    self.request = request
    chunk = HistoryChunk(request)
    selection = RowSelection(kinds: request.kinds, upTo: min(request.limits.position ?? .max, snapshot.position))
  }

  /// How many rounds a replay takes.
  static func rounds(_ snapshot: borrowing Snapshot) -> Int { max(1, Int(snapshot.position) / roundRows) }

  /// Gathers the cases of a round.
  mutating func gather(
    round: Int, of rounds: Int, belief: borrowing Belief, from snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    var found = collect(round, rounds, belief, snapshot)
    found.sort { $0.key < $1.key }
    var cases: [UInt64: UInt32] = [:]
    var numbers: [UInt32] = []
    for row in found where cases.updateValue(0, forKey: row.key) == nil { numbers.append(0) }
    var next: UInt32 = 0
    var last: UInt64 = 0
    for row in found where row.key != last || next == 0 {
      cases[row.key] = next
      next += 1
      last = row.key
    }
    found.sort { ($0.block, $0.row) < ($1.block, $1.row) }
    selection.removeAll()
    chunk.begin(people: numbers.count)
    var start = 0
    while start < found.count {
      var end = start
      while end < found.count, found[end].block == found[start].block { end += 1 }
      let block = Int(found[start].block)
      selection.append(rows: found[start..<end].lazy.map { ($0.row, cases[$0.key]!) }, ofBlock: block)
      start = end
    }
    try chunk.arrange(selection, belief: belief, in: snapshot)
    nameCases(belief)
  }

  /// The rows of a round with their keys.
  private func collect(
    _ round: Int, _ rounds: Int, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) -> [Row] {
    var found: [Row] = []
    let last = min(request.limits.position ?? .max, snapshot.position)
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard block.firstPosition <= last, !block.header.kindSet.isDisjoint(with: request.kinds) else { continue }
      let (kinds, ranks) = (block.column(.kind), block.column(.rank))
      let objects = block.column(.object)
      let related = block.column(.related)
      let correlations = block.column(.correlation)
      let corrections = belief.corrections.ofBlock(index)
      for row in 0..<block.count {
        let kind = UInt8(truncatingIfNeeded: kinds[row])
        guard request.kinds.contains(rawValue: kind), block.firstPosition + UInt64(ranks[row]) <= last else { continue }
        var key = CaseKey.of(
          kind: kind, object: UInt64(bitPattern: objects[row]), related: UInt64(bitPattern: related[row]),
          correlation: UInt64(bitPattern: correlations[row]))
        if let correction = corrections.first(where: { belief.corrections.targets[$0].row == UInt32(row) }) {
          if belief.corrections.targets[correction].isRetracted { continue }
          let facts = belief.corrections.corrected(correction).facts
          key = CaseKey.of(kind: kind, object: facts.object, related: facts.related, correlation: facts.correlation)
        }
        guard key != 0, rounds == 1 || Int(key % UInt64(rounds)) == round else { continue }
        found.append(Row(key: key, block: UInt32(index), row: UInt32(row)))
      }
    }
    return found
  }

  /// A case has the number of the person of its first event.
  private func nameCases(_ belief: borrowing Belief) {
    let customers = chunk.customers
    for index in 0..<chunk.peopleCount {
      chunk.setNumber(belief.people.person(of: customers[Int(chunk.starts.start[index])]), of: index)
    }
  }
}
