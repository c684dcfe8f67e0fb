/// Nearest-rank percentiles: sorted[⌈p/100·n⌉], 1-based; nil for n = 0.
public struct Percentiles {
  private var values: [Int64] = []

  public init() {}

  public var count: Int { values.count }

  public mutating func add(_ value: Int64) { values.append(value) }

  public mutating func removeAll() { values.removeAll(keepingCapacity: true) }

  /// - Complexity: O(n); O(n log n) for values that were chosen to be hard.
  public mutating func callAsFunction(_ percent: Int) -> Int64? {
    values.withUnsafeMutableBufferPointer { $0.percentile(percent) }
  }
}

/// Percentiles of many groups: the values of all stand in one array until they are asked for.
struct GroupedPercentiles {
  private var values: [Int64] = []
  private var groups: [UInt32] = []
  /// Where the values of each group end, once they stand together.
  private var ends: [Int] = []

  mutating func add(_ value: Int64, to group: Int) {
    values.append(value)
    groups.append(UInt32(truncatingIfNeeded: group))
  }

  /// Brings the values of each group together; nothing is added afterwards.
  ///
  /// - Parameter count: how many groups there are.
  mutating func arrange(_ count: Int) {
    var places = [Int](repeating: 0, count: count + 1)
    for group in groups { places[Int(group) + 1] += 1 }
    for group in 0..<count { places[group + 1] += places[group] }
    ends = Array(places.dropFirst())
    values = [Int64](unsafeUninitializedCapacity: values.count) { arranged, initialized in
      for index in values.indices {
        let group = Int(groups[index])
        arranged.initializeElement(at: places[group], to: values[index])
        places[group] += 1
      }
      initialized = values.count
    }
    groups = []
  }

  private func range(_ group: Int) -> Range<Int> { (group == 0 ? 0 : ends[group - 1])..<ends[group] }

  func count(_ group: Int) -> Int { range(group).count }

  mutating func callAsFunction(_ percent: Int, of group: Int) -> Int64? {
    let range = range(group)
    return values.withUnsafeMutableBufferPointer {
      UnsafeMutableBufferPointer(rebasing: $0[range]).percentile(percent)
    }
  }
}

extension UnsafeMutableBufferPointer<Int64> {
  /// Nearest rank; changes the order of the values.
  fileprivate func percentile(_ percent: Int) -> Int64? {
    isEmpty ? nil : select((percent * count + 99) / 100 - 1)
  }

  /// The value that has a place among the sorted ones: Hoare's selection, which sorts where that would take long.
  private func select(_ place: Int) -> Int64 {
    var range = 0..<count
    var rounds = 2 * (Int.bitWidth - count.leadingZeroBitCount)
    while range.count > 16, rounds > 0 {
      rounds -= 1
      let (first, last) = (self[range.lowerBound], self[range.upperBound - 1])
      let middle = self[(range.lowerBound + range.upperBound) / 2]
      let pivot = Swift.max(Swift.min(first, middle), Swift.min(Swift.max(first, middle), last))
      var (low, high) = (range.lowerBound, range.upperBound - 1)
      while low <= high {
        while self[low] < pivot { low += 1 }
        while self[high] > pivot { high -= 1 }
        guard low <= high else { break }
        swapAt(low, high)
        low += 1
        high -= 1
      }
      // What lies between is the pivot.
      if place <= high {
        range = range.lowerBound..<high + 1
      } else if place >= low {
        range = low..<range.upperBound
      } else {
        return self[place]
      }
    }
    var rest = UnsafeMutableBufferPointer(rebasing: self[range])
    rest.sort()
    return self[place]
  }
}

extension Percentiles {
  /// A percentile of whole seconds.
  public mutating func seconds(_ percent: Int) -> ViewRow.Cell { .seconds(self(percent)) }
}

extension ViewRow {
  /// Adds some percentiles of whole seconds: `reply_p50`, `reply_p90`.
  ///
  /// - Parameter counted: whether their number comes first, as `reply_n`.
  mutating func set(_ key: String, _ values: inout Percentiles, _ percents: Int..., counted: Bool = false) {
    if counted { set("\(key)_n", .count(values.count)) }
    for percent in percents { set("\(key)_p\(percent)", values.seconds(percent)) }
  }
}
