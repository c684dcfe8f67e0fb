import CHash

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Texts with dense numbers from 1, found by content: the writer's view of customers and names.
///
/// Open addressing over 32-bit numbers with the upper half of the hash beside them; about 30 bytes a text beside the
/// text itself. Numbers never change, so what is known stays true however many writers append.
struct TextTable {
  private var slots: [UInt64]
  private var bytes: [UInt8] = []
  private var ends: [Int] = [0]
  private let seed: UInt64

  init(seed: UInt64, capacity: Int = 1024) {
    self.seed = seed
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
  }

  /// The number that the next new text gets.
  var next: UInt32 { UInt32(ends.count) }
  var count: Int { ends.count - 1 }

  /// Forgets everything but its memory.
  mutating func removeAll() {
    slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    bytes.removeAll(keepingCapacity: true)
    ends.removeSubrange(1...)
  }

  func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    rpt_hash64(text.baseAddress, text.count, seed)
  }

  /// - Returns: the number of a text, 0 if it is not there.
  /// - Complexity: O(length), a cache miss or two.
  func find(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 { find(text, hash: hash(text)) }

  private func find(_ text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32 {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hash >> 32 {
        let number = UInt32(truncatingIfNeeded: slots[slot])
        if isEqual(number, text) { return number }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return 0
  }

  /// - Returns: the number of a text, and whether it is new.
  mutating func intern(_ text: UnsafeBufferPointer<UInt8>) -> (number: UInt32, isNew: Bool) {
    let hash = hash(text)
    let known = find(text, hash: hash)
    if known != 0 { return (known, false) }
    if ends.count * 4 > slots.count * 3 { grow() }
    let number = next
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    insert(number, hash: hash)
    return (number, true)
  }

  func withText<R>(_ number: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    bytes.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[ends[Int(number) - 1]..<ends[Int(number)]]))
    }
  }

  func isEqual(_ number: UInt32, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = ends[Int(number) - 1]
    guard ends[Int(number)] - start == text.count else { return false }
    return text.isEmpty
      || bytes.withUnsafeBufferPointer { memcmp($0.baseAddress! + start, text.baseAddress!, text.count) == 0 }
  }

  private mutating func insert(_ number: UInt32, hash: UInt64) {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = (hash & ~0xFFFF_FFFF) | UInt64(number)
  }

  private mutating func grow() {
    slots = [UInt64](repeating: 0, count: slots.count * 2)
    for number in 1..<next { insert(number, hash: withText(number, hash)) }
  }
}

/// The positions of all events by the fingerprint of their `source` + `id`: twelve bytes a slot, open addressing.
///
/// A match says that an event with this fingerprint was recorded; whether it is the same event is a question to the log.
/// Positions have 32 bits here: a single writer serves 4,294,967,295 events.
struct FingerprintTable {
  /// 0 is a free slot: fingerprints are never 0.
  private var fingerprints: [UInt64]
  private var positions: [UInt32]
  private var count = 0

  init(capacity: Int = 0) {
    var size = 4096
    while size * 3 < capacity * 4 { size *= 2 }
    fingerprints = [UInt64](repeating: 0, count: size)
    positions = [UInt32](repeating: 0, count: size)
  }

  @inline(__always)
  private func home(_ fingerprint: UInt64) -> Int { Int(truncatingIfNeeded: fingerprint) & (fingerprints.count - 1) }

  /// Asks for the cache lines of a look-up to come.
  @inline(__always)
  func prefetch(_ fingerprint: UInt64) {
    let slot = home(fingerprint)
    fingerprints.withUnsafeBufferPointer { rpt_prefetch($0.baseAddress! + slot) }
    positions.withUnsafeBufferPointer { rpt_prefetch($0.baseAddress! + slot) }
  }

  /// The positions with a fingerprint, one after the other: none or one, but for the rare collision.
  struct Search {
    fileprivate let fingerprint: UInt64
    fileprivate var slot: Int
  }

  @inline(__always)
  func search(_ fingerprint: UInt64) -> Search { Search(fingerprint: fingerprint, slot: home(fingerprint)) }

  /// - Complexity: O(1) expected, a cache miss.
  @inline(__always)
  func next(_ search: inout Search) -> UInt64? {
    while fingerprints[search.slot] != 0 {
      let slot = search.slot
      search.slot = (slot + 1) & (fingerprints.count - 1)
      if fingerprints[slot] == search.fingerprint { return UInt64(positions[slot]) }
    }
    return nil
  }

  @inline(__always)
  mutating func insert(_ fingerprint: UInt64, position: UInt64) {
    precondition(position <= UInt64(UInt32.max), "a log of more than 4,294,967,295 events")
    if (count + 1) * 5 > fingerprints.count * 4 { grow() }
    place(fingerprint, UInt32(position))
    count += 1
  }

  @inline(__always)
  private mutating func place(_ fingerprint: UInt64, _ position: UInt32) {
    var slot = home(fingerprint)
    while fingerprints[slot] != 0 { slot = (slot + 1) & (fingerprints.count - 1) }
    fingerprints[slot] = fingerprint
    positions[slot] = position
  }

  private mutating func grow() {
    let (old, oldPositions) = (fingerprints, positions)
    fingerprints = [UInt64](repeating: 0, count: old.count * 2)
    positions = [UInt32](repeating: 0, count: old.count * 2)
    for slot in old.indices where old[slot] != 0 { place(old[slot], oldPositions[slot]) }
  }
}
