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
    guard let directory = opendir(path) else { return .forbidden }
    defer { closedir(directory) }
    var isEmpty = true
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      if name == "log" { return .ledger }
      // A ledger that was about to be created when something came between.
      if !["writer.lock", "turn.lock", "rejects.ndjson", "keys", "master.key"].contains(name) { isEmpty = false }
    }
    return isEmpty ? .empty : .other
  }
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
func flushDirectory(_ path: String) -> Bool {
  let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard directory >= 0 else { return errno == EACCES }
  defer { close(directory) }
  return fsync(directory) == 0 || errno == EINVAL || errno == EROFS
}

extension Errno {
  static var current: Errno { Errno(rawValue: errno) }
}

/// Bytes of all files below a directory, as the file system counts their content.
func bytes(below path: String) -> Int {
  guard let directory = opendir(path) else { return 0 }
  defer { closedir(directory) }
  var total = 0
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name == "." || name == ".." { continue }
    var status = stat()
    guard lstat(path + "/" + name, &status) == 0 else { continue }
    total += status.st_mode & S_IFMT == S_IFDIR ? bytes(below: path + "/" + name) : Int(status.st_size)
  }
  return total
}
