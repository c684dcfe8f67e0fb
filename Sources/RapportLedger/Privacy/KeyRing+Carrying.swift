import LMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Ledger {
  /// Writes the customers' keys to a new file, 0600: the counterpart of a backup, which holds none.
  ///
  /// The file is NDJSON, a customer a line: `{"subject": "C1", "keys": "…128 hexadecimal digits…"}`. It opens every
  /// personal field of the ledger: keep it as the master key is kept.
  ///
  /// - Returns: the number of customers.
  public func exportKeys(to path: String) throws(LedgerError) -> Int {
    var text: [UInt8] = []
    let subjects = try keyRing.subjects()
    for subject in subjects {
      let key = try subject.withUnsafeBufferPointer { bytes throws(LedgerError) in try keyRing.key(of: bytes) }
      guard let key else { continue }
      JSONValue.members([
        "subject": .string(String(decoding: subject, as: UTF8.self)), "keys": .string(Hexadecimal.encode(key.bytes)),
      ]).append(to: &text)
      text.append(0x0A)
    }
    try NewFile.write(text, to: path)
    return subjects.count
  }

  /// Takes over the keys of a file that ``exportKeys(to:)`` wrote; customers that have keys keep theirs.
  ///
  /// - Returns: the number of customers whose keys were added.
  public func importKeys(from path: String) throws(LedgerError) -> Int {
    let text = try NewFile.read(path)
    var keys: [(subject: [UInt8], key: CustomerKey)] = []
    for (index, line) in text.split(separator: 0x0A).enumerated() {
      let parsed: (subject: [UInt8], key: CustomerKey)? = EventText.withDocument(Array(line)) { document in
        guard let subject = document.member("subject", of: 0), let hex = document.member("keys", of: 0),
          let bytes = Hexadecimal.decode(Array(document.string(hex).utf8)), let key = CustomerKey(bytes)
        else { return nil }
        return (Array(document.string(subject).utf8), key)
      }
      guard let parsed else { throw .invalid("\(path), line \(index + 1): this is no line of exported keys") }
      keys.append(parsed)
    }
    return try keyRing.add(keys)
  }
}

/// Lower-case hexadecimal digits.
enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// - Returns: nil for anything but pairs of digits.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: text.count, by: 2) {
      guard let high = digits.firstIndex(of: text[index] | 0x20),
        let low = digits.firstIndex(of: text[index + 1] | 0x20)
      else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}

// The type below has a `read` and a `write` of its own.
private func readBytes(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(file, bytes, count)
}
private func writeBytes(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(file, bytes, count) }

/// Small files with secrets: 0600, whole or not at all.
enum NewFile {
  /// Writes a file beside the path, flushes it, lets it take the path's place, and flushes the folder.
  static func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
    let new = path + ".new"
    unlink(new)
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure(path) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { writeBytes(file, $0.baseAddress! + written, bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      written += count
    }
    let isDurable = written == bytes.count && fsync(file) == 0
    close(file)
    guard isDurable, rename(new, path) == 0 else {
      let error = failure(path)
      unlink(new)
      throw error
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let directory = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw failure(path) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw failure(path) }
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
    return errno == EACCES || errno == EPERM ? .forbidden(path: path, why: why) : .inputOutput(path: path, why: why)
  }
}
