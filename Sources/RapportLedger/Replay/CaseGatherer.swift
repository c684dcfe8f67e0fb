/// Gathers the histories of cases: the rows of a case across subjects.
///
/// Cases are split by their keys into rounds of about a million rows; for each round a pass over the keys of the log
/// collects its rows, so memory is bounded whatever the number of cases.
struct CaseGatherer: ~Copyable {
  private(set) var chunk: HistoryChunk
  private var selection: RowSelection
  private let request: HistoryRequest
  // Of the rows of one block.
  private var kinds = Room<UInt8>()
  private var keys = Room<UInt64>()
  private var related = Room<UInt64>()
  private var correlations = Room<UInt64>()

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
  private mutating func collect(
    _ round: Int, _ rounds: Int, _ belief: borrowing Belief, _ snapshot: borrowing Snapshot
  ) -> [Row] {
    var found: [Row] = []
    for index in snapshot.blocks.indices {
      let block = snapshot.blocks[index]
      guard !block.header.kindSet.isDisjoint(with: request.kinds) else { continue }
      selection.removeAll()
      selection.append(0..<block.count, ofBlock: index, block) { rows, _ in rows.count }
      guard selection.count > 0 else { continue }
      readKeys(block)
      applyCorrections(belief.corrections, index)
      for row in 0..<selection.count {
        let key = keys.start[row]
        guard key != 0, rounds == 1 || Int(key % UInt64(rounds)) == round else { continue }
        found.append(Row(key: key, block: UInt32(index), row: selection.rows.start[row]))
      }
    }
    return found
  }

  /// The key of each selected row of a block.
  private mutating func readKeys(_ block: Block) {
    let (rows, count) = (selection.rows(of: selection.stretches[0]), selection.count)
    kinds.reserve(count)
    keys.reserve(count)
    related.reserve(count)
    correlations.reserve(count)
    block.column(.kind).read(rows, to: kinds.start)
    block.column(.object).read(rows, to: keys.start)
    block.column(.related).read(rows, to: related.start)
    block.column(.correlation).read(rows, to: correlations.start)
    for row in 0..<count {
      keys.start[row] = CaseKey.of(
        kind: kinds.start[row], object: keys.start[row], related: related.start[row],
        correlation: correlations.start[row])
    }
  }

  /// Puts corrected keys in their place; what was retracted has none.
  private func applyCorrections(_ corrections: borrowing Corrections, _ block: Int) {
    var row = 0
    for correction in corrections.ofBlock(block) {
      let target = corrections.targets[correction]
      while row < selection.count, selection.rows.start[row] < target.row { row += 1 }
      guard row < selection.count, selection.rows.start[row] == target.row else { continue }
      keys.start[row] =
        target.isRetracted
        ? 0
        : CaseKey.of(
          kind: kinds.start[row], object: target.facts.object, related: target.facts.related,
          correlation: target.facts.correlation)
    }
  }

  /// A case has the number of the person of its first event.
  private func nameCases(_ belief: borrowing Belief) {
    let customers = chunk.customers
    for index in 0..<chunk.peopleCount {
      chunk.setNumber(belief.people.person(of: customers[Int(chunk.starts.start[index])]), of: index)
    }
  }
}
