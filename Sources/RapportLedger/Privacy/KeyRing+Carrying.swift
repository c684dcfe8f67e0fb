/// What became of keys that were imported.
public struct KeyImport: Sendable, Equatable {
  /// Customers who had none and now have.
  public var added = 0
  /// Customers who have other keys here, and keep them.
  public var differing = 0
  /// Customers with sealed fields who still have none; counted where a copy of a ledger waits for its keys.
  public var missing = 0

  public init(added: Int = 0, differing: Int = 0, missing: Int = 0) {
    (self.added, self.differing, self.missing) = (added, differing, missing)
  }
}

extension Ledger {
  /// Writes the customers' keys to a new file, 0600: the counterpart of a backup, which holds none.
  ///
  /// The file is NDJSON, a customer a line: `{"subject": "C1", "keys": "…128 hexadecimal digits…"}`. It opens every
  /// personal field of the ledger: keep it as the master key is kept.
  ///
  /// - Returns: the number of customers.
  /// - Throws: ``LedgerError/cannotCreate(path:why:)`` where something is at the path: it may be the only copy of keys.
  public func exportKeys(to path: String) throws(LedgerError) -> Int {
    // The second is where it is written first.
    for path in [path, path + ".new"] where DirectoryState.of(path) != .absent {
      throw .cannotCreate(path: path, why: "something is there already")
    }
    var text: [UInt8] = []
    let subjects = try keyRing.subjects()
    for subject in subjects {
      guard let key = try keyRing.key(of: subject) else { continue }
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
  /// A restored ledger is complete again once everybody with sealed fields has keys; until then it makes no new ones, and
  /// takes none that do not open what was sealed: they would keep the right ones out.
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` for what is no file of keys, or one of another ledger; nothing is added then.
  /// - Complexity: O(keys), and in a restored ledger O(events).
  public func importKeys(from path: String) throws -> KeyImport {
    let keys = try Self.readKeys(path)
    try keyRing.noteLostKeys()
    let sealed = try keyRing.hasAbsenceNote ? read { try $0.firstSealedFields() } : []
    try check(keys, of: path, with: sealed)
    var result = KeyImport(added: try keyRing.add(keys))
    for (subject, key) in keys {
      if let kept = try keyRing.key(of: subject), kept.bytes != key.bytes { result.differing += 1 }
    }
    guard keyRing.hasAbsenceNote else { return result }
    for fields in sealed where try keyRing.key(of: fields.subject) == nil { result.missing += 1 }
    if result.missing == 0 { try keyRing.removeAbsenceNote() }
    return result
  }

  /// Makes sure that keys open what was sealed for customers who have none yet.
  private func check(
    _ keys: [(subject: [UInt8], key: CustomerKey)], of path: String, with sealed: [SealedFields]
  ) throws(LedgerError) {
    let brought = Dictionary(uniqueKeysWithValues: keys.map { ($0.subject, $0.key) })
    let cipher = Cipher()
    for fields in sealed {
      guard let key = brought[fields.subject], try keyRing.key(of: fields.subject) == nil else { continue }
      let plain = fields.text.withUnsafeBufferPointer { text in
        withUnsafeBytes(of: key.sealing) { cipher.open(text, key: $0.baseAddress!, for: fields.owner) }
      }
      guard plain != nil else {
        throw .invalid("\(path) has keys of another ledger: they do not open what is sealed here, and none was added")
      }
    }
  }

  private static func readKeys(_ path: String) throws(LedgerError) -> [(subject: [UInt8], key: CustomerKey)] {
    var keys: [(subject: [UInt8], key: CustomerKey)] = []
    var subjects: Set<[UInt8]> = []
    for (index, line) in try NewFile.read(path).split(separator: 0x0A).enumerated() {
      let parsed: (subject: [UInt8], key: CustomerKey)? = EventText.withDocument(Array(line)) { document in
        guard let subject = document.member("subject", of: 0), let hex = document.member("keys", of: 0),
          let bytes = Hexadecimal.decode(Array(document.string(hex).utf8)), let key = CustomerKey(bytes)
        else { return nil }
        return (Array(document.string(subject).utf8), key)
      }
      guard let parsed else { throw .invalid("\(path), line \(index + 1): this is no line of exported keys") }
      guard subjects.insert(parsed.subject).inserted else {
        throw .invalid("\(path), line \(index + 1): a customer stands in it twice")
      }
      keys.append(parsed)
    }
    return keys
  }

  /// Events that were shown without their personal fields because this is a copy of a ledger that waits for its keys.
  public var unopenedEvents: Int { keyRing.unopened.load(ordering: .relaxed) }
}

extension KeyRing {
  fileprivate func key(of subject: [UInt8]) throws(LedgerError) -> CustomerKey? {
    try subject.withUnsafeBufferPointer { bytes throws(LedgerError) in try key(of: bytes) }
  }
}

/// The sealed fields of one event.
struct SealedFields {
  var subject: [UInt8]
  var text: [UInt8]
  /// What they were sealed for; see ``PayloadRecord/owner``.
  var owner: UInt64
}

extension Snapshot {
  /// The first event with sealed fields of each customer who has one, in the order of the log's blocks.
  ///
  /// - Parameter limit: how many customers at most.
  /// - Complexity: O(events): all payloads are unpacked up to that of the last customer who is asked for.
  func firstSealedFields(atMost limit: Int = .max) throws(LedgerError) -> [SealedFields] {
    var isSealed = [Bool](repeating: false, count: customerCount + 1)
    var found: [SealedFields] = []
    let coder = FrameCoder()
    for index in blocks.indices where found.count < limit {
      try check(index, Self.frameSlots | ColumnSet(.customer).rawValue)
      let block = blocks[index]
      let customers = block.column(.customer)
      var payloads = PayloadReader(block, coder: coder)
      for row in 0..<block.count where found.count < limit {
        let customer = Int(customers[row])
        if isSealed[customer] { continue }
        let fields = try payloads.withRecord(ofRow: row) { record, _ throws(LedgerError) -> SealedFields? in
          if record.sealed.isEmpty { return nil }
          let subject = Array(try subjectBytes(UInt32(customer)))
          return SealedFields(subject: subject, text: Array(record.sealed), owner: record.owner)
        }
        guard let fields else { continue }
        isSealed[customer] = true
        found.append(fields)
      }
    }
    return found
  }
}
