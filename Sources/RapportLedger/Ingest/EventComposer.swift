/// Makes an event from what a person types: `rapport record C1 order.placed order=o1 currency=EUR revenue=12.50`.
public enum EventComposer {
  static let source = "urn:rapport:record"

  /// - Parameter assignments: `key=value`, where names of the envelope go to attributes, the vocabulary's type of the
  ///   field decides what a value is, and fields that it does not know are text; `key:=JSON` is taken as it stands.
  /// - Throws: ``LedgerError/invalid(_:)`` for what is no assignment.
  public static func event(
    customer: String, type: String, assignments: [String]
  ) throws(LedgerError) -> [UInt8] {
    let kind = Vocabulary.kind(ofType: type)
    let fields = Vocabulary.shapes[Int(kind.rawValue)].fields
    var attributes: [JSONValue.Member] = []
    var data: [JSONValue.Member] = []
    for assignment in assignments {
      let (key, value) = try parse(assignment, fields: fields)
      guard !attributes.contains(where: { $0.key == key }), !data.contains(where: { $0.key == key }) else {
        throw .invalid("“\(key)” is set twice")
      }
      // A field of the type wins over an attribute of the same name, which the vocabulary has for `employee`,
      // `department`, `channel` and `country`.
      let isField = fields.contains { $0.name == key }
      let attribute = isField ? nil : Attribute.named(ShortText(key))
      if let why = attribute?.whyNotSet { throw .invalid("\(key) cannot be set: \(why)") }
      if attribute != nil {
        attributes.append(.init(key: key, value: value))
      } else {
        data.append(.init(key: key, value: value))
      }
    }
    var random = SystemRandomNumberGenerator()
    func unlessSet(_ key: String, _ value: JSONValue) -> [JSONValue.Member] {
      attributes.contains { $0.key == key } ? [] : [.init(key: key, value: value)]
    }
    let now = Clock.now
    let id = String(decoding: UUIDv7.text(milliseconds: now / 1_000_000, using: &random), as: UTF8.self)
    var members: [JSONValue.Member] = [.init(key: "specversion", value: .string("1.0"))]
    members += unlessSet("id", .string(id)) + unlessSet("source", .string(source))
    members.append(.init(key: "type", value: .string(type)))
    if !Vocabulary.shapes[Int(kind.rawValue)].isFirm { members.append(.init(key: "subject", value: .string(customer))) }
    members += unlessSet("time", .string(Timestamp(nanoseconds: now).description)) + attributes
    members.append(.init(key: "data", value: .object(data)))
    return Array(JSONValue.object(members).text.utf8)
  }

  private static func parse(_ assignment: String, fields: [Field]) throws(LedgerError) -> (String, JSONValue) {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw .invalid("“\(assignment)” is not key=value (or key:=JSON)")
    }
    var key = String(assignment[..<equals])
    let value = String(assignment[assignment.index(after: equals)...])
    if key.hasSuffix(":") {
      key.removeLast()
      guard !key.isEmpty, EventText.withDocument(Array(value.utf8), { _ in true }) == true else {
        throw .invalid("“\(value)” is not JSON; \(key)=… takes it as text")
      }
      return (key, .raw(value))
    }
    switch fields.first(where: { $0.name == key })?.kind {
    case .boolean:
      guard value == "true" || value == "false" else { throw .invalid("\(key) is true or false, not “\(value)”") }
      return (key, .bool(value == "true"))
    case .number, .count, .between:
      var canonical: [UInt8] = []
      let bytes = Array(value.utf8)
      guard (try? DecimalText.appendCanonical(bytes.span, to: &canonical)) != nil else {
        throw .invalid("\(key) is a number, not “\(value)”")
      }
      return (key, .raw(value))
    case .lines, .object: throw .invalid("\(key) needs JSON: \(key):='…'")
    case .list: return (key, .array(value.split(separator: ",").map { .string(String($0)) }))
    default: return (key, .string(value))
    }
  }
}
