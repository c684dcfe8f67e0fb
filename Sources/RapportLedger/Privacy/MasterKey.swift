/// The key that wraps all others: 32 random bytes in a file of its own, 0600, outside LMDB.
///
/// The file holds 64 hexadecimal digits and a line end.
struct MasterKey {
  let bytes: [UInt8]

  /// Reads the key.
  ///
  /// - Returns: nil if there is no such file.
  static func read(_ path: String) throws(LedgerError) -> MasterKey? {
    if DirectoryState.of(path) == .absent { return nil }
    let text = try NewFile.read(path)
    guard let bytes = Hexadecimal.decode(Array(text.prefix { $0 != 0x0A })), bytes.count == 32 else {
      throw .noMasterKey("\(path) is no master key: it must hold 64 hexadecimal digits")
    }
    return MasterKey(bytes: bytes)
  }

  /// Makes a new key and flushes it, whole or not at all.
  static func create(_ path: String) throws(LedgerError) -> MasterKey {
    var bytes = [UInt8](repeating: 0, count: 32)
    bytes.withUnsafeMutableBytes { Cipher.fillRandom($0) }
    try NewFile.write(Array((Hexadecimal.encode(bytes) + "\n").utf8), to: path)
    return MasterKey(bytes: bytes)
  }
}
