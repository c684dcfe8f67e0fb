/// What was counted of some people and can take in what was counted of others.
protocol Mergeable {
  /// Takes in what was counted of people who come after those that were counted here: the outcome is as if one had
  /// counted them all.
  mutating func merge(_ later: Self)
}

extension Int: Mergeable {
  mutating func merge(_ later: Int) { self += later }
}

extension Percentiles: Mergeable {
  mutating func merge(_ later: Percentiles) { append(later) }
}

extension Mergeable {
  /// Takes in some members of the same type: `merge(later, \.attempts, \.answered)`.
  mutating func merge<each M: Mergeable>(_ later: Self, _ members: repeat WritableKeyPath<Self, each M>) {
    for member in repeat each members { self[keyPath: member].merge(later[keyPath: member]) }
  }
}
