/// Percentiles of the whole seconds of many groups, which are numbered from 0: the values of all stand one after the other
/// until they are asked for.
///
/// Memory that is written for the first time costs more than everything else that is done with a value. So lists are
/// never moved as they grow, and values that need more than 32 bits, beyond ± 68 years, stand apart.
struct GroupedPercentiles {
  /// Values as they came.
  private struct Run {
    /// The group above the value; full pieces, and the one that is being filled.
    var pieces: [[UInt64]] = []
    var piece: [UInt64] = []
    /// By the number that a group has here the number that it has in the end; nil for the same.
    var groups: [Int]?

    /// 8 MiB, of which most are large pages.
    static let pieceCount = 1 << 20

    func forEach(_ body: (_ group: Int, _ value: Int32) -> Void) {
      for values in pieces + [piece] {
        for value in values {
          let group = Int(truncatingIfNeeded: value >> 32)
          body(groups?[group] ?? group, Int32(truncatingIfNeeded: value))
        }
      }
    }
  }

  private var run = Run()
  /// What others counted later.
  private var later: [Run] = []
  private var wide: [Int: [Int64]] = [:]

  @inline(__always)
  mutating func add(_ seconds: Int64, to group: Int) {
    guard let value = Int32(exactly: seconds) else { return wide[group, default: []].append(seconds) }
    if run.piece.count == run.piece.capacity { beginPiece() }
    run.piece.append(UInt64(truncatingIfNeeded: group) << 32 | UInt64(UInt32(bitPattern: value)))
  }

  @inline(never)
  private mutating func beginPiece() {
    if !run.piece.isEmpty { run.pieces.append(run.piece) }
    run.piece = []
    // A person's own journey is short.
    run.piece.reserveInLargePages(run.pieces.isEmpty ? 64 : Run.pieceCount)
  }

  /// Takes in the values of others.
  ///
  /// - Parameter groups: the number here of each of their groups.
  mutating func append(_ others: GroupedPercentiles, groups: [Int]) {
    for var run in [others.run] + others.later {
      run.groups = run.groups.map { $0.map { groups[$0] } } ?? groups
      later.append(run)
    }
    for (group, values) in others.wide { wide[groups[group], default: []] += values }
  }

  /// How many values each group has, and some percentiles of them; nil for none.
  ///
  /// - Parameters:
  ///   - percents: in ascending order.
  ///   - count: how many groups there are.
  /// - Complexity: O(values) as a rule, on all processors.
  func percentiles(_ percents: Int..., groups count: Int) -> [(count: Int, values: [Int64?])] {
    let runs = [run] + later
    // Where the values of each run are to stand: group by group, and in a group run by run.
    var places = mapInParallel(runs.count, threads: Threads.processors) { run in
      var counts = [Int](repeating: 0, count: count)
      runs[run].forEach { group, _ in counts[group] += 1 }
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
    preferLargePages(arranged.start, byteCount: total * MemoryLayout<Int32>.size)
    let (begins, ends) = (places, starts)
    _ = mapInParallel(runs.count, threads: Threads.processors) { run in
      var places = begins[run]
      runs[run].forEach { group, value in
        arranged.start[places[group]] = value
        places[group] += 1
      }
    }
    return mapInParallel(count, threads: Threads.processors) { group in
      let size = ends[group + 1] - ends[group]
      let values = UnsafeMutableBufferPointer(start: arranged.start + ends[group], count: size)
      guard var all = wide[group] else { return (size, values.percentiles(percents).map { $0.map(Int64.init) }) }
      all += values.lazy.map(Int64.init)
      return (all.count, all.withUnsafeMutableBufferPointer { $0.percentiles(percents) })
    }
  }
}

/// Values of which each thread has its own.
private struct SharedValues: @unchecked Sendable {
  let start: UnsafeMutablePointer<Int32>
}
