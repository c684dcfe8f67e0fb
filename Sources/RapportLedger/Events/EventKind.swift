/// The meaning of an event: the last two dot-separated parts of its CloudEvents `type`.
///
/// The cases stand in the order of the vocabulary, and **their order is part of the contract**: at equal valid times
/// events follow each other in this order (placed before shipped before delivered), so the raw value is a sort key.
/// It is also the value of the `kind` column of the log, which is why inserting a case raises
/// ``BlockHeader/formatVersion``.
///
/// The name on the wire follows from the name of the case – `orderDeliveryFailed` is `order.delivery_failed` – and
/// what the type carries is said in ``shape``. Adding a type touches this file (and its family's table) only.
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

/// A set of event kinds: 256 bits.
public struct EventKindSet: Sendable, Equatable, ExpressibleByArrayLiteral {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  public init(arrayLiteral kinds: EventKind...) {
    for kind in kinds { insert(kind) }
  }

  init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Every kind there is, unknown types included.
  public static let all = EventKindSet(words: (.max, .max, .max, .max))

  public mutating func insert(_ kind: EventKind) { insert(rawValue: kind.rawValue) }

  mutating func insert(rawValue: UInt8) {
    let bit: UInt64 = 1 << UInt64(rawValue & 63)
    switch rawValue >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  public func contains(_ kind: EventKind) -> Bool { contains(rawValue: kind.rawValue) }

  func contains(rawValue: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(rawValue & 63)
    switch rawValue >> 6 {
    case 0: return words.0 & bit != 0
    case 1: return words.1 & bit != 0
    case 2: return words.2 & bit != 0
    default: return words.3 & bit != 0
    }
  }

  public func union(_ other: EventKindSet) -> EventKindSet {
    EventKindSet(
      words: (
        words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
      ))
  }

  public func isDisjoint(with other: EventKindSet) -> Bool {
    words.0 & other.words.0 == 0 && words.1 & other.words.1 == 0 && words.2 & other.words.2 == 0
      && words.3 & other.words.3 == 0
  }

  /// The 256 bits, least significant kind first, as they stand in a block's header.
  var bits: [UInt64] { [words.0, words.1, words.2, words.3] }

  public static func == (left: EventKindSet, right: EventKindSet) -> Bool { left.words == right.words }
}
