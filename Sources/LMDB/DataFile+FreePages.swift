extension DataFile {
  /// Whether every page from `first` to the last is on the free list, so that nothing is lost if it is not there.
  ///
  /// - Throws: `.malformedFile`, and `.truncated` never: a page of the free list that is missing itself means `false`.
  func freePages(from first: UInt64, meta: Meta) throws(LMDBError) -> Bool {
    var walk = FreeListWalk(firstMissing: first, meta: meta)
    guard try visit(meta.freeRoot, &walk) else { return false }
    return UInt64(walk.free.count) == meta.lastPage - first + 1
  }

  /// Visits one page of the free list's tree and those below it; `false` if one of them is missing.
  private func visit(_ number: UInt64, depth: Int = 0, _ walk: inout FreeListWalk) throws(LMDBError) -> Bool {
    let emptyTree = UInt64.max
    let isBranch: UInt16 = 0x01
    let isLeaf: UInt16 = 0x02
    let headerByteCount = 16

    if number == emptyTree { return true }
    guard number < walk.firstMissing else { return false }
    guard depth < 32 else { throw malformed("its free list is deeper than LMDB allows") }
    guard walk.visited.insert(number).inserted else { throw malformed("its free list runs in circles") }

    let pageByteCount = walk.meta.pageByteCount
    let page = Page(bytes: try descriptor.read("open", byteCount: pageByteCount, at: Int(number) * pageByteCount))
    guard let flags: UInt16 = page.integer(at: 10), let lower: UInt16 = page.integer(at: 12),
      flags & (isBranch | isLeaf) != 0, Int(lower) >= headerByteCount
    else { throw malformed("page \(number) is not a page of the free list") }

    for slot in 0..<(Int(lower) - headerByteCount) / 2 {
      guard let offset: UInt16 = page.integer(at: headerByteCount + 2 * slot), let node = Node(page, at: Int(offset))
      else { throw malformed("page \(number) is not a page of the free list") }
      if flags & isBranch != 0 {
        guard try visit(node.child, depth: depth + 1, &walk) else { return false }
      } else {
        guard try collect(node, of: page, &walk) else { return false }
      }
    }
    return true
  }

  /// Notes the missing pages that one record of the free list names: a count, and as many page numbers.
  private func collect(_ node: Node, of page: Page, _ walk: inout FreeListWalk) throws(LMDBError) -> Bool {
    var (bytes, offset) = (page, node.valueOffset)
    if node.isElsewhere {
      guard let overflow: UInt64 = page.integer(at: offset), overflow < walk.firstMissing else { return false }
      let start = Int(overflow) * walk.meta.pageByteCount + 16
      guard start + node.valueByteCount <= Int(walk.firstMissing) * walk.meta.pageByteCount else { return false }
      bytes = Page(bytes: try descriptor.read("open", byteCount: node.valueByteCount, at: start))
      offset = 0
    }
    guard let count: UInt64 = bytes.integer(at: offset), count < UInt64(max(1, node.valueByteCount / 8)) else {
      throw malformed("its free list has a record that makes no sense")
    }
    for index in 0..<Int(count) {
      guard let free: UInt64 = bytes.integer(at: offset + 8 * (index + 1)) else {
        throw malformed("its free list has a record that makes no sense")
      }
      if free >= walk.firstMissing, free <= walk.meta.lastPage { walk.free.insert(free) }
    }
    return true
  }
}

/// What has been seen of the free list so far.
private struct FreeListWalk {
  let firstMissing: UInt64
  let meta: DataFile.Meta
  var visited: Set<UInt64> = []
  /// The free ones among the missing pages.
  var free: Set<UInt64> = []
}

/// The header of an entry in a branch or leaf page: low 2, high 2, flags 2, key size 2, then the key and the value.
private struct Node {
  private let low: UInt16
  private let high: UInt16
  private let flags: UInt16
  let valueOffset: Int

  init?(_ page: Page, at offset: Int) {
    guard let low: UInt16 = page.integer(at: offset), let high: UInt16 = page.integer(at: offset + 2),
      let flags: UInt16 = page.integer(at: offset + 4), let keyByteCount: UInt16 = page.integer(at: offset + 6)
    else { return nil }
    (self.low, self.high, self.flags) = (low, high, flags)
    valueOffset = offset + 8 + Int(keyByteCount)
  }

  /// Of an entry in a branch: the page below.
  var child: UInt64 { UInt64(low) | UInt64(high) << 16 | UInt64(flags) << 32 }

  /// Of an entry in a leaf: the value's size, and whether the leaf only has the number of the page where it is.
  var valueByteCount: Int { Int(low) | Int(high) << 16 }
  var isElsewhere: Bool { flags & 0x01 != 0 }
}
