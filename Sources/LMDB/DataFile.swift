#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import CLMDB

/// Looks at `data.mdb` through `pread`, before LMDB maps it.
///
/// LMDB trusts its file: it checks neither its length nor its page numbers, and a page that is mapped but not there is
/// a SIGBUS. This check costs two small reads; only for a file that is shorter than it says does it go further.
///
/// ```
/// page 0, page 1     header 16 bytes: number 8, pad 2, flags 2, lower 2, upper 2
///   16  magic 4        0xBEEFC0DE
///   20  version 4      1
///   24  address 8, map size 8
///   40  free list's tree: page size 4, flags 2, depth 2, page counts 24, entries 8, root 8
///   88  main tree: the same
///  136  last page 8
///  144  transaction 8
/// ```
struct DataFile: ~Copyable {
  let descriptor: Descriptor

  /// One of the two meta pages: the state of the file as of one commit.
  struct Meta: Equatable {
    let pageByteCount: Int
    let freeRoot: UInt64
    let lastPage: UInt64
    let transactionID: UInt64
  }

  /// - Throws: `.absent` if there is none; `.malformedFile` if it is no regular file.
  init(at path: String) throws(LMDBError) {
    let file = try Descriptor.openExisting("open", path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    guard try file.status("open").isRegularFile else {
      throw LMDBError(.malformedFile(reason: "it is not a regular file"), "open", path)
    }
    descriptor = file
  }

  /// Makes sure that the file shows its last commit, and that every page in use is there.
  ///
  /// A sound file may be shorter than its last page number says: LMDB never writes a page that was allocated and freed
  /// in one transaction. So a short file is damaged only if one of the missing pages is not on the free list.
  ///
  /// - Throws: `.truncated`, `.malformedFile`, `MDB_VERSION_MISMATCH`.
  /// - Complexity: O(1) for a file of full length, else O(*pages of the free list*).
  func check() throws(LMDBError) {
    var meta = try readMeta()
    while true {
      do throws(LMDBError) {
        try check(against: meta)
        // The state of the commit before is whole, too: LMDB keeps its pages for a crash during the next.
        for page in try readMetaPair() { try checkAge(of: page) }
        return
      } catch {
        // Another process may have committed meanwhile, and overwritten what this looked at.
        let newer = try readMeta()
        if newer == meta { throw error }
        meta = newer
      }
    }
  }

  private func check(against meta: Meta) throws(LMDBError) {
    let byteCount = try byteCount()  // after the meta page: the file only ever grows
    let presentPages = UInt64(byteCount / meta.pageByteCount)
    guard presentPages <= meta.lastPage else { return }
    if try freePages(from: presentPages, meta: meta) { return }
    let (expected, overflow) = Int(clamping: meta.lastPage).addingReportingOverflow(1)
    let (bytes, tooLarge) = expected.multipliedReportingOverflow(by: meta.pageByteCount)
    throw LMDBError(
      .truncated(byteCount: byteCount, expectedByteCount: overflow || tooLarge ? .max : bytes),
      "open", descriptor.path)
  }

  /// The newer of the two meta pages, as LMDB itself chooses it.
  ///
  /// A commit overwrites the older one: the commit with number n writes page n mod 2. So the two numbers differ by one,
  /// whatever came between, a crash included, and each stands on its page; in a new file both are 0, and alike. Anything
  /// else is damage, and would show an older state or none.
  private func readMeta() throws(LMDBError) -> Meta {
    var pair = try readMetaPair()
    while !Self.isSound(pair) {
      // Another process may have committed between the two reads.
      let again = try readMetaPair()
      if again == pair {
        throw malformed("its meta pages are of commits \(pair[0].transactionID) and \(pair[1].transactionID)")
      }
      pair = again
    }
    return pair[1].transactionID > pair[0].transactionID ? pair[1] : pair[0]
  }

  /// The meta page that a commit wrote; `nil` if two later ones have followed.
  func meta(ofTransaction number: UInt64) throws(LMDBError) -> Meta? {
    try readMetaPair().first { $0.transactionID == number }
  }

  private func readMetaPair() throws(LMDBError) -> [Meta] {
    let first = try readMeta(at: 0)
    return [first, try readMeta(at: first.pageByteCount)]
  }

  private static func isSound(_ pair: [Meta]) -> Bool {
    let (even, odd) = (pair[0].transactionID, pair[1].transactionID)
    if even == 0, odd == 0 { return pair[0] == pair[1] }
    return even % 2 == 0 && odd % 2 == 1 && (even > odd ? even - odd : odd - even) == 1
  }

  private func readMeta(at offset: Int) throws(LMDBError) -> Meta {
    let metaByteCount = 152
    let isMetaPage: UInt16 = 0x08
    let page = Page(bytes: try descriptor.read("open", byteCount: metaByteCount, at: offset))
    guard page.bytes.count == metaByteCount else {
      throw LMDBError(
        .truncated(byteCount: try byteCount(), expectedByteCount: offset + metaByteCount), "open", descriptor.path)
    }
    guard page.integer(at: 10) ?? 0 & isMetaPage != 0, page.integer(at: 16) == 0xBEEF_C0DE as UInt32 else {
      throw malformed("meta page at byte \(offset) is not one")
    }
    guard page.integer(at: 20) == 1 as UInt32 else {
      // Both pages were made by one version of LMDB: where they differ, it is damage.
      let other: UInt32? = page.integer(at: 40)
      let otherVersion = try descriptor.read("open", byteCount: 4, at: offset == 0 ? Int(other ?? 0) + 20 : 20)
      if offset > 0 || Page(bytes: otherVersion).integer(at: 0) == 1 as UInt32 {
        throw malformed("meta page at byte \(offset) is of another version than the other one")
      }
      throw LMDBError(.library(MDB_VERSION_MISMATCH), "open", descriptor.path)
    }
    guard
      let pageByteCount: UInt32 = page.integer(at: 40), let freeRoot: UInt64 = page.integer(at: 80),
      let lastPage: UInt64 = page.integer(at: 136), let transactionID: UInt64 = page.integer(at: 144),
      256...65_536 ~= pageByteCount, pageByteCount.nonzeroBitCount == 1, lastPage >= 1
    else {
      throw malformed("meta page at byte \(offset) makes no sense")
    }
    return Meta(
      pageByteCount: Int(pageByteCount), freeRoot: freeRoot, lastPage: lastPage, transactionID: transactionID)
  }

  func byteCount() throws(LMDBError) -> Int { Int(try descriptor.status("open").st_size) }

  func malformed(_ reason: String) -> LMDBError {
    LMDBError(.malformedFile(reason: reason), "open", descriptor.path)
  }
}

/// Bytes of a page that nobody has vouched for.
struct Page {
  let bytes: [UInt8]

  /// The little-endian integer at `offset`; `nil` if it is not inside.
  func integer<Integer: FixedWidthInteger & UnsignedInteger>(at offset: Int) -> Integer? {
    let byteCount = Integer.bitWidth / 8
    guard offset >= 0, offset <= bytes.count - byteCount else { return nil }
    return (0..<byteCount).reversed().reduce(0) { $0 << 8 | Integer(bytes[offset + $1]) }
  }
}
