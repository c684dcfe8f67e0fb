import Testing

@testable import RapportLedger

@Suite("consent")
struct ConsentTests {
  private func given_(_ time: String, _ purpose: JSON = "news", expires: JSON = .null) -> Event {
    Event("consent.given", time, ["purpose": purpose, "method": "form", "expires": expires])
  }
  private func said(_ verb: String, _ time: String, _ purpose: JSON = "news") -> Event {
    Event("consent.\(verb)", time, ["purpose": purpose, "method": "form"])
  }
  private func sent(_ time: String, _ purpose: JSON = "news") -> Event {
    Event("message.sent", time, ["purpose": purpose])
  }
  private func declared(_ basis: JSON, _ time: String, _ purpose: JSON = "news") -> Event {
    Event("purpose.declared", time, ["purpose": purpose, "basis": basis, "version": "1"]).ofTheFirm()
  }

  @Test func `the latest decision counts, and people without one are unknown`() throws {
    try given {
      given_("2025-03-01")
      said("withdrawn", "2025-03-02")
      given_("2025-03-01").of("C2")
      said("refused", "2025-03-01").of("C3")
      said("expired", "2025-03-01").of("C4")
      Event("note.added", "2025-03-01").of("C5")
    }.whenAsked("consent").then([
      [
        "purpose": "news", "given": 1, "refused": 1, "withdrawn": 1, "expired": 1, "stale": 0, "conflict": 0,
        "unknown": 1, "touches_without": 0,
      ]
    ])
  }

  @Test func `given before withdrawn at the same time, by the order of the vocabulary`() throws {
    try given {
      said("withdrawn", "2025-03-01")
      given_("2025-03-01")
    }.whenAsked("consent").then([["given": 0, "withdrawn": 1]])
  }

  @Test func `a consent expires at its end`() throws {
    let story = try given { given_("2025-03-01", expires: "2025-06-01T12:00:00Z") }
    try story.whenAsked("consent", at: "2025-06-01T11:59:59Z").then([["given": 1, "expired": 0]])
    try story.whenAsked("consent", at: "2025-06-01T12:00:00Z").then([["given": 0, "expired": 1]])
  }

  @Test func `a consent to a notice that was superseded is stale, and still lets us send`() throws {
    try given {
      Event("notice.published", "2025-01-01", ["notice": "n", "version": "1", "sha256": "x"]).ofTheFirm()
      Event(
        "consent.given", "2025-02-01", ["purpose": "news", "method": "form", "notice": "n", "notice_version": "1"])
      Event("notice.published", "2025-03-01", ["notice": "n", "version": "2", "sha256": "y"]).ofTheFirm()
      sent("2025-04-01")
    }.whenAsked("consent").then([["given": 0, "stale": 1, "touches_without": 0]])
  }

  @Test func `merged ids whose latest decisions differ are in conflict, which means no`() throws {
    try given {
      given_("2025-03-01")
      said("refused", "2025-03-02").of("C2")
      Event("customer.merged", "2025-03-03", ["into": "C1"]).of("C2")
      sent("2025-03-04")
    }.whenAsked("consent").then([["given": 0, "refused": 0, "conflict": 1, "unknown": 0, "touches_without": 1]])
  }

  @Test func `without any decision the answer is no`() throws {
    try given { sent("2025-03-01") }.whenAsked("consent").then([
      ["purpose": "news", "unknown": 1, "touches_without": 1]
    ])
  }

  @Test func `a purpose that rests on something else needs to be declared by then`() throws {
    try given {
      sent("2025-03-01")
      declared("contract", "2025-03-02")
      sent("2025-03-03")
    }.whenAsked("consent").then([["touches_without": 1]])
  }

  @Test func `an objection, a restriction or an erasure forbids also what needs no consent`() throws {
    try given {
      declared("contract", "2025-01-01")
      Event("objection.raised", "2025-02-01", ["purpose": "news"])
      sent("2025-03-01")
      Event("objection.lifted", "2025-03-02", ["purpose": "news"])
      sent("2025-03-03")
      Event("restriction.set", "2025-03-04")
      sent("2025-03-05")
      Event("restriction.lifted", "2025-03-06")
      sent("2025-03-07")
    }.whenAsked("consent").then([["touches_without": 2]])
  }

  @Test func `objections and restrictions are a union over merged ids`() throws {
    try given {
      given_("2025-01-01")
      Event("objection.raised", "2025-02-01", ["purpose": "news"]).of("C2")
      Event("customer.merged", "2025-02-02", ["into": "C1"]).of("C2")
      Event("objection.lifted", "2025-02-03", ["purpose": "news"])
      sent("2025-03-01")
    }.whenAsked("consent").then([["touches_without": 1]])
  }

  @Test func `what goes out is counted, and what comes in is not`() throws {
    try given {
      sent("2025-03-01")
      sent("2025-03-02").with("direction", "in")
      sent("2025-03-03").with("direction", "self")
      Event("message.received", "2025-03-04", ["purpose": "news"])
      Event("message.received", "2025-03-05", ["purpose": "news"]).with("direction", "out")
    }.whenAsked("consent").then([["touches_without": 2]])
  }

  @Test func `the window selects touches`() throws {
    try given {
      sent("2025-03-01")
      sent("2025-04-01")
    }.whenAsked("consent", from: "2025-04-01").then([["touches_without": 1]])
  }
}
