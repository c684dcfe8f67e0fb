#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import SystemPackage

/// The clocks that events are stamped by.
public enum Clock {
  /// Nanoseconds since 1970 UTC.
  public static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Nanoseconds of a clock that never jumps.
  public static var monotonic: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// What stands at the path of a ledger.
enum DirectoryState {
  case absent, empty, ledger, other, file, forbidden

  static func of(_ path: String) -> DirectoryState {
    var status = stat()
    guard stat(path, &status) == 0 else { return errno == EACCES ? .forbidden : .absent }
    guard status.st_mode & S_IFMT == S_IFDIR else { return .file }
    guard let names = entries(of: path) else { return .forbidden }
    if names.contains("log") { return .ledger }
    // A ledger that was about to be created when something came between.
    let early = ["writer.lock", "turn.lock", "rejects.ndjson", "keys", "master.key"]
    return names.allSatisfy { early.contains($0) } ? .empty : .other
  }

  /// Whether a directory has no entries at all.
  static func isEmpty(_ path: String) -> Bool { entries(of: path)?.isEmpty ?? false }
}

/// The names in a directory, in no order; nil if it cannot be read.
func entries(of path: String) -> [String]? {
  guard let directory = opendir(path) else { return nil }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

/// Creates a directory that only its owner can enter.
func makeDirectory(_ path: String) -> Bool {
  while mkdir(path, 0o700) != 0 {
    if errno != EINTR { return errno == EEXIST }
  }
  return true
}

/// Flushes a directory: the names in it, not what they lead to.
///
/// A folder that may be entered and not read cannot be flushed, and one without a disk need not be: neither is a failure.
///
/// - Returns: false if it failed, with the reason in `errno`.
func isDirectoryFlushed(_ path: String) -> Bool {
  let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard directory >= 0 else { return errno == EACCES }
  defer { close(directory) }
  return fsync(directory) == 0 || errno == EINVAL || errno == EROFS
}

extension Errno {
  static var current: Errno { Errno(rawValue: errno) }
}

/// The folder that a path names something in.
func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Makes the names in a directory durable.
func flushDirectory(_ path: String) throws(LedgerError) {
  guard isDirectoryFlushed(path) else { throw NewFile.failure(path) }
}

/// Removes a directory and what is below it; follows no links, and leaves what it may not remove.
package func removeDirectory(_ path: String) {
  removeDirectoryEntries(path)
  rmdir(path)
}

/// Removes what is in a directory.
func removeDirectoryEntries(_ path: String) {
  for name in entries(of: path) ?? [] {
    let child = path + "/" + name
    var status = stat()
    guard lstat(child, &status) == 0 else { continue }
    if status.st_mode & S_IFMT == S_IFDIR { removeDirectory(child) } else { unlink(child) }
  }
}

/// Bytes of all files below a directory, as the file system counts their content.
func bytes(below path: String) -> Int {
  (entries(of: path) ?? []).reduce(0) { total, name in
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0 else { return total }
    return total + (status.st_mode & S_IFMT == S_IFDIR ? bytes(below: path + "/" + name) : Int(status.st_size))
  }
}

/// The bytes of a small file of the system; nil if it cannot be read or is larger than 1 MiB.
func readFile(_ path: String) -> [UInt8]? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20 else { return nil }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var filled = 0
  while filled < bytes.count {
    let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + filled, $0.count - filled) }
    guard count > 0 else { return nil }
    filled += count
  }
  return bytes
}
