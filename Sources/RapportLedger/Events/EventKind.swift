/// The meaning of an event: the last two dot-separated parts of its CloudEvents `type`.
///
/// The cases stand in the order of the vocabulary, and **their order is part of the contract**: at equal valid times
/// events follow each other in this order (placed before shipped before delivered), so the raw value is a sort key.
/// It is also the value of the `kind` column of the log, which is why inserting a case raises
/// ``BlockHeader/formatVersion``.
///
/// The name on the wire follows from the name of the case – `orderDeliveryFailed` is `order.delivery_failed` – and
/// what the type carries is said in ``shape``, below: one row a type, and the compiler asks for it. Adding a type or a
/// field touches this file only.
public enum EventKind: UInt8, CaseIterable, Sendable {
  // Party
  case customerRegistered, customerUpdated, customerLost, customerReturned
  case roleAssumed, roleEnded
  case identityLinked, identityUnlinked
  case customerMerged, customerUnmerged
  case contactpersonAssigned, contactpersonIntroduced, contactpersonEnded
  // Touches
  case messageReceived, messageSent
  case contactAttempted, meetingHeld, noteAdded
  case accessFailed, helpRequested, handoffRequested, handoffDone
  // Cases
  case caseOpened, caseAssigned, caseReplied, caseWaiting, caseResolved
  case resolutionConfirmed, resolutionDenied
  case caseReopened, caseClosed, caseEscalated
  // Self-service and answers
  case selfserviceStarted, selfserviceCompleted, selfserviceAbandoned
  case answerGiven, answerRated
  // Needs, goals, wishes, offers
  case needRecorded, understandingConfirmed
  case goalDeclared, goalProgressed, goalAchieved, goalDropped
  case valueStated
  case wishExpressed, wishFulfilled, wishDeclined
  case offerMade, offerAccepted, offerDeclined
  case decisionMade
  // Finding and buying
  case searchPerformed, productViewed, reorderUsed
  case orderPlaced, orderChanged, orderCancelled, orderShipped
  case orderDelivered, orderDeliveryFailed
  case orderReturned, orderRefunded
  case paymentReceived, paymentReminded, invoiceIssued, priceExplained
  case costBooked
  case contractStarted, contractRenewed, contractCancelled
  // Listening
  case surveySent, surveyAnswered
  case feedbackReceived, feedbackAcknowledged, feedbackActed, feedbackAnswered
  case reviewPublished, mentionPublished
  case referralMade, referralConverted
  case selfassessmentRecorded
  // Sending
  case campaignSent, adShown
  case contentSent, contentRated
  case topicSubscribed, topicUnsubscribed
  // Promises, actions, recovery
  case promiseMade, promiseKept, promiseBroken
  case actionTaken, actionExposed
  case frictionExperienced, formalityImposed, apologyMade
  case recoveryOffered, recoveryAccepted
  // The firm
  case touchpointRegistered, touchpointRetired
  case journeyWalked
  case employeeJoined, employeeLeft
  case initiativeProposed, initiativeApproved, initiativeRejected, initiativeLaunched, initiativeMeasured
  case advocateObjected, advocateOverruled
  case targetSet
  // Privacy
  case purposeDeclared, noticePublished
  case consentGiven, consentRefused, consentWithdrawn, consentExpired
  case objectionRaised, objectionLifted
  case restrictionSet, restrictionLifted
  case requestReceived, requestExtended, requestFulfilled, requestRefused
  case erasureExecuted
  case dataCollected, dataUsed, dataRead, dataDisclosed, disclosureMade, requestMade
  // The ledger, corrections
  case importBatch
  case eventCorrected, eventRetracted

  /// Stored for every type that is not in the vocabulary; sorts after all others.
  case other = 255

  /// The kind of a raw value as it stands in a column; `other` for every one that has no case.
  ///
  /// The cases before `other` are numbered without a gap, so the value is what the case is in memory.
  @inlinable @inline(__always)
  init(code: UInt8) {
    self = code < unsafeBitCast(EventKind.other, to: UInt8.self) ? unsafeBitCast(code, to: EventKind.self) : .other
  }

