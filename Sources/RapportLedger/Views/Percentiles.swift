/// Nearest-rank percentiles: sorted[⌈p/100·n⌉], 1-based; nil for n = 0.
public struct Percentiles {
  private var values: [Int64] = []

  public init() {}

  public var count: Int { values.count }

  public mutating func add(_ value: Int64) { values.append(value) }

  /// Adds a duration as whole seconds, rounded down; a negative one is none.
  mutating func add(nanoseconds: Int64) { if nanoseconds >= 0 { values.append(flooredSeconds(nanoseconds)) } }

  /// Adds the whole seconds from one instant to another; `Int64.max` is never, and then nothing is added.
  mutating func add(from start: Int64, to end: Int64) {
    if end != .max { values.append(flooredSeconds(elapsed(from: start, to: end))) }
  }

  mutating func append(_ others: Percentiles) { values += others.values }

  public mutating func removeAll() { values.removeAll(keepingCapacity: true) }

  /// - Complexity: O(n); O(n log n) for values that were chosen to be hard.
  public mutating func callAsFunction(_ percent: Int) -> Int64? {
    values.withUnsafeMutableBufferPointer { $0.percentile(percent) }
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
