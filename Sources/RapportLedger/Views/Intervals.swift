/// Stretches of time, each from its first to its last nanosecond, in ascending order and apart from each other.
struct Intervals {
  private(set) var list: [(start: Int64, end: Int64)] = []

  var isEmpty: Bool { list.isEmpty }

  mutating func removeAll() { if !list.isEmpty { list.removeAll(keepingCapacity: true) } }

  /// Adds a stretch that begins after the others did; one that touches the last one makes that longer.
  @inline(__always)
  mutating func add(_ start: Int64, _ end: Int64) {
    if list.isEmpty || start > list[list.count - 1].end {
      list.append((start, end))
    } else {
      list[list.count - 1].end = max(list[list.count - 1].end, end)
    }
  }

  func contains(_ time: Int64) -> Bool { list.contains { $0.start <= time && time <= $0.end } }

  /// The parts of them that lie in one of some stretches, which may overlap.
  func intersection(_ others: [(start: Int64, end: Int64)]) -> Intervals {
    var parts: [(start: Int64, end: Int64)] = []
    for other in others {
      for interval in list {
        let (start, end) = (max(interval.start, other.start), min(interval.end, other.end))
        if start <= end { parts.append((start, end)) }
      }
    }
    var joined = Intervals()
    for part in parts.sorted(by: { $0.start < $1.start }) { joined.add(part.start, part.end) }
    return joined
  }
}

/// How many people something was so of at a time, from the stretches in which it was.
struct Presence {
  private var stretches: [(start: Int64, end: Int64)] = []

  mutating func add(_ start: Int64, _ end: Int64) { stretches.append((start, end)) }

  /// Of each of some times.
  ///
  /// - Complexity: O((stretches + times) · log times): there are many people, and few times are asked for.
  func counts(at times: [Int64]) -> [Int] {
    let sorted = times.sorted()
    // How many more there are at a time than at the one before.
    var changes = [Int](repeating: 0, count: sorted.count + 1)
    for stretch in stretches {
      changes[Self.below(sorted, stretch.start)] += 1
      if stretch.end < .max { changes[Self.below(sorted, stretch.end + 1)] -= 1 }
    }
    var present: [Int64: Int] = [:]
    var count = 0
    for (time, change) in zip(sorted, changes) {
      count += change
      present[time] = count
    }
    return times.map { present[$0]! }
  }

  private static func below(_ sorted: [Int64], _ bound: Int64) -> Int {
    sorted.indices.partitioningIndex { sorted[$0] >= bound }
  }
}
