extension EnvelopeReader {
  /// Checks `data` against the vocabulary and fills the slots of the facts.
  mutating func parseData(
    _ kind: EventKind, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    parts.removeAll()
    if !lines.isEmpty { lines.removeAll(keepingCapacity: true) }
    if !mentions.isEmpty { mentions.removeAll(keepingCapacity: true) }
    let isKnown = kind != .other
    if index(.dataBase64) != nil || index(.datacontenttype) != nil {
      try parseOpaque(kind, &facts)
    }
    guard isKnown else { return }
    let shape = fields.ranges[Int(kind.rawValue)]
    let rules = fields.rules + Int(shape.first)
    var seen: UInt32 = 0
    if let data = index(.data) {
      let object = line.tokens[data]
      guard object.kind == .object else {
        throw Rejection("data", "must be an object with the fields of \(kind.name), this is \(object.kind.article)")
      }
      var key = data + 1
      while key < object.after {
        let name = line.shortText(of: key)
        var position = 0
        while position < Int(shape.count), rules[position].name != name { position += 1 }
        if position == Int(shape.count) {
          parts.append(Part.personal.rawValue)
        } else {
          let rule = rules[position]
          var part: Part = rule.isPersonal ? .personal : rule.check == .object ? .mixed : .open
          if !line.tokens[key + 1].isNull {
            seen |= 1 << UInt32(position)
            if let other = try parse(key + 1, as: rule, at: position, of: kind, &facts, &batch) { part = other }
          }
          parts.append(part.rawValue)
        }
        key = line.tokens[key + 1].after
      }
    }
    if seen & shape.required != shape.required {
      let missing = (shape.required & ~seen).trailingZeroBitCount
      throw Rejection("data.\(Vocabulary.field(missing, of: kind).name)", "required by \(kind.name)")
    }
    if kind == .orderPlaced, !facts.hasAmount, !lines.isEmpty { try deriveRevenue(&facts) }
  }

  /// What a member of `data` is: to be kept in the open, to be sealed, or to be split.
  enum Part: UInt8 { case open, personal, mixed }

  private func parseOpaque(_ kind: EventKind, _ facts: inout Facts) throws(Rejection) {
    if index(.data) != nil, index(.dataBase64) != nil {
      throw Rejection("data_base64", "an event has data or data_base64, not both")
    }
    if let token = try string(.dataBase64) {
      guard Base64.isValid(line.text(of: token)) else { throw Rejection("data_base64", "must be base64 (RFC 4648)") }
      facts.marks.insert(.isOpaque)
    } else if try !isJSONContent() {
      facts.marks.insert(.isOpaque)
    }
    if kind != .other, facts.marks.contains(.isOpaque) {
      throw Rejection("data", "\(kind.name) needs its fields as a JSON object, this payload is opaque")
    }
  }

  /// JSON is what `datacontenttype` says by its absence, as `application/json`, `text/json` or `…+json`.
  private func isJSONContent() throws(Rejection) -> Bool {
    guard let token = try string(.datacontenttype) else { return true }
    let type = line.text(of: token).string.lowercased().prefix { $0 != ";" }
    let bare = type.filter { !$0.isWhitespace }
    return bare.hasSuffix("/json") || bare.hasSuffix("+json")
  }

  /// - Returns: what the value is where it holds what the vocabulary does not list; nil if it does not.
  private mutating func parse(
    _ index: Int, as rule: FieldRule, at position: Int, of kind: EventKind, _ facts: inout Facts,
    _ batch: inout EventBatch
  ) throws(Rejection) -> Part? {
    let token = line.tokens[index]
    let field = FieldName(kind: kind, position: position)
    switch rule.check {
    case .any: return nil
    case .text, .label:
      guard token.kind == .string || (rule.check == .label && token.kind == .number) else {
        throw field.expected("text", token)
      }
      if rule.slot != nil, token.end > token.start { facts.setTerm(name(index, &batch), rule.slot) }
    case .reference:
      guard token.kind == .string, token.end > token.start else { throw field.expected("non-empty text", token) }
      // A person is named here as by a subject.
      if kind == .customerMerged || kind == .customerUnmerged { try checkCustomer(line.text(of: index), field.name) }
      let hash = References.hash(line.text(of: index), seed: seed)
      if rule.slot == .related { facts.related = hash } else { facts.object = hash }
    case .money:
      let value = try line.money(index, field)
      if rule.slot == .amount {
        facts.amount = value
        facts.marks.insert(.hasAmount)
      }
    case .number: facts.setNumber(try line.millionths(index, field), rule.slot)
    case .between:
      let value = try line.millionths(index, field)
      guard value >= Int64(rule.low) * 1_000_000, value <= Int64(rule.high) * 1_000_000 else {
        throw field.rejection("must lie between \(rule.low) and \(rule.high)")
      }
      facts.setNumber(value, rule.slot)
    case .count:
      guard token.kind == .number else { throw field.expected("a whole number", token) }
      let value = try line.decimal(index, 0, field)
      guard value >= 0, value <= Int64.max / 1_000_000 else {
        throw field.rejection("must be zero or more, and not absurdly large")
      }
      if rule.slot == .scale {
        guard value >= 1, value <= 65_535 else { throw field.rejection("must lie between 1 and 65535") }
        facts.scale = UInt16(value)
      } else {
        facts.setNumber(value * 1_000_000, rule.slot)
      }
    case .boolean:
      guard token.kind == .true || token.kind == .false else { throw field.expected("true or false", token) }
      facts.setFlag(token.kind == .true, rule.slot)
    case .choice:
      guard token.kind == .string else { throw field.expected("one of \(field.words)", token) }
      let code = line.code(of: index, fields.words(of: rule))
      if rule.slot == .code2 { facts.code2 = code } else { facts.code = code }
    case .currency:
      guard token.kind == .string, let code = Currency.code(line.text(of: index)) else {
        throw field.rejection("must be three capital letters (ISO 4217), such as EUR")
      }
      facts.currency = code
    case .dateOrInstant: facts.setInstant(try line.instant(index, field))
    case .lines: return try parseLines(index, field, &batch, &facts) ? .mixed : nil
    case .object:
      guard token.kind == .object else { throw field.expected("an object", token) }
      if kind == .customerUpdated { try parseTraits(index, &facts, &batch) }
    case .list:
      guard token.kind == .array || token.kind == .string else { throw field.expected("a list of texts", token) }
      if rule.slot == .lines { appendNames(index, &batch, &facts) }
      return isOfTexts(index) ? nil : .personal
    }
    return nil
  }

