/// Texts by the number that the ledger gave them.
protocol NumberedTexts {
  func withText<R>(_ number: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R
}

extension TextTable: NumberedTexts {}

/// Writes the leaf of an event: what the log's Merkle tree says about it.
///
/// A leaf is the stored form of an event, complete and self-contained. Texts stand in it as texts, because their numbers
/// mean nothing outside the ledger; what is sealed stands in it as ciphertext, so that the proof outlives the key.
/// Equal events have equal leaves, however they were cut into commits, blocks and segments. Everything is little-endian;
/// a *text* is its length (unsigned LEB128) and its bytes.
///
/// | size | field |
/// |---|---|
/// | 1 | version: 1 |
/// | 8 | position |
/// | 8 | ledger time, nanoseconds since 1970 |
/// | 8 | valid time, nanoseconds since 1970 |
/// | 4 | marks (``Facts/Marks``) |
/// | 1 | kind: place of the type in the vocabulary |
/// | 8 | hash of the content as sent |
/// | 4 | which of the fields below are there: a bit each, from the lowest |
/// | text | source |
/// | text | type |
/// | text | bit 0: subject |
/// | text | bits 1–5: channel, touchpoint, department, country, employee |
/// | text | bits 6–8: term, term2, term3 |
/// | 8 | bits 9–11: object, related, amount |
/// | 8 | bits 12–14: instant, number, number2 |
/// | 8 | bits 15–17: cause, correlation, sequence key |
/// | 2 | bits 18–19: currency, scale |
/// | 1 | bits 20–21: code, code2 |
/// | 1 | bits 22–23: direction, actor |
/// | … | bit 24: order lines: their number (LEB128), and of each the sku (text), 0 or 1 and the group (text), the quantity (8) and the price (8) |
/// | … | the payload record as stored, its length included (``PayloadRecord``) |
///
/// A number that is zero is not there. The hash of the content decides whether an event that comes again is a duplicate
/// or a conflict, so it is proved like the rest; the fingerprint follows from source and id.
struct LeafEncoder: ~Copyable {
  static let version: UInt8 = 1

  private var buffer = ByteBuffer()

  init() { buffer.append(TreeHasher.leafPrefix) }

  /// The leaf that was encoded last, behind the prefix that its hash begins with. Valid until the next.
  var prefixed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(buffer.text) }

  /// - Parameter payload: the whole record.
  mutating func encode(
    _ facts: borrowing Facts, ledgerTime: Int64, contentHash: UInt64, lines: UnsafeBufferPointer<OrderLine>,
    payload: UnsafeBufferPointer<UInt8>, customers: some NumberedTexts, names: some NumberedTexts
  ) {
    buffer.truncate(to: 1)
    put(Self.version)
    put(facts.position)
    put(ledgerTime)
    put(facts.time)
    put(facts.marks.rawValue)
    put(facts.kindCode)
    put(contentHash)
    let presenceOffset = buffer.count
    var presence: UInt32 = 0
    put(presence)
    put(facts.source, names)
    put(facts.type, names)
    putIfPresent(facts.customer, customers, 0, &presence)
    putIfPresent(facts.channel, names, 1, &presence)
    putIfPresent(facts.touchpoint, names, 2, &presence)
    putIfPresent(facts.department, names, 3, &presence)
    putIfPresent(facts.country, names, 4, &presence)
    putIfPresent(facts.employee, names, 5, &presence)
    putIfPresent(facts.term, names, 6, &presence)
    putIfPresent(facts.term2, names, 7, &presence)
    putIfPresent(facts.term3, names, 8, &presence)
    putIfPresent(facts.object, 9, &presence)
    putIfPresent(facts.related, 10, &presence)
    putIfPresent(facts.amount, 11, &presence)
    putIfPresent(facts.instant, 12, &presence)
    putIfPresent(facts.number, 13, &presence)
    putIfPresent(facts.number2, 14, &presence)
    putIfPresent(facts.cause, 15, &presence)
    putIfPresent(facts.correlation, 16, &presence)
    putIfPresent(facts.sequence, 17, &presence)
    putIfPresent(facts.currency, 18, &presence)
    putIfPresent(facts.scale, 19, &presence)
    putIfPresent(facts.code, 20, &presence)
    putIfPresent(facts.code2, 21, &presence)
    putIfPresent(facts.directionCode, 22, &presence)
    putIfPresent(facts.actorCode, 23, &presence)
    if !lines.isEmpty {
      presence |= 1 << 24
      put(lines, names)
    }
    buffer.append(payload)
    buffer.bytes.storeBytes(of: presence.littleEndian, toByteOffset: presenceOffset, as: UInt32.self)
  }

  private mutating func put(_ lines: UnsafeBufferPointer<OrderLine>, _ names: some NumberedTexts) {
    buffer.append(varint: lines.count)
    for line in lines {
      put(line.sku, names)
      put(UInt8(line.group == 0 ? 0 : 1))
      if line.group != 0 { put(line.group, names) }
      put(line.quantity)
      put(line.price)
    }
  }

  @inline(__always)
  private mutating func putIfPresent<T: FixedWidthInteger>(_ value: T, _ bit: UInt32, _ presence: inout UInt32) {
    if value != 0 {
      presence |= 1 << bit
      put(value)
    }
  }

  @inline(__always)
  private mutating func putIfPresent(
    _ number: UInt32, _ texts: some NumberedTexts, _ bit: UInt32, _ presence: inout UInt32
  ) {
    if number != 0 {
      presence |= 1 << bit
      put(number, texts)
    }
  }

  @inline(__always)
  private mutating func put(_ number: UInt32, _ texts: some NumberedTexts) {
    texts.withText(number) { text in
      buffer.append(varint: text.count)
      buffer.append(text)
    }
  }

  @inline(__always)
  private mutating func put<T: FixedWidthInteger>(_ value: T) { buffer.append(number: value) }
}
