import CLMDB

/// Reads every page that a commit can reach, through `pread`, and makes sure that it is what LMDB takes on trust.
///
/// LMDB checks neither the order of keys nor whether a page is the one that was meant, and a writer overwrites whatever
/// the free list names. So: every page says its own number and kind; keys ascend, from page to page too; depths and
/// counts are those of the tree's record; no page is reached twice, none that is reached is free, and there are no
/// others. Of values on pages of their own only the headers are read. For a reader it leaves those and the free list out,
/// which LMDB trusts only when it writes. Databases have the names that they were made with:
/// one whose name lost a bit would be taken for one that is not there yet, and be made anew.
///
/// ```
/// page header 16    number 8, pad 2, flags 2, lower 2, upper 2; of a value: number 8, pad 2, flags 2, its pages 4
/// 16 … lower        where the nodes are in the page, by key, 2 bytes each
/// node 8            low 2, high 2, flags 2, key size 2, then the key, then what it leads to
///   in a branch     low, high and flags are the number of the page below; the first key counts as the least of all
///   in a leaf       low and high are the size of the value; flags 1: it is elsewhere, 2: it is the record of a tree
/// record 48         pad 4, flags 2, depth 2, branch pages 8, leaf pages 8, value pages 8, entries 8, root 8
/// ```
struct PageWalk: ~Copyable {
  private let file: DataFile
  private let meta: DataFile.Meta
  private let isForWriting: Bool
  private var reached = PageSet()

  init(_ file: consuming DataFile, _ meta: DataFile.Meta, isForWriting: Bool) {
    self.file = file
    self.meta = meta
    self.isForWriting = isForWriting
  }

  /// - Parameter databases: by their names, all that were ever made, with what they are sorted by.
  /// - Throws: `.malformedFile`.
  /// - Complexity: O(*pages of the trees* + *values on pages of their own* + *free pages*).
  mutating func check(_ databases: [String: any DatabaseKey.Type]) throws(LMDBError) {
    let page = try readPage(meta.transactionID & 1)
    // The flags of the free list are also those that the environment was created with: ours, or a copy's.
    let creation = UInt16(MDB_NOSUBDIR)
    guard let free = Tree(page, at: 40, ignoring: creation), free.isIntegerKeyed, let main = Tree(page, at: 88) else {
      throw file.malformed("a meta page describes a tree that LMDB does not make")
    }
    for entry in try walk(main, "main tree") {
      guard entry.flags & UInt16(F_SUBDATA) != 0, entry.byteCount == 48,
        let tree = Tree(Page(bytes: entry.value), at: 0)
      else {
        throw file.malformed("the main tree has an entry that is no database")
      }
      let name = String(decoding: entry.key, as: UTF8.self)
      guard let keys = databases[name], keys.isInteger == tree.isIntegerKeyed else {
        throw file.malformed("the main tree names a database “\(name)”, and none of that name and kind was made")
      }
      _ = try walk(tree, "database")
    }
    if isForWriting { try checkFreePages(free) }
  }

  private mutating func checkFreePages(_ free: Tree) throws(LMDBError) {
    var freePages: [UInt64] = []
    for entry in try walk(free, "free list") { freePages += try readFreeList(entry) }
    for page in freePages {
      guard page >= 2, page <= meta.lastPage, reached.insert(page, count: 1) else {
        throw file.malformed("page \(page) is on the free list, and in use or there twice or beyond the end")
      }
    }
    guard reached.count == meta.lastPage - 1 else {
      throw file.malformed("\(Int(meta.lastPage) - 1 - Int(reached.count)) pages are neither in use nor free")
    }
  }

  // MARK: Trees

  private struct Tree: Equatable {
    var isIntegerKeyed: Bool
    var depth: UInt16
    var branchPages: UInt64
    var leafPages: UInt64
    var valuePages: UInt64
    var entries: UInt64
    var root: UInt64

    /// - Returns: nil for flags that no tree of ours has.
    init?(_ page: Page, at offset: Int, ignoring ignored: UInt16 = 0) {
      guard let flags: UInt16 = page.integer(at: offset + 4), let depth: UInt16 = page.integer(at: offset + 6),
        let branchPages: UInt64 = page.integer(at: offset + 8), let leafPages: UInt64 = page.integer(at: offset + 16),
        let valuePages: UInt64 = page.integer(at: offset + 24), let entries: UInt64 = page.integer(at: offset + 32),
        let root: UInt64 = page.integer(at: offset + 40), flags & ~(UInt16(MDB_INTEGERKEY) | ignored) == 0
      else { return nil }
      isIntegerKeyed = flags & UInt16(MDB_INTEGERKEY) != 0
      (self.depth, self.branchPages, self.leafPages) = (depth, branchPages, leafPages)
      (self.valuePages, self.entries, self.root) = (valuePages, entries, root)
    }
  }

