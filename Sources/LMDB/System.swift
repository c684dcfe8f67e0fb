// The few system calls that neither the standard library nor swift-system offers, with errors as `LMDBError`.

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Makes a system call, again and again while signals interrupt it.
func attempt<Value: SignedInteger>(
  _ operation: String, _ path: String, _ call: () -> Value
) throws(LMDBError) -> Value {
  while true {
    let value = call()
    if value != -1 { return value }
    let code = Errno(rawValue: errno)
    if code != .interrupted { throw LMDBError(.system(code), operation, path) }
  }
}

/// The calling thread, as a number that is never 0.
func currentThread() -> UInt {
  #if canImport(Darwin)
    unsafe UInt(bitPattern: pthread_self())
  #else
    UInt(pthread_self())
  #endif
}

func currentProcess() -> Int32 { getpid() }

func sleep(for duration: Duration) {
  let (seconds, attoseconds) = duration.components
  var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  unsafe nanosleep(&time, nil)  // a shorter sleep, after a signal, does no harm to a polling loop
}

/// Tells a directory from any other, by whatever path it is reached.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64
}

/// A file descriptor that closes itself.
struct Descriptor: ~Copyable, Sendable {
  let rawValue: Int32
  let path: String

  init(_ operation: String, _ path: String, flags: Int32, mode: mode_t = 0) throws(LMDBError) {
    self.path = path
    rawValue = try attempt(operation, path) { unsafe open(path, flags | O_CLOEXEC, mode) }
  }

  deinit { close(rawValue) }

  /// Opens a file that must be there.
  ///
  /// - Throws: `.absent` if it is not.
  static func openExisting(_ operation: String, _ path: String, flags: Int32) throws(LMDBError) -> Descriptor {
    do throws(LMDBError) {
      return try Descriptor(operation, path, flags: flags)
    } catch  where error.code == .system(.noSuchFileOrDirectory) {
      throw LMDBError(.absent, operation, path)
    }
  }

  /// Opens a file for reading and writing, and creates it with mode 0600, whatever the umask, if it is not there.
  /// Symbolic links are refused.
  static func openOrCreate(_ operation: String, _ path: String) throws(LMDBError) -> Descriptor {
    while true {
      if let created = try createPrivate(operation, path) { return created }
      do throws(LMDBError) {
        return try Descriptor(operation, path, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK)
      } catch  where error.code == .system(.noSuchFileOrDirectory) {
        continue  // removed since: create it
      }
    }
  }

  /// Creates a file with mode 0600, whatever the umask; `nil` if there is one already, which is then left alone.
  static func createPrivate(_ operation: String, _ path: String) throws(LMDBError) -> Descriptor? {
    do throws(LMDBError) {
      let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
      let created = try Descriptor(operation, path, flags: flags, mode: 0o600)
      _ = try attempt(operation, path) { fchmod(created.rawValue, 0o600) }
      return created
    } catch  where error.code == .system(.fileExists) {
      return nil
    }
  }

  func status(_ operation: String) throws(LMDBError) -> stat {
    var status = stat()
    _ = try attempt(operation, path) { unsafe fstat(rawValue, &status) }
    return status
  }

  func synchronize(_ operation: String) throws(LMDBError) {
    _ = try attempt(operation, path) { fsync(rawValue) }
  }

  /// Makes the file so long, and sees to it that all of it has its place on the disk.
  func allocate(_ operation: String, byteCount: Int) throws(LMDBError) {
    #if canImport(Darwin)
      _ = try attempt(operation, path) { ftruncate(rawValue, off_t(byteCount)) }
    #else
      let status = posix_fallocate(rawValue, 0, off_t(byteCount))
      if status != 0 { throw LMDBError(status: status, operation, path) }
    #endif
  }

  /// Up to `byteCount` bytes from `offset`; fewer only at the end of the file.
  func read(_ operation: String, byteCount: Int, at offset: Int) throws(LMDBError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let count = try attempt(operation, path) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
          return unsafe pread(rawValue, rest.baseAddress, rest.count, off_t(offset + filled))
        }
      }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(byteCount - filled)
    return bytes
  }

  /// Everything from where the file stands to its end, also of one that does not know its size.
  func readToEnd(_ operation: String) throws(LMDBError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = try attempt(operation, path) { unsafe Self.readSome(rawValue, &piece, piece.count) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }

  // The type has a `read` of its own.
  private static func readSome(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      unsafe Glibc.read(file, bytes, count)
    #elseif canImport(Musl)
      unsafe Musl.read(file, bytes, count)
    #else
      unsafe Darwin.read(file, bytes, count)
    #endif
  }

  /// Replaces everything in the file. Meant for a few bytes: a short write is not continued.
  func replaceContents(_ operation: String, with text: String) throws(LMDBError) {
    _ = try attempt(operation, path) { ftruncate(rawValue, 0) }
    _ = try attempt(operation, path) { unsafe pwrite(rawValue, text, text.utf8.count, 0) }
  }
}

extension stat {
  var identity: FileIdentity { FileIdentity(device: UInt64(st_dev), inode: UInt64(st_ino)) }
  var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
}

/// Whether there is anything by that name, be it a broken symbolic link.
func exists(_ path: String) throws(LMDBError) -> Bool {
  do throws(LMDBError) {
    var status = stat()
    _ = try attempt("open", path) { unsafe lstat(path, &status) }
    return true
  } catch  where error.code == .system(.noSuchFileOrDirectory) {
    return false
  }
}

/// Creates a directory with mode 0700, whatever the umask; `false` if the name is taken already.
func createPrivateDirectory(_ operation: String, _ path: String) throws(LMDBError) -> Bool {
  do throws(LMDBError) {
    _ = try attempt(operation, path) { unsafe mkdir(path, 0o700) }
  } catch  where error.code == .system(.fileExists) {
    return false
  }
  _ = try attempt(operation, path) { unsafe chmod(path, 0o700) }
  return true
}
