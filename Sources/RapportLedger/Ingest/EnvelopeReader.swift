/// Turns the tokens of one event into a row of a batch, or into a reject: the envelope here, the fields of the type in
/// `EnvelopeReader+Data.swift`. What a column holds leaves the payload; the rest stays as it was sent, minified.
///
/// It goes over each token once or twice and copies each byte at most twice; nothing in it allocates for an event. The
/// pointers that it keeps are those of the chunk that is being read (``read(_:of:_:_:_:)``) and mean nothing after it.
struct EnvelopeReader: ~Copyable {
  let rules: IngestRules
  /// Keyed hashes: the ledger's seed.
  let seed: UInt64
  let fields = FieldRules.all
  private let attributes = AttributeNames.all
  private let specversion = ShortText("1.0")

  /// The line that is being read.
  var line = ScannedLine.none
  private var found = AttributeTokens()
  private let meanings: UnsafeMutablePointer<ResolvedTexts>

  /// Kinds of the batch's type names, by name number.
  var kinds: [EventKind?] = []
  /// Names that were seen lately and their numbers in the batch's table, by hash.
  var recentNames = RecentNames()
  /// The last source that was accepted, and the hash that seeds the fingerprints of its events.
  var source: (name: UInt32, hash: UInt64) = (0, 0)

  /// The subject of the event that is being read, if it is numbered later.
  private var subject: UnsafeBufferPointer<UInt8>?
  private var unnumbered = UnnumberedSubjects()

  /// Of the event that is being read: public members, personal members, order lines.
  var members = ByteBuffer()
  var personal = ByteBuffer()
  var lines: [OrderLine] = []
  /// Of the event that is being read.
  var mentions: [EventBatch.Mention] = []
  /// Payload records of a group of events, which join those of the batch together (``finishGroup(_:)``).
  private var records = ByteBuffer(capacity: 1 << 16)
  /// What each member of `data` is (``Part``), in their order.
  var parts = ByteBuffer(capacity: 64)

  init(seed: UInt64, rules: IngestRules) {
    self.seed = seed
    self.rules = rules
    meanings = .allocate(capacity: 1)
    meanings.initialize(to: ResolvedTexts())
  }

  deinit {
    meanings.deinitialize(count: 1)
    meanings.deallocate()
  }

  /// Forgets what belongs to the last batch.
  mutating func beginBatch() {
    kinds.removeAll(keepingCapacity: true)
    recentNames.removeAll()
    source = (0, 0)
  }

  /// Reads the event that begins at a token.
  mutating func read(
    _ object: Int, of line: ScannedLine, _ origin: EventBatch.Origin, _ now: Int64, _ batch: inout EventBatch
  ) {
    self.line = line
    do throws(Rejection) {
      try parseEvent(object, now, &batch)
      batch.origins.append(origin)
    } catch { batch.reject(error, origin, line) }
  }

  /// Adds the payloads of the events that were read since to the batch.
  mutating func finishGroup(_ batch: inout EventBatch) {
    batch.payloads.append(contentsOf: records.text)
    records.removeAll()
  }

  /// Gives the customers of the events their numbers. To be called while the chunk is there.
  mutating func finishChunk(_ batch: inout EventBatch) { unnumbered.number(&batch) }

  private mutating func parseEvent(_ object: Int, _ now: Int64, _ batch: inout EventBatch) throws(Rejection) {
    let root = line.tokens[object]
    guard root.kind == .object else { throw Rejection(nil, "an event is a JSON object, this is \(root.kind.article)") }
    if !line.isPlain {
      meanings.pointee.resolve(object, of: line)
      line.meanings = UnsafePointer(meanings)
    }
    found.removeAll()
    members.removeAll()
    var isHashedWhole = !root.hasSpace
    var key = object + 1
    while key < root.after {
      let value = line.tokens[key + 1]
      if !value.isNull {
        let attribute = attributes[line.shortText(of: key)]
        if let attribute { found[attribute] = key + 1 }
        if attribute?.isOutsideContent == true { isHashedWhole = false }
        if attribute?.isInColumns != true { try keep(attribute, key) }
      }
      key = value.after
    }

    var facts = Facts()
    try parseIdentity(&facts, &batch)
    try parseTime(now, &facts)
    try parseAttributes(&facts, &batch)
    try parseData(facts.kind, &facts, &batch)
    if EventKindSet.acts.contains(facts.kind) { try parseAct(now, &facts, &batch) }
    keepData(facts.kind, isOfCustomer: index(.subject) != nil)
    let contentHash = line.contentHash(of: object, isWhole: isHashedWhole, seed: seed)
    append(facts, contentHash, &batch)
  }