  private struct Entry {
    var key: [UInt8]
    var flags: UInt16
    /// Of a value elsewhere only the number of its first page; then `byteCount` is not its count.
    var value: [UInt8]
    var byteCount: Int
  }

  /// What was seen of a tree so far.
  private struct Visit {
    var tree: Tree
    var name: String
    var branchPages: UInt64 = 0
    var leafPages: UInt64 = 0
    var valuePages: UInt64 = 0
    var entries: [Entry] = []
  }

  private mutating func walk(_ tree: Tree, _ name: String) throws(LMDBError) -> [Entry] {
    let noPage = UInt64.max
    var visit = Visit(tree: tree, name: name)
    if tree.root == noPage {
      guard tree.depth == 0 else { throw file.malformed("its \(name) is empty and \(tree.depth) deep") }
    } else {
      try descend(tree.root, 1, &visit)
    }
    guard visit.branchPages == tree.branchPages, visit.leafPages == tree.leafPages,
      visit.valuePages == tree.valuePages, UInt64(visit.entries.count) == tree.entries
    else { throw file.malformed("its \(name) does not have the pages and entries that its record counts") }
    for index in visit.entries.indices.dropFirst()
    where !precedes(visit.entries[index - 1].key, visit.entries[index].key, tree) {
      throw file.malformed("the keys of its \(name) do not ascend")
    }
    return visit.entries
  }

  private mutating func descend(
    _ number: UInt64, _ depth: UInt16, _ visit: inout Visit, from low: [UInt8]? = nil, to high: [UInt8]? = nil
  ) throws(LMDBError) {
    guard depth <= visit.tree.depth, depth < 32 else { throw file.malformed("its \(visit.name) is too deep") }
    try reach(number, 1)
    let page = try readPage(number)
    let isLeaf = depth == visit.tree.depth
    let nodes = try readNodes(page, number, flags: UInt16(isLeaf ? P_LEAF : P_BRANCH))
    if isLeaf { visit.leafPages += 1 } else { visit.branchPages += 1 }
    for (index, node) in nodes.enumerated() {
      // The first key of a branch is never looked at.
      if isLeaf || index > 0 {
        if let low, precedes(node.key, low, visit.tree) { throw outOfPlace(number) }
        if let high, !precedes(node.key, high, visit.tree) { throw outOfPlace(number) }
      }
      if isLeaf {
        visit.entries.append(try entry(node, number, &visit))
      } else {
        let next = index + 1 < nodes.count ? nodes[index + 1].key : high
        try descend(node.child, depth + 1, &visit, from: index == 0 ? low : node.key, to: next)
      }
    }
  }

  private func outOfPlace(_ number: UInt64) -> LMDBError {
    file.malformed("page \(number) has a key that its branch leads past")
  }

  /// - Parameter leaf: the page that the node is on.
  private mutating func entry(
    _ node: PageNode, _ leaf: UInt64, _ visit: inout Visit
  ) throws(LMDBError) -> Entry {
    guard node.flags & ~UInt16(F_BIGDATA | F_SUBDATA) == 0, !visit.tree.isIntegerKeyed || node.key.count == 8 else {
      throw file.malformed("page \(leaf) of its \(visit.name) has a node with unknown flags or a key of a wrong size")
    }
    if node.flags & UInt16(F_BIGDATA) != 0 {
      guard let number: UInt64 = Page(bytes: node.value).integer(at: 0) else {
        throw file.malformed("page \(leaf) has a value elsewhere that has no page")
      }
      let count = UInt64((16 - 1 + node.byteCount) / meta.pageByteCount + 1)
      try reach(number, count)
      if isForWriting { try checkValueHeader(number, count) }
      visit.valuePages += count
    }
    return Entry(key: node.key, flags: node.flags, value: node.value, byteCount: node.byteCount)
  }

  private func checkValueHeader(_ number: UInt64, _ count: UInt64) throws(LMDBError) {
    let header = Page(bytes: try readBytes(at: number, byteCount: 16))
    guard header.integer(at: 0) == number, header.integer(at: 10) == UInt16(P_OVERFLOW),
      header.integer(at: 12) == UInt32(count)
    else { throw file.malformed("page \(number) does not begin the value that it should") }
  }

