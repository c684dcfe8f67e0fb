/// The events behind the lines of a card, by their keys in its JSON.
///
/// ```json
/// {"kind": [{"position": 7, "id": "e1", "source": "/shop", "type": "customer.registered", "time": "…", "correctedby": null}],
///  "consent": {"newsletter": [{"position": 9, …}]}, …}
/// ```
///
/// A line that the card has not is an empty list or object. Corrected events have their corrected time, and are named
/// with the last correction.
struct CardWhy {
  /// The keys of lines that list several things: an object of lists.
  private static let listKeys: Set<String> = [
    "roles", "open_cases", "revenue", "contribution", "satisfaction", "consent", "traits", "contradictions",
  ]
  /// The card's keys that rest on events, in its order.
  private static let keys = [
    "merged", "kind", "roles", "contact_person", "first_touch", "last_touch_in", "last_touch_out", "events",
    "open_cases", "open_promises", "orders", "perfect_orders", "last_order", "revenue", "contribution", "satisfaction",
    "consent", "traits", "contradictions",
  ]

  let json: JSONValue

  /// - Parameter items: the person's history, and the firm's notices if a consent is stale.
  /// - Complexity: O(events of the person); each that is named is read.
  init(
    _ person: borrowing PersonReader, _ items: [PersonReader.Item], _ traits: Traits, _ consents: [Consent.Standing],
    in snapshot: borrowing Snapshot
  ) throws(LedgerError) {
    var positions: [Place: [UInt64]] = [:]
    for reason in try person.fold(CardReasons(), in: snapshot) {
      positions[try Place(reason.line, snapshot), default: []].append(reason.position)
    }
    for consent in consents {
      positions[Place("consent", try snapshot.name(consent.purpose)), default: []] += consent.notices.sorted()
    }
    for (field, events) in traits.reasons { positions[Place("traits", field)] = events }
    for (field, events) in traits.contradictionReasons { positions[Place("contradictions", field)] = events }
    // A person with one id is not merged with anybody, whatever merges say.
    if person.members.count == 1 { positions[Place("merged")] = nil }
    let events = try CardWhy.events(Set(positions.values.joined()), items, in: snapshot)
    var members: [JSONValue.Member] = []
    for key in CardWhy.keys {
      func list(_ place: Place) -> JSONValue { .array((positions[place] ?? []).map { events[$0]! }) }
      guard CardWhy.listKeys.contains(key) else {
        members.append(.init(key: key, value: list(Place(key))))
        continue
      }
      let parts = positions.keys.filter { $0.key == key }.sorted {
        $0.part.utf8.lexicographicallyPrecedes($1.part.utf8)
      }
      members.append(.init(key: key, value: .object(parts.map { .init(key: $0.part, value: list($0)) })))
    }
    json = .object(members)
  }

  /// A line by its key and, where it lists several things, by the name of the one.
  private struct Place: Hashable {
    var key: String
    var part: String

    init(_ key: String, _ part: String = "") {
      self.key = key
      self.part = part
    }

    init(_ line: CardReasons.Line, _ snapshot: borrowing Snapshot) throws(LedgerError) {
      switch line {
      case .merged: self.init("merged")
      case .kind: self.init("kind")
      case .contactPerson: self.init("contact_person")
      case .firstTouch: self.init("first_touch")
      case .lastTouchIn: self.init("last_touch_in")
      case .lastTouchOut: self.init("last_touch_out")
      case .events: self.init("events")
      case .openPromises: self.init("open_promises")
      case .orders: self.init("orders")
      case .perfectOrders: self.init("perfect_orders")
      case .lastOrder: self.init("last_order")
      case .role(let name): self.init("roles", try snapshot.name(name))
      case .openCases(let kind): self.init("open_cases", Card.word(kind, Card.caseKinds))
      case .revenue(let currency): self.init("revenue", Currency.text(currency))
      case .contribution(let currency): self.init("contribution", Currency.text(currency))
      case .satisfaction(let kind): self.init("satisfaction", Card.word(kind, SurveyKind.words))
      case .consent(let purpose): self.init("consent", try snapshot.name(purpose))
      }
    }
  }

  /// What names each of some events, by position.
  private static func events(
    _ positions: Set<UInt64>, _ items: [PersonReader.Item], in snapshot: borrowing Snapshot
  ) throws(LedgerError) -> [UInt64: JSONValue] {
    var events: [UInt64: JSONValue] = [:]
    var reader = EventReader()
    // Block by block, so that each frame is unpacked once.
    for item in items.sorted(by: { ($0.block, $0.row) < ($1.block, $1.row) }) where positions.contains(item.position) {
      let (id, source, type) = try reader.withEvent(row: item.row, in: item.block, of: snapshot) {
        facts, record, snapshot throws(LedgerError) in
        (
          String(decoding: record.id, as: UTF8.self), try snapshot.nameBytes(facts.source),
          try snapshot.name(facts.type)
        )
      }
      var by: String?
      if let target = item.target { by = try reader.reference(to: target.by, besides: source, in: snapshot) }
      events[item.position] = .members([
        "position": .int(Int(item.position)), "id": .string(id),
        "source": .string(String(decoding: source, as: UTF8.self)), "type": .string(type),
        "time": .string(Timestamp(nanoseconds: item.time).description), "correctedby": .string(by),
      ])
    }
    return events
  }
}