  private mutating func parseLines(
    _ index: Int, _ field: FieldName, _ batch: inout EventBatch, _ facts: inout Facts
  ) throws(Rejection) -> Bool {
    let array = line.tokens[index]
    guard array.kind == .array else { throw field.expected("an array of lines", array) }
    facts.marks.insert(.hasLines)
    var element = index + 1
    var hasUnlisted = false
    for position in 0..<array.members {
      lines.append(try parseLine(element, position, &batch, &hasUnlisted))
      element = line.tokens[element].after
    }
    return hasUnlisted
  }

  /// Whether a list has nothing but texts.
  func isOfTexts(_ index: Int) -> Bool {
    guard line.tokens[index].kind == .array else { return true }
    var element = index + 1
    while element < line.tokens[index].after {
      let token = line.tokens[element]
      guard token.kind == .string || token.isNull else { return false }
      element = token.after
    }
    return true
  }

  /// The texts of a list as lines; what is no text, or empty, is passed over.
  private mutating func appendNames(_ index: Int, _ batch: inout EventBatch, _ facts: inout Facts) {
    facts.marks.insert(.hasLines)
    let isList = line.tokens[index].kind == .array
    var element = isList ? index + 1 : index
    for _ in 0..<(isList ? Int(line.tokens[index].members) : 1) {
      let token = line.tokens[element]
      if token.kind == .string, token.end > token.start {
        lines.append(OrderLine(sku: name(element, &batch), group: 0, quantity: 0, price: 0))
      }
      element = token.after
    }
  }

  private mutating func parseLine(
    _ index: Int, _ position: Int, _ batch: inout EventBatch, _ hasUnlisted: inout Bool
  ) throws(Rejection) -> OrderLine {
    let object = line.tokens[index]
    guard object.kind == .object else {
      throw Rejection(
        "data.lines[\(position)]", "must be an object with sku and quantity, this is \(object.kind.article)")
    }
    var result = OrderLine(sku: 0, group: 0, quantity: 0, price: 0)
    var hasQuantity = false
    var key = index + 1
    while key < object.after {
      let value = key + 1
      if let member = fields.lineNames.index(of: line.shortText(of: key)) {
        if !line.tokens[value].isNull {
          try parse(value, as: member, of: &result, &hasQuantity, FieldName(line: position, member: member), &batch)
        }
      } else {
        hasUnlisted = true
      }
      key = line.tokens[value].after
    }
    guard result.sku != 0 else { throw Rejection("data.lines[\(position)].sku", "required in a line") }
    guard hasQuantity else { throw Rejection("data.lines[\(position)].quantity", "required in a line") }
    return result
  }

  private mutating func parse(
    _ value: Int, as member: Int, of result: inout OrderLine, _ hasQuantity: inout Bool, _ field: FieldName,
    _ batch: inout EventBatch
  ) throws(Rejection) {
    let token = line.tokens[value]
    switch member {
    case 0, 1:
      guard token.kind == .string, token.end > token.start else { throw field.expected("non-empty text", token) }
      let number = name(value, &batch)
      if member == 0 { result.sku = number } else { result.group = number }
    case 2:
      guard token.kind == .number else { throw field.expected("a number", token) }
      result.quantity = try line.decimal(value, 4, field)
      hasQuantity = true
    default: result.price = try line.money(value, field)
    }
  }

