#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory full of zeros that the kernel gives as it is touched: of large tables that are looked at in no order, in large
/// pages where it has them, so that a look-up does not wait for the page table as well.
enum ZeroedMemory {
  private static let largePageBytes = 2 << 20

  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    guard byteCount >= largePageBytes else {
      guard let memory = calloc(max(byteCount, 1), 1) else { preconditionFailure("no memory for a table") }
      return memory
    }
    // What is mapped need not begin at a large page: a page too many, and what lies outside is given back.
    let byteCount = mappedBytes(byteCount)
    let mapped = mmap(
      nil, byteCount + largePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { preconditionFailure("no memory for a table") }
    let skipped = -Int(bitPattern: mapped) & (largePageBytes - 1)
    let memory = mapped + skipped
    if skipped > 0 { munmap(mapped, skipped) }
    if skipped < largePageBytes { munmap(memory + byteCount, largePageBytes - skipped) }
    preferLargePages(memory, byteCount: byteCount)
    return memory
  }

  static func deallocate(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount >= largePageBytes { munmap(memory, mappedBytes(byteCount)) } else { free(memory) }
  }

  /// Whole pages, whatever their size.
  private static func mappedBytes(_ byteCount: Int) -> Int {
    let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (byteCount + pageBytes - 1) / pageBytes * pageBytes
  }
}
