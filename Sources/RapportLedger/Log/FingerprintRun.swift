import CHash

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The fingerprints of consecutive positions in a sorted file that is mapped, not read: what a writer knows beyond the
/// memory that it may use.
///
/// | size | field |
/// |---|---|
/// | 64 | header: magic `RPTFPR01`; the ledger's seed; first and last position; blocks of the filter; checksum of the filter; zero; checksum of the rest of header and table |
/// | 16 × 256 | a table of the parts: number of entries and their checksum |
/// | 64 each | the filter |
/// | 8 each | entries (``FingerprintEntry``) by part, tag and position, the position less the first one, from 1 |
///
/// The filter is a Bloom filter of 64-byte blocks (Putze, Sanders and Singler, 2007): about ten bits an entry, six of them
/// set, all in one cache line. A new event passes it once in a hundred times; it then costs a search by interpolation.
///
/// A run can always be made again from the log: one that is damaged, or of another ledger, is not there.
final class FingerprintRun: @unchecked Sendable {
  let first: UInt64
  let last: UInt64
  private let memory: UnsafeRawPointer
  private let byteCount: Int
  /// Where the entries of each part begin, and behind the last.
  private let starts: [Int]
  private let filter: UnsafePointer<UInt64>
  private let filterBlocks: UInt64
  private let entries: UnsafePointer<UInt64>

  private static let magic: UInt64 = 0x3130_5250_4654_5052
  private static let headerWords = 8 + 2 * FingerprintEntry.partCount
  private static let entriesPerFilterBlock = 51