  private mutating func append(_ facts: Facts, _ contentHash: UInt64, _ batch: inout EventBatch) {
    let id = line.text(of: index(.id)!)
    PayloadRecord.append(id: id, members: members.text, personal: personal.text, to: &records)
    batch.payloadEnds.append(batch.payloads.count + records.count)
    if !personal.isEmpty {
      batch.unsealed.append((UInt32(truncatingIfNeeded: batch.count), UInt32(personal.count + Cipher.overhead)))
    }
    batch.fingerprints.append(References.hash(id, seed: source.hash))
    batch.contentHashes.append(contentHash)
    if let subject { unnumbered.append(subject, of: batch.count, seed: batch.customers.seed) }
    batch.facts.append(facts)
    if !lines.isEmpty { batch.lines.append(contentsOf: lines) }
    if !mentions.isEmpty { batch.mentions += mentions }
    batch.lineEnds.append(UInt32(batch.lines.count))
  }

  /// The token of an attribute's value; nil if it is absent or null.
  @inline(__always)
  func index(_ attribute: Attribute) -> Int? { found[attribute] }

  /// Keeps a member in the payload that no column holds, or a column only if it knows its word.
  private mutating func keep(_ attribute: Attribute?, _ key: Int) throws(Rejection) {
    let value = line.tokens[key + 1]
    if let attribute {
      if attribute == .direction, line.code(of: key + 1, fields.directions) != 255 { return }
      if attribute == .actorkind, line.code(of: key + 1, fields.actorKinds) != 255 { return }
    } else {
      if line.hasControlCharacter(in: key) {
        throw Rejection(nil, "control characters are not allowed in the names of attributes")
      }
      switch value.kind {
      case .object, .array:
        throw Rejection(
          line.rawText(of: key).string, "an attribute is text, a number or a boolean, not \(value.kind.article)")
      case .string where line.hasControlCharacter(in: key + 1):
        throw Rejection(line.rawText(of: key).string, "control characters are not allowed in attributes")
      default: break
      }
    }
    if !members.isEmpty { members.append(UInt8(ascii: ",")) }
    line.appendMember(key, to: &members)
  }

  private mutating func parseIdentity(_ facts: inout Facts, _ batch: inout EventBatch) throws(Rejection) {
    guard let version = try string(.specversion) else {
      throw Rejection("specversion", "required: \"specversion\":\"1.0\"")
    }
    guard line.shortText(of: version) == specversion else { throw Rejection("specversion", "must be \"1.0\"") }
    guard let id = try string(.id), !line.text(of: id).isEmpty else {
      throw Rejection("id", "required, non-empty text")
    }
    guard let source = try string(.source), !line.text(of: source).isEmpty else {
      throw Rejection("source", "required, a non-empty URI reference such as /shop/de")
    }
    facts.source = name(source, &batch)
    if facts.source != self.source.name {
      let text = line.text(of: source)
      guard Self.isURIReference(text) else {
        throw Rejection("source", "must be a URI reference: no spaces and none of <>\"{}|\\^`")
      }
      self.source = (facts.source, References.seed(ofSource: text, seed: seed))
    }
    guard let type = try string(.type), !line.text(of: type).isEmpty else {
      throw Rejection("type", "required, non-empty text such as order.placed")
    }
    facts.type = name(type, &batch)
    let kind = kind(facts.type, batch)
    facts.kindCode = kind.rawValue
    try parseSubject(kind, &facts, &batch)
  }

  private mutating func parseSubject(
    _ kind: EventKind, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    self.subject = nil
    let isFirm = fields.ranges[Int(kind.rawValue)].isFirm
    guard let token = try string(.subject) else {
      if kind != .other, !isFirm { throw Rejection("subject", "required: \(kind.name) is about a customer") }
      return
    }
    if isFirm { throw Rejection("subject", "\(kind.name) is an event of the firm and has no subject") }
    let subject = line.text(of: token)
    try checkCustomer(subject, "subject")
    if line.tokens[token].hasEscape {
      // Its text is gone with the event.
      facts.customer = batch.customers.intern(subject).number
    } else {
      self.subject = subject
    }
  }

