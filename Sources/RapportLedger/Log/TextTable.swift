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
  let seed: UInt64

  init(seed: UInt64, capacity: Int = 1024) {
    self.seed = seed
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
  }

  /// The number that the next new text gets.
  var next: UInt32 { UInt32(ends.count) }
  var count: Int { ends.count - 1 }
  /// Bytes of memory that it has.
  var byteCount: Int { (slots.count + ends.capacity) * 8 + bytes.capacity }

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

  /// The same for a text whose hash is known.
  func find(_ text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32 {
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
    intern(text, hash: hash(text))
  }

  /// The same for a text whose hash is known.
  mutating func intern(_ text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> (number: UInt32, isNew: Bool) {
    let known = find(text, hash: hash)
    return known != 0 ? (known, false) : (append(text, hash: hash), true)
  }

  /// Adds a text that is not there.
  ///
  /// - Returns: its number.
  @discardableResult
  mutating func append(_ text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32 {
    if ends.count * 4 > slots.count * 3 { grow() }
    let number = next
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    insert(number, hash: hash)
    return number
  }

  /// Asks for the memory that finding a text with this hash will look at first.
  @inline(__always)
  func prefetch(hash: UInt64) {
    slots.withUnsafeBufferPointer { rpt_prefetch($0.baseAddress! + Int(truncatingIfNeeded: hash) & (slots.count - 1)) }
  }

  /// Asks for the text that finding one with this hash will be compared with: the memory of ``prefetch(hash:)`` should
  /// be there.
  @inline(__always)
  func prefetchCandidate(hash: UInt64) {
    let slot = slots[Int(truncatingIfNeeded: hash) & (slots.count - 1)]
    if slot >> 32 == hash >> 32 { prefetchText(of: UInt32(truncatingIfNeeded: slot)) }
  }

  /// Asks for the memory that says where a text ends.
  @inline(__always)
  func prefetchEnd(of number: UInt32) { ends.withUnsafeBufferPointer { rpt_prefetch($0.baseAddress! + Int(number)) } }

  /// Asks for the memory of a text.
  @inline(__always)
  func prefetchText(of number: UInt32) {
    guard number != 0 else { return }
    bytes.withUnsafeBufferPointer { bytes in
      if let start = bytes.baseAddress { rpt_prefetch(start + ends[Int(number) - 1]) }
    }
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
