import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of a benchmark: it goes away with the process.
public enum Folder {
  private static let path: String = {
    var template = Array("/tmp/rapport-benchmark-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no temporary folder for the benchmark's ledgers") }
    atexit { Folder.remove(Folder.path) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  private static let count = Atomic<Int>(0)

  /// The path of something that is not there yet.
  public static func newPath() -> String { "\(path)/\(count.add(1, ordering: .relaxed).newValue)" }

  /// Removes a file, or a folder with all that is in it.
  public static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    guard let directory = opendir(path) else { return }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { remove(path + "/" + name) }
    }
    closedir(directory)
    rmdir(path)
  }

  /// A number of the environment, by which a benchmark is made larger or smaller.
  public static func setting(_ name: String, default value: Int) -> Int {
    getenv(name).flatMap { Int(String(cString: $0)) } ?? value
  }
}
