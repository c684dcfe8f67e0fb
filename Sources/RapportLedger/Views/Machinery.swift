/// Nanoseconds from one instant to another; the ends of the range of times are further apart than 64 bits tell, which
/// then is the greatest or the least number.
@inline(__always)
func elapsed(from start: Int64, to end: Int64) -> Int64 {
  let (difference, overflow) = end.subtractingReportingOverflow(start)
  return overflow ? (end > start ? .max : .min) : difference
}

/// A sum that stays at the greatest number instead of going beyond it. Neither is negative.
@inline(__always)
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}

/// The least number becomes the greatest.
@inline(__always)
func negated(_ value: Int64) -> Int64 { value == .min ? .max : -value }

/// Whole seconds, rounded down.
func flooredSeconds(_ nanoseconds: Int64) -> Int64 {
  let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  return rest < 0 ? seconds - 1 : seconds
}

/// A quotient rounded to the nearest whole, halves away from zero. `divisor` > 0.
func rounded(_ sum: Int128, over divisor: Int128) -> Int128 {
  sum < 0 ? -((-sum + divisor / 2) / divisor) : (sum + divisor / 2) / divisor
}

let nanosecondsPerDay: Int64 = 86_400_000_000_000

/// The word of an enumeration's code: nil for 0, `other` for a word that the vocabulary does not know.
func word(_ code: UInt8, _ words: [String]) -> String? {
  code == 0 ? nil : Int(code) <= words.count ? words[Int(code) - 1] : "other"
}

extension Snapshot {
  /// What a field of some events' `data` says as text with all corrections, nil where it is not there (``FieldReader``).
  /// For rows that name a thing by an id that replay only knows as a hash.
  ///
  /// - Parameters:
  ///   - kind: of these events.
  ///   - last: corrections behind this position are not known; nil is none.
  /// - Complexity: O(events), and each frame in which one of them is stored is unpacked once; on all processors. And that
  ///   of ``Corrections/init(_:upTo:of:on:keepsTexts:)`` for the customers whom they are about.
  func texts(
    ofOpenField name: String, of kind: EventKind, at positions: [UInt64], knownAt last: UInt64?
  ) throws -> [String?] {
    // Rows, and so frames, are in the order of customers: positions of one block are read in that order.
    var order: [(block: Int, row: UInt32, index: Int)] = []
    var rows: [UInt32] = []
    var current = -1
    for (index, position) in positions.enumerated().sorted(by: { $0.element < $1.element }) {
      let block = block(of: position)!
      if block != current {
        try check(block, ColumnSet(.rank).rawValue)
        rows = blocks[block].rowsByRank()
        current = block
      }
      order.append((block, rows[Int(position - blocks[block].firstPosition)], index))
    }
    order.sort { ($0.block, $0.row) < ($1.block, $1.row) }
    let sorted = order
    var customers: Set<UInt32> = []
    for place in blocks.contains(where: { !$0.header.kindSet.isDisjoint(with: .corrections) }) ? sorted : [] {
      let row = Int(place.row)
      try check(place.block, ColumnSet(.customer).rawValue, rows: row..<row + 1)
      customers.insert(UInt32(truncatingIfNeeded: blocks[place.block].column(.customer)[row]))
    }
    let corrections = try Corrections(
      self, upTo: last ?? .max, of: customers.sorted(), on: [kind], keepsTexts: true)
    let found = try withUnsafePointer(to: self) { snapshot in
      let snapshot = SharedPointer(pointer: snapshot)
      return try mapStretches(of: sorted.count, atLeast: 64) { stretch in
        var events = EventReader()
        var fields = FieldReader()
        var texts: [(index: Int, text: String?)] = []
        for place in sorted[stretch] {
          if let target = corrections.target(block: place.block, row: place.row) {
            texts.append((place.index, fields.text(ofOpenField: name, ofEvent: target.text)))
            continue
          }
          let text = try events.withRecord(row: Int(place.row), in: place.block, of: snapshot.pointer.pointee) {
            fields.text(ofOpenField: name, of: $0)
          }
          texts.append((place.index, text))
        }
        return texts
      }
    }
    var texts = [String?](repeating: nil, count: positions.count)
    for (index, text) in found.joined() { texts[index] = text }
    return texts
  }
}
