/// What numbers stand for.
extension Snapshot {
  /// The number of a customer's id; nil if no event up to the snapshot's position is about it.
  ///
  /// - Complexity: O(blocks · log rows).
  public func customer(_ subject: String) throws(LedgerError) -> UInt32? {
    guard let number = try number(of: Array(subject.utf8), .customers, { $0.firstNewCustomer }) else { return nil }
    // An id that others are merged into has a number before an event is about it.
    for index in blocks.indices where try !rows(of: number, in: index).isEmpty { return number }
    return nil
  }

  /// The number of a name, nil if the log has never seen it.
  public func name(_ text: String) throws(LedgerError) -> UInt32? {
    try number(of: Array(text.utf8), .names) { $0.firstNewName }
  }

  /// The number of a name, for comparison with what events name: a new one where the log does not know it.
  public func number(ofName text: String) throws(LedgerError) -> UInt32 { try number(ofName: Array(text.utf8)) }

  func number(ofName text: [UInt8]) throws(LedgerError) -> UInt32 {
    // Those that were new once are new again, and the log need not be searched.
    if let number = extraNames.knownNumber(of: text) { return number }
    return try number(of: text, .names) { $0.firstNewName } ?? extraNames.number(of: text)
  }

  /// The number of a customer's id: a new one where no event is about it.
  func number(ofCustomer text: [UInt8]) throws(LedgerError) -> UInt32 {
    try number(of: text, .customers) { $0.firstNewCustomer }
      ?? extraCustomers.number(of: text)
  }

  /// Names that no column of the log has, in order of their numbers, which follow the log's.
  var extraNameCount: Int { extraNames.count }
  /// Names and customers that no column of the log has.
  var extraTextCount: Int { extraNames.count + extraCustomers.count }

  /// Calls `body` with every customer's number and id.
  func forEachSubject(_ body: (UInt32, UnsafeBufferPointer<UInt8>) -> Void) throws(LedgerError) {
    for index in blocks.indices where blocks[index].header.newCustomers > 0 {
      try check(index, Self.customerSlots)
      let texts = blocks[index].newCustomers
      for text in 0..<texts.count { body(blocks[index].header.firstNewCustomer + UInt32(text), texts[text]) }
    }
  }

  private func number(
    of wanted: [UInt8], _ slots: BlockTexts.Slots, _ first: (BlockHeader) -> UInt32
  ) throws(LedgerError) -> UInt32? {
    let hash = wanted.withUnsafeBufferPointer { BlockTexts.hash($0, seed: seed) }
    for index in blocks.indices {
      let list = BlockTexts(blocks[index], slots)
      guard list.count > 0 else { continue }
      let found = try wanted.withUnsafeBufferPointer { wanted throws(LedgerError) in
        try list.index(of: wanted, hash: hash) { slot, values throws(LedgerError) in
          try check(index, slot, values: values)
        }
      }
      if let found { return first(blocks[index].header) + UInt32(found) }
    }
    return nil
  }

  /// The id of a customer.
  public func subject(_ number: UInt32) throws(LedgerError) -> String {
    try String(decoding: subjectBytes(number), as: UTF8.self)
  }

  /// The bytes of a customer's id; they live as long as the snapshot.
  func subjectBytes(_ number: UInt32) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    if let text = extraCustomers.text(number) { return text }
    return try text(number, .customers) { $0.firstNewCustomer }
  }

  /// The text of a name; empty for 0.
  public func name(_ number: UInt32) throws(LedgerError) -> String {
    try String(decoding: nameBytes(number), as: UTF8.self)
  }

  func nameBytes(_ number: UInt32) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    if let text = extraNames.text(number) { return text }
    return try text(number, .names) { $0.firstNewName }
  }

  private func text(
    _ number: UInt32, _ slots: BlockTexts.Slots, _ first: (BlockHeader) -> UInt32
  ) throws(LedgerError) -> UnsafeBufferPointer<UInt8> {
    guard number != 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    if let index = lastBlock(where: { first(blocks[$0].header) <= number }) {
      let list = BlockTexts(blocks[index], slots)
      let offset = Int(number - first(blocks[index].header))
      if offset < list.count {
        try list.checkText(offset) { slot, values throws(LedgerError) in try check(index, slot, values: values) }
        return list[offset]
      }
    }
    throw .damaged(Damage(kind: .text, position: 0, detail: "no block holds the text of number \(number)"))
  }

  /// Whether the first source's text precedes the second's, nil if they are equal.
  func sourcePrecedes(_ a: UInt32, _ b: UInt32) -> Bool? {
    guard let left = try? nameBytes(a), let right = try? nameBytes(b) else { return nil }
    return CanonicalOrder.bytesPrecede(left, right)
  }
}
