#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory full of zeros that the kernel gives as it is touched: of large tables that are looked at in no order, in huge
/// pages where it has them, so that a look-up does not wait for the page table as well.
enum ZeroedMemory {
  private static let hugePageBytes = 2 << 20

  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    guard byteCount >= hugePageBytes else {
      guard let memory = calloc(max(byteCount, 1), 1) else { preconditionFailure("no memory for a table") }
      return memory
    }
    // What is mapped need not begin at a huge page: a page too many, and what lies outside is given back.
    let mapped = mmap(
      nil, byteCount + hugePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { preconditionFailure("no memory for a table") }
    let skipped = -Int(bitPattern: mapped) & (hugePageBytes - 1)
    let memory = mapped + skipped
    if skipped > 0 { munmap(mapped, skipped) }
    if skipped < hugePageBytes { munmap(memory + byteCount, hugePageBytes - skipped) }
    #if os(Linux)
      let hugePages: Int32 = 14  // MADV_HUGEPAGE; a wish, whose refusal changes nothing
      madvise(memory, byteCount, hugePages)
    #endif
    return memory
  }

  static func deallocate(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount >= hugePageBytes { munmap(memory, byteCount) } else { free(memory) }
  }
}
