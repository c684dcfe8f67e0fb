extension EnvelopeReader {
  /// Checks `data` against the vocabulary and fills the slots of the facts.
  mutating func parseData(
    _ envelope: borrowing Envelope, _ kind: EventKind, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) {
    let isKnown = kind != .other
    personalKeys.removeAll(keepingCapacity: true)
    mixedKeys.removeAll(keepingCapacity: true)
    if envelope.has(.data), envelope.has(.dataBase64) {
      throw Rejection("data_base64", "an event has data or data_base64, not both")
    }
    let isJSON = try isJSONContent(envelope)
    if let token = try string(envelope, .dataBase64) {
      guard withText(token, envelope.text, { Base64.isValid($0) }) else {
        throw Rejection("data_base64", "must be base64 (RFC 4648)")
      }
      facts.marks.insert(.isOpaque)
    } else if !isJSON {
      facts.marks.insert(.isOpaque)
    }
    if isKnown, facts.marks.contains(.isOpaque) {
      throw Rejection("data", "\(kind.name) needs its fields as a JSON object, this payload is opaque")
    }
    guard isKnown else { return }
    let fields = Vocabulary.shapes[Int(kind.rawValue)].fields
    var seen: UInt32 = 0
    if let index = envelope.index(.data) {
      let object = envelope.tokens[index]
      guard object.kind == .object else {
        throw Rejection("data", "must be an object with the fields of \(kind.name), this is \(object.kind.article)")
      }
      var key = index + 1
      for _ in 0..<object.members {
        let value = key + 1
        if let position = field(envelope.tokens[key], envelope.text, kind) {
          if fields[position].isPersonal { personalKeys.append(key) }
          if fields[position].kind == .object { mixedKeys.append(key) }
          if envelope.tokens[value].kind != .null {
            seen |= 1 << UInt32(position)
            if try parse(value, as: fields[position], envelope, &facts, &batch) { mixedKeys.append(key) }
          }
        } else {
          personalKeys.append(key)
        }
        key = envelope.tokens[value].after
      }
    }
    for position in fields.indices where fields[position].isRequired && seen & 1 << UInt32(position) == 0 {
      throw Rejection("data.\(fields[position].name)", "required by \(kind.name)")
    }
    if kind == .orderPlaced, !facts.hasAmount, !lineScratch.isEmpty {
      try deriveRevenue(envelope, fields, &facts)
    }
  }

  /// JSON is what `datacontenttype` says by its absence, as `application/json`, `text/json` or `…+json`.
  private func isJSONContent(_ envelope: borrowing Envelope) throws(Rejection) -> Bool {
    guard let token = try string(envelope, .datacontenttype) else { return true }
    let type = envelope.text.extracting(token.text).string.lowercased().prefix { $0 != ";" }
    let bare = type.filter { !$0.isWhitespace }
    return bare.hasSuffix("/json") || bare.hasSuffix("+json")
  }

  private mutating func field(_ key: JSONToken, _ text: Span<UInt8>, _ kind: EventKind) -> Int? {
    withText(key, text) { name in
      let wanted = ShortText(name)
      let keys = Vocabulary.fieldNames[Int(kind.rawValue)]
      for index in keys.indices where keys[index] == wanted { return index }
      return nil
    }
  }

  /// - Returns: whether the value has members that the vocabulary does not list.
  private mutating func parse(
    _ index: Int, as field: Field, _ envelope: borrowing Envelope, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) -> Bool {
    let token = envelope.tokens[index]
    let text = envelope.text
    switch field.kind {
    case .any: return false
    case .text, .label:
      guard token.kind == .string || (field.kind == .label && token.kind == .number) else {
        throw expected("text", field, token)
      }
      if field.slot != nil, token.end > token.start { facts.setTerm(name(token, text, &batch), field.slot) }
    case .reference:
      guard token.kind == .string, token.end > token.start else { throw expected("non-empty text", field, token) }
      let hash = reference(token, text)
      if field.slot == .related { facts.related = hash } else { facts.object = hash }
    case .money:
      let value = try decimal(token, text, decimals: 4, field, "decimal text or a number, such as \"72.89\"")
      if field.slot == .amount {
        facts.amount = value
        facts.marks.insert(.hasAmount)
      }
    case .number: facts.setNumber(try millionths(token, text, field), field.slot)
    case .between(let low, let high):
      let value = try millionths(token, text, field)
      guard value >= Int64(low) * 1_000_000, value <= Int64(high) * 1_000_000 else {
        throw Rejection("data.\(field.name)", "must lie between \(low) and \(high)")
      }
      facts.setNumber(value, field.slot)
    case .count:
      guard token.kind == .number else { throw expected("a whole number", field, token) }
      let value = try decimal(token, text, decimals: 0, field, "a whole number")
      guard value >= 0, value <= Int64.max / 1_000_000 else {
        throw Rejection("data.\(field.name)", "must be zero or more, and not absurdly large")
      }
      if field.slot == .scale {
        guard value >= 1, value <= 65_535 else { throw Rejection("data.\(field.name)", "must lie between 1 and 65535") }
        facts.scale = UInt16(value)
      } else {
        facts.setNumber(value * 1_000_000, field.slot)
      }
    case .boolean:
      guard token.kind == .true || token.kind == .false else { throw expected("true or false", field, token) }
      facts.setFlag(token.kind == .true, field.slot)
    case .choice(let words):
      guard token.kind == .string else { throw expected("one of \(words.joined(separator: ", "))", field, token) }
      let code = withText(token, text) { Self.code(Span(_unsafeElements: $0), field.words) }
      if field.slot == .code2 { facts.code2 = code } else { facts.code = code }
    case .currency:
      guard token.kind == .string, let code = withText(token, text, { Currency.code($0) }) else {
        throw Rejection("data.\(field.name)", "must be three capital letters (ISO 4217), such as EUR")
      }
      facts.currency = code
    case .dateOrInstant: try parseInstant(token, text, field, &facts)
    case .lines: return try parseLines(index, envelope, field, &facts, &batch)
    case .object:
      guard token.kind == .object else { throw expected("an object", field, token) }
      if facts.kind == .customerUpdated { try checkTraits(index, envelope) }
    case .list:
      guard token.kind == .array || token.kind == .string else {
        throw expected("a list of texts", field, token)
      }
    }
    return false
  }

  /// Every trait of `customer.updated` says on what it rests.
  private mutating func checkTraits(_ object: Int, _ envelope: borrowing Envelope) throws(Rejection) {
    var key = object + 1
    for _ in 0..<envelope.tokens[object].members {
      let trait = key + 1
      let next = envelope.tokens[trait].after
      var hasBasis = false
      if envelope.tokens[trait].kind == .object {
        var member = trait + 1
        for _ in 0..<envelope.tokens[trait].members {
          let isText = envelope.tokens[member + 1].kind == .string
          if isText, withText(envelope.tokens[member], envelope.text, { ShortText($0) }) == Personal.traitFields[0] {
            hasBasis = true
          }
          member = envelope.tokens[member + 1].after
        }
      }
      guard hasBasis || envelope.tokens[trait].kind == .null else {
        let name = envelope.text.extracting(envelope.tokens[key].text).string
        throw Rejection("data.set.\(name)", "must be an object with value and basis (declared, observed or inferred)")
      }
      key = next
    }
  }

  private func expected(_ what: String, _ field: Field, _ token: JSONToken) -> Rejection {
    Rejection("data.\(field.name)", "must be \(what), this is \(token.kind.article)")
  }

  private mutating func decimal(
    _ token: JSONToken, _ text: Span<UInt8>, decimals: Int, _ field: Field, _ what: String
  ) throws(Rejection) -> Int64 {
    guard token.kind == .number || (field.kind == .money && token.kind == .string) else {
      throw expected(what, field, token)
    }
    let parsed = withText(token, text) { digits in
      Result { () throws(DecimalError) in try DecimalText.parse(Span(_unsafeElements: digits), decimals: decimals) }
    }
    do throws(DecimalError) { return try parsed.get() } catch {
      throw Rejection("data.\(field.name)", error.description)
    }
  }

  /// A number in millionths, rounded away from zero.
  private mutating func millionths(
    _ token: JSONToken, _ text: Span<UInt8>, _ field: Field
  ) throws(Rejection) -> Int64 {
    guard token.kind == .number else { throw expected("a number", field, token) }
    do throws(DecimalError) {
      return try DecimalText.parse(text.extracting(token.text), decimals: 6)
    } catch .tooManyDecimals {
      guard let value = Double(text.extracting(token.text).string), abs(value) < 9e12 else {
        throw Rejection("data.\(field.name)", DecimalError.outOfRange.description)
      }
      return Int64((value * 1e6).rounded(.awayFromZero))
    } catch { throw Rejection("data.\(field.name)", error.description) }
  }

  private mutating func parseInstant(
    _ token: JSONToken, _ text: Span<UInt8>, _ field: Field, _ facts: inout Facts
  ) throws(Rejection) {
    guard token.kind == .string else { throw expected("a time or a date", field, token) }
    let parsed = withText(token, text) { characters in
      Result { () throws(TimestampError) in try Timestamp.parseTimeOrDate(Span(_unsafeElements: characters)) }
    }
    do throws(TimestampError) {
      facts.marks.insert(.hasInstant)
      switch try parsed.get() {
      case .time(let time): facts.instant = time.nanoseconds
      case .date(let date):
        facts.instant = date.start.nanoseconds
        facts.marks.insert(.instantIsDate)
      }
    } catch { throw Rejection("data.\(field.name)", error.description) }
  }

  private mutating func parseLines(
    _ index: Int, _ envelope: borrowing Envelope, _ field: Field, _ facts: inout Facts, _ batch: inout EventBatch
  ) throws(Rejection) -> Bool {
    let array = envelope.tokens[index]
    guard array.kind == .array else { throw expected("an array of lines", field, array) }
    facts.marks.insert(.hasLines)
    var element = index + 1
    var hasUnlisted = false
    for position in 0..<array.members {
      lineScratch.append(try parseLine(element, position, envelope, &batch, &hasUnlisted))
      element = envelope.tokens[element].after
    }
    return hasUnlisted
  }

  private mutating func parseLine(
    _ index: Int, _ position: Int, _ envelope: borrowing Envelope, _ batch: inout EventBatch,
    _ hasUnlisted: inout Bool
  ) throws(Rejection) -> OrderLine {
    let object = envelope.tokens[index]
    guard object.kind == .object else {
      throw Rejection(
        "data.lines[\(position)]", "must be an object with sku and quantity, this is \(object.kind.article)")
    }
    var line = OrderLine(sku: 0, group: 0, quantity: 0, price: 0)
    var hasQuantity = false
    var key = index + 1
    for _ in 0..<object.members {
      let token = envelope.tokens[key + 1]
      let name = withText(envelope.tokens[key], envelope.text) { ShortText($0) }
      if let field = Vocabulary.lineFieldNames.firstIndex(of: name) {
        if token.kind != .null {
          do throws(Rejection) {
            try parse(token, as: field, of: &line, &hasQuantity, envelope, &batch)
          } catch {
            throw Rejection("data.lines[\(position)].\(Vocabulary.lineFields[field].name)", error.reason)
          }
        }
      } else {
        hasUnlisted = true
      }
      key = token.after
    }
    guard line.sku != 0 else { throw Rejection("data.lines[\(position)].sku", "required in a line") }
    guard hasQuantity else { throw Rejection("data.lines[\(position)].quantity", "required in a line") }
    return line
  }

  private mutating func parse(
    _ token: JSONToken, as field: Int, of line: inout OrderLine, _ hasQuantity: inout Bool,
    _ envelope: borrowing Envelope, _ batch: inout EventBatch
  ) throws(Rejection) {
    let description = Vocabulary.lineFields[field]
    switch field {
    case 0, 1:
      guard token.kind == .string, token.end > token.start else { throw expected("non-empty text", description, token) }
      let number = name(token, envelope.text, &batch)
      if field == 0 { line.sku = number } else { line.group = number }
    case 2:
      line.quantity = try decimal(token, envelope.text, decimals: 4, description, "a number")
      hasQuantity = true
    default: line.price = try decimal(token, envelope.text, decimals: 4, description, "decimal text or a number")
    }
  }

  /// Where `revenue` is absent it is Σ quantity × price − discount.
  private mutating func deriveRevenue(
    _ envelope: borrowing Envelope, _ fields: [Field], _ facts: inout Facts
  ) throws(Rejection) {
    var total: Int128 = 0
    for line in lineScratch { total += Int128(line.quantity) * Int128(line.price) / 10_000 }
    var key = envelope.index(.data)! + 1
    for _ in 0..<envelope.tokens[key - 1].members {
      let value = envelope.tokens[key + 1]
      if value.kind != .null, envelope.text.extracting(envelope.tokens[key].text).equals("discount"),
        let field = fields.first(where: { $0.name == "discount" })
      {
        total -= Int128(try decimal(value, envelope.text, decimals: 4, field, "decimal text or a number"))
      }
      key = value.after
    }
    guard let amount = Int64(exactly: total) else { throw Rejection("data.lines", "the sum of the lines is too large") }
    facts.amount = amount
    facts.marks.insert(.hasAmount)
  }
}

extension Facts {
  fileprivate mutating func setTerm(_ number: UInt32, _ slot: Field.Slot?) {
    switch slot {
    case .term2: term2 = number
    case .term3: term3 = number
    default: term = number
    }
  }

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

  fileprivate mutating func setFlag(_ value: Bool, _ slot: Field.Slot?) {
    switch slot {
    case .flagB: marks.formUnion(value ? [.bIsKnown, .bIsTrue] : .bIsKnown)
    case .flagC: marks.formUnion(value ? [.cIsKnown, .cIsTrue] : .cIsKnown)
    default: marks.formUnion(value ? [.aIsKnown, .aIsTrue] : .aIsKnown)
    }
  }
}
