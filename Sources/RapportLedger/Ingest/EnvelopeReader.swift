import CHash

/// Turns the tokens of one event into a row of a batch, or into a reject: the envelope here, the fields of the type in
/// `EnvelopeReader+Data.swift`. What a column holds leaves the payload; the rest stays as it was sent, minified.
struct EnvelopeReader {
  let rules: IngestRules
  /// Keyed hashes: the ledger's seed.
  let seed: UInt64
  /// Kinds of the batch's type names, by name number.
  private var kinds: [EventKind?] = []
  /// Scratch: the payload members, the id and any text with escapes.
  private var members: [UInt8] = []
  private var id: [UInt8] = []
  var scratch: [UInt8] = []
  var lineScratch: [OrderLine] = []

  init(seed: UInt64, rules: IngestRules) {
    self.seed = seed
    self.rules = rules
  }

  mutating func beginBatch() { kinds.removeAll(keepingCapacity: true) }

  mutating func read(
    _ object: Int, _ tokens: Span<JSONToken>, _ text: Span<UInt8>, _ origin: EventBatch.Origin, _ now: Int64,
    _ batch: inout EventBatch
  ) {
    do throws(Rejection) {
      try parseEvent(object, tokens, text, now, &batch)
      batch.origins.append(origin)
    } catch { batch.reject(error, origin, text) }
  }

  private mutating func parseEvent(
    _ object: Int, _ tokens: Span<JSONToken>, _ text: Span<UInt8>, _ now: Int64, _ batch: inout EventBatch
  ) throws(Rejection) {
    guard tokens[object].kind == .object else {
      throw Rejection(nil, "an event is a JSON object, this is \(tokens[object].kind.article)")
    }
    var found = InlineArray<23, Int32>(repeating: -1)
    var contentHash: UInt64 = 0
    members.removeAll(keepingCapacity: true)
    var key = object + 1
    for _ in 0..<tokens[object].members {
      let value = key + 1
      let next = tokens[value].after
      if tokens[value].kind != .null {
        let attribute = try attribute(tokens[key], text)
        if let attribute { found[attribute.rawValue] = Int32(truncatingIfNeeded: value) }
        if attribute?.isOutsideContent != true {
          contentHash &+= hash(tokens[value], text, seed ^ hash(text.extracting(tokens[key].text)))
        }
        try keep(attribute, key: tokens[key], value: tokens[value], text)
      }
      key = next
    }

    var facts = Facts()
    let envelope = Envelope(tokens: tokens, text: text, found: found)
    try parseIdentity(envelope, &facts, &batch)
    try parseTime(envelope, now, &facts)
    try parseAttributes(envelope, &facts, &batch)
    let kind = facts.kind
    lineScratch.removeAll(keepingCapacity: true)
    try parseData(envelope, kind, &facts, &batch)

    batch.fingerprints.append(fingerprint(envelope))
    batch.contentHashes.append(contentHash)
    batch.facts.append(facts)
    id.withUnsafeBufferPointer { id in
      members.withUnsafeBufferPointer { members in
        PayloadRecord.append(id: id, members: members, to: &batch.payloads)
      }
    }
    batch.payloadEnds.append(batch.payloads.count)
    batch.lines.append(contentsOf: lineScratch)
    batch.lineEnds.append(UInt32(batch.lines.count))
  }

  /// The tokens of one event's attributes.
  struct Envelope: ~Escapable {
    let tokens: Span<JSONToken>
    let text: Span<UInt8>
    var found: InlineArray<23, Int32>

    @_lifetime(copy tokens, copy text)
    init(tokens: Span<JSONToken>, text: Span<UInt8>, found: InlineArray<23, Int32>) {
      self.tokens = tokens
      self.text = text
      self.found = found
    }

    func index(_ attribute: Attribute) -> Int? {
      let index = found[attribute.rawValue]
      return index < 0 ? nil : Int(index)
    }
    func has(_ attribute: Attribute) -> Bool { found[attribute.rawValue] >= 0 }
  }

