/// What of an event is personal.
///
/// In events of customers everything in `data` that the vocabulary marks, and everything that it does not list: unknown
/// fields, the payload of unknown types, opaque payloads – nobody knows what is in them. Attributes never are, nor is
/// anything of the firm's own events.
extension EnvelopeReader {
  /// Splits `data` into the public members, which join the payload, and the personal ones, which are sealed.
  mutating func keepData(_ kind: EventKind, isOfCustomer: Bool) {
    personal.removeAll()
    if let value = index(.dataBase64) {
      if isOfCustomer {
        line.append("\"data_base64\":", value, to: &personal)
      } else {
        line.append("\"data_base64\":", value, to: &members)
      }
    }
    guard let value = index(.data) else { return }
    if !isOfCustomer {
      line.append("\"data\":", value, to: &members)
    } else if kind == .other || line.tokens[value].kind != .object {
      line.append("\"data\":", value, to: &personal)
    } else if parts.text.allSatisfy({ $0 == Part.open.rawValue }) {
      line.append("\"data\":", value, to: &members)
    } else {
      splitData(value, kind)
    }
  }

  private mutating func splitData(_ object: Int, _ kind: EventKind) {
    if !members.isEmpty { members.append(UInt8(ascii: ",")) }
    if !personal.isEmpty { personal.append(UInt8(ascii: ",")) }
    members.append("\"data\":{")
    personal.append("\"data\":{")
    var key = object + 1
    for index in 0..<parts.count {
      switch Part(rawValue: parts.text[index])! {
      case .open: line.appendMember(key, toList: &members)
      case .personal: line.appendMember(key, toList: &personal)
      case .mixed: split(key, kind)
      }
      key = line.tokens[key + 1].after
    }
    members.append(UInt8(ascii: "}"))
    personal.append(UInt8(ascii: "}"))
  }

