#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension UnsafeMutableBufferPointer where Element: FixedWidthInteger {
  /// Nearest rank: sorted[⌈p/100·n⌉], 1-based; nil for n = 0. Changes the order of the values.
  ///
  /// - Complexity: O(n); O(n log n) for values that were chosen to be hard.
  func percentile(_ percent: Int) -> Element? { percentiles([percent])[0] }

  /// Several of them.
  ///
  /// - Parameter percents: in ascending order.
  func percentiles(_ percents: [Int]) -> [Element?] {
    var first = 0
    return percents.map { percent in
      if isEmpty { return nil }
      let place = (percent * count + 99) / 100 - 1
      // What comes before the last place is not greater than what comes after.
      defer { first = place }
      return select(place, in: first..<count)
    }
  }

  /// The value that has a place among the sorted ones, when all before the range belong there: Hoare's selection, with the
  /// pivot of Floyd and Rivest (Algorithm 489, CACM 18, 1975) where there are many; it sorts where that would take long.
  /// Afterwards nothing before the place is greater, and nothing after it is less.
  private func select(_ place: Int, in candidates: Range<Int>) -> Element {
    var range = candidates
    var rounds = 2 * (Int.bitWidth - range.count.leadingZeroBitCount)
    while range.count > 16, rounds > 0 {
      rounds -= 1
      let pivot = range.count > 600 ? select(place, in: sample(around: place, of: range)) : pivot(of: range)
      // Without branches: which side a value is on cannot be guessed.
      let low = partition(range) { $0 < pivot }
      if place < low {
        range = range.lowerBound..<low
        continue
      }
      // What is not less is equal at first, and often that is much.
      let high = partition(low..<range.upperBound) { $0 <= pivot }
      if place < high { return pivot }
      range = high..<range.upperBound
    }
    var rest = UnsafeMutableBufferPointer(rebasing: self[range])
    rest.sort()
    return self[place]
  }

  /// Some places of a range. The value that belongs to `place` among theirs most probably has few values between itself
  /// and the one that belongs there among all, and stands on the other side of it than most of the range.
  private func sample(around place: Int, of range: Range<Int>) -> Range<Int> {
    let (count, rank) = (Double(range.count), Double(place - range.lowerBound + 1))
    let size = 0.5 * exp(2 * log(count) / 3)
    let deviation = 0.5 * (log(count) * size * (count - size) / count).squareRoot() * (rank < count / 2 ? -1 : 1)
    let first = Int(Double(place) - rank * size / count + deviation)
    let last = Int(Double(place) + (count - rank) * size / count + deviation)
    let low = Swift.min(place, Swift.max(range.lowerBound, first))
    return low..<Swift.min(range.upperBound, Swift.max(place, last) + 1)
  }

  /// The middle one of three.
  private func pivot(of range: Range<Int>) -> Element {
    let (first, last) = (self[range.lowerBound], self[range.upperBound - 1])
    let middle = self[(range.lowerBound + range.upperBound) / 2]
    return Swift.max(Swift.min(first, middle), Swift.min(Swift.max(first, middle), last))
  }

  /// Brings the values of which something is so to the front.
  ///
  /// - Returns: where they end.
  @inline(__always)
  private func partition(_ range: Range<Int>, _ isFirst: (Element) -> Bool) -> Int {
    var end = range.lowerBound
    for index in range {
      let value = self[index]
      self[index] = self[end]
      self[end] = value
      end &+= isFirst(value) ? 1 : 0
    }
    return end
  }
}
