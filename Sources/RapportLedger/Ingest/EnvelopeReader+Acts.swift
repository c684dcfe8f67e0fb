/// Events that change what others say, or who is one person (``EventKindSet/acts``).
///
/// What they name is noted for those who find out what they came to, so that nobody needs to read it again: the event that
/// is meant as its fingerprint in `object`, and texts that may become those of columns as mentions.
extension EnvelopeReader {
  mutating func parseAct(_ now: Int64, _ facts: inout Facts, _ batch: inout EventBatch) throws(Rejection) {
    let data = index(.data)!
    switch facts.kind {
    case .customerMerged: mention(customer: line.text(of: line.member(Self.into, of: data)!), &batch)
    case .customerUnmerged: mention(customer: line.text(of: line.member(Self.from, of: data)!), &batch)
    default:
      facts.object = References.fingerprint(
        source: line.text(of: line.member(Self.source, of: data)!), id: line.text(of: line.member(Self.id, of: data)!),
        seed: seed)
      guard facts.kind == .eventCorrected else { return }
      let set = line.member(Self.set, of: data)!
      try checkCorrectedTime(set, now)
      try mentionTexts(set, &batch)
      if line.hasMember(Self.caseId, of: set) || line.hasMember(Self.correlation, of: set) {
        facts.marks.insert(.setsCase)
      }
    }
  }

  private static let into = ShortText("into")
  private static let from = ShortText("from")
  private static let source = ShortText("source")
  private static let id = ShortText("id")
  private static let set = ShortText("set")
  private static let time = ShortText("time")
  private static let lines = ShortText("lines")
  private static let caseId = ShortText("case")
  private static let correlation = ShortText("correlationid")
  private static let lineNames = [ShortText("sku"), ShortText("group")]

  /// Checks the time that a correction sets as that of an event: whatever its target is, it has one.
  private func checkCorrectedTime(_ set: Int, _ now: Int64) throws(Rejection) {
    let field = "data.set.time"
    guard let value = line.member(Self.time, of: set) else { return }
    guard line.tokens[value].kind == .string else {
      throw Rejection(field, "must be text, this is \(line.tokens[value].kind.article)")
    }
    _ = try time(value, field, now)
  }

  /// Mentions the names and customers that a correction sets, as far as they stand in the open: what is sealed must not
  /// be named there.
  private mutating func mentionTexts(_ set: Int, _ batch: inout EventBatch) throws(Rejection) {
    var key = set + 1
    while key < line.tokens[set].after {
      let value = key + 1
      let name = line.shortText(of: key)
      switch line.tokens[value].kind {
      case .array where name == Self.lines: mentionLines(value, &batch)
      case .object where name == Self.set: mentionInferences(value, &batch)
      default:
        if line.tokens[value].kind == .string, name == Self.into || name == Self.from {
          let id = line.text(of: value)
          try checkCustomer(id, "data.set.\(name == Self.into ? "into" : "from")")
          mention(customer: id, &batch)
        }
        if standsInTheOpen(key), Personal.isName(line.text(of: key).string) { mention(names: value, &batch) }
      }
      key = line.tokens[value].after
    }
  }

  private mutating func mention(names value: Int, _ batch: inout EventBatch) {
    guard line.tokens[value].kind == .array else { return mention(name: value, &batch) }
    var element = value + 1
    while element < line.tokens[value].after {
      mention(name: element, &batch)
      element = line.tokens[element].after
    }
  }

  /// Names the traits that `customer.updated` would name, though the correction is sealed: what a trait is called is open.
  private mutating func mentionInferences(_ traits: Int, _ batch: inout EventBatch) {
    var key = traits + 1
    while key < line.tokens[traits].after {
      if line.observations(ofTrait: key) != nil { mention(name: key, &batch) }
      key = line.tokens[key + 1].after
    }
  }

  private mutating func mentionLines(_ array: Int, _ batch: inout EventBatch) {
    var element = array + 1
    while element < line.tokens[array].after {
      if line.tokens[element].kind == .object {
        for name in Self.lineNames {
          if let value = line.member(name, of: element) { mention(name: value, &batch) }
        }
      }
      element = line.tokens[element].after
    }
  }

  private mutating func mention(name value: Int, _ batch: inout EventBatch) {
    let token = line.tokens[value]
    guard token.kind == .string || token.kind == .number, token.end > token.start else { return }
    let number = name(value, &batch)
    mentions.append(.init(event: UInt32(truncatingIfNeeded: batch.count), number: number, isCustomer: false))
  }

  private mutating func mention(customer id: UnsafeBufferPointer<UInt8>, _ batch: inout EventBatch) {
    let number = batch.customers.intern(id).number
    mentions.append(.init(event: UInt32(truncatingIfNeeded: batch.count), number: number, isCustomer: true))
  }
}