  /// Checks the id of a customer.
  func checkCustomer(_ id: UnsafeBufferPointer<UInt8>, _ field: String) throws(Rejection) {
    guard id.count >= 1, id.count <= 255 else { throw Rejection(field, "1 to 255 bytes, this has \(id.count)") }
    if !rules.allowsPersonalSubjects, Self.looksPersonal(id) {
      throw Rejection(
        field,
        "looks like an e-mail address or a telephone number; ids of customers must not be personal (or use `rapport ingest --allow-personal-subjects`)"
      )
    }
  }

  private mutating func parseTime(_ now: Int64, _ facts: inout Facts) throws(Rejection) {
    guard let token = try string(.time) else {
      facts.marks.insert(.timeAssumed)
      facts.time = EventBatch.noTime
      return
    }
    facts.time = try time(token, "time", now)
    if let assumed = index(.timeassumed), line.tokens[assumed].kind == .true { facts.marks.insert(.timeAssumed) }
    if line.tokens[token].hasEscape || !Self.isPrintedForm(line.text(of: token)) {
      facts.marks.insert(.timeInPayload)
      if !members.isEmpty { members.append(UInt8(ascii: ",")) }
      members.append("\"time\":")
      members.append(line.quotedText(of: token))
    }
  }

  /// When something happened.
  func time(_ token: Int, _ field: String, _ now: Int64) throws(Rejection) -> Int64 {
    let time: Int64
    do throws(TimestampError) {
      time = try Timestamp.parse(Span(_unsafeElements: line.text(of: token))).nanoseconds
    } catch { throw Rejection(field, error.description) }
    if time > now &+ 86_400_000_000_000 { throw Rejection(field, "lies more than 24 hours ahead of the clock") }
    return time
  }

  private mutating func parseAttributes(_ facts: inout Facts, _ batch: inout EventBatch) throws(Rejection) {
    if let token = try string(.channel) { facts.channel = name(token, &batch) }
    if let token = try string(.touchpoint) { facts.touchpoint = name(token, &batch) }
    if let token = try string(.department) { facts.department = name(token, &batch) }
    if let token = try string(.employee) { facts.employee = name(token, &batch) }
    if let token = try string(.country) {
      let code = line.text(of: token)
      guard code.count == 2, code.allSatisfy({ $0 >= 65 && $0 <= 90 }) else {
        throw Rejection("country", "must be two capital letters (ISO 3166-1), such as DE")
      }
      facts.country = name(token, &batch)
    }
    if let token = try string(.direction) { facts.directionCode = line.code(of: token, fields.directions) }
    if let token = try string(.actorkind) { facts.actorCode = line.code(of: token, fields.actorKinds) }
    if let token = try string(.correlationid) { facts.correlation = References.hash(line.text(of: token), seed: seed) }
    if let token = try string(.causationid) { facts.cause = cause(line.text(of: token)) }
    if let token = index(.sequence) {
      let kind = line.tokens[token].kind
      if kind == .string { _ = try string(.sequence) }
      guard kind == .string || kind == .number else { throw Rejection("sequence", "must be text or a number") }
      facts.sequence = SequenceKey.make(line.text(of: token))
    }
    _ = try string(.recordedtime)
    _ = try string(.datacontenttype)
  }

  /// The index of a text attribute; nil if it is absent.
  @inline(__always)
  func string(_ attribute: Attribute) throws(Rejection) -> Int? {
    guard let index = index(attribute) else { return nil }
    guard line.tokens[index].kind == .string, !line.hasControlCharacter(in: index) else {
      throw Self.notAString(attribute, line.tokens[index].kind)
    }
    return index
  }

  @inline(never)
  private static func notAString(_ attribute: Attribute, _ kind: JSONKind) -> Rejection {
    kind == .string
      ? Rejection("\(attribute.name)", "control characters are not allowed in attributes")
      : Rejection("\(attribute.name)", "must be text, this is \(kind.article)")
  }
}
