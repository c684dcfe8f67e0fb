import LMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A new directory under `/tmp`, removed with everything in it at the end of the test.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/lmdb-tests-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer { unsafe String(cString: mkdtemp($0.baseAddress!)) }
  }

  /// Where the tests have their environment; not created yet.
  var environment: String { path + "/environment" }
  var dataFile: String { environment + "/data.mdb" }

  deinit {
    for name in ["data.mdb", "data.mdb.new", "lock.mdb", "open.lock", "turn.lock", "writer.lock"] {
      unsafe unlink(environment + "/" + name)
      unsafe unlink(path + "/" + name)
    }
    unsafe rmdir(environment)
    unsafe unlink(environment)
    unsafe rmdir(path)
  }
}

/// A small environment with one database of integer keys.
struct Fixture {
  let directory: TemporaryDirectory
  let environment: Environment
  let numbers: Database<UInt64>

  static var databases: [String: any DatabaseKey.Type] { ["numbers": UInt64.self] }

  init(in directory: TemporaryDirectory = TemporaryDirectory(), mapBytes: Int = 16 << 20) throws(LMDBError) {
    self.directory = directory
    environment = try Environment(at: directory.environment, options: .init(access: .readWrite, mapBytes: mapBytes))
    numbers = try environment.openDatabase(named: "numbers", keys: UInt64.self, create: true)!
  }

  func put(_ entries: KeyValuePairs<UInt64, [UInt8]>) throws(LMDBError) {
    var transaction = try environment.write()
    for (key, value) in entries { try transaction.put(key, value, in: numbers) }
    try transaction.commit()
  }

  func get(_ key: UInt64) throws(LMDBError) -> [UInt8]? {
    let transaction = try environment.read()
    return try array(transaction.get(key, in: numbers))
  }

  func keys() throws(LMDBError) -> [UInt64] {
    let transaction = try environment.read()
    var cursor = try transaction.cursor(in: numbers)
    var keys: [UInt64] = []
    while let entry = try cursor.next() { keys.append(entry.key) }
    return keys
  }
}

extension WriteTransaction {
  @_lifetime(self: copy self)
  mutating func put<Key>(
    _ key: Key, _ value: [UInt8], in database: Database<Key>, append: Bool = false
  ) throws(LMDBError) {
    unsafe try put(key, value.span.bytes, in: database, append: append)
  }
}

func array(_ span: RawSpan?) -> [UInt8]? {
  guard let span else { return nil }
  return [UInt8](keyBytes: span)
}

/// The error that `body` throws; `nil` if it throws none.
func failure(_ body: () throws(LMDBError) -> Void) -> LMDBError? {
  do throws(LMDBError) {
    try body()
    return nil
  } catch {
    return error
  }
}

func openFailure(_ path: String, _ access: Environment.Options.Access) -> LMDBError? {
  failure { () throws(LMDBError) in _ = try Environment(at: path, options: .init(access: access, mapBytes: 1 << 24)) }
}

func status(_ path: String) -> stat {
  var result = stat()
  let code = unsafe lstat(path, &result)
  precondition(code == 0, "no \(path)")
  return result
}

func permissions(_ path: String) -> UInt32 { UInt32(status(path).st_mode) & 0o7777 }

/// Creates or replaces a file.
func replaceFile(_ path: String, with contents: [UInt8]) {
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  let count = unsafe write(file, contents, contents.count)
  precondition(count == contents.count)
  close(file)
}

func contents(_ path: String) -> [UInt8] {
  var contents = [UInt8](repeating: 0, count: Int(status(path).st_size))
  let file = unsafe open(path, O_RDONLY)
  let count = unsafe read(file, &contents, contents.count)
  precondition(count == contents.count)
  close(file)
  return contents
}

/// SplitMix64: the same history on every run.
struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
