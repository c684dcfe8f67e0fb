import Testing

@testable import RapportLedger

/// Every line of the customer's card, as a specification.
@Suite("The card")
struct CardTests {
  private func shown(at: String = Given.later, @HistoryBuilder _ events: () -> [Event]) throws -> JSON {
    try given(events).whenShown(at: at)
  }

  private func trait(
    _ field: String, _ value: JSON, _ basis: String, _ time: String, expires: JSON = .null
  ) -> Event {
    let set: JSON = ["value": value, "basis": .string(basis), "expires": expires]
    return Event("customer.updated", time, ["set": .object([field: set])])
  }

  @Test func `every key is there, also for a customer of whom little is known`() throws {
    let card = try shown(at: "2025-06-01") { Event("note.added", "2025-03-01") }
    #expect(
      card == [
        "customer": "C1", "merged": [], "erased": false, "kind": nil, "roles": [], "contact_person": nil,
        "first_touch": nil, "last_touch_in": nil, "last_touch_out": nil, "events": 1, "open_cases": [:],
        "open_promises": 0, "orders": 0, "perfect_orders": 0, "last_order": nil, "revenue": [:], "contribution": [:],
        "satisfaction": [:], "consent": [:], "traits": [:], "contradictions": [], "as_of": "2025-06-01T00:00:00Z",
        "position": 1,
      ])
  }

  @Test func `a customer nobody knows has no card`() throws {
    let story = try given { Event("note.added", "2025-03-01") }
    let error = #expect(throws: LedgerError.self) { _ = try story.whenShown("C2") }
    guard case .noSuchCustomer("C2") = error else { return #expect(Bool(false), "\(String(describing: error))") }
  }

  @Test func `a customer of later days has no card yet`() throws {
    let story = try given { Event("note.added", "2025-03-01") }
    #expect(throws: LedgerError.self) { _ = try story.whenShown(at: "2025-02-01") }
  }

  // MARK: Touches

  @Test func `types have a direction of their own`() throws {
    let card = try shown {
      Event("message.sent", "2025-03-02")
      Event("message.received", "2025-03-01")
      Event("message.received", "2025-03-03")
      Event("note.added", "2025-03-05")
    }
    #expect(card["first_touch"] == "2025-03-01T00:00:00Z")
    #expect(card["last_touch_in"] == "2025-03-03T00:00:00Z")
    #expect(card["last_touch_out"] == "2025-03-02T00:00:00Z")
    #expect(card["events"] == 4)
  }

  @Test func `the attribute wins over the type`() throws {
    let card = try shown {
      Event("message.received", "2025-03-01").with("direction", "out")
      Event("message.received", "2025-03-02").with("direction", "self")
      Event("note.added", "2025-03-03").with("direction", "in")
    }
    #expect(card["first_touch"] == "2025-03-01T00:00:00Z")
    #expect(card["last_touch_out"] == "2025-03-01T00:00:00Z")
    #expect(card["last_touch_in"] == "2025-03-03T00:00:00Z")
  }

  @Test func `identity, corrections and reading are neither events nor touches of a customer`() throws {
    let card = try shown {
      Event("note.added", "2025-03-01")
      Event("customer.merged", "2025-03-02", ["into": "C9"]).with("direction", "in")
      Event("event.retracted", "2025-03-03", ["source": "/x", "id": "x", "reason": "r"]).with("direction", "in")
      Event("data.read", "2025-03-04", ["purpose": "service"]).with("direction", "in")
    }
    #expect(card["events"] == 1)
    #expect(card["last_touch_in"] == nil)
  }

  // MARK: Who

  @Test func `the kind is that of the last registration`() throws {
    let card = try shown {
      Event("customer.registered", "2025-03-02", ["kind": "b2b"])
      Event("customer.registered", "2025-03-01", ["kind": "b2c"])
    }
    #expect(card["kind"] == "b2b")
  }

  @Test func `roles are assumed and ended`() throws {
    let card = try shown {
      Event("role.assumed", "2025-03-01", ["role": "private"])
      Event("role.assumed", "2025-03-01", ["role": "buyer"])
      Event("role.assumed", "2025-03-01", ["role": "admin"])
      Event("role.ended", "2025-03-02", ["role": "buyer"])
    }
    #expect(card["roles"] == ["admin", "private"])
  }

  @Test func `a role can be assumed again`() throws {
    let card = try shown {
      Event("role.assumed", "2025-03-01", ["role": "buyer"])
      Event("role.ended", "2025-03-02", ["role": "buyer"])
      Event("role.assumed", "2025-03-03", ["role": "buyer"])
    }
    #expect(card["roles"] == ["buyer"])
  }

  @Test func `the contact person is the last one assigned, introduced since or not`() throws {
    let story = try given {
      Event("contactperson.assigned", "2025-03-01", ["employee": "e1"])
      Event("contactperson.introduced", "2025-03-02")
      Event("contactperson.assigned", "2025-03-03", ["employee": "e2"])
      Event("contactperson.ended", "2025-03-04")
    }
    #expect(try story.whenShown(at: "2025-03-01")["contact_person"] == ["employee": "e1", "introduced": false])
    #expect(try story.whenShown(at: "2025-03-02")["contact_person"] == ["employee": "e1", "introduced": true])
    #expect(try story.whenShown(at: "2025-03-03")["contact_person"] == ["employee": "e2", "introduced": false])
    #expect(try story.whenShown(at: "2025-03-04")["contact_person"] == nil)
  }

  // MARK: Cases and promises

  @Test func `open cases are counted by kind`() throws {
    let card = try shown {
      opened("c1", "2025-03-01")
      opened("c2", "2025-03-01")
      opened("c3", "2025-03-01", kind: "enquiry")
      opened("c4", "2025-03-01", kind: "concern")
      opened("c5", "2025-03-01", kind: "grumble")
      Event("case.resolved", "2025-03-02", ["case": "c2", "by": "human"])
      Event("case.closed", "2025-03-02", ["case": "c4"])
    }
    #expect(card["open_cases"] == ["complaint": 1, "enquiry": 1, "other": 1])
  }

  @Test func `a reopened case is open as what it was`() throws {
    let card = try shown {
      opened("c1", "2025-03-01", kind: "concern")
      Event("case.resolved", "2025-03-02", ["case": "c1", "by": "human"])
      Event("case.reopened", "2025-03-03", ["case": "c1"])
    }
    #expect(card["open_cases"] == ["concern": 1])
  }

  @Test func `at the same instant a case is resolved before it is reopened`() throws {
    let card = try shown {
      Event("case.reopened", "2025-03-02", ["case": "c1"])
      Event("case.resolved", "2025-03-02", ["case": "c1", "by": "human"])
      opened("c1", "2025-03-02")
    }
    #expect(card["open_cases"] == ["complaint": 1])
  }

  @Test func `a promise is open until it is kept or broken`() throws {
    let card = try shown {
      for name in ["p1", "p2", "p3"] {
        Event("promise.made", "2025-03-01", ["promise": .string(name), "due": "2025-04-01"])
      }
      Event("promise.kept", "2025-03-02", ["promise": "p1"])
      Event("promise.broken", "2025-03-02", ["promise": "p2"])
    }
    #expect(card["open_promises"] == 1)
  }

  // MARK: Orders and money

  @Test func `orders, the perfect ones among them, and the last`() throws {
    let card = try shown {
      order("o1", promised: "2025-03-10").placed("2025-03-01")
      delivered("o1", "2025-03-09")
      order("o2", promised: "2025-03-10").placed("2025-03-05")
      delivered("o2", "2025-03-11")
      order("o3").placed("2025-03-04")
    }
    #expect(card["orders"] == 3)
    #expect(card["perfect_orders"] == 1)
    #expect(card["last_order"] == "2025-03-05T00:00:00Z")
  }

  @Test func `revenue is that of every order placed, cancelled or not, by currency`() throws {
    let card = try shown {
      order("o1").placed("2025-03-01").saying("revenue", "10.50")
      order("o2").placed("2025-03-01").saying("revenue", 0.1234)
      order("o3", currency: "CHF").placed("2025-03-01").saying("revenue", 7)
      cancelled("o1", "2025-03-02", by: "customer")
    }
    #expect(card["revenue"] == ["CHF": "7.00", "EUR": "10.6234"])
    #expect(card["contribution"] == ["CHF": "7.00", "EUR": "10.6234"])
  }

  @Test func `absent revenue is the sum of the lines less the discount`() throws {
    let lines: JSON = [["sku": "a", "quantity": 3, "price": "2.50"], ["sku": "b", "quantity": 0.5, "price": 1]]
    let card = try shown {
      order("o1").placed("2025-03-01").saying("lines", lines).saying("discount", "1.25").saying("shipping", "9.99")
    }
    #expect(card["revenue"] == ["EUR": "6.75"])
  }

  @Test func `revenue as sent wins over the lines`() throws {
    let lines: JSON = [["sku": "a", "quantity": 3, "price": "2.50"]]
    let card = try shown { order("o1").placed("2025-03-01").saying("lines", lines).saying("revenue", "1") }
    #expect(card["revenue"] == ["EUR": "1.00"])
  }

  @Test func `contribution is revenue less refunds less costs, each in its currency`() throws {
    let card = try shown {
      order("o1").placed("2025-03-01").saying("revenue", "100")
      Event("order.refunded", "2025-03-02", ["order": "o1", "amount": "30.10", "currency": "EUR"])
      Event("cost.booked", "2025-03-02", ["amount": "9.90", "currency": "EUR", "purpose": "goods"])
      Event("cost.booked", "2025-03-02", ["amount": "5", "currency": "USD", "purpose": "goodwill"])
    }
    #expect(card["revenue"] == ["EUR": "100.00"])
    #expect(card["contribution"] == ["EUR": "60.00", "USD": "-5.00"])
  }

  @Test func `sums of money beyond Int64 do not stop the card`() async {
    await #expect(processExitsWith: .success) {
      _ = try given {
        for number in 1...2 { order("o\(number)").placed("2025-03-01").saying("revenue", "922337203685477") }
      }.whenShown()
    }
  }

  @Test func `the least amount does not stop the card`() async {
    await #expect(processExitsWith: .success) {
      _ = try given {
        Event(
          "order.refunded", "2025-03-02",
          ["order": "o1", "amount": "-922337203685477.5808", "currency": "EUR"])
      }.whenShown()
    }
  }

  // MARK: Satisfaction and consent

  @Test func `satisfaction is the last answer of each kind with a score`() throws {
    let card = try shown {
      answered("csat", "2025-03-02", score: 4, scale: 5)
      answered("csat", "2025-03-01", score: 1, scale: 5)
      answered("csat", "2025-03-03")
      answered("nps", "2025-03-01", score: 9)
      // Not the voice of the customer.
      answered("csat", "2025-03-04", score: 1, scale: 5).with("actorkind", "employee")
      answered("nps", "2025-03-04", score: 1).with("actorkind", "bot")
    }
    #expect(
      card["satisfaction"] == [
        "csat": ["score": 4, "scale": 5, "time": "2025-03-02T00:00:00Z"],
        "nps": ["score": 9, "scale": nil, "time": "2025-03-01T00:00:00Z"],
      ])
  }

  @Test func `consent is the last decision on each purpose`() throws {
    let card = try shown {
      Event("consent.given", "2025-03-01", ["purpose": "newsletter", "method": "form"])
      Event("consent.refused", "2025-03-01", ["purpose": "profiling", "method": "form"])
      Event("consent.given", "2025-03-01", ["purpose": "ads", "method": "form"])
      Event("consent.withdrawn", "2025-03-02", ["purpose": "ads"])
      Event("consent.given", "2025-03-01", ["purpose": "survey", "method": "form"])
      Event("consent.expired", "2025-03-02", ["purpose": "survey"])
    }
    #expect(
      card["consent"] == ["ads": "withdrawn", "newsletter": "given", "profiling": "refused", "survey": "expired"])
  }

  @Test func `given and withdrawn at the same instant is withdrawn`() throws {
    let card = try shown {
      Event("consent.withdrawn", "2025-03-01", ["purpose": "ads"])
      Event("consent.given", "2025-03-01", ["purpose": "ads", "method": "form"])
    }
    #expect(card["consent"] == ["ads": "withdrawn"])
  }

  @Test func `consent is what the view says: a conflict of merged ids, stale where its notice was superseded`() throws {
    let story = try given {
      Event("consent.refused", "2025-03-01", ["purpose": "ads", "method": "form"])
      Event("consent.given", "2025-03-02", ["purpose": "ads", "method": "form"]).of("C2")
      Event("customer.merged", "2025-04-01", ["into": "C1"]).of("C2")
      Event(
        "consent.given", "2025-03-01",
        ["purpose": "survey", "method": "form", "notice": "n", "notice_version": "1"])
      Event("notice.published", "2025-05-01", ["notice": "n", "version": "2"]).ofTheFirm()
    }
    #expect(try story.whenShown(at: "2025-03-15")["consent"] == ["ads": "refused", "survey": "given"])
    #expect(try story.whenShown(at: "2025-06-01")["consent"] == ["ads": "conflict", "survey": "stale"])
    #expect(try story.whenShown(at: "2025-06-01", knownAt: 2)["consent"] == ["ads": "refused"])
  }

  @Test func `consent expires at its time, as seen from as_of`() throws {
    let story = try given {
      Event(
        "consent.given", "2025-03-01", ["purpose": "ads", "method": "form", "expires": "2025-04-01T12:00:00Z"])
    }
    #expect(try story.whenShown(at: "2025-04-01T11:59:59Z")["consent"] == ["ads": "given"])
    #expect(try story.whenShown(at: "2025-04-01T12:00:01Z")["consent"] == ["ads": "expired"])
  }

  // MARK: Traits

  @Test func `declared precedes observed precedes inferred, however late`() throws {
    let card = try shown {
      trait("language", "de", "declared", "2025-03-01")
      trait("language", "fr", "observed", "2025-03-02")
      trait("language", "it", "inferred", "2025-03-03")
      trait("size", "M", "observed", "2025-03-01")
      trait("size", "L", "inferred", "2025-03-02")
    }
    #expect(
      card["traits"] == [
        "language": ["value": "de", "basis": "declared", "when": "2025-03-01T00:00:00Z"],
        "size": ["value": "M", "basis": "observed", "when": "2025-03-01T00:00:00Z"],
      ])
  }

  @Test func `a basis that nobody knows is shown as it was sent, and comes last`() throws {
    let card = try given {
      trait("size", "L", "inferred", "2025-03-01")
      trait("size", "XL", "rumoured", "2025-03-02")
      trait("city", "Bern", "rumoured", "2025-03-02")
    }.whenShown()
    #expect(card["traits"]?["size"]?["value"] == "L")
    #expect(card["traits"]?["city"] == ["value": "Bern", "basis": "rumoured", "when": "2025-03-02T00:00:00Z"])
    #expect(card["contradictions"] == [])
  }

  @Test func `of one basis the later value counts, whatever arrived first`() throws {
    let card = try shown {
      trait("language", "fr", "declared", "2025-03-02")
      trait("language", "de", "declared", "2025-03-01")
    }
    #expect(card["traits"]?["language"]?["value"] == "fr")
  }

  @Test func `a value may be any JSON`() throws {
    let value: JSON = ["sizes": [1, 2.50, nil], "note": "“quoted”"]
    #expect(try shown { trait("wardrobe", value, "declared", "2025-03-01") }["traits"]?["wardrobe"]?["value"] == value)
  }

  @Test func `an expired trait makes way for the next basis`() throws {
    let story = try given {
      trait("city", "Bern", "declared", "2025-03-01", expires: "2025-04-01T00:00:00Z")
      trait("city", "Basel", "inferred", "2025-03-01")
    }
    #expect(try story.whenShown(at: "2025-03-31")["traits"]?["city"]?["value"] == "Bern")
    #expect(try story.whenShown(at: "2025-04-01")["traits"]?["city"]?["value"] == "Basel")
  }

  @Test func `unset takes a field away, and a later value brings it back`() throws {
    let story = try given {
      trait("city", "Bern", "declared", "2025-03-01")
      trait("city", "Basel", "inferred", "2025-03-01")
      Event("customer.updated", "2025-03-02", ["unset": ["city"]])
      trait("city", "Chur", "inferred", "2025-03-03")
    }
    #expect(try story.whenShown(at: "2025-03-02")["traits"] == [:])
    #expect(try story.whenShown(at: "2025-03-03")["traits"]?["city"]?["value"] == "Chur")
  }

  @Test func `the same value in another form is no contradiction`() throws {
    let card = try given {
      trait("children", .number("2"), "declared", "2025-03-01")
      trait("children", .number("2.0"), "inferred", "2025-03-02")
      trait("home", ["city": "Bern", "zip": 3000], "declared", "2025-03-01")
      trait("home", ["zip": .number("3e3"), "city": "Bern"], "inferred", "2025-03-02")
      trait("size", "2", "declared", "2025-03-01")
      trait("size", .number("2"), "inferred", "2025-03-02")
    }.whenShown()
    #expect(card["contradictions"] == [["field": "size", "declared": "2", "inferred": 2]])
  }

  @Test func `a declared value that an inferred one contradicts is named`() throws {
    let card = try shown {
      trait("city", "Bern", "declared", "2025-03-01")
      trait("city", "Basel", "inferred", "2025-03-02")
      trait("age", 40, "declared", "2025-03-01")
      trait("age", 40, "inferred", "2025-03-02")
      trait("pet", "cat", "observed", "2025-03-01")
      trait("pet", "dog", "inferred", "2025-03-02")
    }
    #expect(card["contradictions"] == [["field": "city", "declared": "Bern", "inferred": "Basel"]])
  }

  @Test func `a trait without a basis is refused`() throws {
    // `basis*` in the vocabulary: required.
    let ledger = try TestLedger()
    let event = Event("customer.updated", "2025-03-01", ["set": ["city": ["value": "Bern"]]])
    let summary = try ledger.record([event.line()])
    #expect(summary.rejected == 1)
  }

  // MARK: Time and place

  @Test func `a card as of a day knows nothing of later days`() throws {
    let story = try given {
      Event("message.received", "2025-03-01")
      Event("message.received", "2025-03-03")
    }
    let card = try story.whenShown(at: "2025-03-02")
    #expect(card["events"] == 1)
    #expect(card["last_touch_in"] == "2025-03-01T00:00:00Z")
    #expect(card["as_of"] == "2025-03-02T00:00:00Z")
  }

  @Test func `the events of others are on their cards`() throws {
    let story = try given {
      Event("message.received", "2025-03-01")
      Event("message.received", "2025-03-02").of("C2")
    }
    #expect(try story.whenShown("C1")["events"] == 1)
    #expect(try story.whenShown("C2")["last_touch_in"] == "2025-03-02T00:00:00Z")
  }
}
