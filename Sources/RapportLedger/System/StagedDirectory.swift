#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A new directory that appears under its name complete or not at all.
///
/// It is filled under another name beside it, `NAME.partial`, and then takes its place in one step. Whatever ends the
/// process before, there is nothing under the name; what SIGKILL left of the partial one the next attempt removes, if it
/// is no more than such an attempt makes. A lock on the partial directory keeps two attempts apart.
///
/// ```swift
/// let staged = try StagedDirectory(for: "backup")
/// try fill(staged.path)
/// try staged.complete()          // without it, everything is removed again
/// ```
public final class StagedDirectory: Sendable {
  /// Where the directory will be.
  public let destination: String
  /// Where it is filled.
  public let path: String
  private let claim: PartialDirectory

  /// - Throws: ``LedgerError/cannotCreate(path:why:)`` if something is there, an empty folder excepted, or another
  ///   process is filling it.
  public init(for destination: String) throws(LedgerError) {
    self.destination = Self.withoutTrailingSlashes(destination)
    path = self.destination + ".partial"
    try Self.checkIsFree(self.destination)
    claim = try PartialDirectory(path)
  }

  deinit {
    // Under its own name nothing of it may be touched any more.
    if claim.isStill(at: path) { removeDirectory(path) }
  }

  /// Gives the directory its name, durably. What is in its files must be flushed already.
  ///
  /// - Parameter subdirectories: their entries are flushed first.
  public func complete(flushing subdirectories: [String] = []) throws(LedgerError) {
    for name in subdirectories { try flushDirectory(path + "/" + name) }
    try flushDirectory(path)
    try Self.checkIsFree(destination)
    // An empty folder is replaced; anything else in the way is an error of `rename`.
    guard rename(path, destination) == 0 else {
      throw .cannotCreate(path: destination, why: String(cString: strerror(errno)))
    }
    try flushDirectory(folder(of: destination))
  }

  private static func checkIsFree(_ path: String) throws(LedgerError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw .cannotCreate(path: path, why: String(cString: strerror(errno))) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR, DirectoryState.isEmpty(path) else {
      throw .cannotCreate(path: path, why: "something is there already; name a new folder")
    }
  }

  private static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}

/// The directory that is being filled, empty at first, and locked for as long as this lives.
private struct PartialDirectory: ~Copyable, Sendable {
  private let descriptor: Int32

  init(_ path: String) throws(LedgerError) {
    while true {
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw .cannotCreate(path: path, why: String(cString: strerror(errno)))
      }
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == ENOENT { continue }
        throw .cannotCreate(path: path, why: String(cString: strerror(errno)))
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw .cannotCreate(path: path, why: "another process is filling it at this moment")
      }
      // Whoever had the lock may have removed it, or given it its name.
      guard Self.isDirectory(descriptor, at: path) else {
        close(descriptor)
        continue
      }
      guard Self.holdsRemainsOnly(path) else {
        close(descriptor)
        throw .cannotCreate(path: path, why: "the copy is made there, and it holds other things; name another folder")
      }
      guard fchmod(descriptor, 0o700) == 0 else {
        let why = String(cString: strerror(errno))
        close(descriptor)
        throw .cannotCreate(path: path, why: why)
      }
      removeDirectoryEntries(path)
      self.descriptor = descriptor
      return
    }
  }

  deinit { close(descriptor) }

  /// Whether a folder has nothing but what copies of ledgers are made of.
  private static func holdsRemainsOnly(_ path: String) -> Bool {
    let files: Set = ["data.mdb", "lock.mdb", "open.lock"]
    return entries(of: path)?.allSatisfy { name in
      switch name {
      case "log": entries(of: path + "/log")?.allSatisfy(files.contains) ?? false
      default: name == KeyRing.absenceNote || name == KeyRing.absenceNote + ".new"
      }
    } ?? false
  }

  func isStill(at path: String) -> Bool { Self.isDirectory(descriptor, at: path) }

  private static func isDirectory(_ descriptor: Int32, at path: String) -> Bool {
    var (opened, named) = (stat(), stat())
    return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
      && (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
  }
}
