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
  private var targets = EventReader()
  private var acts = EventReader()
  private var scanner = JSONScanner(lineBytesMax: JSONScanner.lineBytesLimit)

  init(_ snapshot: borrowing Snapshot) {
    box = BatchBox(seed: snapshot.seed)
    var rules = IngestRules()
    rules.maxLineBytes = JSONScanner.lineBytesLimit
    rules.allowsPersonalSubjects = true
    parser = EventParser(seed: snapshot.seed, rules: rules)
  }

  /// Takes an event as it was recorded.
  mutating func begin(_ place: Corrections.Place, in snapshot: borrowing Snapshot) throws(LedgerError) {
    let event = try targets.withEvent(row: Int(place.row), in: place.block, of: snapshot) {
      facts, record, snapshot throws(LedgerError) in
      var text: [UInt8] = []
      try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
      return (facts, text)
    }
    (facts, text) = event
    let block = snapshot.blocks[place.block]
    ledgerTime = block.ledgerTime(ofRank: Int(facts.position - block.firstPosition))
    lines = try snapshot.orderLines(of: Int(place.row), in: place.block)
  }

  /// Applies the `set` of a correction.
  ///
  /// - Returns: false if the result would not be accepted; nothing has changed then.
  mutating func apply(
    _ act: Corrections.Act, in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> Bool {
    let said = try acts.withRecord(row: Int(act.place.row), in: act.place.block, of: snapshot) {
      record throws(LedgerError) in
      try EventText.object(record, of: act.customer, at: act.position, in: snapshot)
    }
    guard let next = rewritten(by: said) else { return false }
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
    var failure: LedgerError?
    corrected.renumberNames { name in
      if name == 0 { return 0 }
      do throws(LedgerError) { return try number(name, snapshot) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    lines = box.value.lines
    for index in lines.indices {
      lines[index].sku = try number(lines[index].sku, snapshot)
      if lines[index].group != 0 { lines[index].group = try number(lines[index].group, snapshot) }
    }
    facts = corrected
    self.text = next
    return true
  }

  /// A number of the batch's names as one of the ledger's.
  private mutating func number(_ number: UInt32, _ snapshot: borrowing Snapshot) throws(LedgerError) -> UInt32 {
    let text = box.value.names.withText(number) { Array($0) }
    if let known = numbers[text] { return known }
    let number = try snapshot.number(ofName: text)
    numbers[text] = number
    return number
  }

  // MARK: Text

  /// The text of the event with what a correction sets: fields of its type first, as they win over attributes of the same
  /// name, then attributes – those of the envelope, and others that the event has –, and fields that nobody knows. Null
  /// takes a field out; without a time an event is of when it was recorded.
  ///
  /// - Returns: nil if nothing is set, or `data` has no fields.
  private mutating func rewritten(by correction: [UInt8]) -> [UInt8]? {
    var correction = correction
    let set = scanner.withDocument(&correction) { document -> [Setting]? in
      guard let object = document.member("data", of: 0), let set = document.member("set", of: object) else {
        return nil
      }
      return document.allMembers(of: set).map { name, key in
        guard document.tokens[key + 1].kind != .null else { return Setting(name: name, value: nil) }
        var value: [UInt8] = []
        JSONText.appendMinified(document.tokens[key + 1], of: document.text, to: &value)
        return Setting(name: name, value: value)
      }
    }
    guard let set else { return nil }
    let (kind, ledgerTime) = (facts.kind, ledgerTime)
    var event = text
    return scanner.withDocument(&event) { document in
      Self.rewritten(document, kind, by: set, ledgerTime: ledgerTime)
    }
  }

  /// One member of a correction's `set`.
  private struct Setting {
    var name: String
    /// JSON text; nil for null.
    var value: [UInt8]?
  }

  private static func rewritten(
    _ document: borrowing JSONDocument, _ kind: EventKind, by set: [Setting], ledgerTime: Int64
  ) -> [UInt8]? {
    let members = document.allMembers(of: 0)
    let fields = Vocabulary.shapes[Int(kind.rawValue)].fields
    var attributes: [Setting] = []
    var data: [Setting] = []
    for setting in set {
      if fields.contains(where: { $0.name == setting.name }) {
        data.append(setting)
      } else if let attribute = Attribute.named(ShortText(setting.name)) {
        if !attribute.isFixed { attributes.append(setting) }
      } else if members.contains(where: { $0.name == setting.name }) {
        attributes.append(setting)
      } else {
        data.append(setting)
      }
    }
    guard !attributes.isEmpty || !data.isEmpty else { return nil }
    let object = document.member("data", of: 0)
    if !data.isEmpty, let object, document.tokens[object].kind != .object { return nil }
    let changesTime = attributes.contains { $0.name == "time" }
    var result = ObjectText()
    for (name, key) in members {
      if attributes.contains(where: { $0.name == name }) || (name == "timeassumed" && changesTime) { continue }
      if name == "data", !data.isEmpty { continue }
      result.append(key, of: document)
    }
    for setting in attributes {
      if let value = setting.value {
        result.append(setting.name, value)
      } else if setting.name == "time" {
        result.append("time", Array(JSONValue.string(Timestamp(nanoseconds: ledgerTime).description).text.utf8))
        result.append("timeassumed", Array("true".utf8))
      }
    }
    if !data.isEmpty {
      var content = ObjectText()
      let former = object.map { document.allMembers(of: $0) } ?? []
      for (name, key) in former where !data.contains(where: { $0.name == name }) { content.append(key, of: document) }
      for setting in data { if let value = setting.value { content.append(setting.name, value) } }
      result.append("data", content.text)
    }
    return result.text
  }
}

/// A JSON object while it is being written.
private struct ObjectText {
  private var bytes = [UInt8(ascii: "{")]

  var text: [UInt8] { bytes + [UInt8(ascii: "}")] }

  /// Appends a member as it stands in a document.
  mutating func append(_ key: Int, of document: borrowing JSONDocument) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(document.text.extracting(document.tokens[key].quotedText))
    bytes.append(UInt8(ascii: ":"))
    JSONText.appendMinified(document.tokens[key + 1], of: document.text, to: &bytes)
  }

  mutating func append(_ key: String, _ value: [UInt8]) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    JSONValue.append(key, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    bytes += value
  }
}
