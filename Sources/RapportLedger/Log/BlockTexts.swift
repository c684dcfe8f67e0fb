import CHash

/// Texts that appear first in a block – subjects of customers, or names – in order of their numbers.
///
/// They are found by content through their hashes, which stand in ascending order beside the index of each text: hashes
/// are spread evenly, so the place of one can be told within some hundred, and who looks for a text compares few bytes
/// with their checksums.
struct BlockTexts {
  /// The sections of such a list.
  struct Slots {
    /// Where each text ends, and the texts.
    let end: Int
    let text: Int
    /// Hashes, ascending; and of each the index of its text.
    let hash: Int
    let index: Int

    static let customers = Slots(
      end: BlockSection.customerEnd, text: BlockSection.customerText, hash: BlockSection.customerHash,
      index: BlockSection.customerIndex)
    static let names = Slots(
      end: BlockSection.nameEnd, text: BlockSection.nameText, hash: BlockSection.nameHash,
      index: BlockSection.nameIndex)
  }

  let slots: Slots
  let ends: SectionReader
  let text: SectionReader
  let hashes: SectionReader
  let indices: SectionReader

  init(_ block: Block, _ slots: Slots) {
    self.slots = slots
    ends = block.section(slots.end)
    text = block.section(slots.text)
    hashes = block.section(slots.hash)
    indices = block.section(slots.index)
  }

  var count: Int { ends.count }

  /// The bytes of a text in the section of texts.
  func range(_ index: Int) -> Range<Int> {
    let first = index == 0 ? 0 : Int(ends[index - 1])
    let last = Int(ends[index])
    precondition(first >= 0 && first <= last && last <= Int(text.section.byteCount), "text outside its section")
    return first..<last
  }

  subscript(index: Int) -> UnsafeBufferPointer<UInt8> {
    let range = range(index)
    return UnsafeBufferPointer(
      start: (text.bytes + range.lowerBound).assumingMemoryBound(to: UInt8.self), count: range.count)
  }

  /// What a text is found by.
  ///
  /// - Parameter seed: of the ledger, so that nobody can choose texts that share a hash.
  static func hash(_ text: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: rpt_hash64(text.baseAddress, text.count, seed) >> 32)
  }

  /// The index of a text; nil if it is not there.
  ///
  /// - Parameters:
  ///   - hash: of the text.
  ///   - check: asked before anything is read.
  /// - Complexity: O(log n), some hundred hashes to be checked.
  func index(
    of wanted: UnsafeBufferPointer<UInt8>, hash: UInt32, check: Block.Check
  ) throws(LedgerError) -> Int? {
    var place = try place(of: hash, check)
    while place < count {
      try check(slots.hash, place..<place + 1)
      guard UInt32(truncatingIfNeeded: hashes[place]) == hash else { return nil }
      try check(slots.index, place..<place + 1)
      let index = Int(indices[place])
      try checkText(index, check)
      if self[index].elementsEqual(wanted) { return index }
      place += 1
    }
    return nil
  }

  /// Makes sure that a text is the one that was written.
  func checkText(_ index: Int, _ check: Block.Check) throws(LedgerError) {
    try check(slots.end, max(index - 1, 0)..<index + 1)
    try check(slots.text, range(index))
  }

  /// The first place whose hash is not less.
  private func place(
    of hash: UInt32, _ check: Block.Check
  ) throws(LedgerError) -> Int {
    // Four standard deviations: of evenly spread hashes one in ten thousand lies farther off.
    let guess = Int((UInt64(hash) &* UInt64(count)) >> 32)
    let reach = 2 * Int(Double(count).squareRoot()) + 2
    var (low, high) = (max(guess - reach, 0), min(guess + reach, count))
    try check(slots.hash, low..<high)
    if low > 0 && UInt32(truncatingIfNeeded: hashes[low]) >= hash
      || high < count && UInt32(truncatingIfNeeded: hashes[high - 1]) < hash
    {
      (low, high) = (0, count)
      try check(slots.hash, low..<high)
    }
    return (low..<high).partitioningIndex { UInt32(truncatingIfNeeded: hashes[$0]) >= hash }
  }
}

extension TextList {
  /// The texts' hashes in ascending order, each with the index of its text.
  ///
  /// - Complexity: O(n log n).
  func byHash(seed: UInt64) -> [(hash: UInt32, index: Int)] {
    var keys = (0..<count).map { index in
      withText(at: index) { UInt64(BlockTexts.hash($0, seed: seed)) << 32 | UInt64(index) }
    }
    keys.sort()
    return keys.map { (UInt32($0 >> 32), Int($0 & 0xFFFF_FFFF)) }
  }
}
