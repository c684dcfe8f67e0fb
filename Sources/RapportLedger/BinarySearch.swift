extension Range<Int> {
  /// The first index that belongs to the second part of a range that is in two parts; its end if none does.
  ///
  /// - Parameter belongsInSecondPart: false for some indices, and true for all behind them.
  /// - Complexity: O(log n).
  @inline(__always)
  func partitioningIndex<E: Error>(where belongsInSecondPart: (Int) throws(E) -> Bool) throws(E) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = (low + high) / 2
      if try belongsInSecondPart(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
