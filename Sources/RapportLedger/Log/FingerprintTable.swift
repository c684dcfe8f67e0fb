import CHash
import Synchronization

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
/// Each part is an open-addressing table of its own that grows by half, by itself: growing moves a few megabytes at a time
/// and never holds the whole table twice. An entry's home follows from the first bits of its tag, so the entries of a part
/// stand nearly sorted, which is how they leave it (``sortedEntries(ofPart:)``).
///
/// A table for millions of events that are there already is loaded first, on all processors: entries are put down as they
/// come, part by part, and get their places together (``settle()``). Each part is then worked on alone, in the processor's
/// cache, which is many times faster than one cache miss an entry.
struct FingerprintTable: ~Copyable {
  /// Positions up to this one are not in the table.
  let base: UInt64
  private(set) var count = 0
  private let parts: UnsafeMutablePointer<Part>
  /// One for each part, for the threads that load.
  private let locks: UnsafeMutablePointer<Mutex<Void>>
  /// What a part grows to, unless it must have more.
  private let partSlotsMax: Int
  /// Entries have no places yet: they can be added, not found.
  private(set) var isLoading: Bool

  private struct Part {
    var slots: UnsafeMutablePointer<UInt64>
    var slotCount: Int
    var count = 0

    init(slotCount: Int) {
      slots = ZeroedMemory.allocate(byteCount: 8 * slotCount).assumingMemoryBound(to: UInt64.self)
      self.slotCount = slotCount
    }

    func deallocate() { ZeroedMemory.deallocate(slots, byteCount: slotCount * 8) }

    /// In proportion to the tag, whatever the number of slots.
    @inline(__always)
    func home(_ tag: UInt32) -> Int {
      Int(truncatingIfNeeded: (UInt64(tag) &* UInt64(truncatingIfNeeded: slotCount)) >> 32)
    }

    @inline(__always)
    func slot(after slot: Int) -> Int { slot + 1 == slotCount ? 0 : slot + 1 }

    @inline(__always)
    mutating func place(_ entry: FingerprintEntry) {
      var slot = home(entry.tag)
      while slots[slot] != 0 { slot = self.slot(after: slot) }
      slots[slot] = entry.bits
      count += 1
    }

    /// Gives places to entries that were put down one after the other.
    ///
    /// - Parameter entries: room for them all.
    func settled(by entries: UnsafeMutablePointer<UInt64>) -> Part {
      entries.update(from: slots, count: count)
      // All of them: a page that is read before it is written is given twice.
      slots.update(repeating: 0, count: slotCount)
      var part = self
      part.count = 0
      for index in 0..<count {
        if index + 12 < count { rpt_prefetch(slots + home(FingerprintEntry(bits: entries[index + 12]).tag)) }
        part.place(FingerprintEntry(bits: entries[index]))
      }
      return part
    }
  }

  /// - Parameters:
  ///   - base: the position before the first.
  ///   - capacity: entries to be ready for.
  ///   - slotsMax: slots that it may have as long as less than three quarters of them are needed.
  ///   - isLoading: entries are added with ``load(_:first:sorted:)`` until ``settle()``.
  init(base: UInt64 = 0, capacity: Int = 0, slotsMax: Int = .max, isLoading: Bool = false) {
    self.base = base
    self.isLoading = isLoading
    partSlotsMax = slotsMax / FingerprintEntry.partCount
    parts = .allocate(capacity: FingerprintEntry.partCount)
    locks = .allocate(capacity: FingerprintEntry.partCount)
    // More than its share of them, so that the next millions do not make all parts grow at once.
    let share = capacity / FingerprintEntry.partCount * 5 / 4
    for part in 0..<FingerprintEntry.partCount {
      (parts + part).initialize(to: Part(slotCount: max(16, min(share / 3 * 4, partSlotsMax))))
      (locks + part).initialize(to: Mutex(()))
    }
  }

  deinit {
    for part in 0..<FingerprintEntry.partCount { parts[part].deallocate() }
    parts.deallocate()
    locks.deinitialize(count: FingerprintEntry.partCount)
    locks.deallocate()
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
      slot = part.pointee.slot(after: slot)
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

  /// Adds entries that are found, and counted, once the table has settled. Several threads may do so at once.
  ///
  /// - Parameters:
  ///   - fingerprints: of consecutive positions.
  ///   - first: the first of these.
  ///   - sorted: room for as many entries.
  /// - Precondition: the table is loading; otherwise as for ``insert(_:position:)``.
  /// - Complexity: O(n), without a cache miss for each.
  func load(_ fingerprints: UnsafeBufferPointer<UInt64>, first: UInt64, sorted: UnsafeMutablePointer<UInt64>) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: FingerprintEntry.partCount) { ends in
      ends.initialize(repeating: 0)
      for fingerprint in fingerprints { ends[FingerprintEntry.part(fingerprint)] &+= 1 }
      // Now where each part begins, and behind the next loop where it ends.
      var start = 0
      for part in ends.indices { (ends[part], start) = (start, start + ends[part]) }
      let offset = UInt32(first - base)
      for index in fingerprints.indices {
        let fingerprint = fingerprints[index]
        let part = FingerprintEntry.part(fingerprint)
        sorted[ends[part]] = FingerprintEntry(fingerprint, offset: offset + UInt32(index)).bits
        ends[part] &+= 1
      }
      // Threads begin at different parts, so that they do not wait for each other at every one.
      let begin = Int(truncatingIfNeeded: (first >> 16) &* 0x9E37_79B9_7F4A_7C15 >> 56)
      for index in ends.indices {
        let part = (begin + index) % ends.count
        let start = part == 0 ? 0 : ends[part - 1]
        let count = ends[part] - start
        guard count > 0 else { continue }
        locks[part].withLock { _ in
          while (parts[part].count + count) * 4 > parts[part].slotCount * 3 { grow(parts + part) }
          (parts[part].slots + parts[part].count).update(from: sorted + start, count: count)
          parts[part].count += count
        }
      }
    }
  }

  /// Gives all entries that were loaded their places, on all processors.
  ///
  /// - Complexity: O(n), and the memory of a part for each thread.
  mutating func settle() {
    guard isLoading else { return }
    isLoading = false
    // Safe: no two threads have the same part.
    nonisolated(unsafe) let parts = parts
    let threads = Threads.processors
    parallel(threads) { thread in
      var entriesMax = 1
      for part in 0..<FingerprintEntry.partCount { entriesMax = max(entriesMax, parts[part].count) }
      let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: entriesMax)
      for part in stride(from: thread, to: FingerprintEntry.partCount, by: threads) {
        parts[part] = parts[part].settled(by: entries)
      }
      entries.deallocate()
    }
    for part in 0..<FingerprintEntry.partCount { count += parts[part].count }
  }

  @inline(never)
  private func grow(_ part: UnsafeMutablePointer<Part>) {
    let old = part.pointee
    let larger = old.slotCount + old.slotCount / 2
    part.pointee = Part(slotCount: old.slotCount < partSlotsMax ? min(larger, partSlotsMax) : larger)
    if isLoading {
      part.pointee.slots.update(from: old.slots, count: old.count)
      part.pointee.count = old.count
    } else {
      part.pointee.slots.update(repeating: 0, count: part.pointee.slotCount)
      for slot in 0..<old.slotCount where old.slots[slot] != 0 {
        part.pointee.place(FingerprintEntry(bits: old.slots[slot]))
      }
    }
    old.deallocate()
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