  /// As LMDB compares: native integers, or bytes.
  private func precedes(_ a: [UInt8], _ b: [UInt8], _ tree: Tree) -> Bool {
    tree.isIntegerKeyed
      ? a.reversed().lexicographicallyPrecedes(b.reversed()) : a.lexicographicallyPrecedes(b)
  }

  // MARK: Pages

  private mutating func reach(_ first: UInt64, _ count: UInt64) throws(LMDBError) {
    guard first >= 2, count <= meta.lastPage, first <= meta.lastPage - (count - 1) else {
      throw file.malformed("page \(first) is used and lies beyond the last one")
    }
    guard reached.insert(first, count: count) else {
      throw file.malformed("page \(first), or one of the \(count - 1) behind it, is used twice")
    }
  }

  /// A record of the free list: how many page numbers, then those, descending.
  private func readFreeList(_ entry: Entry) throws(LMDBError) -> [UInt64] {
    var list = Page(bytes: entry.value)
    if entry.flags & UInt16(F_BIGDATA) != 0, let number: UInt64 = list.integer(at: 0) {
      list = Page(bytes: Array(try readBytes(at: number, byteCount: 16 + entry.byteCount).dropFirst(16)))
    }
    guard let count: UInt64 = list.integer(at: 0), entry.byteCount == (Int(clamping: count) &+ 1) &* 8 else {
      throw file.malformed("its free list has a record that makes no sense")
    }
    return (0..<Int(count)).map { list.integer(at: 8 * ($0 + 1)) ?? 0 }
  }

  private func readNodes(_ page: Page, _ number: UInt64, flags: UInt16) throws(LMDBError) -> [PageNode] {
    guard page.integer(at: 0) == number, page.integer(at: 10) == flags, let lower: UInt16 = page.integer(at: 12),
      let upper: UInt16 = page.integer(at: 14), lower >= 16, lower % 2 == 0, lower <= upper,
      Int(upper) <= page.bytes.count
    else { throw file.malformed("page \(number) is not the page of a tree that it should be") }
    var nodes: [PageNode] = []
    for slot in stride(from: 16, to: Int(lower), by: 2) {
      guard let offset: UInt16 = page.integer(at: slot),
        let node = PageNode(page, at: Int(offset), isLeaf: flags == UInt16(P_LEAF))
      else { throw file.malformed("page \(number) has a node that does not fit") }
      nodes.append(node)
    }
    // LMDB keeps nodes side by side, from `upper` to the end of the page.
    var next = Int(upper)
    for node in nodes.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
      guard node.place.lowerBound == next else { throw file.malformed("page \(number) has nodes that do not fit") }
      next = node.place.upperBound
    }
    guard next == page.bytes.count else { throw file.malformed("page \(number) has nodes that do not fill it") }
    return nodes
  }

  private func readPage(_ number: UInt64) throws(LMDBError) -> Page {
    Page(bytes: try readBytes(at: number, byteCount: meta.pageByteCount))
  }

  private func readBytes(at number: UInt64, byteCount: Int) throws(LMDBError) -> [UInt8] {
    guard number <= meta.lastPage else { throw file.malformed("page \(number) is used and lies beyond the last one") }
    let bytes = try file.descriptor.read("verify", byteCount: byteCount, at: Int(number) * meta.pageByteCount)
    guard bytes.count == byteCount else { throw file.malformed("page \(number) is used and not there") }
    return bytes
  }
}

/// An entry of a page, its key and value copied.
private struct PageNode {
  let key: [UInt8]
  let flags: UInt16
  /// Of a value elsewhere: the number of its page.
  let value: [UInt8]
  let byteCount: Int
  let child: UInt64
  /// The bytes that it takes: an even number.
  let place: Range<Int>

  init?(_ page: Page, at offset: Int, isLeaf: Bool) {
    guard let low: UInt16 = page.integer(at: offset), let high: UInt16 = page.integer(at: offset + 2),
      let flags: UInt16 = page.integer(at: offset + 4), let keyByteCount: UInt16 = page.integer(at: offset + 6)
    else { return nil }
    byteCount = isLeaf ? Int(low) | Int(high) << 16 : 0
    child = UInt64(low) | UInt64(high) << 16 | UInt64(flags) << 32
    self.flags = isLeaf ? flags : 0
    let start = offset + 8 + Int(keyByteCount)
    let end = start + (isLeaf && flags & UInt16(F_BIGDATA) != 0 ? 8 : byteCount)
    guard end <= page.bytes.count else { return nil }
    place = offset..<(end + 1) / 2 * 2
    key = Array(page.bytes[offset + 8..<start])
    value = Array(page.bytes[start..<end])
  }
}

