import Foundation
import RapportGenerator
import Testing

/// That what is written is what events.md says.
@Suite struct VocabularyTests {
  let stream: [Event]

  init() throws {
    stream = try events(small(events: 20_000, customers: 800, days: 120, identityAndCorrections: true))
  }

  @Test func everyLineHasTheRequiredAttributes() {
    for event in stream {
      #expect(event.attributes["specversion"] as? String == "1.0")
      #expect(event.attributes["source"] as? String == "/demo")
      #expect(event.id.count == 36)
      #expect(event.time.hasSuffix("Z") && event.time.count == 24)
      #expect(event.attributes["data"] is [String: Any])
    }
  }

  @Test func attributesHaveTheirVocabulary() {
    for event in stream {
      if let direction = event.attributes["direction"] as? String {
        #expect(["in", "out", "self"].contains(direction))
      }
      if let actor = event.attributes["actorkind"] as? String {
        #expect(["customer", "employee", "bot", "system", "partner"].contains(actor))
      }
      let known: Set = [
        "specversion", "id", "source", "type", "subject", "time", "data", "correlationid", "causationid", "channel",
        "touchpoint", "department", "country", "direction", "actorkind", "employee",
      ]
      #expect(Set(event.attributes.keys).isSubset(of: known))
    }
  }

  @Test func someEventsHaveAnOptionalAttributeAndSomeHaveNot() {
    for name in ["direction", "actorkind", "country", "channel", "department", "causationid", "correlationid"] {
      let share = Double(stream.count { $0.attributes[name] != nil }) / Double(stream.count)
      #expect(share > 0.02 && share < 0.9, "\(name): \(share)")
    }
  }

  @Test func idsAreUnique() {
    #expect(Set(stream.map(\.id)).count == stream.count)
  }

  @Test func thereAreManyTypes() {
    #expect(Set(stream.map(\.type)).count >= 110)
  }

  @Test func everyTypeIsKnownHereWithItsRequiredFields() {
    for event in stream {
      guard let required = requiredFields[event.type] else {
        Issue.record("\(event.type) is not in the table")
        continue
      }
      for (field, kind) in required {
        #expect(kind.accepts(event.data[field]), "\(event.type).\(field): \(event.data)")
      }
    }
  }

  @Test func enumerationsHaveKnownValues() {
    for event in stream {
      for (field, values) in enumerations[event.type] ?? [:] {
        guard let value = event.data[field] as? String else { continue }
        #expect(values.contains(value), "\(event.type).\(field): \(value)")
      }
    }
  }

  @Test func customersHaveSubjectsAndTheFirmHasNone() {
    for event in stream {
      #expect((event.subject == nil) == firmTypes.contains(event.type), "\(event.type)")
      if let subject = event.subject { #expect(subject.wholeMatch(of: /C[0-9]{6}/) != nil) }
    }
  }

  @Test func aFifthOfTheEventsHoldsSomethingPersonal() {
    let personal: Set = [
      "name", "email", "phone", "address", "text", "query", "pain", "summary", "body", "signed_by", "delivery_note",
    ]
    let count = stream.count { !personal.isDisjoint(with: $0.data.keys) || $0.type == "customer.updated" }
    #expect((3000...5000).contains(count), "\(count)")
  }
}

enum Kind {
  case text, number, flag, money, object

