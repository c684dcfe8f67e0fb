/// Texts in order, stored end to end.
struct TextList {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int] = []

  var count: Int { ends.count }

  mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
  }

  func withText<R>(at index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let start = index == 0 ? 0 : ends[index - 1]
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<ends[index]])) }
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}

/// Consecutive events of the log in order of arrival, all numbers resolved: what a block is made of.
struct Draft {
  var firstPosition: UInt64
  var facts: [Facts] = []
  var fingerprints: [UInt64] = []
  var contentHashes: [UInt64] = []
  /// Payload records end to end (``PayloadRecord``), and where each ends.
  var payloads: [UInt8] = []
  var payloadEnds: [Int] = []
  /// Order lines end to end, and where those of each event end.
  var lines: [OrderLine] = []
  var lineEnds: [UInt32] = []
  /// The rank at which each commit begins, and its ledger time.
  var commits: [(rank: UInt32, time: Int64)] = []
  var firstNewCustomer: UInt32 = 0
  var newCustomers = TextList()
  var firstNewName: UInt32 = 0
  var newNames = TextList()
  var root: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init(firstPosition: UInt64) { self.firstPosition = firstPosition }

  var count: Int { facts.count }

  /// Takes the first events out of a batch.
  ///
  /// - Precondition: the draft has no events.
  /// - Complexity: O(events that the batch keeps): it lends its memory.
  mutating func takeEvents(_ count: Int, from batch: inout EventBatch) {
    let bytes = batch.payload(count - 1).upperBound
    let lineCount = batch.lineRange(count - 1).upperBound
    exchangeEvents(&batch)
    Self.move(count, &facts, &batch.facts)
    Self.move(count, &fingerprints, &batch.fingerprints)
    Self.move(count, &contentHashes, &batch.contentHashes)
    Self.move(bytes, &payloads, &batch.payloads)
    Self.move(lineCount, &lines, &batch.lines)
    batch.payloadEnds = payloadEnds[count...].map { $0 - bytes }
    batch.lineEnds = lineEnds[count...].map { $0 - UInt32(lineCount) }
    payloadEnds.removeSubrange(count...)
    lineEnds.removeSubrange(count...)
  }

  /// Gives a batch whose events have all been taken memory for others.
  mutating func giveMemory(to batch: inout EventBatch) { exchangeEvents(&batch) }

  private mutating func exchangeEvents(_ batch: inout EventBatch) {
    swap(&facts, &batch.facts)
    swap(&fingerprints, &batch.fingerprints)
    swap(&contentHashes, &batch.contentHashes)
    swap(&payloads, &batch.payloads)
    swap(&payloadEnds, &batch.payloadEnds)
    swap(&lines, &batch.lines)
    swap(&lineEnds, &batch.lineEnds)
  }

  /// Leaves the first elements of a list and moves the others to another, which is replaced.
  private static func move<Element>(_ count: Int, _ from: inout [Element], _ to: inout [Element]) {
    to = Array(from[count...])
    from.removeSubrange(count...)
  }

  /// Appends events of a batch as they are: their numbers are still the batch's.
  ///
  /// - Complexity: O(n).
  mutating func append(_ batch: borrowing EventBatch, _ events: Range<Int>) {
    guard let last = events.last else { return }
    let firstByte = batch.payload(events.lowerBound).lowerBound
    let firstLine = batch.lineRange(events.lowerBound).lowerBound
    facts.append(contentsOf: batch.facts[events])
    let bytes = payloads.count - firstByte
    let linesBefore = lines.count - firstLine
    fingerprints += batch.fingerprints[events]
    contentHashes += batch.contentHashes[events]
    payloads += batch.payloads[firstByte..<batch.payloadEnds[last]]
    payloadEnds += batch.payloadEnds[events].lazy.map { $0 + bytes }
    lines += batch.lines[firstLine..<Int(batch.lineEnds[last])]
    lineEnds += batch.lineEnds[events].lazy.map { UInt32(Int($0) + linesBefore) }
  }

  /// The payload record of an event, its length prefix included.
  func payload(_ index: Int) -> Range<Int> { (index == 0 ? 0 : payloadEnds[index - 1])..<payloadEnds[index] }
  func lineRange(_ index: Int) -> Range<Int> { (index == 0 ? 0 : Int(lineEnds[index - 1]))..<Int(lineEnds[index]) }

