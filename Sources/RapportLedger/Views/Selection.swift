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

  /// The value that has a place among the sorted ones, when all before the range belong there: Hoare's selection, which
  /// sorts where that would take long. Afterwards nothing before the place is greater, and nothing after it is less.
  private func select(_ place: Int, in candidates: Range<Int>) -> Element {
    var range = candidates
    var rounds = 2 * (Int.bitWidth - range.count.leadingZeroBitCount)
    while range.count > 16, rounds > 0 {
      rounds -= 1
      let pivot = pivot(of: range)
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
