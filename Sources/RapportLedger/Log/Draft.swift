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

  mutating func reserveCapacity(_ events: Int) {
    facts.reserveCapacity(events)
    fingerprints.reserveCapacity(events)
    contentHashes.reserveCapacity(events)
    payloadEnds.reserveCapacity(events)
    lineEnds.reserveCapacity(events)
    payloads.reserveCapacity(events * 160)
  }

  /// Appends one event whose lines were appended to ``lines`` before.
  mutating func append(
    _ event: Facts, fingerprint: UInt64, contentHash: UInt64, payload: UnsafeBufferPointer<UInt8>
  ) {
    facts.append(event)
    fingerprints.append(fingerprint)
    contentHashes.append(contentHash)
    payloads.append(contentsOf: payload)
    payloadEnds.append(payloads.count)
    lineEnds.append(UInt32(lines.count))
  }

  /// The payload record of an event, its length prefix included.
  func payload(_ index: Int) -> Range<Int> { (index == 0 ? 0 : payloadEnds[index - 1])..<payloadEnds[index] }
  func lineRange(_ index: Int) -> Range<Int> { (index == 0 ? 0 : Int(lineEnds[index - 1]))..<Int(lineEnds[index]) }

  /// The events in the order of the rows of a block: by customer, then canonical.
  ///
  /// - Parameter sources: text of a source's name number, asked only where times, types and sequences tie.
  /// - Complexity: O(n) for the customers (radix), then O(k²) moves for each customer's k events that arrived out of
  ///   order, or O(k log k) where they are many.
  func rowOrder(sources: (UInt32, UInt32) -> Bool?) -> [UInt32] {
    var order = [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer[index] = UInt32(index) }
      initialized = count
    }
    var spare = order
    facts.withUnsafeBufferPointer { facts in
      var low = UInt32.max
      var high: UInt32 = 0
      for fact in facts {
        low = min(low, fact.customer)
        high = max(high, fact.customer)
      }
      var shift: UInt32 = 0
      while low < high, shift < 32, (high - low) >> shift != 0 {
        Draft.radixPass(facts, &order, &spare, low: low, shift: shift)
        shift += 11
      }
      payloads.withUnsafeBufferPointer { payloads in
        let before: (UInt32, UInt32) -> Bool = { left, right in
          let (a, b) = (facts[Int(left)], facts[Int(right)])
          if let decided = CanonicalOrder.precedes(a, b) { return decided }
          return CanonicalOrder.precedesByText(
            a, PayloadRecord.parse(payloads, at: self.payload(Int(left)).lowerBound)!.record, b,
            PayloadRecord.parse(payloads, at: self.payload(Int(right)).lowerBound)!.record, sources: sources)
        }
        var start = 0
        while start < order.count {
          let customer = facts[Int(order[start])].customer
          var end = start + 1
          while end < order.count, facts[Int(order[end])].customer == customer { end += 1 }
          Draft.sort(&order, start..<end, facts, before)
          start = end
        }
      }
    }
    return order
  }

  private static func radixPass(
    _ facts: UnsafeBufferPointer<Facts>, _ order: inout [UInt32], _ spare: inout [UInt32], low: UInt32, shift: UInt32
  ) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2049) { starts in
      starts.initialize(repeating: 0)
      for index in order { starts[Int((facts[Int(index)].customer - low) >> shift & 2047) + 1] += 1 }
      for bucket in 1...2048 { starts[bucket] += starts[bucket - 1] }
      spare.withUnsafeMutableBufferPointer { spare in
        for index in order {
          let bucket = Int((facts[Int(index)].customer - low) >> shift & 2047)
          spare[Int(starts[bucket])] = index
          starts[bucket] += 1
        }
      }
    }
    swap(&order, &spare)
  }

  /// Insertion for histories that arrived nearly in order, else the standard sort.
  private static func sort(
    _ order: inout [UInt32], _ range: Range<Int>, _ facts: UnsafeBufferPointer<Facts>,
    _ before: (UInt32, UInt32) -> Bool
  ) {
    guard range.count > 1 else { return }
    var moves = 0
    for index in range.dropFirst() {
      let item = order[index]
      var hole = index
      while hole > range.lowerBound {
        let previous = order[hole - 1]
        let (a, b) = (facts[Int(item)], facts[Int(previous)])
        guard a.time < b.time || (a.time == b.time && before(item, previous)) else { break }
        order[hole] = previous
        hole -= 1
        moves += 1
      }
      order[hole] = item
      if moves > 16 * range.count {
        order[range].sort(by: before)
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
