#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of rows as they stand in memory.
struct RowFile {
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) {
    guard let file = fopen(path, "wb") else { fail("\(path) cannot be written") }
    self.file = file
  }

  func append<Row: BitwiseCopyable>(_ row: Row) {
    withUnsafeBytes(of: row) { bytes in
      guard fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count else { fail("no room for rows") }
    }
  }

  func close() { guard fclose(file) == 0 else { fail("no room for rows") } }
}
