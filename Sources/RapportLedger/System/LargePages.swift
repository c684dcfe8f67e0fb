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

extension Array where Element: BitwiseCopyable {
  /// Makes room for so many elements in large pages (``preferLargePages(_:byteCount:)``).
  mutating func reserveInLargePages(_ count: Int) {
    guard capacity < count else { return }
    reserveCapacity(count)
    let byteCount = capacity * MemoryLayout<Element>.stride
    withUnsafeBufferPointer { preferLargePages($0.baseAddress, byteCount: byteCount) }
  }
}

/// Asks the system to put pages under memory that will be written next, all at once: each of them would be a page fault,
/// which costs several times what clearing the page does. Only a wish, and only Linux has an ear for it.
///
/// - Parameters:
///   - start: where memory of one's own begins.
///   - byteCount: how much of it there is.
func preparePages(_ start: UnsafeMutableRawPointer?, byteCount: Int) {
  #if os(Linux)
    let pageBytes = 4096
    guard let start else { return }
    let first = (Int(bitPattern: start) + pageBytes - 1) / pageBytes * pageBytes
    let end = (Int(bitPattern: start) + byteCount) / pageBytes * pageBytes
    if first < end { madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, 23) }  // MADV_POPULATE_WRITE
  #endif
}
