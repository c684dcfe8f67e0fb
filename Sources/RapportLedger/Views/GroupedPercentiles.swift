/// Percentiles of the whole seconds of many groups, which are numbered from 0: the values of all stand in one array until
/// they are asked for.
struct GroupedPercentiles {
  /// The group above the value, which is made positive: no two instants are further apart than 2^34 seconds.
  private var values: [UInt64] = []
  /// What others counted later, with the numbers that their groups have here.
  private var later: [(values: [UInt64], groups: [Int])] = []

  private static let valueBits: UInt64 = 35
  private static let offset: Int64 = 1 << 34

  @inline(__always)
  mutating func add(_ seconds: Int64, to group: Int) {
    values.append(UInt64(truncatingIfNeeded: group) << Self.valueBits | UInt64(bitPattern: seconds + Self.offset))
  }

  /// Takes in the values of others.
  ///
  /// - Parameter groups: the number here of each of their groups.
  mutating func append(_ others: GroupedPercentiles, groups: [Int]) {
    later.append((others.values, groups))
    for (values, inner) in others.later { later.append((values, inner.map { groups[$0] })) }
  }

  /// How many values each group has, and some percentiles of them; nil for none.
  ///
  /// - Parameters:
  ///   - percents: in ascending order.
  ///   - count: how many groups there are.
  /// - Complexity: O(values) as a rule, on all processors.
  func percentiles(_ percents: Int..., groups count: Int) -> [(count: Int, values: [Int64?])] {
    let runs = [(values: values, groups: Array(0..<count))] + later
    // Where the values of each run are to stand: group by group, and in a group run by run.
    var places = mapInParallel(runs.count, threads: Threads.processors) { run in
      var counts = [Int](repeating: 0, count: count)
      for value in runs[run].values { counts[runs[run].groups[Self.group(value)]] += 1 }
      return counts
    }
    var starts = [0]
    var total = 0
    for group in 0..<count {
      for run in runs.indices {
        let length = places[run][group]
        places[run][group] = total
        total += length
      }
      starts.append(total)
    }
    let arranged = SharedValues(start: .allocate(capacity: total))
    defer { arranged.start.deallocate() }
    preferLargePages(arranged.start, byteCount: total * 8)
    let ends = starts
    let begins = places
    _ = mapInParallel(runs.count, threads: Threads.processors) { run in
      var places = begins[run]
      for value in runs[run].values {
        let group = runs[run].groups[Self.group(value)]
        arranged.start[places[group]] = value & (1 << Self.valueBits - 1)
        places[group] += 1
      }
    }
    return mapInParallel(count, threads: Threads.processors) { group in
      let size = ends[group + 1] - ends[group]
      let values = UnsafeMutableBufferPointer(start: arranged.start + ends[group], count: size)
      return (size, values.percentiles(percents).map { $0.map { Int64($0) - Self.offset } })
    }
  }

  @inline(__always)
  private static func group(_ value: UInt64) -> Int { Int(truncatingIfNeeded: value >> valueBits) }
}

/// Values of which each thread has its own.
private struct SharedValues: @unchecked Sendable {
  let start: UnsafeMutablePointer<UInt64>
}
