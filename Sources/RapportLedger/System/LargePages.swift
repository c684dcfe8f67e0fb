#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Asks the system for large pages where much memory will be written for the first time: a page fault for each 4 KiB
/// costs as much as writing them. Only a wish, and only Linux has an ear for it.
///
/// - Parameters:
///   - start: where memory of one's own begins.
///   - byteCount: how much of it there is.
func preferLargePages(_ start: UnsafeRawPointer?, byteCount: Int) {
  #if os(Linux)
    let pageBytes = 2 << 20
    guard let start else { return }
    let first = (Int(bitPattern: start) + pageBytes - 1) / pageBytes * pageBytes
    let end = (Int(bitPattern: start) + byteCount) / pageBytes * pageBytes
    if first < end { madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, 14) }  // MADV_HUGEPAGE
  #endif
}