  /// Splits a member whose value is personal in part: an object or an array stands on both sides, so that the sides can
  /// be merged again.
  private mutating func split(_ key: Int, _ kind: EventKind) {
    let value = key + 1
    let isObject = line.tokens[value].kind == .object
    guard isObject || line.tokens[value].kind == .array else { return line.appendMember(key, toList: &personal) }
    openBoth(key, isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
    var place = value + 1
    while place < line.tokens[value].after {
      if !isObject {
        splitListed(nil, place, .line)
        place = line.tokens[place].after
      } else {
        if kind == .eventCorrected {
          splitCorrection(place)
        } else {
          splitListed(place, place + 1, .trait)
        }
        place = line.tokens[place + 1].after
      }
    }
    closeBoth(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
  }

  /// A correction follows the field that it sets, as far as that can be told without its target: what may be personal in
  /// some type is sealed, and what is no value of a listed field.
  private mutating func splitCorrection(_ key: Int) {
    let value = key + 1
    if line.text(of: key).string == "lines", line.tokens[value].kind == .array {
      openBoth(key, UInt8(ascii: "["))
      var element = value + 1
      while element < line.tokens[value].after {
        splitListed(nil, element, .line)
        element = line.tokens[element].after
      }
      closeBoth(UInt8(ascii: "]"))
    } else if standsInTheOpen(key) {
      line.appendMember(key, toList: &members)
    } else {
      line.appendMember(key, toList: &personal)
    }
  }

  /// Whether what a correction sets under a key, other than order lines, is kept in the open.
  func standsInTheOpen(_ key: Int) -> Bool {
    let (name, value) = (line.text(of: key).string, key + 1)
    guard name != "lines", Personal.isPublicField(name) else { return false }
    switch line.tokens[value].kind {
    case .object: return false
    case .array: return Personal.isList(name) && isOfTexts(value)
    default: return true
    }
  }

  private enum Owner { case line, trait }

  /// Whether a member is listed, and its value what it should be: nobody would look for a name in it.
  private func isOpen(_ member: Int, of owner: Owner) -> Bool {
    let name = line.shortText(of: member)
    guard owner == .trait else { return fields.lineNames.index(of: name) != nil }
    guard let listed = fields.traitNames.index(of: name) else { return false }
    let value = line.tokens[member + 1]
    if value.isNull { return true }
    switch Personal.traitFields[listed].check {
    case .number: return value.kind == .number
    case .dateOrInstant:
      let text = line.text(of: member + 1)
      return value.kind == .string && (try? Timestamp.parseTimeOrDate(Span(_unsafeElements: text))) != nil
    default: return value.kind == .string
    }
  }

  /// Splits an object – behind a key, or an element of an array – into members that stand in the open and others.
  private mutating func splitListed(_ key: Int?, _ object: Int, _ owner: Owner) {
    guard line.tokens[object].kind == .object else {
      if let key { return line.appendMember(key, toList: &personal) }
      ScannedLine.separate(&personal)
      return line.append(object, to: &personal)
    }
    openBoth(key, UInt8(ascii: "{"))
    var member = object + 1
    while member < line.tokens[object].after {
      if isOpen(member, of: owner) {
        line.appendMember(member, toList: &members)
      } else {
        line.appendMember(member, toList: &personal)
      }
      member = line.tokens[member + 1].after
    }
    closeBoth(UInt8(ascii: "}"))
  }

  private mutating func openBoth(_ key: Int?, _ bracket: UInt8) {
    line.open(key, bracket, in: &members)
    line.open(key, bracket, in: &personal)
  }

  private mutating func closeBoth(_ bracket: UInt8) {
    members.append(bracket)
    personal.append(bracket)
  }
}

extension ScannedLine {
  /// Puts a comma behind the last item of a list, nothing behind its bracket.
  @inline(__always)
  fileprivate static func separate(_ list: inout ByteBuffer) {
    let last = list.text[list.count - 1]
    if last != UInt8(ascii: "{"), last != UInt8(ascii: "[") { list.append(UInt8(ascii: ",")) }
  }

  fileprivate func append(_ key: StaticString, _ value: Int, to bytes: inout ByteBuffer) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(key)
    append(value, to: &bytes)
  }

  /// Opens a container behind a key, or as an element.
  fileprivate func open(_ key: Int?, _ bracket: UInt8, in list: inout ByteBuffer) {
    Self.separate(&list)
    if let key {
      list.append(quotedText(of: key))
      list.append(UInt8(ascii: ":"))
    }
    list.append(bracket)
  }

  fileprivate func appendMember(_ key: Int, toList list: inout ByteBuffer) {
    Self.separate(&list)
    appendMember(key, to: &list)
  }
}

/// Which names are public where the vocabulary's table does not say it by type.
enum Personal {
  /// Of a trait in `customer.updated`; its `value` is personal.
  static let traitFields: [(name: String, check: FieldRule.Check)] = [
    ("basis", .text), ("confidence", .number), ("n", .number), ("expires", .dateOrInstant),
  ]

  private static let customerShapes = Vocabulary.shapes.filter { !$0.isFirm }
  private static let personal = Set(customerShapes.flatMap { $0.fields.filter(\.isPersonal).map(\.name) })
  private static let listed = Set(customerShapes.flatMap { $0.fields.filter { !$0.isPersonal }.map(\.name) })

  private static let lists = Set(customerShapes.flatMap { $0.fields.filter { $0.kind == .list }.map(\.name) })

  /// Attributes and fields whose values columns name.
  private static let names: Set<String> = Set(
    customerShapes.flatMap { $0.fields.filter(\.isName).map(\.name) }
      + [Attribute.channel, .touchpoint, .department, .country, .employee].map { "\($0.name)" }
  )

  /// Whether columns may name what a correction sets, if it stands in the open.
  static func isName(_ name: String) -> Bool { names.contains(name) }

  /// Whether a field is a list of texts.
  static func isList(_ name: String) -> Bool { lists.contains(name) }

  /// Whether a field that a correction sets may stand in the open: an attribute that can be set, or listed and personal
  /// in no type.
  static func isPublicField(_ name: String) -> Bool {
    let attribute = Attribute.named(ShortText(name))
    // What stands under a name that no correction sets is no value of it.
    if name == "set" || attribute?.isFixed == true || personal.contains(name) { return false }
    return attribute != nil || listed.contains(name)
  }
}
