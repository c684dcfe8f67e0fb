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
