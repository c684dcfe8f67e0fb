/// The traits of a customer: the values of `customer.updated`.
struct Traits {
  private struct Trait {
    var value: String
    /// As it was sent.
    var basis: String
    var time: Int64
    var expires: Int64?
    /// Of the event that set it.
    var position: UInt64
  }

  /// In order of precedence; all others come last, together.
  private static let bases = ["declared", "observed", "inferred"]
  /// By field and basis; of one basis the later replaces the earlier.
  private var fields: [String: [Trait?]] = [:]

  /// - Parameter items: a history in canonical order.
  init(_ items: [PersonReader.Item], in snapshot: borrowing Snapshot, asOf: Int64) throws(LedgerError) {
    var reader = EventReader()
    for item in items where item.kind == .customerUpdated {
      if let target = item.target {
        apply(target.text, of: item)
        continue
      }
      let members = try reader.withEvent(row: item.row, in: item.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        try EventText.object(record, of: facts.customer, at: facts.position, in: snapshot)
      }
      apply(members, of: item)
    }
    for (field, traits) in fields {
      fields[field] = traits.map { trait in trait.flatMap { ($0.expires ?? .max) <= asOf ? nil : $0 } }
    }
  }

  private mutating func apply(_ text: [UInt8], of item: PersonReader.Item) {
    var fields = fields
    _ = EventText.withDocument(text) { document in Traits.apply(document, of: item, to: &fields) }
    self.fields = fields
  }

  private static func apply(
    _ document: borrowing JSONDocument, of item: PersonReader.Item, to fields: inout [String: [Trait?]]
  ) {
    guard let data = document.member("data", of: 0) else { return }
    if let set = document.member("set", of: data) {
      for (name, value) in document.members(of: set) {
        guard let rawValue = document.member("value", of: value) else { continue }
        let basis = document.member("basis", of: value).map { document.string($0) } ?? ""
        var expires: Int64?
        if let token = document.member("expires", of: value) {
          let text = Array(document.string(token).utf8)
          switch try? Timestamp.parseTimeOrDate(text.span) {
          case .time(let time): expires = time.nanoseconds
          case .date(let date): expires = date.start.nanoseconds
          case nil: break
          }
        }
        let rank = bases.firstIndex(of: basis) ?? bases.count
        fields[name, default: Array(repeating: nil, count: bases.count + 1)][rank] = Trait(
          value: document.rawText(rawValue), basis: basis, time: item.time, expires: expires, position: item.position)
      }
    }
    if let unset = document.member("unset", of: data) {
      for element in document.elements(of: unset) { fields[document.string(element)] = nil }
    }
  }

  /// The best value of each field.
  var json: JSONValue {
    var members: [JSONValue.Member] = []
    for (field, traits) in fields {
      guard let trait = traits.compactMap({ $0 }).first else { continue }
      members.append(
        .init(
          key: field,
          value: .members([
            "value": .raw(trait.value), "basis": .string(trait.basis),
            "when": .string(Timestamp(nanoseconds: trait.time).description),
          ])))
    }
    return .object(members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
  }

  /// Fields whose declared and inferred values differ.
  private var contradicted: [(field: String, declared: Trait, inferred: Trait)] {
    var list: [(field: String, declared: Trait, inferred: Trait)] = []
    for (field, traits) in fields {
      guard let declared = traits[0], let inferred = traits[2], !EventText.areEqual(declared.value, inferred.value)
      else { continue }
      list.append((field, declared, inferred))
    }
    return list.sorted { $0.field.utf8.lexicographicallyPrecedes($1.field.utf8) }
  }

  var contradictions: JSONValue {
    .array(
      contradicted.map { field, declared, inferred in
        .members(["field": .string(field), "declared": .raw(declared.value), "inferred": .raw(inferred.value)])
      })
  }

  /// The position of the event behind the best value of each field.
  var reasons: [(field: String, positions: [UInt64])] {
    fields.compactMap { field, traits in traits.compactMap { $0 }.first.map { (field, [$0.position]) } }
  }

  /// The positions of the events that contradict each other, by field: what was declared, what was inferred.
  var contradictionReasons: [(field: String, positions: [UInt64])] {
    contradicted.map { ($0.field, [$0.declared.position, $0.inferred.position]) }
  }
}
