/// What of an event is personal.
///
/// In events of customers everything in `data` that the vocabulary marks, and everything that it does not list: unknown
/// fields, the payload of unknown types, opaque payloads – nobody knows what is in them. Attributes never are, nor is
/// anything of the firm's own events.
extension EnvelopeReader {
  /// Splits `data` into the public members, which join the payload, and the personal ones, which are sealed.
  mutating func keepData(_ envelope: borrowing Envelope, _ kind: EventKind, _ facts: Facts) {
    personal.removeAll(keepingCapacity: true)
    let isOfCustomer = facts.customer != 0
    for (attribute, name) in [(Attribute.dataBase64, "data_base64"), (.data, "data")] {
      guard let value = envelope.index(attribute) else { continue }
      if !isOfCustomer {
        append(name, value, envelope, to: &members)
      } else if kind == .other || envelope.tokens[value].kind != .object {
        append(name, value, envelope, to: &personal)
      } else if personalKeys.isEmpty && mixedKeys.isEmpty {
        append(name, value, envelope, to: &members)
      } else {
        splitData(value, envelope, kind)
      }
    }
  }

  private func append(_ name: String, _ value: Int, _ envelope: borrowing Envelope, to bytes: inout [UInt8]) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: "\"\(name)\":".utf8)
    JSONText.appendMinified(envelope.tokens[value], of: envelope.text, to: &bytes)
  }

  private mutating func splitData(_ object: Int, _ envelope: borrowing Envelope, _ kind: EventKind) {
    var shown = Members(), hidden = Members()
    var key = object + 1
    for _ in 0..<envelope.tokens[object].members {
      let next = envelope.tokens[key + 1].after
      if personalKeys.contains(key) {
        hidden.append(key, envelope)
      } else if mixedKeys.contains(key) {
        split(key, envelope, kind, &shown, &hidden)
      } else {
        shown.append(key, envelope)
      }
      key = next
    }
    shown.close("data", into: &members)
    hidden.close("data", into: &personal)
  }

  /// Splits a member whose value is personal in part.
  private func split(
    _ key: Int, _ envelope: borrowing Envelope, _ kind: EventKind, _ shown: inout Members, _ hidden: inout Members
  ) {
    let value = key + 1
    var (left, right) = (Members(), Members())
    switch (kind, envelope.tokens[value].kind) {
    case (.eventCorrected, .object):
      forEachMember(value, envelope) { key in
        // A correction follows the field that it sets.
        Personal.isPublicField(envelope.text.extracting(envelope.tokens[key].text).string)
          ? left.append(key, envelope) : right.append(key, envelope)
      }
      left.nest(key, "{", "}", envelope, into: &shown)
      right.nest(key, "{", "}", envelope, into: &hidden)
    case (_, .object):
      forEachMember(value, envelope) { trait in
        splitListed(trait, Personal.traitFields, envelope, &left, &right, keyed: true)
      }
      left.nest(key, "{", "}", envelope, into: &shown)
      right.nest(key, "{", "}", envelope, into: &hidden)
    case (_, .array):
      var element = value + 1
      for _ in 0..<envelope.tokens[value].members {
        splitListed(element - 1, Vocabulary.lineFieldNames, envelope, &left, &right, keyed: false)
        element = envelope.tokens[element].after
      }
      left.nest(key, "[", "]", envelope, into: &shown)
      right.nest(key, "[", "]", envelope, into: &hidden)
    default: hidden.append(key, envelope)
    }
  }

  /// Splits the object behind a key (or an element of an array) into listed members and others.
  private func splitListed(
    _ key: Int, _ listed: [ShortText], _ envelope: borrowing Envelope, _ left: inout Members, _ right: inout Members,
    keyed: Bool
  ) {
    let object = key + 1
    guard envelope.tokens[object].kind == .object else { return right.append(key, envelope) }
    var (shown, hidden) = (Members(), Members())
    forEachMember(object, envelope) { member in
      var text: [UInt8] = []
      JSONText.unescape(envelope.text.extracting(envelope.tokens[member].text), to: &text)
      let name = text.withUnsafeBufferPointer { ShortText($0) }
      listed.contains(name) ? shown.append(member, envelope) : hidden.append(member, envelope)
    }
    shown.nest(keyed ? key : nil, "{", "}", envelope, into: &left)
    hidden.nest(keyed ? key : nil, "{", "}", envelope, into: &right)
  }

  private func forEachMember(_ object: Int, _ envelope: borrowing Envelope, _ body: (Int) -> Void) {
    var key = object + 1
    for _ in 0..<envelope.tokens[object].members {
      body(key)
      key = envelope.tokens[key + 1].after
    }
  }

  /// JSON members or elements on their way into a container.
  private struct Members {
    private var bytes: [UInt8] = []
    private var isEmpty = true

    private mutating func separate() {
      if !isEmpty { bytes.append(UInt8(ascii: ",")) }
      isEmpty = false
    }

    mutating func append(_ key: Int, _ envelope: borrowing Envelope) {
      separate()
      bytes.append(envelope.text.extracting(envelope.tokens[key].quotedText))
      bytes.append(UInt8(ascii: ":"))
      JSONText.appendMinified(envelope.tokens[key + 1], of: envelope.text, to: &bytes)
    }

    /// Puts these into a container behind a key (or as an element) of others.
    func nest(
      _ key: Int?, _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ envelope: borrowing Envelope,
      into others: inout Members
    ) {
      others.separate()
      if let key {
        others.bytes.append(envelope.text.extracting(envelope.tokens[key].quotedText))
        others.bytes.append(UInt8(ascii: ":"))
      }
      others.bytes.append(UInt8(ascii: open))
      others.bytes += bytes
      others.bytes.append(UInt8(ascii: close))
    }

    /// Appends these as the value of a member; nothing if there are none and it is the personal part.
    func close(_ name: String, into members: inout [UInt8]) {
      if !members.isEmpty { members.append(UInt8(ascii: ",")) }
      members.append(contentsOf: "\"\(name)\":{".utf8)
      members += bytes
      members.append(UInt8(ascii: "}"))
    }
  }
}

/// Which names are public where the vocabulary's table does not say it by type.
enum Personal {
  /// Of a trait in `customer.updated`; its `value` is personal.
  static let traitFields = ["basis", "confidence", "n", "expires"].map { ShortText($0) }

  private static let customerShapes = Vocabulary.shapes.filter { !$0.isFirm }
  private static let personal = Set(customerShapes.flatMap { $0.fields.filter(\.isPersonal).map(\.name) })
  private static let listed = Set(customerShapes.flatMap { $0.fields.filter { !$0.isPersonal }.map(\.name) })
  private static let attributes = Set(Attribute.allCases.map { "\($0.name)" })

  /// Whether a field that a correction sets may stand in the open: an attribute, or listed and personal in no type.
  static func isPublicField(_ name: String) -> Bool {
    name != "set" && !personal.contains(name) && (listed.contains(name) || attributes.contains(name))
  }
}
