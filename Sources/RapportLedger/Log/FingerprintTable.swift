import CHash

/// One recorded event in a table or a run of fingerprints: 32 bits of the fingerprint, and the position less a base.
///
/// Entries stand in 256 parts by the first eight bits of the fingerprint, so a match agrees in 40 bits. Among 50 million
/// events one look-up in 20,000 matches by chance, and then the log is asked in vain.
struct FingerprintEntry: BitwiseCopyable {
  /// The tag in the upper half, so that entries sort by it; 0 is no entry.
  let bits: UInt64

  @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  /// - Parameter offset: from 1.
  @inline(__always)
  init(_ fingerprint: UInt64, offset: UInt32) { bits = UInt64(Self.tag(fingerprint)) << 32 | UInt64(offset) }

  var tag: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
  var offset: UInt32 { UInt32(truncatingIfNeeded: bits) }

  @inline(__always)
  static func tag(_ fingerprint: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: fingerprint >> 24) }
  @inline(__always)
  static func part(_ fingerprint: UInt64) -> Int { Int(fingerprint >> 56) }

  static let partCount = 256
}

/// Positions by the fingerprint of their events, in memory: eight bytes a slot, three quarters of them in use at most.
///
/// Each part is an open-addressing table of its own that doubles by itself: growing moves a few megabytes at a time and
/// never holds the whole table twice. An entry's home follows from the first bits of its tag, so the entries of a part
/// stand nearly sorted, which is how they leave it (``sortedEntries(ofPart:)``).
struct FingerprintTable: ~Copyable {
  /// Positions up to this one are not in the table.
  let base: UInt64
  private(set) var count = 0
  private let parts: UnsafeMutablePointer<Part>

  private struct Part {
    var slots: UnsafeMutablePointer<UInt64>
    /// 32 less the binary logarithm of the number of slots.
    var shift: UInt32
    var count: Int

    init(slotBits: UInt32) {
      slots = .allocate(capacity: 1 << Int(slotBits))
      slots.initialize(repeating: 0, count: 1 << Int(slotBits))
      shift = 32 - slotBits
      count = 0
    }

    var slotCount: Int { 1 << Int(32 - shift) }

    @inline(__always)
    func home(_ tag: UInt32) -> Int { Int(tag >> shift) }

    @inline(__always)
    mutating func place(_ entry: FingerprintEntry) {
      var slot = home(entry.tag)
      while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
      slots[slot] = entry.bits
      count += 1
    }
  }

  /// - Parameters:
  ///   - base: the position before the first.
  ///   - capacity: entries to be ready for.
  init(base: UInt64 = 0, capacity: Int = 0) {
    self.base = base
    parts = .allocate(capacity: FingerprintEntry.partCount)
    var slotBits: UInt32 = 4
    // A part gets a little more than its share of them.
    while (1 << Int(slotBits)) * 3 * FingerprintEntry.partCount < capacity / 16 * 17 * 4 { slotBits += 1 }
    for part in 0..<FingerprintEntry.partCount { (parts + part).initialize(to: Part(slotBits: slotBits)) }
  }

  deinit {
    for part in 0..<FingerprintEntry.partCount { parts[part].slots.deallocate() }
    parts.deallocate()
  }

  /// Bytes of all slots.
  var byteCount: Int {
    var slots = 0
    for part in 0..<FingerprintEntry.partCount { slots += parts[part].slotCount }
    return slots * MemoryLayout<UInt64>.size
  }

  /// Asks for the cache line of a look-up to come.
  @inline(__always)
  func prefetch(_ fingerprint: UInt64) {
    let part = parts + FingerprintEntry.part(fingerprint)
    rpt_prefetch(part.pointee.slots + part.pointee.home(FingerprintEntry.tag(fingerprint)))
  }

  /// The first slot to look at.
  @inline(__always)
  func home(_ fingerprint: UInt64) -> Int {
    parts[FingerprintEntry.part(fingerprint)].home(FingerprintEntry.tag(fingerprint))
  }

  /// The next position with a fingerprint from a slot on: none or one, but for the rare collision.
  ///
  /// - Complexity: O(1) expected, a cache miss.
  @inline(__always)
  func next(_ fingerprint: UInt64, from slot: inout Int) -> UInt64? {
    let part = parts + FingerprintEntry.part(fingerprint)
    let tag = FingerprintEntry.tag(fingerprint)
    while true {
      let entry = FingerprintEntry(bits: part.pointee.slots[slot])
      if entry.bits == 0 { return nil }
      slot = (slot + 1) & (part.pointee.slotCount - 1)
      if entry.tag == tag { return base + UInt64(entry.offset) }
    }
  }

  /// - Precondition: the position is one of the 2^32 − 1 after the base.
  /// - Complexity: O(1) amortised.
  @inline(__always)
  mutating func insert(_ fingerprint: UInt64, position: UInt64) {
    let part = parts + FingerprintEntry.part(fingerprint)
    if (part.pointee.count + 1) * 4 > part.pointee.slotCount * 3 { grow(part) }
    part.pointee.place(FingerprintEntry(fingerprint, offset: UInt32(position - base)))
    count += 1
  }

  @inline(never)
  private mutating func grow(_ part: UnsafeMutablePointer<Part>) {
    let old = part.pointee
    part.pointee = Part(slotBits: 33 - old.shift)
    for slot in 0..<old.slotCount where old.slots[slot] != 0 {
      part.pointee.place(FingerprintEntry(bits: old.slots[slot]))
    }
    old.slots.deallocate()
  }

  /// The entries of a part by tag, then position.
  ///
  /// - Complexity: O(n) expected: insertion into what is nearly sorted.
  func sortedEntries(ofPart index: Int) -> [UInt64] {
    let part = parts[index]
    var entries: [UInt64] = []
    entries.reserveCapacity(part.count)
    for slot in 0..<part.slotCount where part.slots[slot] != 0 { entries.append(part.slots[slot]) }
    // Those that ran over the end stand in front.
    var wrapped = 0
    while wrapped < entries.count, part.home(FingerprintEntry(bits: entries[wrapped]).tag) > part.slotCount / 2,
      wrapped < part.slotCount / 4
    {
      wrapped += 1
    }
    entries = Array(entries[wrapped...] + entries[..<wrapped])
    for index in entries.indices.dropFirst() {
      let entry = entries[index]
      var hole = index
      while hole > 0, entries[hole - 1] > entry {
        entries[hole] = entries[hole - 1]
        hole -= 1
      }
      entries[hole] = entry
    }
    return entries
  }
}
