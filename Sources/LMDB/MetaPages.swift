#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import CLMDB

/// The two meta pages as they were before a commit: to undo what one that failed has left.
///
/// When LMDB cannot write a meta page, it writes the old transaction number back and leaves the rest: the trees of the
/// commit that failed, under the number of the one that they were to replace. LMDB never looks at it again. But the
/// newest commit whose number has lost a bit looks the same, so `DataFile.check` has to call it damage. Put back as it
/// was, the page tells the one from the other. A power cut in the microseconds between the two leaves what is called
/// damage.
struct MetaPages {
  private let bytes: [UInt8]
  private let pageByteCount: Int

  /// Of each page, what LMDB writes.
  private static let metaByteCount = 152

  /// - Returns: nil if they cannot be read; then there is nothing to go back to.
  /// - Complexity: O(1), one read of the page cache.
  init?(of handle: OpaquePointer) {
    var statistics = MDB_stat()
    guard unsafe mdb_env_stat(handle, &statistics) == MDB_SUCCESS else { return nil }
    pageByteCount = Int(statistics.ms_psize)
    guard let bytes = unsafe Self.read(handle, at: 0, byteCount: pageByteCount + Self.metaByteCount) else { return nil }
    self.bytes = bytes
  }

  /// Puts back the page that the failed commit was to replace, unless another process has committed meanwhile.
  ///
  /// Best effort: a disk that does not take it has not taken what LMDB wrote either.
  func restore(to handle: OpaquePointer) {
    let last = max(number(at: 0) ?? 0, number(at: pageByteCount) ?? 0)
    let offset = Int((last + 1) & 1) * pageByteCount
    let before = Array(bytes[offset..<offset + Self.metaByteCount])
    guard let now = unsafe Self.read(handle, at: offset, byteCount: Self.metaByteCount), now != before,
      Page(bytes: now).integer(at: Self.numberOffset) == number(at: offset),
      let file = unsafe Self.descriptor(of: handle)
    else { return }
    _ = unsafe before.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, off_t(offset)) }
    _ = fsync(file)
  }

  private static let numberOffset = 144

  /// The transaction number of the page that begins at `offset`.
  private func number(at offset: Int) -> UInt64? { Page(bytes: bytes).integer(at: offset + Self.numberOffset) }

  private static func descriptor(of handle: OpaquePointer) -> Int32? {
    var file: Int32 = -1
    return unsafe mdb_env_get_fd(handle, &file) == MDB_SUCCESS ? file : nil
  }

  private static func read(_ handle: OpaquePointer, at offset: Int, byteCount: Int) -> [UInt8]? {
    guard let file = unsafe descriptor(of: handle) else { return nil }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, byteCount, off_t(offset)) }
    return count == byteCount ? bytes : nil
  }
}