  func accepts(_ value: Any?) -> Bool {
    // A boolean is a number to Foundation, so its type is asked for by name.
    let isFlag = value.map { "\(type(of: $0))".contains("Bool") } ?? false
    switch self {
    case .text: return (value as? String) != nil
    case .number: return !isFlag && (value as? NSNumber) != nil
    case .flag: return isFlag
    case .money:
      return (value as? String)?.wholeMatch(of: /-?[0-9]+\.[0-9]{2}/) != nil || (!isFlag && (value as? NSNumber) != nil)
    case .object: return (value as? [String: Any]) != nil
    }
  }
}

let firmTypes: Set = [
  "selfassessment.recorded", "action.taken", "touchpoint.registered", "touchpoint.retired", "journey.walked",
  "employee.joined", "employee.left", "initiative.proposed", "initiative.approved", "initiative.rejected",
  "initiative.launched", "initiative.measured", "advocate.objected", "advocate.overruled", "target.set",
  "purpose.declared", "notice.published",
]

/// The fields with a star in events.md, of the types that the stories tell.
let requiredFields: [String: [String: Kind]] = [
  "customer.registered": ["kind": .text], "customer.updated": ["set": .object], "customer.lost": ["reason": .text],
  "customer.returned": [:], "role.assumed": ["role": .text], "role.ended": ["role": .text],
  "identity.linked": ["namespace": .text, "id": .text], "identity.unlinked": ["namespace": .text, "id": .text],
  "customer.merged": ["into": .text], "customer.unmerged": ["from": .text],
  "contactperson.assigned": ["employee": .text], "contactperson.introduced": [:], "contactperson.ended": [:],
  "message.received": [:], "message.sent": [:], "contact.attempted": ["outcome": .text], "meeting.held": [:],
  "note.added": [:], "access.failed": ["reason": .text], "help.requested": [:], "handoff.requested": [:],
  "handoff.done": [:],
  "case.opened": ["case": .text, "kind": .text], "case.assigned": ["case": .text, "department": .text],
  "case.replied": ["case": .text], "case.waiting": ["case": .text, "on": .text],
  "case.resolved": ["case": .text, "by": .text], "resolution.confirmed": ["case": .text],
  "resolution.denied": ["case": .text], "case.reopened": ["case": .text], "case.closed": ["case": .text],
  "case.escalated": ["case": .text, "level": .text],
  "selfservice.started": ["process": .text, "run": .text], "selfservice.completed": ["process": .text, "run": .text],
  "selfservice.abandoned": ["process": .text, "run": .text], "answer.given": ["answer": .text, "by": .text],
  "answer.rated": ["answer": .text, "helpful": .flag],
  "need.recorded": ["need": .text], "understanding.confirmed": [:], "goal.declared": ["goal": .text],
  "goal.progressed": ["goal": .text, "value": .number], "goal.achieved": ["goal": .text],
  "goal.dropped": ["goal": .text], "value.stated": [:], "wish.expressed": ["wish": .text],
  "wish.fulfilled": ["wish": .text], "wish.declined": ["wish": .text], "offer.made": ["offer": .text],
  "offer.accepted": ["offer": .text], "offer.declined": ["offer": .text],
  "decision.made": ["about": .text, "by": .text],
  "search.performed": [:], "product.viewed": ["sku": .text], "reorder.used": ["sku": .text],
  "order.placed": ["order": .text, "currency": .text], "order.changed": ["order": .text, "by": .text],
  "order.cancelled": ["order": .text, "by": .text], "order.shipped": ["order": .text],
  "order.delivered": ["order": .text], "order.delivery_failed": ["order": .text, "reason": .text],
  "order.returned": ["order": .text, "reason": .text],
  "order.refunded": ["order": .text, "amount": .money, "currency": .text],
  "payment.received": ["amount": .money, "currency": .text], "payment.reminded": ["amount": .money, "currency": .text],
  "invoice.issued": ["amount": .money, "currency": .text], "price.explained": [:],
  "cost.booked": ["amount": .money, "currency": .text, "purpose": .text], "contract.started": ["contract": .text],
  "contract.renewed": ["contract": .text], "contract.cancelled": ["contract": .text],
  "survey.sent": ["survey": .text, "kind": .text], "survey.answered": ["survey": .text, "kind": .text],
  "feedback.received": ["feedback": .text], "feedback.acknowledged": ["feedback": .text],
  "feedback.acted": ["feedback": .text], "feedback.answered": ["feedback": .text], "review.published": [:],
  "mention.published": [:], "referral.made": [:], "referral.converted": [:],
  "selfassessment.recorded": ["question": .text, "yes_share": .number, "n": .number],
  "campaign.sent": ["campaign": .text, "kind": .text, "purpose": .text], "ad.shown": ["purpose": .text],
  "content.sent": ["content": .text], "content.rated": ["content": .text], "topic.subscribed": ["topic": .text],
  "topic.unsubscribed": ["topic": .text],
  "promise.made": ["promise": .text, "due": .text], "promise.kept": ["promise": .text],
  "promise.broken": ["promise": .text],
  "action.taken": ["action": .text, "friendly": .flag, "benefit": .text], "action.exposed": ["action": .text],
  "friction.experienced": ["friction": .text, "severity": .number],
  "formality.imposed": ["what": .text, "minutes": .number], "apology.made": ["friction": .text],
  "recovery.offered": ["friction": .text], "recovery.accepted": ["friction": .text],
  "touchpoint.registered": ["touchpoint": .text, "department": .text],
  "touchpoint.retired": ["touchpoint": .text, "department": .text],
  "journey.walked": ["by": .text, "role": .text, "journey": .text],
  "employee.joined": ["employee": .text, "role": .text, "department": .text],
  "employee.left": ["employee": .text, "role": .text, "department": .text],
  "initiative.proposed": ["initiative": .text, "customer_benefit": .text], "initiative.approved": ["initiative": .text],
  "initiative.rejected": ["initiative": .text], "initiative.launched": ["initiative": .text],
  "initiative.measured": ["initiative": .text, "value": .number], "advocate.objected": [:], "advocate.overruled": [:],
  "target.set": ["metric": .text, "value": .number, "owner": .text],
  "purpose.declared": ["purpose": .text, "basis": .text, "version": .text],
  "notice.published": ["notice": .text, "version": .text, "sha256": .text],
  "consent.given": ["purpose": .text, "method": .text], "consent.refused": ["purpose": .text, "method": .text],
  "consent.withdrawn": ["purpose": .text], "consent.expired": ["purpose": .text],
  "objection.raised": ["purpose": .text], "objection.lifted": ["purpose": .text], "restriction.set": [:],
  "restriction.lifted": [:], "request.received": ["request": .text, "right": .text],
  "request.extended": ["request": .text, "reason": .text], "request.fulfilled": ["request": .text],
  "request.refused": ["request": .text],
  "data.collected": ["field": .text, "purpose": .text, "basis": .text, "origin": .text],
  "data.used": ["field": .text, "purpose": .text], "data.read": ["purpose": .text],
  "data.disclosed": ["recipient": .text, "purpose": .text], "disclosure.made": ["by": .text, "topic": .text],
  "request.made": ["what": .text],
  "event.corrected": ["source": .text, "id": .text, "set": .object],
  "event.retracted": ["source": .text, "id": .text, "reason": .text],
]

let enumerations: [String: [String: Set<String>]] = [
  "customer.registered": [
    "kind": ["b2b", "b2c"], "acquired": ["referral", "ad", "organic", "partner", "import"],
  ],
  "contact.attempted": ["outcome": ["answered", "missed", "abandoned", "closed", "failed"]],
  "case.opened": [
    "kind": ["enquiry", "concern", "complaint"], "want": ["easy", "access", "solution", "fast", "help", "feeling"],
  ],
  "case.waiting": ["on": ["us", "customer", "third"]],
  "case.resolved": ["by": ["human", "bot", "self"]],
  "case.escalated": ["level": ["lead", "manager", "executive", "public"]],
  "answer.given": ["by": ["human", "bot", "article"]],
  "order.changed": ["by": ["customer", "company"]],
  "order.cancelled": ["by": ["customer", "company", "unknown"]],
  "order.delivered": ["condition": ["ok", "damaged", "wrong", "missing"]],
  "order.returned": ["reason": ["wrong", "damaged", "defective", "not_as_described", "late", "changed_mind"]],
  "cost.booked": [
    "purpose": ["goods", "shipping", "service", "goodwill", "acquisition", "retention", "advertising", "other"]
  ],
  "survey.answered": [
    "kind": ["nps", "csat", "ces", "perception", "open"], "sample": ["existing", "lost", "competitor", "noncustomer"],
  ],
  "feedback.received": ["kind": ["praise", "idea", "criticism", "complaint"]],
  "review.published": ["relation": ["customer", "employee", "paid"]],
  "campaign.sent": ["kind": ["ad", "content", "service", "relationship"]],
  "action.taken": ["benefit": ["customer", "company", "both"]],
  "consent.given": ["method": ["form", "verbal", "import"]],
  "request.received": [
    "right": ["access", "rectification", "erasure", "restriction", "portability", "objection"]
  ],
]
