import Testing

@testable import RapportLedger

/// The vocabulary is a contract: names, their order, and which direction a type has by itself.
@Suite("The vocabulary")
struct VocabularyTests {
  @Test func `every type has a name of its own that leads back to it`() {
    let names = EventKind.allCases.filter { $0 != .other }.map(\.name)
    #expect(Set(names).count == names.count)
    for kind in EventKind.allCases where kind != .other {
      #expect(Vocabulary.kind(ofType: kind.name) == kind)
      #expect(Vocabulary.kind(ofType: "com.example." + kind.name) == kind)
      #expect(kind.name.split(separator: ".").count == 2)
    }
  }

  /// Pairs that the contract or common sense depends on: the first stands before the second at equal times.
  @Test(arguments: [
    ("customer.registered", "customer.updated"), ("case.opened", "case.replied"), ("case.replied", "case.resolved"),
    ("case.resolved", "case.reopened"), ("order.placed", "order.changed"), ("order.changed", "order.cancelled"),
    ("order.cancelled", "order.shipped"), ("order.shipped", "order.delivered"), ("order.delivered", "order.returned"),
    ("order.returned", "order.refunded"), ("survey.sent", "survey.answered"), ("promise.made", "promise.kept"),
    ("consent.given", "consent.refused"), ("consent.refused", "consent.withdrawn"), ("case.opened", "order.delivered"),
    ("customer.merged", "customer.unmerged"), ("event.corrected", "event.retracted"), ("event.retracted", "an.unknown"),
  ])
  func `types stand in the order of the vocabulary`(first: String, second: String) {
    #expect(Vocabulary.kind(ofType: first).rawValue < Vocabulary.kind(ofType: second).rawValue)
  }

  static let inbound = [
    "message.received", "contact.attempted", "help.requested", "handoff.requested", "case.opened", "case.reopened",
    "resolution.confirmed", "resolution.denied", "answer.rated", "search.performed", "product.viewed", "reorder.used",
    "order.placed", "order.returned", "survey.answered", "feedback.received", "review.published", "mention.published",
    "referral.made", "content.rated", "topic.subscribed", "topic.unsubscribed", "consent.given", "consent.refused",
    "consent.withdrawn", "consent.expired", "objection.raised", "objection.lifted", "request.received",
    "wish.expressed",
    "need.recorded", "goal.declared", "offer.accepted", "offer.declined", "selfservice.started",
    "selfservice.completed",
    "selfservice.abandoned",
  ]
  static let outbound = [
    "message.sent", "case.replied", "answer.given", "handoff.done", "order.shipped", "order.delivered", "survey.sent",
    "feedback.acknowledged", "feedback.answered", "campaign.sent", "ad.shown", "content.sent", "offer.made",
    "contactperson.introduced", "apology.made", "recovery.offered", "invoice.issued", "payment.reminded",
    "request.fulfilled", "request.refused", "request.extended", "request.made",
  ]

  @Test func `exactly the types of the contract are touches by themselves`() {
    func named(_ direction: Direction) -> Set<String> {
      Set(EventKind.allCases.filter { $0.shape.direction == direction }.map(\.name))
    }
    #expect(named(.in) == Set(Self.inbound))
    #expect(named(.out) == Set(Self.outbound))
    #expect(named(.self).isEmpty)
  }

  @Test func `no two fields of a type fill the same slot, or have the same name`() {
    for kind in EventKind.allCases {
      let fields = kind.shape.fields
      #expect(Set(fields.map(\.name)).count == fields.count, "\(kind.name)")
      let slots = fields.compactMap { $0.slot.map { "\($0)" } }
      #expect(Set(slots).count == slots.count, "\(kind.name)")
      #expect(fields.count <= 32, "the parser remembers which it has seen in 32 bits")
    }
  }

  @Test func `personal fields are never columns`() {
    for field in EventKind.allCases.flatMap(\.shape.fields) where field.isPersonal { #expect(field.slot == nil) }
  }

  @Test(arguments: ["EUR", "AAA", "ZZZ", "XQX"])
  func `currencies come back`(text: String) throws {
    let code = Array(text.utf8).withUnsafeBufferPointer { Currency.code($0) }
    #expect(Currency.text(try #require(code)) == text)
  }

  @Test func `a set of kinds holds what was put into it and nothing else`() {
    var set: EventKindSet = [.customerRegistered, .orderPlaced, .other]
    #expect(EventKind.allCases.filter(set.contains) == [.customerRegistered, .orderPlaced, .other])
    #expect(set.isDisjoint(with: [.orderShipped]))
    #expect(!set.isDisjoint(with: [.other]))
    set.insert(.orderShipped)
    #expect(set == [.customerRegistered, .orderPlaced, .orderShipped, .other])
    #expect(set.union([.adShown]).contains(.adShown))
  }
}

@Suite("Kinds as they stand in a column")
struct KindCodeTests {
  @Test func `a code means what the raw value means, and other for all that have no case`() {
    for code in 0...255 {
      #expect(EventKind(code: UInt8(code)) == EventKind(rawValue: UInt8(code)) ?? .other)
    }
  }
}
