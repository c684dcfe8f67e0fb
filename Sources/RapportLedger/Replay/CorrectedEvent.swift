/// Applies corrections to an event: its text is rewritten and read again, by the code that reads events at ingest.
struct CorrectedEvent: ~Copyable {
  private(set) var facts = Facts()
  private(set) var lines: [OrderLine] = []
  private(set) var text: [UInt8] = []
  /// When the event was recorded: its time if a correction takes the one away that was sent.
  private var ledgerTime: Int64 = 0
  private var parser: EventParser
  private let box: BatchBox
  /// The ledger's numbers of names that were looked up.
  private var numbers: [[UInt8]: UInt32] = [:]
  private var reader = EventReader()

  init(_ snapshot: borrowing Snapshot) {
    box = BatchBox(seed: snapshot.seed)
    var rules = IngestRules()
    rules.maxLineBytes = JSONScanner.lineBytesLimit
    rules.allowsPersonalSubjects = true
    parser = EventParser(seed: snapshot.seed, rules: rules)
  }

  /// Takes an event as it was recorded.
  mutating func begin(block: Int, row: Int, in snapshot: borrowing Snapshot) throws(LedgerError) {
    var text: [UInt8] = []
    facts = try reader.withEvent(row: row, in: block, of: snapshot) { facts, record, snapshot throws(LedgerError) in
      try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
      return facts
    }
    self.text = text
    let recorded = snapshot.blocks[block]
    ledgerTime = recorded.ledgerTime(ofRank: Int(facts.position - recorded.firstPosition))
    lines = try snapshot.orderLines(of: row, in: block)
  }

  /// Applies the `set` of a correction.
  ///
  /// - Returns: false if the result would not be accepted; nothing has changed then.
  mutating func apply(_ correction: [UInt8], in snapshot: borrowing Snapshot) throws(LedgerError) -> Bool {
    guard let next = Self.rewrite(text, by: correction, kind: facts.kind, ledgerTime: ledgerTime) else { return false }
    parser.beginBatch()
    box.value.removeAll()
    // The clock has no say: what is accepted must not depend on when it is read.
    parser.parse(
      next + [UInt8](repeating: 0, count: JSONScanner.padding),
      lines: [JSONScanner.Line(offset: 0, length: UInt32(next.count))], firstLine: 1, offset: 0,
      now: .max - nanosecondsPerDay, into: &box.value)
    guard box.value.count == 1 else { return false }
    var corrected = box.value.facts[0]
    corrected.customer = facts.customer
    corrected.position = facts.position
    corrected.row = facts.row
    for field in Self.nameFields {
      let number = corrected[keyPath: field]
      if number != 0 { corrected[keyPath: field] = try self.number(number, snapshot) }
    }
    lines = box.value.lines
    for index in lines.indices {
      lines[index].sku = try number(lines[index].sku, snapshot)
      if lines[index].group != 0 { lines[index].group = try number(lines[index].group, snapshot) }
    }
    facts = corrected
    text = next
    return true
  }

  private static let nameFields: [WritableKeyPath<Facts, UInt32> & Sendable] = [
    \.channel, \.touchpoint, \.department, \.country, \.employee, \.type, \.source, \.term, \.term2, \.term3,
  ]

  /// A number of the batch's names as one of the ledger's.
  private mutating func number(_ number: UInt32, _ snapshot: borrowing Snapshot) throws(LedgerError) -> UInt32 {
    let text = box.value.names.withText(number) { Array($0) }
    if let known = numbers[text] { return known }
    let number = try snapshot.number(ofName: text)
    numbers[text] = number
    return number
  }

  // MARK: Text

  /// The text of an event with the fields that a correction sets: fields of its type first, as they win over attributes
  /// of the same name, then attributes – those of the envelope, and others that the event has –, and fields that nobody
  /// knows. Null takes a field out; without a time an event is of when it was recorded.
  private static func rewrite(
    _ event: [UInt8], by correction: [UInt8], kind: EventKind, ledgerTime: Int64
  ) -> [UInt8]? {
    let fields = Set(Vocabulary.shapes[Int(kind.rawValue)].fields.map(\.name))
    let others = EventText.withDocument(event) { document in Set(document.allMembers(of: 0).map(\.0)) } ?? []
    var attributes: [(name: String, text: String?)] = []
    var data: [(name: String, text: String?)] = []
    _ = EventText.withDocument(correction) { document -> Bool? in
      guard let object = document.member("data", of: 0), let set = document.member("set", of: object) else {
        return nil
      }
      for (name, key) in document.allMembers(of: set) {
        let text = document.tokens[key + 1].kind == .null ? nil : document.rawText(key + 1)
        if fields.contains(name) {
          data.append((name, text))
        } else if let attribute = Attribute.named(ShortText(name)) {
          if !attribute.isFixed { attributes.append((name, text)) }
        } else if others.contains(name) {
          attributes.append((name, text))
        } else {
          data.append((name, text))
        }
      }
      return true
    }
    guard !attributes.isEmpty || !data.isEmpty else { return nil }
    return EventText.withDocument(event) { document -> [UInt8]? in
      let changesTime = attributes.contains { $0.name == "time" }
      var members: [JSONValue.Member] = []
      for (name, key) in document.allMembers(of: 0) {
        if attributes.contains(where: { $0.name == name }) || (name == "timeassumed" && changesTime) { continue }
        if name == "data", !data.isEmpty { continue }
        members.append(.init(key: name, value: .raw(document.rawText(key + 1))))
      }
      for (name, text) in attributes {
        if let text {
          members.append(.init(key: name, value: .raw(text)))
        } else if name == "time" {
          members.append(.init(key: name, value: .string(Timestamp(nanoseconds: ledgerTime).description)))
          members.append(.init(key: "timeassumed", value: .bool(true)))
        }
      }
      if !data.isEmpty {
        let object = document.member("data", of: 0)
        if let object, document.tokens[object].kind != .object { return nil }
        var content: [JSONValue.Member] = []
        let former = object.map { document.allMembers(of: $0) } ?? []
        for (name, key) in former
        where !data.contains(where: { $0.name == name }) {
          content.append(.init(key: name, value: .raw(document.rawText(key + 1))))
        }
        for (name, text) in data { if let text { content.append(.init(key: name, value: .raw(text))) } }
        members.append(.init(key: "data", value: .object(content)))
      }
      return Array(JSONValue.object(members).text.utf8)
    }
  }
}