  /// Where `revenue` is absent it is Σ quantity × price − discount.
  private func deriveRevenue(_ facts: inout Facts) throws(Rejection) {
    var total: Int128 = 0
    for line in lines { total += Int128(line.quantity) * Int128(line.price) / 10_000 }
    if let value = line.member(Self.discount, of: index(.data)!) {
      let position = Vocabulary.shapes[Int(EventKind.orderPlaced.rawValue)].fields.firstIndex {
        $0.name == "discount"
      }!
      total -= Int128(try line.money(value, FieldName(kind: .orderPlaced, position: position)))
    }
    guard let amount = Int64(exactly: total) else { throw Rejection("data.lines", "the sum of the lines is too large") }
    facts.amount = amount
    facts.marks.insert(.hasAmount)
  }

  private static let discount = ShortText("discount")
}

/// Values of fields.
extension ScannedLine {
  @inline(__always)
  fileprivate func decimal(_ token: Int, _ decimals: Int, _ field: FieldName) throws(Rejection) -> Int64 {
    do throws(DecimalError) {
      return try DecimalText.parse(Span(_unsafeElements: text(of: token)), decimals: decimals)
    } catch { throw field.rejection(error.description) }
  }

  fileprivate func money(_ token: Int, _ field: FieldName) throws(Rejection) -> Int64 {
    let kind = tokens[token].kind
    guard kind == .number || kind == .string else {
      throw field.expected("decimal text or a number, such as \"72.89\"", tokens[token])
    }
    return try decimal(token, 4, field)
  }

  /// A number in millionths, rounded away from zero.
  fileprivate func millionths(_ token: Int, _ field: FieldName) throws(Rejection) -> Int64 {
    guard tokens[token].kind == .number else { throw field.expected("a number", tokens[token]) }
    do throws(DecimalError) {
      return try DecimalText.parse(Span(_unsafeElements: rawText(of: token)), decimals: 6)
    } catch .tooManyDecimals {
      guard let value = Double(rawText(of: token).string), abs(value) < 9e12 else {
        throw field.rejection(DecimalError.outOfRange.description)
      }
      return Int64((value * 1e6).rounded(.awayFromZero))
    } catch { throw field.rejection(error.description) }
  }

  fileprivate func instant(_ token: Int, _ field: FieldName) throws(Rejection) -> Timestamp.TimeOrDate {
    guard tokens[token].kind == .string else { throw field.expected("a time or a date", tokens[token]) }
    do throws(TimestampError) { return try Timestamp.parseTimeOrDate(Span(_unsafeElements: text(of: token))) } catch {
      throw field.rejection(error.description)
    }
  }
}

/// Which field a message is about; its name is put together only when there is something to say.
fileprivate struct FieldName {
  private let kind: EventKind
  private let position: Int
  /// Index of the order line; −1 for a field of `data`.
  private let line: Int

  init(kind: EventKind, position: Int) { (self.kind, self.position, line) = (kind, position, -1) }
  init(line: Int, member: Int) { (self.line, position, kind) = (line, member, .other) }

  var name: String {
    line < 0
      ? "data.\(Vocabulary.field(position, of: kind).name)"
      : "data.lines[\(line)].\(Vocabulary.lineFields[position].name)"
  }

  var words: String {
    guard case .choice(let words) = Vocabulary.field(position, of: kind).kind else { return "the words" }
    return words.joined(separator: ", ")
  }

  func rejection(_ reason: String) -> Rejection { Rejection(name, reason) }

  func expected(_ what: String, _ token: JSONToken) -> Rejection {
    Rejection(name, "must be \(what), this is \(token.kind.article)")
  }
}

extension Facts {
  @inline(__always)
  fileprivate mutating func setTerm(_ number: UInt32, _ slot: Field.Slot?) {
    switch slot {
    case .term2: term2 = number
    case .term3: term3 = number
    default: term = number
    }
  }

  @inline(__always)
  fileprivate mutating func setNumber(_ value: Int64, _ slot: Field.Slot?) {
    switch slot {
    case .number:
      number = value
      marks.insert(.hasNumber)
    case .number2:
      number2 = value
      marks.insert(.hasNumber2)
    default: return
    }
  }

  fileprivate mutating func setInstant(_ value: Timestamp.TimeOrDate) {
    marks.insert(.hasInstant)
    switch value {
    case .time(let time): instant = time.nanoseconds
    case .date(let date):
      instant = date.start.nanoseconds
      marks.insert(.instantIsDate)
    }
  }

  @inline(__always)
  fileprivate mutating func setFlag(_ value: Bool, _ slot: Field.Slot?) {
    switch slot {
    case .flagB: marks.formUnion(value ? [.bIsKnown, .bIsTrue] : .bIsKnown)
    case .flagC: marks.formUnion(value ? [.cIsKnown, .cIsTrue] : .cIsKnown)
    default: marks.formUnion(value ? [.aIsKnown, .aIsTrue] : .aIsKnown)
    }
  }
}
