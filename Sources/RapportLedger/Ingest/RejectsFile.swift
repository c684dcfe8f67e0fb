import CHash

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The dead letters: one JSON object a refused line, in the order of the input.
///
/// ```json
/// {"line": 7, "index": null, "offset": 1210, "field": "data.order", "reason": "required by order.placed",
///  "hash": "9f…", "text": "{…}"}
/// ```
///
/// `hash` is XXH3-128 of the line. A line that is not valid UTF-8 has `text_base64` instead of `text`; one that was too
/// long to be held has `"cut": true` and its beginning.
struct RejectsFile: ~Copyable {
  private let path: String
  private let keepsText: Bool
  private var descriptor: Int32 = -1

  init(path: String, keepsText: Bool) {
    self.path = path
    self.keepsText = keepsText
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The next line goes to whatever file then stands at the path.
  mutating func reopen() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  /// Appends rejects and flushes them: an acknowledgement may rest on it.
  mutating func append(_ rejects: [Reject]) throws(LedgerError) {
    guard !rejects.isEmpty else { return }
    if descriptor < 0 { try openFile() }
    // A line that a crash or a full disk broke off stays a line of its own.
    var bytes: [UInt8] = endsWithinLine ? [0x0A] : []
    for reject in rejects { append(reject, to: &bytes) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      written += count
    }
    // Devices such as /dev/null cannot be flushed.
    guard fdatasync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw failure() }
  }

  /// Opens the file, or creates it and flushes its name.
  private mutating func openFile() throws(LedgerError) {
    var status = stat()
    let isDevice = lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    // Opening a FIFO would wait for somebody who reads it, and for no signal.
    let flags = isDevice ? O_WRONLY | O_NONBLOCK : O_RDWR
    descriptor = open(path, flags | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor < 0, errno == ENXIO { throw .inputOutput(path: path, why: "nobody reads what is written to it") }
    if isDevice { _ = fcntl(descriptor, F_SETFL, O_APPEND) }
    guard descriptor >= 0, isDirectoryFlushed(folder(of: path)) else { throw failure() }
    // Lines may be personal, also in a file that was there; if it is somebody else's, it is theirs to say who reads it.
    if !isDevice { fchmod(descriptor, 0o600) }
  }

  private var endsWithinLine: Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return false }
    var last: UInt8 = 0x0A
    return pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != 0x0A
  }

  private func failure() -> LedgerError { .inputOutput(path: path, why: String(cString: strerror(errno))) }

  private func append(_ reject: Reject, to bytes: inout [UInt8]) {
    let hash = reject.text.withUnsafeBufferPointer { rpt_hash128($0.baseAddress, $0.count, 0) }
    var members: [JSONValue.Member] = [
      .init(key: "line", value: .int(Int(reject.line))), .init(key: "index", value: .int(reject.index)),
      .init(key: "offset", value: .int(Int(reject.offset))),
      .init(key: "field", value: .string(reject.rejection.field)),
      .init(key: "reason", value: .string(reject.rejection.reason)),
      .init(key: "hash", value: .string(hexadecimal(hash.hi) + hexadecimal(hash.lo))),
    ]
    if keepsText {
      if let text = String(validating: reject.text, as: UTF8.self) {
        members.append(.init(key: "text", value: .string(text)))
      } else {
        members.append(.init(key: "text_base64", value: .string(Base64.encode(reject.text))))
      }
    }
    if reject.isCut { members.append(.init(key: "cut", value: .bool(true))) }
    JSONValue.object(members).append(to: &bytes)
    bytes.append(0x0A)
  }
}

/// RFC 4648, with padding.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Whether a text is whole groups of four, padded at the end only.
  static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count % 4 == 0 else { return false }
    let digits = text.prefix { alphabet.contains($0) }.count
    return text.count - digits <= 2 && text[digits...].allSatisfy { $0 == UInt8(ascii: "=") }
  }

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
      for digit in 0..<4 {
        text.append(digit <= count ? alphabet[Int(group >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "="))
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }
}
