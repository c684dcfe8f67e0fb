/// Turns the tokens of one event into a row of a batch, or into a reject: the envelope here, the fields of the type in
/// `EnvelopeReader+Data.swift`. What a column holds leaves the payload; the rest stays as it was sent, minified.
struct EnvelopeReader {
  let rules: IngestRules
  /// Keyed hashes: the ledger's seed.
  let seed: UInt64
  /// Kinds of the batch's type names, by name number.
  var kinds: [EventKind?] = []
  /// The name that each attribute had last, in the batch's table.
  var lastNames = InlineArray<23, UInt32>(repeating: 0)
  /// Scratch: the payload members, the id and any text with escapes.
  var members: [UInt8] = []
  var id: [UInt8] = []
  var scratch: [UInt8] = []
  var lineScratch: [OrderLine] = []
  /// The personal members of the event, to be sealed.
  var personal: [UInt8] = []
  /// Members of `data` that are personal as a whole, and those that are so in part: indices of their keys.
  var personalKeys: [Int] = []
  var mixedKeys: [Int] = []

  init(seed: UInt64, rules: IngestRules) {
    self.seed = seed
    self.rules = rules
  }

  /// Forgets what belongs to the last batch.
  mutating func beginBatch() {
    kinds.removeAll(keepingCapacity: true)
    lastNames = InlineArray(repeating: 0)
  }

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
    keepData(envelope, kind, facts)

    batch.fingerprints.append(fingerprint(envelope))
    batch.contentHashes.append(contentHash)
    batch.facts.append(facts)
    id.withUnsafeBufferPointer { id in
      members.withUnsafeBufferPointer { members in
        PayloadRecord.append(id: id, members: members, to: &batch.payloads)
      }
    }
    batch.payloadEnds.append(batch.payloads.count)
    batch.personal.append(contentsOf: personal)
    batch.personalEnds.append(batch.personal.count)
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
    case .direction where isWord(value, text, Direction.texts): return
    case .actorkind where isWord(value, text, ActorKind.texts): return
    // Split by what is personal, once the type is known.
    case .data, .dataBase64: return
    case .direction, .actorkind, .datacontenttype, .correlationid, .causationid, .sequence,
      .recordedtime:
      break
    case nil:
      if try hasControlCharacter(key, text) {
        throw Rejection(nil, "control characters are not allowed in the names of attributes")
      }
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
    guard withText(version, envelope.text, { Span(_unsafeElements: $0).equals("1.0") }) else {
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
    facts.source = name(source, envelope.text, &batch, like: .source)
    if source.hasEscape || !Self.isURIReference(envelope.text.extracting(source.text)) {
      guard Self.isURIReference(scratch.span), source.hasEscape else {
        throw Rejection("source", "must be a URI reference: no spaces and none of <>\"{}|\\^`")
      }
    }
    guard let type = try string(envelope, .type), type.end > type.start else {
      throw Rejection("type", "required, non-empty text such as order.placed")
    }
    facts.type = name(type, envelope.text, &batch, like: .type)
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
    let parsed = withText(token, envelope.text) { text in
      Result { () throws(TimestampError) in try Timestamp.parse(Span(_unsafeElements: text)) }
    }
    do throws(TimestampError) { facts.time = try parsed.get().nanoseconds } catch {
      throw Rejection("time", error.description)
    }
    if facts.time > now &+ 86_400_000_000_000 {
      throw Rejection("time", "lies more than 24 hours ahead of the clock")
    }
    if let assumed = envelope.index(.timeassumed), envelope.tokens[assumed].kind == .true {
      facts.marks.insert(.timeAssumed)
    }
    if token.hasEscape || !Self.isPrintedForm(envelope.text.extracting(token.text)) {
      facts.marks.insert(.timeInPayload)
      if !members.isEmpty { members.append(UInt8(ascii: ",")) }
      members.append(contentsOf: "\"time\":".utf8)
      members.append(envelope.text.extracting(token.quotedText))
    }
  }

  private mutating func parseAttributes(
    _ envelope: borrowing Envelope, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    if let token = try string(envelope, .channel) { facts.channel = name(token, envelope.text, &batch, like: .channel) }
    if let token = try string(envelope, .touchpoint) {
      facts.touchpoint = name(token, envelope.text, &batch, like: .touchpoint)
    }
    if let token = try string(envelope, .department) {
      facts.department = name(token, envelope.text, &batch, like: .department)
    }
    if let token = try string(envelope, .employee) {
      facts.employee = name(token, envelope.text, &batch, like: .employee)
    }
    if let token = try string(envelope, .country) {
      let isCode = withText(token, envelope.text) { text in
        text.count == 2 && text.allSatisfy { $0 >= 65 && $0 <= 90 }
      }
      guard isCode else { throw Rejection("country", "must be two capital letters (ISO 3166-1), such as DE") }
      facts.country = name(token, envelope.text, &batch, like: .country)
    }
    if let token = try string(envelope, .direction) {
      facts.directionCode = withText(token, envelope.text) { Self.code(Span(_unsafeElements: $0), Direction.texts) }
    }
    if let token = try string(envelope, .actorkind) {
      facts.actorCode = withText(token, envelope.text) { Self.code(Span(_unsafeElements: $0), ActorKind.texts) }
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
}