  /// Maps a run and checks every byte of it.
  ///
  /// - Returns: nil if it is not a sound run of this ledger.
  /// - Complexity: O(bytes).
  init?(path: String, seed: UInt64) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, Int(status.st_size) >= Self.headerWords * 8,
      let mapped = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, file, 0), mapped != MAP_FAILED
    else { return nil }
    byteCount = Int(status.st_size)
    memory = UnsafeRawPointer(mapped)
    let words = memory.assumingMemoryBound(to: UInt64.self)
    (first, last, filterBlocks) = (words[2], words[3], words[4])
    filter = words + Self.headerWords
    let spare = UInt64(byteCount / 8 - Self.headerWords)
    let filterWords = filterBlocks <= spare / 8 ? Int(filterBlocks) * 8 : 0
    entries = filter + filterWords
    var starts = [0]
    var isSound =
      words[0] == Self.magic && words[1] == seed && words[7] == Self.headerChecksum(words) && filterWords > 0
      && words[5] == rpt_hash64(filter, filterWords * 8, 0) && first >= 1 && first <= last
      && last - first < UInt64(UInt32.max)
    let entryCount = Int(spare) - filterWords
    for part in 0..<FingerprintEntry.partCount where isSound {
      let count = words[8 + 2 * part]
      isSound = count <= UInt64(entryCount - starts[part])
      guard isSound else { break }
      isSound = words[9 + 2 * part] == rpt_hash64(entries + starts[part], Int(count) * 8, 0)
      starts.append(starts[part] + Int(count))
    }
    self.starts = starts
    guard isSound, starts.last == entryCount else { return nil }
    madvise(mapped, byteCount, MADV_RANDOM)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: memory), byteCount) }

  private static func headerChecksum(_ words: UnsafePointer<UInt64>) -> UInt64 {
    rpt_hash64(words, 56, rpt_hash64(words + 8, (headerWords - 8) * 8, 0))
  }

  /// Writes the entries of a table as a run, durable and whole or not at all.
  ///
  /// - Complexity: O(n), and the memory of one part and of the filter.
  static func write(
    _ table: borrowing FingerprintTable, through last: UInt64, seed: UInt64, to path: String
  ) throws(LedgerError) {
    let filterBlocks = table.count / entriesPerFilterBlock + 1
    var header = [magic, seed, table.base + 1, last, UInt64(filterBlocks), 0, 0, 0]
    var filter = [UInt64](repeating: 0, count: filterBlocks * 8)
    for part in 0..<FingerprintEntry.partCount {
      let entries = table.sortedEntries(ofPart: part)
      header.append(UInt64(entries.count))
      header.append(entries.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, 0) })
      for entry in entries {
        let place = FilterPlace(part, FingerprintEntry(bits: entry).tag, blocks: UInt64(filterBlocks))
        place.forEachBit { word, bit in filter[place.firstWord + word] |= bit }
      }
    }
    header[5] = filter.withUnsafeBytes { rpt_hash64($0.baseAddress, $0.count, 0) }
    header[7] = header.withUnsafeBufferPointer { headerChecksum($0.baseAddress!) }
    // A part is sorted twice: that costs less than to hold all of them.
    func isFilled(_ file: Int32, _ table: borrowing FingerprintTable) -> Bool {
      guard header.withUnsafeBytes({ NewFile.isWritten($0, to: file) }),
        filter.withUnsafeBytes({ NewFile.isWritten($0, to: file) })
      else { return false }
      for part in 0..<FingerprintEntry.partCount {
        let entries = table.sortedEntries(ofPart: part)
        guard entries.withUnsafeBytes({ NewFile.isWritten($0, to: file) }) else { return false }
      }
      return true
    }
    try NewFile.write(to: path) { isFilled($0, table) }
  }

  /// Asks for the cache line of the filter of a look-up to come.
  @inline(__always)
  func prefetch(_ fingerprint: UInt64) { rpt_prefetch(filter + place(of: fingerprint).firstWord) }

  @inline(__always)
  private func place(of fingerprint: UInt64) -> FilterPlace {
    FilterPlace(FingerprintEntry.part(fingerprint), FingerprintEntry.tag(fingerprint), blocks: filterBlocks)
  }

  /// False if no position of the run has the fingerprint.
  @inline(__always)
  func mayHold(_ fingerprint: UInt64) -> Bool {
    let place = place(of: fingerprint)
    var missing: UInt64 = 0
    place.forEachBit { word, bit in missing |= ~filter[place.firstWord + word] & bit }
    return missing == 0
  }

  /// The index of the first entry of a fingerprint, or where it would be.
  ///
  /// - Complexity: O(1) expected steps of interpolation: tags are random.
  func lowerBound(_ fingerprint: UInt64) -> Int {
    let part = FingerprintEntry.part(fingerprint)
    let wanted = UInt64(FingerprintEntry.tag(fingerprint)) << 32
    var low = starts[part]
    var high = starts[part + 1]
    // Tags of a part are spread evenly: the guess is off by some √n.
    let guess = low + Int((UInt64(high - low) &* (wanted >> 32)) >> 32)
    var reach = 64
    if guess < high, entries[guess] < wanted {
      low = guess + 1
      while low + reach < high, entries[low + reach] < wanted {
        low += reach + 1
        reach *= 2
      }
      high = min(low + reach, high)
    } else {
      high = guess
      while high - reach > low, entries[high - reach] >= wanted {
        high -= reach
        reach *= 2
      }
      low = max(low, high - reach)
    }
    return (low..<high).partitioningIndex { entries[$0] >= wanted }
  }

  /// The position of the entry at an index, if it has the fingerprint.
  func position(_ fingerprint: UInt64, at index: Int) -> UInt64? {
    guard index < starts[FingerprintEntry.part(fingerprint) + 1] else { return nil }
    let entry = FingerprintEntry(bits: entries[index])
    return entry.tag == FingerprintEntry.tag(fingerprint) ? first - 1 + UInt64(entry.offset) : nil
  }
}

/// Where the bits of an entry lie in a filter.
private struct FilterPlace {
  let firstWord: Int
  private let bits: UInt64

  @inline(__always)
  init(_ part: Int, _ tag: UInt32, blocks: UInt64) {
    // The 40 bits that both sides know, mixed.
    var mixed = (UInt64(part) << 32 | UInt64(tag)) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93
    firstWord = Int(mixed.multipliedFullWidth(by: blocks).high) * 8
    bits = (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
  }

  /// Six of 512 bits: the word in the block, and the bit in the word.
  @inline(__always)
  func forEachBit(_ body: (Int, UInt64) -> Void) {
    for index in 0..<6 {
      let bit = bits >> UInt64(index * 9) & 511
      body(Int(bit >> 6), 1 << (bit & 63))
    }
  }
}