// Of LMDB's own source; its header does not say them.
private let P_BRANCH = 0x01
private let P_LEAF = 0x02
private let P_OVERFLOW = 0x04
private let F_BIGDATA = 0x01
private let F_SUBDATA = 0x02

extension DataFile {
  /// Makes sure that a meta page is as new as its number says.
  ///
  /// Two numbers that differ by one do not prove it: one flipped bit can make the older page look like the commit after
  /// the newer one. But every commit after the first replaces pages, and notes them on the free list under its number,
  /// and only later ones take that note away.
  ///
  /// - Complexity: O(depth of the free list).
  func checkAge(of meta: Meta) throws(LMDBError) {
    var number = meta.freeRoot
    var newest: UInt64 = 0
    for _ in 0..<32 where number != .max {
      guard number <= meta.lastPage else { break }
      let page = Page(
        bytes: try descriptor.read("open", byteCount: meta.pageByteCount, at: Int(number) * meta.pageByteCount))
      guard let flags: UInt16 = page.integer(at: 10), let lower: UInt16 = page.integer(at: 12), lower > 16,
        let offset: UInt16 = page.integer(at: Int(lower) - 2)
      else { break }
      let isLeaf = flags & UInt16(P_LEAF) != 0
      guard let node = PageNode(page, at: Int(offset), isLeaf: isLeaf) else { break }
      if isLeaf {
        newest = Page(bytes: node.key).integer(at: 0) ?? 0
        break
      }
      number = node.child
    }
    guard meta.transactionID < 2 || newest == meta.transactionID else {
      throw malformed("the meta page of commit \(meta.transactionID) goes with a free list of commit \(newest)")
    }
  }
}

extension Environment {
  /// Reads all pages of the trees and of the free list, and makes sure that LMDB can trust them: `PageWalk`. Nothing of
  /// it goes through the memory map, so whatever is wrong is an error and no signal.
  ///
  /// - Parameters:
  ///   - databases: by their names, all that were ever made, with what they are sorted by.
  ///   - access: for reading, what LMDB trusts only when it writes is left out: the free list, and the headers of values
  ///     on pages of their own. That is soon done also where most pages are free, or most are of values.
  /// - Throws: `.malformedFile`; `.truncated`.
  /// - Complexity: O(*pages of the trees* + *values on pages of their own* + *free pages*).
  public func checkPages(
    of databases: [String: any DatabaseKey.Type], for access: Options.Access = .readWrite
  ) throws(LMDBError) {
    var attempts = 8
    while true {
      // Pins the pages of its commit; those of older ones may be overwritten meanwhile.
      let transaction = try read()
      let file = try DataFile(at: directory + "/data.mdb")
      try file.check()
      if let meta = try file.meta(ofTransaction: UInt64(transaction.transactionID)) {
        var walk = PageWalk(file, meta, isForWriting: access == .readWrite)
        return try walk.check(databases)
      }
      attempts -= 1
      if attempts == 0 {
        throw LMDBError(.malformedFile(reason: "no meta page is of the last commit"), "verify", directory)
      }
    }
  }
}

/// Numbers of pages, a bit each: a page costs a nanosecond, where a hash table took a hundred.
private struct PageSet {
  private var words: [UInt64] = []
  private(set) var count: UInt64 = 0

  /// More than any file has: a damaged number must not ask for memory without end.
  private static let pagesMax: UInt64 = 1 << 33

  /// - Returns: false if one of the pages is there already, or cannot be one.
  mutating func insert(_ first: UInt64, count added: UInt64) -> Bool {
    guard first < Self.pagesMax, added <= Self.pagesMax - first else { return false }
    let end = first + added
    let wordCount = Int((end + 63) / 64)
    if wordCount > words.count { words += repeatElement(0, count: max(wordCount - words.count, words.count)) }
    var page = first
    while page < end {
      let next = min(end, (page / 64 + 1) * 64)
      let bits = (UInt64.max >> (64 - (next - page))) << (page % 64)
      guard words[Int(page / 64)] & bits == 0 else { return false }
      words[Int(page / 64)] |= bits
      page = next
    }
    count += added
    return true
  }
}
