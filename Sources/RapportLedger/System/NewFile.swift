#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The type below has a `read` and a `write` of its own.
private func readBytes(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(file, bytes, count)
}
private func writeBytes(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(file, bytes, count) }

/// Files that only their owner may read, whole or not at all.
enum NewFile {
  /// Writes a file beside the path, flushes it, lets it take the path's place, and flushes the folder.
  static func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
    try write(to: path) { file in bytes.withUnsafeBytes { isWritten($0, to: file) } }
  }

  /// The same for a file that is written in pieces.
  ///
  /// - Parameter fill: writes to a descriptor (``isWritten(_:to:)``); false if that failed, with the reason in `errno`.
  static func write(to path: String, _ fill: (Int32) -> Bool) throws(LedgerError) {
    let new = path + ".new"
    unlink(new)
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure(path) }
    let isDurable = fill(file) && fsync(file) == 0
    close(file)
    guard isDurable, rename(new, path) == 0 else {
      let error = failure(path)
      unlink(new)
      throw error
    }
    try flushDirectory(folder(of: path))
  }

  /// - Returns: false if not all bytes could be written, with the reason in `errno`.
  static func isWritten(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = writeBytes(file, bytes.baseAddress! + written, bytes.count - written)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  static func read(_ path: String) throws(LedgerError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = readBytes(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  static func failure(_ path: String) -> LedgerError {
    let why = String(cString: strerror(errno))
    switch errno {
    case EACCES, EPERM: return .forbidden(path: path, why: why)
    case ENOENT, ENOTDIR, EISDIR, ELOOP: return .noSuchFile(path: path, why: why)
    default: return .inputOutput(path: path, why: why)
    }
  }
}
