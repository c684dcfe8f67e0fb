/// A customer's card: what `rapport show` prints.
///
/// The numbers are those of ``CardProjection``, folded from the customer's complete history; consents are those of
/// ``Consent``, which also knows what the firm declared and published; the traits come from the payloads of
/// `customer.updated`, declared before observed before inferred, then the later in canonical order.
public struct Card: Sendable {
  public let json: JSONValue

  /// - Parameters:
  ///   - subject: any of the person's ids.
  ///   - explained: whether ``json`` ends with `why`, the events behind each line.
  /// - Throws: ``LedgerError/noSuchCustomer(_:)``.
  /// - Complexity: O(blocks · log rows + events of the person).
  public init(
    of subject: String, in snapshot: borrowing Snapshot, asOf: Int64, limits: ReplayLimits = ReplayLimits(),
    explained: Bool = false
  ) throws(LedgerError) {
    let projection = CardProjection()
    var person = try PersonReader(
      of: subject, in: snapshot, columns: projection.columns, readsLines: true, limits: limits)
    let facts = try person.fold(projection, in: snapshot)
    let items = person.items()
    let traits = try Traits(items, in: snapshot, asOf: asOf)
    var merged: [String] = []
    for member in person.members where member != person.number { merged.append(try snapshot.subject(member)) }
    merged.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let identity = Identity(subject: try snapshot.subject(person.number), merged: merged)
    let position = min(snapshot.position, limits.position ?? .max)
    let consents = try Consent.standings(of: person, in: snapshot, at: asOf)
    let card = try Card.print(identity, facts, consents, traits, snapshot, asOf, position)
    guard explained, case .object(let members) = card else {
      json = card
      return
    }
    let notices = consents.allSatisfy(\.notices.isEmpty) ? [] : try PersonReader.notices(in: snapshot, limits: limits)
    let why = try CardWhy(person, items + notices, traits, consents, in: snapshot)
    json = .object(members + [.init(key: "why", value: why.json)])
  }

  static let caseKinds = ["enquiry", "concern", "complaint"]

  private struct Identity {
    var subject: String
    var merged: [String]
  }

  private static func print(
    _ identity: Identity, _ facts: [CardFact], _ consents: [Consent.Standing], _ traits: Traits,
    _ snapshot: borrowing Snapshot, _ asOf: Int64, _ position: UInt64
  ) throws(LedgerError) -> JSONValue {
    func first(_ what: CardFact.What) -> CardFact? { facts.first { $0.what == what } }
    func time(_ what: CardFact.What) -> JSONValue {
      .string(first(what).map { Timestamp(nanoseconds: $0.time).description })
    }
    func named(_ what: CardFact.What, _ copy: borrowing Snapshot) throws(LedgerError) -> [(String, CardFact)] {
      var list: [(String, CardFact)] = []
      for fact in facts where fact.what == what { list.append((try copy.name(fact.name), fact)) }
      return list.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }
    func money(_ what: CardFact.What) -> JSONValue {
      let list = facts.filter { $0.what == what }.map {
        JSONValue.Member(key: Currency.text($0.currency), value: .string(DecimalText.tenThousandths($0.number)))
      }
      return .object(list.sorted { $0.key < $1.key })
    }
    var contact = JSONValue.null
    if let person = first(.contact) {
      contact = .members(["employee": .string(try snapshot.name(person.name)), "introduced": .bool(person.code == 1)])
    }
    let roles = try named(.role, snapshot).map { JSONValue.string($0.0) }
    var consent: [JSONValue.Member] = []
    for standing in consents {
      consent.append(.init(key: try snapshot.name(standing.purpose), value: .string(standing.state.rawValue)))
    }
    consent.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    let cases = facts.filter { $0.what == .openCases }.map {
      JSONValue.Member(key: word($0.code, caseKinds), value: .int(Int($0.number)))
    }
    let satisfaction = facts.filter { $0.what == .satisfaction }.map { fact in
      JSONValue.Member(
        key: word(fact.code, SurveyKind.words),
        value: .members([
          "score": .number(Double(fact.number) / 1_000_000),
          "scale": fact.number2 == 0 ? .null : .int(Int(fact.number2)),
          "time": .string(Timestamp(nanoseconds: fact.time).description),
        ]))
    }
    let orders = first(.orders)
    return .members([
      "customer": .string(identity.subject), "merged": .array(identity.merged.map { .string($0) }),
      "erased": .bool(false),
      "kind": .string(first(.kind).map { word($0.code, ["b2c", "b2b"]) }), "roles": .array(roles),
      "contact_person": contact, "first_touch": time(.firstTouch), "last_touch_in": time(.lastTouchIn),
      "last_touch_out": time(.lastTouchOut), "events": .int(Int(first(.events)?.number ?? 0)),
      "open_cases": .object(cases.sorted { $0.key < $1.key }),
      "open_promises": .int(Int(first(.openPromises)?.number ?? 0)), "orders": .int(Int(orders?.number ?? 0)),
      "perfect_orders": .int(Int(orders?.number2 ?? 0)),
      "last_order": .string(orders.map { Timestamp(nanoseconds: $0.time).description }),
      "revenue": money(.revenue), "contribution": money(.contribution),
      "satisfaction": .object(satisfaction.sorted { $0.key < $1.key }), "consent": .object(consent),
      "traits": traits.json, "contradictions": traits.contradictions,
      "as_of": .string(Timestamp(nanoseconds: asOf).description), "position": .int(Int(position)),
    ])
  }

  static func word(_ code: UInt8, _ words: [String]) -> String {
    code >= 1 && Int(code) <= words.count ? words[Int(code) - 1] : "other"
  }
}