  /// The events in the order of the rows of a block: by customer, then canonical.
  ///
  /// - Parameter sources: text of a source's name number, asked only where times, types and sequences tie.
  /// - Precondition: at most 65,536 events.
  /// - Complexity: O(n) for the customers (radix), then O(k²) moves for each customer's k events that arrived out of
  ///   order, or O(k log k) where they are many.
  func rowOrder(sources: (UInt32, UInt32) -> Bool?) -> [UInt32] {
    var keys = orderedByCustomer()
    let times = facts.map(\.time)
    // What the closure takes of the draft: all of it would be retained for every customer.
    let ends = payloadEnds
    facts.withUnsafeBufferPointer { facts in
      payloads.withUnsafeBufferPointer { payloads in
        let before: (UInt64, UInt64) -> Bool = { left, right in
          let (left, right) = (Int(left & 0xFFFF), Int(right & 0xFFFF))
          if let decided = CanonicalOrder.precedes(facts[left], facts[right]) { return decided }
          func record(_ index: Int) -> PayloadRecord {
            PayloadRecord.parse(payloads, at: index == 0 ? 0 : ends[index - 1])!.record
          }
          return CanonicalOrder.precedesByText(
            facts[left], record(left), facts[right], record(right), sources: sources)
        }
        var start = 0
        while start < keys.count {
          var end = start + 1
          while end < keys.count, keys[end] >> 16 == keys[start] >> 16 { end += 1 }
          if end - start > 1 { Draft.sort(&keys, start..<end, times, before) }
          start = end
        }
      }
    }
    return keys.map { UInt32($0 & 0xFFFF) }
  }

  /// Customer and index of each event, in the order of customers: the customer, less the least one, in the bits from
  /// 16 on, the index below.
  private func orderedByCustomer() -> [UInt64] {
    let customers = facts.map(\.customer)
    let low = customers.min() ?? 0
    let range = (customers.max() ?? 0) - low
    var keys = customers.enumerated().map { UInt64($1 - low) << 16 | UInt64($0) }
    var spare = keys
    var shift: UInt64 = 0
    while shift < 32, range >> UInt32(shift) != 0 {
      Draft.radixPass(keys, &spare, shift: 16 + shift)
      swap(&keys, &spare)
      shift += Draft.radixBits
    }
    return keys
  }

  private static let radixBits: UInt64 = 11

  /// Copies keys in the order of some of their bits; what is equal there keeps its order.
  private static func radixPass(_ keys: [UInt64], _ sorted: inout [UInt64], shift: UInt64) {
    let mask: UInt64 = 1 << radixBits - 1
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Int(mask) + 2) { starts in
      starts.initialize(repeating: 0)
      for key in keys { starts[Int(key >> shift & mask) + 1] += 1 }
      for bucket in 1...Int(mask) { starts[bucket] += starts[bucket - 1] }
      sorted.withUnsafeMutableBufferPointer { sorted in
        for key in keys {
          let bucket = Int(key >> shift & mask)
          sorted[Int(starts[bucket])] = key
          starts[bucket] += 1
        }
      }
    }
  }

  /// Insertion for histories that arrived nearly in order, else the standard sort.
  private static func sort(
    _ keys: inout [UInt64], _ range: Range<Int>, _ times: [Int64], _ before: (UInt64, UInt64) -> Bool
  ) {
    var moves = 0
    for index in range.dropFirst() {
      let item = keys[index]
      let time = times[Int(item & 0xFFFF)]
      var hole = index
      while hole > range.lowerBound {
        let previous = keys[hole - 1]
        let other = times[Int(previous & 0xFFFF)]
        guard time < other || (time == other && before(item, previous)) else { break }
        keys[hole] = previous
        hole -= 1
        moves += 1
      }
      keys[hole] = item
      if moves > 16 * range.count {
        keys[range].sort(by: before)
        return
      }
    }
  }
}

/// The order of events at the contract's word: by valid time; at equal times by the order of the types; then by the
/// producer's sequence (absent first, shorter first, then byte by byte); then by source and id, byte by byte.
enum CanonicalOrder {
  /// - Returns: nil if the facts tie, and the texts must decide.
  @inline(__always)
  static func precedes(_ a: Facts, _ b: Facts) -> Bool? {
    if a.time != b.time { return a.time < b.time }
    if a.kindCode != b.kindCode { return a.kindCode < b.kindCode }
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    return nil
  }

  /// Decides where the facts tie.
  ///
  /// - Parameter sources: whether the first source's text precedes the second's; nil if they are equal.
  static func precedesByText(
    _ a: Facts, _ left: PayloadRecord, _ b: Facts, _ right: PayloadRecord, sources: (UInt32, UInt32) -> Bool?
  ) -> Bool {
    if !SequenceKey.isExact(a.sequence), let decided = precedesBySequence(left.members, right.members) {
      return decided
    }
    if a.source != b.source, let decided = sources(a.source, b.source) { return decided }
    return bytesPrecede(left.id, right.id) ?? false
  }

  /// Bytewise comparison.
  ///
  /// - Returns: nil for equal texts.
  static func bytesPrecede(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool? {
    let common = min(a.count, b.count)
    for index in 0..<common where a[index] != b[index] { return a[index] < b[index] }
    return a.count == b.count ? nil : a.count < b.count
  }

  /// Long sequences stand in the payload: shorter first, then byte by byte.
  private static func precedesBySequence(
    _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>
  ) -> Bool? {
    guard let left = EventText.topLevelText("sequence", inMembers: a),
      let right = EventText.topLevelText("sequence", inMembers: b)
    else { return nil }
    if left.count != right.count { return left.count < right.count }
    return left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in bytesPrecede(left, right) }
    }
  }
}
