/// How often each score was given, in millionths.
struct Scores {
  private var counts: [Int64: Int] = [:]

  mutating func add(_ score: Int64) { counts[score, default: 0] += 1 }

  var count: Int { count { _ in true } }

  /// How many scores something is so of.
  func count(where isCounted: (Int64) -> Bool) -> Int {
    counts.reduce(0) { $0 + (isCounted($1.key) ? $1.value : 0) }
  }

  /// Nil if there is none.
  var mean: Double? {
    let sum = counts.reduce(Int128(0)) { $0 + Int128($1.key) * Int128($1.value) }
    return counts.isEmpty ? nil : Double(sum) / 1_000_000 / Double(count)
  }

  /// In ascending order of the scores.
  var distribution: ViewRow.Cell {
    .distribution(
      counts.sorted { $0.key < $1.key }.map { (JSONValue.decimals(Double($0.key) / 1_000_000), $0.value) })
  }
}