  private mutating func attribute(_ key: JSONToken, _ text: Span<UInt8>) throws(Rejection) -> Attribute? {
    guard key.hasEscape else { return Attribute.named(text.extracting(key.text)) }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.extracting(key.text), to: &scratch)
    return Attribute.named(scratch.span)
  }

  /// Keeps a member in the payload unless a column holds it.
  private mutating func keep(
    _ attribute: Attribute?, key: JSONToken, value: JSONToken, _ text: Span<UInt8>
  ) throws(Rejection) {
    switch attribute {
    case .specversion, .id, .source, .type, .subject, .time, .ledgerposition, .ledgertime, .timeassumed: return
    case .channel, .touchpoint, .department, .country, .employee: return
    case .direction where Self.code(text.extracting(value.text), Direction.texts) != 255: return
    case .actorkind where Self.code(text.extracting(value.text), ActorKind.texts) != 255: return
    case .data, .dataBase64, .direction, .actorkind, .datacontenttype, .correlationid, .causationid, .sequence,
      .recordedtime:
      break
    case nil:
      switch value.kind {
      case .object, .array:
        throw Rejection(
          text.extracting(key.text).string, "an attribute is text, a number or a boolean, not \(value.kind.article)")
      case .string where try hasControlCharacter(value, text):
        throw Rejection(text.extracting(key.text).string, "control characters are not allowed in attributes")
      default: break
      }
    }
    if !members.isEmpty { members.append(UInt8(ascii: ",")) }
    members.append(text.extracting(key.quotedText))
    members.append(UInt8(ascii: ":"))
    JSONText.appendMinified(value, of: text, to: &members)
  }

  private mutating func parseIdentity(
    _ envelope: borrowing Envelope, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    guard let version = try string(envelope, .specversion) else {
      throw Rejection("specversion", "required: \"specversion\":\"1.0\"")
    }
    guard envelope.text.extracting(version.text).equals("1.0") else {
      throw Rejection("specversion", "must be \"1.0\"")
    }
    guard let idToken = try string(envelope, .id), idToken.end > idToken.start else {
      throw Rejection("id", "required, non-empty text")
    }
    id.removeAll(keepingCapacity: true)
    if idToken.hasEscape {
      JSONText.unescape(envelope.text.extracting(idToken.text), to: &id)
    } else {
      id.append(envelope.text.extracting(idToken.text))
    }
    guard let source = try string(envelope, .source), source.end > source.start else {
      throw Rejection("source", "required, a non-empty URI reference such as /shop/de")
    }
    facts.source = name(source, envelope.text, &batch)
    if source.hasEscape || !Self.isURIReference(envelope.text.extracting(source.text)) {
      guard Self.isURIReference(scratch.span), source.hasEscape else {
        throw Rejection("source", "must be a URI reference: no spaces and none of <>\"{}|\\^`")
      }
    }
    guard let type = try string(envelope, .type), type.end > type.start else {
      throw Rejection("type", "required, non-empty text such as order.placed")
    }
    facts.type = name(type, envelope.text, &batch)
    facts.kindCode = kind(facts.type, batch).rawValue
    try parseSubject(envelope, facts.kind, &facts, &batch)
  }

  private mutating func parseSubject(
    _ envelope: borrowing Envelope, _ kind: EventKind, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    guard let subject = try string(envelope, .subject) else {
      if kind != .other, !Vocabulary.shapes[Int(kind.rawValue)].isFirm {
        throw Rejection("subject", "required: \(kind.name) is about a customer")
      }
      return
    }
    if Vocabulary.shapes[Int(kind.rawValue)].isFirm {
      throw Rejection("subject", "\(kind.name) is an event of the firm and has no subject")
    }
    scratch.removeAll(keepingCapacity: true)
    if subject.hasEscape {
      JSONText.unescape(envelope.text.extracting(subject.text), to: &scratch)
    } else {
      scratch.append(envelope.text.extracting(subject.text))
    }
    guard scratch.count >= 1, scratch.count <= 255 else {
      throw Rejection("subject", "1 to 255 bytes, this has \(scratch.count)")
    }
    if !rules.allowsPersonalSubjects, Self.looksPersonal(scratch) {
      throw Rejection(
        "subject",
        "looks like an e-mail address or a telephone number; ids of customers must not be personal (or use --allow-personal-subjects)"
      )
    }
    facts.customer = scratch.withUnsafeBufferPointer { batch.customers.intern($0).number }
  }

  private mutating func parseTime(
    _ envelope: borrowing Envelope, _ now: Int64, _ facts: inout Facts
  ) throws(Rejection) {
    guard let token = try string(envelope, .time) else {
      facts.marks.insert(.timeAssumed)
      facts.time = EventBatch.noTime
      return
    }
    let text = envelope.text.extracting(token.text)
    do throws(TimestampError) {
      facts.time = try Timestamp.parse(text).nanoseconds
    } catch { throw Rejection("time", error.description) }
    if facts.time > now &+ 86_400_000_000_000 {
      throw Rejection("time", "lies more than 24 hours ahead of the clock")
    }
    if let assumed = envelope.index(.timeassumed), envelope.tokens[assumed].kind == .true {
      facts.marks.insert(.timeAssumed)
    }
    scratch.removeAll(keepingCapacity: true)
    Timestamp(nanoseconds: facts.time).append(to: &scratch)
    if !scratch.span.equals(text) {
      facts.marks.insert(.timeInPayload)
      if !members.isEmpty { members.append(UInt8(ascii: ",")) }
      members.append(contentsOf: "\"time\":".utf8)
      members.append(envelope.text.extracting(token.quotedText))
    }
  }

  private mutating func parseAttributes(
    _ envelope: borrowing Envelope, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    if let token = try string(envelope, .channel) { facts.channel = name(token, envelope.text, &batch) }
    if let token = try string(envelope, .touchpoint) { facts.touchpoint = name(token, envelope.text, &batch) }
    if let token = try string(envelope, .department) { facts.department = name(token, envelope.text, &batch) }
    if let token = try string(envelope, .employee) { facts.employee = name(token, envelope.text, &batch) }
    if let token = try string(envelope, .country) {
      let text = envelope.text.extracting(token.text)
      guard text.count == 2, text[0] >= 65, text[0] <= 90, text[1] >= 65, text[1] <= 90 else {
        throw Rejection("country", "must be two capital letters (ISO 3166-1), such as DE")
      }
      facts.country = name(token, envelope.text, &batch)
    }
    if let token = try string(envelope, .direction) {
      facts.directionCode = Self.code(envelope.text.extracting(token.text), Direction.texts)
    }
    if let token = try string(envelope, .actorkind) {
      facts.actorCode = Self.code(envelope.text.extracting(token.text), ActorKind.texts)
    }
    if let token = try string(envelope, .correlationid) { facts.correlation = reference(token, envelope.text) }
    if let token = try string(envelope, .causationid) { facts.cause = cause(token, envelope) }
    if let index = envelope.index(.sequence) {
      let token = envelope.tokens[index]
      if token.kind == .string { _ = try string(envelope, .sequence) }
      guard token.kind == .string || token.kind == .number else {
        throw Rejection("sequence", "must be text or a number")
      }
      facts.sequence = withText(token, envelope.text) { SequenceKey.make($0) }
    }
    for attribute in [Attribute.recordedtime, .datacontenttype] { _ = try string(envelope, attribute) }
  }

  /// The token of a text attribute; nil if it is absent.
  func string(_ envelope: borrowing Envelope, _ attribute: Attribute) throws(Rejection) -> JSONToken? {
    guard let index = envelope.index(attribute) else { return nil }
    let token = envelope.tokens[index]
    guard token.kind == .string else {
      throw Rejection("\(attribute.name)", "must be text, this is \(token.kind.article)")
    }
    if try hasControlCharacter(token, envelope.text) {
      throw Rejection("\(attribute.name)", "control characters are not allowed in attributes")
    }
    return token
  }

  // MARK: Texts

  /// Calls `body` with what a string or number token says, escapes resolved.
  mutating func withText<R>(
    _ token: JSONToken, _ text: Span<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> R
  ) -> R {
    guard token.hasEscape else { return text.extracting(token.text).withUnsafeBufferPointer(body) }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.extracting(token.text), to: &scratch)
    return scratch.withUnsafeBufferPointer(body)
  }

  /// The number of a text in the batch's name table. After the call `scratch` holds a text that had escapes.
  mutating func name(_ token: JSONToken, _ text: Span<UInt8>, _ batch: inout EventBatch) -> UInt32 {
    guard token.hasEscape else {
      return text.extracting(token.text).withUnsafeBufferPointer { batch.names.intern($0).number }
    }
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.extracting(token.text), to: &scratch)
    return scratch.withUnsafeBufferPointer { batch.names.intern($0).number }
  }

  /// The hash of the id of a thing; never 0.
  mutating func reference(_ token: JSONToken, _ text: Span<UInt8>) -> UInt64 {
    let seed = seed
    return withText(token, text) { References.hash($0, seed: seed) }
  }

  /// The fingerprint of the event that a `causationid` names: an id of the same source, or `SOURCE#ID`.
  private mutating func cause(_ token: JSONToken, _ envelope: borrowing Envelope) -> UInt64 {
    let seed = seed
    guard let index = envelope.index(.source) else { return 0 }
    var source: [UInt8] = []
    withText(envelope.tokens[index], envelope.text) { source.append(contentsOf: $0) }
    return withText(token, envelope.text) { named in
      if let hash = named.firstIndex(of: UInt8(ascii: "#")) {
        return References.fingerprint(
          source: UnsafeBufferPointer(rebasing: named[..<hash]),
          id: UnsafeBufferPointer(rebasing: named[(hash + 1)...]),
          seed: seed)
      }
      return source.withUnsafeBufferPointer { References.fingerprint(source: $0, id: named, seed: seed) }
    }
  }

  private mutating func fingerprint(_ envelope: borrowing Envelope) -> UInt64 {
    let seed = seed
    return id.withUnsafeBufferPointer { id in
      withText(envelope.tokens[envelope.index(.source)!], envelope.text) {
        References.fingerprint(source: $0, id: id, seed: seed)
      }
    }
  }

  private mutating func kind(_ type: UInt32, _ batch: borrowing EventBatch) -> EventKind {
    while kinds.count <= Int(type) { kinds.append(nil) }
    if let kind = kinds[Int(type)] { return kind }
    let kind = batch.names.withText(type) { Vocabulary.kind(ofType: String(decoding: $0, as: UTF8.self)) }
    kinds[Int(type)] = kind
    return kind
  }

  /// Hash of a value's text without insignificant white space.
  private mutating func hash(_ token: JSONToken, _ text: Span<UInt8>, _ seed: UInt64) -> UInt64 {
    guard token.hasSpace else {
      return text.extracting(token.quotedText).withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, seed) }
    }
    scratch.removeAll(keepingCapacity: true)
    JSONText.appendMinified(token, of: text, to: &scratch)
    return scratch.withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, seed) }
  }

  private func hash(_ text: Span<UInt8>) -> UInt64 {
    text.withUnsafeBufferPointer { rpt_hash64($0.baseAddress, $0.count, 0) }
  }

  /// 1 + index of a word, 255 if it is none of them.
  static func code(_ text: Span<UInt8>, _ words: [ShortText]) -> UInt8 {
    let wanted = text.withUnsafeBufferPointer { ShortText($0) }
    for index in words.indices where words[index] == wanted { return UInt8(index + 1) }
    return 255
  }

  private func hasControlCharacter(_ token: JSONToken, _ text: Span<UInt8>) throws(Rejection) -> Bool {
    guard token.hasEscape else { return Self.hasControlCharacter(text.extracting(token.text)) }
    var bytes: [UInt8] = []
    JSONText.unescape(text.extracting(token.text), to: &bytes)
    return Self.hasControlCharacter(bytes.span)
  }

  /// C0, DEL and C1.
  private static func hasControlCharacter(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      let byte = text[index]
      if byte < 0x20 || byte == 0x7F { return true }
      if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
    }
    return false
  }

  private static func isURIReference(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      switch text[index] {
      case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"),
        UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"):
        return false
      default: continue
      }
    }
    return true
  }

  /// A subject with `@`, or one that as a whole is `+` and 7–15 digits with separators.
  static func looksPersonal(_ subject: [UInt8]) -> Bool {
    if subject.contains(UInt8(ascii: "@")) { return true }
    guard subject.first == UInt8(ascii: "+") else { return false }
    var digits = 0
    for byte in subject.dropFirst() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "("),
        UInt8(ascii: ")"):
        continue
      default: return false
      }
    }
    return digits >= 7 && digits <= 15
  }
}

/// The keyed hashes by which columns name things and events.
enum References {
  /// Of the id of an order, a case, a survey …; never 0, which means absent.
  static func hash(_ text: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
    let hash = rpt_hash64(text.baseAddress, text.count, seed)
    return hash == 0 ? 1 : hash
  }

  /// Of `source` + `id`; never 0.
  static func fingerprint(
    source: UnsafeBufferPointer<UInt8>, id: UnsafeBufferPointer<UInt8>, seed: UInt64
  ) -> UInt64 {
    hash(id, seed: rpt_hash64(source.baseAddress, source.count, seed))
  }
}

extension JSONKind {
  /// `an array`, for messages.
  var article: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "text"
    case .number: "a number"
    case .true, .false: "a boolean"
    case .null: "null"
    }
  }
}

extension Span<UInt8> {
  /// A copy as text, invalid UTF-8 replaced.
  var string: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