  /// The name on the wire: `noun.verb` in snake case, `other` for unknown types.
  public var name: String { Vocabulary.names[Int(rawValue)] }

  /// The name that a case spells: its first upper-case letter starts the verb.
  static func spell(_ kind: EventKind) -> String {
    if kind == .other { return "other" }
    var name = ""
    var inVerb = false
    for character in "\(kind)" {
      if character.isUppercase {
        name += inVerb ? "_" : "."
        inVerb = true
      }
      name += character.lowercased()
    }
    return name
  }
}

extension EventKind {
  /// What events of this kind carry.
  public var shape: EventShape {
    switch self {
    // Party
    case .customerRegistered:
      .customer(
        nil, must("kind", .choice(["b2c", "b2b"]), .code),
        may("acquired", .choice(["referral", "ad", "organic", "partner", "import"]), .code2),
        may("referrer", .text, .term), personal("name"), personal("email"), personal("phone"),
        personal("address"))
    case .customerUpdated: .customer(nil, may("set", .object, .lines), may("unset", .list))
    case .customerLost:
      .customer(
        nil, must("reason", .text, .term), may("to_competitor", .label, .term2),
        may("basis", .choice(["declared", "observed", "inferred"]), .code))
    case .customerReturned: .customer()
    case .roleAssumed, .roleEnded: .customer(nil, must("role", .text, .term))
    case .identityLinked, .identityUnlinked:
      .customer(nil, must("namespace", .text, .term), personal("id", required: true), may("evidence", .any))
    case .customerMerged:
      .customer(nil, must("into", .reference, .object), may("reason", .text), may("evidence", .any))
    case .customerUnmerged: .customer(nil, must("from", .reference, .object))
    case .contactpersonAssigned: .customer(nil, must("employee", .text, .term), may("role", .text, .term2))
    case .contactpersonIntroduced: .customer(.out, may("channel", .text, .term))
    case .contactpersonEnded: .customer(nil, may("reason", .text, .term))

    // Touches
    case .messageReceived, .messageSent:
      .customer(
        self == .messageReceived ? .in : .out, may("topic", .text, .term), may("in_reply_to", .reference, .object),
        may("purpose", .text, .term2), may("personalised", .boolean, .flagA), may("unsolicited", .boolean, .flagB),
        may("disclosed", .boolean, .flagC), may("sentiment", .between(-1, 1), .number), personal("text"))
    case .contactAttempted:
      .customer(
        .in, must("outcome", .choice(["answered", "missed", "abandoned", "closed", "failed"]), .code),
        may("waited", .count, .number))
    case .meetingHeld: .customer(nil, may("minutes", .count, .number))
    case .noteAdded: .customer(nil, personal("text"))
    case .accessFailed:
      .customer(nil, must("reason", .text, .term), may("need", .text, .term2), may("device", .text))
    case .helpRequested: .customer(.in, may("topic", .text, .term))
    case .handoffRequested: .customer(.in, may("to", .text, .term))
    case .handoffDone: .customer(.out, may("to", .text, .term))

    // Cases
    case .caseOpened:
      .customer(
        .in, must("case", .reference, .object), must("kind", .choice(["enquiry", "concern", "complaint"]), .code),
        may("want", .choice(Self.wants), .code2), may("topic", .text, .term), may("order", .reference, .related),
        may("priority", .label))
    case .caseAssigned:
      .customer(
        nil, must("case", .reference, .object), must("department", .text, .term), may("employee", .text, .term2))
    case .caseReplied: .customer(.out, must("case", .reference, .object), may("public", .boolean, .flagA))
    case .caseWaiting:
      .customer(
        nil, must("case", .reference, .object), must("on", .choice(["us", "customer", "third"]), .code))
    case .caseResolved:
      .customer(nil, must("case", .reference, .object), must("by", .choice(["human", "bot", "self"]), .code))
    case .resolutionConfirmed, .resolutionDenied: .customer(.in, must("case", .reference, .object))
    case .caseReopened: .customer(.in, must("case", .reference, .object))
    case .caseClosed: .customer(nil, must("case", .reference, .object))
    case .caseEscalated:
      .customer(
        nil, must("case", .reference, .object),
        must("level", .choice(["lead", "manager", "executive", "public"]), .code))

    // Self-service and answers
    case .selfserviceStarted, .selfserviceCompleted, .selfserviceAbandoned:
      .customer(
        .in, must("process", .text, .term), must("run", .reference, .object), may("topic", .text, .term2))
    case .answerGiven:
      .customer(
        .out, must("answer", .reference, .object), must("by", .choice(["human", "bot", "article"]), .code),
        may("case", .reference, .related))
    case .answerRated:
      .customer(.in, must("answer", .reference, .object), must("helpful", .boolean, .flagA))

    // Needs, goals, wishes, offers
    case .needRecorded:
      .customer(
        .in, must("need", .reference, .object), may("in_customers_words", .boolean, .flagA), personal("pain"))
    case .understandingConfirmed:
      .customer(nil, may("need", .reference, .object), may("goal", .reference, .related))
    case .goalDeclared:
      .customer(
        .in, must("goal", .reference, .object), may("due", .dateOrInstant, .instant), may("target", .label),
        personal("text"))
    case .goalProgressed: .customer(nil, must("goal", .reference, .object), must("value", .label))
    case .goalAchieved, .goalDropped: .customer(nil, must("goal", .reference, .object))
    case .valueStated:
      .customer(nil, may("amount", .money, .amount), may("currency", .currency, .currency), personal("text"))
    case .wishExpressed, .wishFulfilled, .wishDeclined:
      .customer(
        self == .wishExpressed ? .in : nil, must("wish", .reference, .object), may("sku", .text, .term),
        may("topic", .text, .term2), may("reason", .text))
    case .offerMade:
      .customer(
        .out, must("offer", .reference, .object), may("need", .reference, .related), may("sku", .text, .term),
        may("price", .money, .amount), may("currency", .currency, .currency), may("personalised", .boolean, .flagA),
        may("sponsored", .boolean, .flagB))
    case .offerAccepted, .offerDeclined:
      .customer(.in, must("offer", .reference, .object), may("reason", .text, .term))
    case .decisionMade:
      .customer(
        nil, must("about", .text, .term), must("by", .choice(["human", "bot"]), .code),
        may("explained", .boolean, .flagA))

    // Finding and buying
    case .searchPerformed:
      .customer(.in, may("session", .reference, .object), may("results", .count, .number), personal("query"))
    case .productViewed: .customer(.in, must("sku", .text, .term), may("session", .reference, .object))
    case .reorderUsed: .customer(.in, must("sku", .text, .term))
    case .orderPlaced:
      .customer(
        .in, must("order", .reference, .object), may("lines", .lines), may("revenue", .money, .amount),
        may("shipping", .money), may("tax", .money), may("discount", .money),
        must("currency", .currency, .currency), may("promised_at", .dateOrInstant, .instant))
    case .orderChanged:
      .customer(
        nil, must("order", .reference, .object), must("by", .choice(["customer", "company"]), .code),
        may("lines", .lines), may("promised_at", .dateOrInstant, .instant))
    case .orderCancelled:
      .customer(
        nil, must("order", .reference, .object), must("by", .choice(["customer", "company", "unknown"]), .code),
        may("reason", .text, .term))
    case .orderShipped: .customer(.out, must("order", .reference, .object), may("parcel", .label))
    case .orderDelivered:
      .customer(
        .out, must("order", .reference, .object), may("lines", .lines),
        may("condition", .choice(["ok", "damaged", "wrong", "missing"]), .code))
    case .orderDeliveryFailed:
      .customer(nil, must("order", .reference, .object), may("reason", .text, .term))
    case .orderReturned:
      .customer(
        .in, must("order", .reference, .object), may("lines", .lines),
        must(
          "reason", .choice(["wrong", "damaged", "defective", "not_as_described", "late", "changed_mind"]), .code))
    case .orderRefunded:
      .customer(
        nil, must("order", .reference, .object), must("amount", .money, .amount),
        must("currency", .currency, .currency))
    case .paymentReceived, .paymentReminded, .invoiceIssued:
      .customer(
        self == .paymentReceived ? nil : .out, must("amount", .money, .amount),
        must("currency", .currency, .currency), may("order", .reference, .object))
    case .priceExplained: .customer(nil, may("order", .reference, .object), may("offer", .reference, .related))
    case .costBooked:
      .customer(
        nil, must("amount", .money, .amount), must("currency", .currency, .currency),
        must(
          "purpose",
          .choice([
            "goods", "shipping", "service", "goodwill", "acquisition", "retention", "advertising", "other",
          ]), .code), may("order", .reference, .object), may("case", .reference, .related))
    case .contractStarted, .contractRenewed, .contractCancelled:
      .customer(
        nil, must("contract", .reference, .object), may("value_per_year", .money, .amount),
        may("currency", .currency, .currency), may("ends", .dateOrInstant, .instant), may("reason", .text, .term))

    // Listening
    case .surveySent:
      .customer(.out, must("survey", .reference, .object), must("kind", .choice(Self.surveyKinds), .code))
    case .surveyAnswered:
      .customer(
        .in, must("survey", .reference, .object), must("kind", .choice(Self.surveyKinds), .code),
        may("question", .text, .term), may("score", .number, .number), may("scale", .count, .scale),
        may("yes", .boolean, .flagA),
        may("sample", .choice(["existing", "lost", "competitor", "noncustomer"]), .code2), personal("text"))
    case .feedbackReceived:
      .customer(
        .in, must("feedback", .reference, .object),
        may("kind", .choice(["praise", "idea", "criticism", "complaint"]), .code),
        may("want", .choice(Self.wants), .code2), may("sentiment", .between(-1, 1), .number), personal("text"))
    case .feedbackAcknowledged, .feedbackAnswered: .customer(.out, must("feedback", .reference, .object))
    case .feedbackActed: .customer(nil, must("feedback", .reference, .object), may("action", .text, .term))
    case .reviewPublished, .mentionPublished:
      .customer(
        .in, may("where", .text, .term), may("score", .number, .number), may("scale", .count, .scale),
        may("sentiment", .between(-1, 1), .number2), may("unsolicited", .boolean, .flagB),
        may("relation", .choice(["customer", "employee", "paid"]), .code))
    case .referralMade: .customer(.in, may("to", .reference, .object))
    case .referralConverted: .customer(nil, may("from", .text, .term))
    case .selfassessmentRecorded:
      .firm(
        must("question", .text, .term), must("yes_share", .between(0, 1), .number), must("n", .count, .number2),
        may("role", .text, .term2))

    // Sending
    case .campaignSent:
      .customer(
        .out, must("campaign", .reference, .object),
        must("kind", .choice(["ad", "content", "service", "relationship"]), .code),
        must("purpose", .text, .term2), may("unsolicited", .boolean, .flagB), may("personalised", .boolean, .flagA),
        may("topic", .text, .term))
    case .adShown:
      .customer(
        .out, may("sku", .text, .term), may("group", .text, .term3), must("purpose", .text, .term2),
        may("network", .text))
    case .contentSent, .contentRated:
      .customer(
        self == .contentSent ? .out : .in, must("content", .reference, .object), may("helpful", .boolean, .flagA))
    case .topicSubscribed, .topicUnsubscribed: .customer(.in, must("topic", .text, .term))

    // Promises, actions, recovery
    case .promiseMade:
      .customer(
        nil, must("promise", .reference, .object), must("due", .dateOrInstant, .instant), may("by", .text, .term),
        personal("text"))
    case .promiseKept, .promiseBroken: .customer(nil, must("promise", .reference, .object))
    case .actionTaken:
      .firm(
        must("action", .text, .term), must("friendly", .boolean, .flagA),
        must("benefit", .choice(["customer", "company", "both"]), .code), may("expected_gain", .money, .amount),
        may("currency", .currency, .currency))
    case .actionExposed: .customer(nil, must("action", .text, .term))
    case .frictionExperienced:
      .customer(
        nil, must("friction", .reference, .object), may("kind", .text, .term),
        must("severity", .between(1, 5), .number),
        may("minutes", .count, .number2))
    case .formalityImposed: .customer(nil, must("what", .text, .term), must("minutes", .count, .number))
    case .apologyMade: .customer(.out, must("friction", .reference, .object))
    case .recoveryOffered, .recoveryAccepted:
      .customer(
        self == .recoveryOffered ? .out : nil, must("friction", .reference, .object),
        may("amount", .money, .amount), may("currency", .currency, .currency))

    // The firm
    case .touchpointRegistered, .touchpointRetired:
      .firm(
        must("touchpoint", .text, .term), must("department", .text, .term2), may("owner", .text, .term3))
    case .journeyWalked:
      .firm(must("by", .text, .term), must("role", .text, .term2), must("journey", .text, .term3))
    case .employeeJoined, .employeeLeft:
      .firm(must("employee", .text, .term), must("role", .text, .term2), must("department", .text, .term3))
    case .initiativeProposed:
      .firm(
        must("initiative", .text, .term), must("customer_benefit", .label, .term3), may("metric", .text, .term2),
        may("target", .number, .number))
    case .initiativeApproved, .initiativeRejected, .initiativeLaunched:
      .firm(must("initiative", .text, .term), may("reason", .text))
    case .initiativeMeasured: .firm(must("initiative", .text, .term), may("value", .number, .number))
    case .advocateObjected, .advocateOverruled:
      .firm(may("initiative", .text, .term), may("action", .text, .term2), may("reason", .text))
    case .targetSet:
      .firm(
        must("metric", .text, .term), must("value", .number, .number), must("owner", .text, .term2),
        may("due", .dateOrInstant, .instant))

    // Privacy
    case .purposeDeclared:
      .firm(
        must("purpose", .text, .term),
        must(
          "basis",
          .choice([
            "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests",
          ]), .code), must("version", .label, .term2), may("text", .text), may("retention_days", .count, .number),
        may("recipients", .list), may("countries", .list))
    case .noticePublished:
      .firm(must("notice", .text, .term), must("version", .label, .term2), may("sha256", .text))
    case .consentGiven, .consentRefused:
      .customer(
        .in, must("purpose", .text, .term), may("notice", .text, .term2), may("notice_version", .label, .term3),
        must("method", .choice(["form", "verbal", "import"]), .code), may("expires", .dateOrInstant, .instant))
    case .consentWithdrawn, .consentExpired: .customer(.in, must("purpose", .text, .term))
    case .objectionRaised, .objectionLifted: .customer(.in, must("purpose", .text, .term))
    case .restrictionSet, .restrictionLifted: .customer()
    case .requestReceived:
      .customer(
        .in, must("request", .reference, .object),
        must(
          "right",
          .choice(["access", "rectification", "erasure", "restriction", "portability", "objection"]), .code))
    case .requestExtended: .customer(.out, must("request", .reference, .object), must("reason", .text, .term))
    case .requestFulfilled, .requestRefused:
      .customer(.out, must("request", .reference, .object), may("reason", .text, .term))
    case .erasureExecuted: .customer(nil, may("request", .reference, .object))
    case .dataCollected:
      .customer(
        nil, must("field", .text, .term), must("purpose", .text, .term2),
        must("basis", .text), must("origin", .text, .term3))
    case .dataUsed: .customer(nil, must("field", .text, .term), must("purpose", .text, .term2))
    case .dataRead: .customer(nil, may("fields", .list, .lines), must("purpose", .text, .term2))
    case .dataDisclosed:
      .customer(
        nil, must("recipient", .text, .term), may("country", .text, .term3), must("purpose", .text, .term2))
    case .disclosureMade:
      .customer(nil, must("by", .choice(["customer", "company"]), .code), must("topic", .text, .term))
    case .requestMade: .customer(.out, must("what", .text, .term), may("why", .text, .term2))

    // The ledger, corrections
    case .importBatch:
      .firm(must("format", .text, .term), must("sha256", .text), must("rows", .count), must("rejected", .count))
    case .eventCorrected:
      .customer(nil, must("source", .text), must("id", .text), must("set", .object))
    case .eventRetracted:
      .customer(nil, must("source", .text), must("id", .text), must("reason", .text, .term))
    case .other: .customer()
    }
  }

  private static let wants = ["easy", "access", "solution", "fast", "help", "feeling"]
  private static let surveyKinds = SurveyKind.words
}
