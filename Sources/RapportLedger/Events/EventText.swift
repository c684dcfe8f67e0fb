/// Events as JSON text: from the log to the reader, and their comparison by content.
enum EventText {
  /// Appends an event as one JSON object: as it was sent, then `ledgerposition` and `ledgertime`.
  ///
  /// - Parameters:
  ///   - ledgerTime: nil leaves the ledger's own attributes out.
  static func append(
    _ facts: Facts, _ record: PayloadRecord, in snapshot: borrowing Snapshot, ledgerTime: Int64?,
    to bytes: inout [UInt8]
  ) throws(LedgerError) {
    bytes.append(contentsOf: "{\"specversion\":\"1.0\"".utf8)
    member("id", record.id, &bytes)
    member("source", try snapshot.nameBytes(facts.source), &bytes)
    member("type", try snapshot.nameBytes(facts.type), &bytes)
    if facts.customer != 0 { member("subject", try snapshot.subjectBytes(facts.customer), &bytes) }
    if !facts.marks.contains(.timeInPayload) {
      bytes.append(contentsOf: ",\"time\":\"".utf8)
      Timestamp(nanoseconds: facts.time).append(to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    if facts.marks.contains(.timeAssumed) { bytes.append(contentsOf: ",\"timeassumed\":true".utf8) }
    let names: [(StaticString, UInt32)] = [
      ("channel", facts.channel), ("touchpoint", facts.touchpoint), ("department", facts.department),
      ("country", facts.country), ("employee", facts.employee),
    ]
    for (key, number) in names where number != 0 { member(key, try snapshot.nameBytes(number), &bytes) }
    word("direction", facts.directionCode, Direction.words, &bytes)
    word("actorkind", facts.actorCode, ActorKind.words, &bytes)
    let members = try members(record, of: facts.customer, at: facts.position, in: snapshot)
    if !members.isEmpty {
      bytes.append(UInt8(ascii: ","))
      bytes.append(contentsOf: members)
    }
    if let ledgerTime {
      bytes.append(contentsOf: ",\"ledgerposition\":\(facts.position),\"ledgertime\":\"".utf8)
      Timestamp(nanoseconds: ledgerTime).append(to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// The members of an event that no column holds, what was sealed opened and put back in its place.
  ///
  /// Without a key the personal members are left out, and `"erased":true` says so; in a ledger whose keys are still to be
  /// brought, `"sealed":true`.
  static func members(
    _ record: PayloadRecord, of customer: UInt32, at position: UInt64, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [UInt8] {
    guard !record.sealed.isEmpty else { return Array(record.members) }
    let subject = try snapshot.subjectBytes(customer)
    guard let plain = try snapshot.keyRing?.open(record.sealed, of: subject, for: record.owner) else {
      let isWaiting = snapshot.keyRing?.areKeysMissing ?? false
      if isWaiting { snapshot.keyRing?.unopened.add(1, ordering: .relaxed) }
      let mark = isWaiting ? "\"sealed\":true" : "\"erased\":true"
      return Array(record.members) + (record.members.isEmpty ? [] : [UInt8(ascii: ",")]) + Array(mark.utf8)
    }
    guard let merged = JSONMerge.members(record.members, plain) else {
      throw .damaged(
        Damage(kind: .payload, position: position, detail: "the sealed part of the event does not fit the rest"))
    }
    return merged
  }

  /// The members as an object: all that an event says beside what columns have.
  static func object(
    _ record: PayloadRecord, of customer: UInt32, at position: UInt64, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [UInt8] {
    [UInt8(ascii: "{")] + (try members(record, of: customer, at: position, in: snapshot)) + [UInt8(ascii: "}")]
  }

  private static func member(_ key: StaticString, _ text: UnsafeBufferPointer<UInt8>, _ bytes: inout [UInt8]) {
    begin(key, &bytes)
    JSONText.appendString(Span(_unsafeElements: text), to: &bytes)
  }

  private static func word(_ key: StaticString, _ code: UInt8, _ words: [String], _ bytes: inout [UInt8]) {
    guard code != 0, code != 255 else { return }
    begin(key, &bytes)
    JSONValue.append(words[Int(code) - 1], to: &bytes)
  }

  private static func begin(_ key: StaticString, _ bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: ","))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// What one member of an event's payload members says; nil if it is not there or no text or number.
  static func topLevelText(_ name: String, inMembers members: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    topLevelText(name, of: [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")])
  }

  /// The same of an event's whole text.
  static func topLevelText(_ name: String, of text: [UInt8]) -> [UInt8]? {
    withDocument(text) { document in
      document.member(name, of: 0).flatMap { value in
        let kind = document.tokens[value].kind
        return kind == .string || kind == .number ? Array(document.string(value).utf8) : nil
      }
    }
  }

  /// Calls `body` with the tokens of a text; nil if it is not valid JSON.
  static func withDocument<R>(_ text: [UInt8], _ body: (borrowing JSONDocument) -> R?) -> R? {
    var text = text
    return SpareScanners.withScanner(lineBytes: text.count) { scanner in scanner.withDocument(&text, body) }
  }

  /// Whether two events have the same content at the contract's word: all attributes and `data` but `sequence`,
  /// `recordedtime` and the ledger's own; key order and white space do not matter, null equals absent, times compare
  /// as instants, numbers and money by exact value, texts by code points, and an assumed time counts as absent.
  ///
  /// Exact and slow: the hash of the event as sent decides nearly always (``EventBatch/contentHashes``).
  static func haveSameContent(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard let left = canonicalContent(a), let right = canonicalContent(b) else { return false }
    return left == right
  }

  /// Whether two JSON values are equal: numbers by exact value, texts by code points, objects whatever the order of keys.
  static func areEqual(_ a: String, _ b: String) -> Bool {
    func canonical(_ value: String) -> [UInt8]? {
      withDocument(Array(value.utf8)) { document in CanonicalContent.value(document) }
    }
    return a == b || canonical(a) == canonical(b)
  }

  /// A text that is equal for equal contents, and only for them.
  static func canonicalContent(_ event: [UInt8]) -> [UInt8]? {
    withDocument(event) { document in CanonicalContent.text(document) }
  }
}

/// Writes the canonical content of one event.
private enum CanonicalContent {
  static func text(_ document: borrowing JSONDocument) -> [UInt8] {
    let kind = document.member("type", of: 0).map { Vocabulary.kind(ofType: document.string($0)) } ?? .other
    let isAssumed = document.member("timeassumed", of: 0).map { document.tokens[$0].kind == .true } ?? false
    var members: [(String, [UInt8])] = []
    for (name, value) in document.members(of: 0) {
      let attribute = Attribute.named(ShortText(name))
      if attribute?.isOutsideContent == true || (attribute == .time && isAssumed) { continue }
      var text: [UInt8] = []
      switch attribute {
      case .time: appendInstant(document.string(value), &text)
      case .data where document.tokens[value].kind == .object:
        append(fields(value, document, Vocabulary.shapes[Int(kind.rawValue)].fields), &text)
      default: append(value, document, &text)
      }
      members.append((name, text))
    }
    var text: [UInt8] = []
    append(members, &text)
    return text
  }

  /// Of what is no event.
  static func value(_ document: borrowing JSONDocument) -> [UInt8] {
    var text: [UInt8] = []
    append(0, document, &text)
    return text
  }

  /// The members of an object whose fields the vocabulary knows.
  private static func fields(_ object: Int, _ document: borrowing JSONDocument, _ fields: [Field]) -> [(
    String, [UInt8]
  )] {
    var members: [(String, [UInt8])] = []
    for (name, value) in document.members(of: object) {
      var text: [UInt8] = []
      switch fields.first(where: { $0.name == name })?.kind {
      case .money: appendMoney(document.string(value), &text)
      case .dateOrInstant: appendInstant(document.string(value), &text)
      case .lines where document.tokens[value].kind == .array:
        text.append(UInt8(ascii: "["))
        for element in document.elements(of: value) {
          append(self.fields(element, document, Vocabulary.lineFields), &text)
          text.append(UInt8(ascii: ","))
        }
        text.append(UInt8(ascii: "]"))
      default: append(value, document, &text)
      }
      members.append((name, text))
    }
    return members
  }

  private static func append(_ members: [(String, [UInt8])], _ text: inout [UInt8]) {
    text.append(UInt8(ascii: "{"))
    for (name, value) in members.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
      append(name, &text)
      text.append(UInt8(ascii: ":"))
      text += value
      text.append(UInt8(ascii: ","))
    }
    text.append(UInt8(ascii: "}"))
  }

  private static func append(_ string: String, _ text: inout [UInt8]) {
    let bytes = Array(string.utf8)
    JSONText.appendString(bytes.span, to: &text)
  }

  private static func append(_ index: Int, _ document: borrowing JSONDocument, _ text: inout [UInt8]) {
    let token = document.tokens[index]
    switch token.kind {
    case .object:
      var members: [(String, [UInt8])] = []
      for (name, value) in document.members(of: index) {
        var inner: [UInt8] = []
        append(value, document, &inner)
        members.append((name, inner))
      }
      append(members, &text)
    case .array:
      text.append(UInt8(ascii: "["))
      for element in document.elements(of: index) {
        append(element, document, &text)
        text.append(UInt8(ascii: ","))
      }
      text.append(UInt8(ascii: "]"))
    case .string: append(document.string(index), &text)
    case .number: try? DecimalText.appendCanonical(document.text.extracting(token.text), to: &text)
    default: text.append(document.text.extracting(token.text))
    }
  }

  private static func appendMoney(_ string: String, _ text: inout [UInt8]) {
    let bytes = Array(string.utf8)
    if let value = try? DecimalText.parse(bytes.span, decimals: 4) {
      text.append(contentsOf: "money \(value)".utf8)
    } else {
      append(string, &text)
    }
  }

  private static func appendInstant(_ string: String, _ text: inout [UInt8]) {
    let bytes = Array(string.utf8)
    switch try? Timestamp.parseTimeOrDate(bytes.span) {
    case .time(let time): text.append(contentsOf: "time \(time.nanoseconds)".utf8)
    case .date(let date): text.append(contentsOf: "date \(date.days)".utf8)
    case nil: append(string, &text)
    }
  }
}
