import CHash

/// Turns the tokens of one event into a row of a batch, or into a reject: the envelope here, the fields of the type in
/// `EnvelopeReader+Data.swift`. What a column holds leaves the payload; the rest stays as it was sent, minified.
struct EnvelopeReader {
  let rules: IngestRules
  /// Keyed hashes: the ledger's seed.
  let seed: UInt64
  /// Kinds of the batch's type names, by name number.
  private var kinds: [EventKind?] = []
  /// The name that each attribute had last, in the batch's table.
  private var lastNames = InlineArray<23, UInt32>(repeating: 0)
  /// Scratch: the payload members, the id and any text with escapes.
  var members: [UInt8] = []
  private var id: [UInt8] = []
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
  ///
  /// - Parameter place: an attribute, whose last text is tried first: most events have the source, the channel, the
  ///   country of the one before.
  mutating func name(
    _ token: JSONToken, _ text: Span<UInt8>, _ batch: inout EventBatch, like place: Attribute? = nil
  ) -> UInt32 {
    guard token.hasEscape else {
      return text.extracting(token.text).withUnsafeBufferPointer { bytes in
        guard let place else { return batch.names.intern(bytes).number }
        let last = lastNames[place.rawValue]
        if last != 0, batch.names.isEqual(last, bytes) { return last }
        let number = batch.names.intern(bytes).number
        lastNames[place.rawValue] = number
        return number
      }
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

  private mutating func isWord(_ token: JSONToken, _ text: Span<UInt8>, _ words: [ShortText]) -> Bool {
    withText(token, text) { Self.code(Span(_unsafeElements: $0), words) != 255 }
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

  /// Whether a valid time has the form in which the ledger prints it, so that its text need not be kept.
  private static func isPrintedForm(_ text: Span<UInt8>) -> Bool {
    let count = text.count
    guard text[10] == UInt8(ascii: "T"), text[count - 1] == UInt8(ascii: "Z") else { return false }
    return count == 20 || text[count - 2] != UInt8(ascii: "0")
  }

  /// C0, DEL and C1.
  private static func hasControlCharacter(_ text: Span<UInt8>) -> Bool {
    let low: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    // Eight bytes at once as long as none is below 0x20, DEL, or the first byte of a C1 character.
    while index + 8 <= text.count {
      let bytes = text.loadEightBytes(at: index)
      let (delete, lead) = (bytes ^ (low &* 0x7F), bytes ^ (low &* 0xC2))
      let suspicious =
        ((bytes &- low &* 0x20) & ~bytes) | ((delete &- low) & ~delete) | ((lead &- low) & ~lead)
      if suspicious & high != 0 { break }
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte < 0x20 || byte == 0x7F { return true }
      if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
      index += 1
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
