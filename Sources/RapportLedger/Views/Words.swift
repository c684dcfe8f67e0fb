/// The words of the contract (`events.md`, “Words”), as properties of one event.
extension History.Event {
  /// Who acted: as sent; without it an inbound touch is the customer's, an outbound one an employee's.
  var actor: ActorKind? {
    if actorCode != 0 { return ActorKind(rawValue: actorCode) }
    return touch.map { $0 == .in ? .customer : .employee }
  }

  /// Written by an employee or a bot, or by somebody who is employed or paid for it: not the voice of the customer.
  var isStaff: Bool {
    if actorCode == ActorKind.employee.rawValue || actorCode == ActorKind.bot.rawValue { return true }
    return (kind == .reviewPublished || kind == .mentionPublished) && (code == 2 || code == 3)
  }

  /// A campaign unless it says no, every ad, a message only if it says so.
  var isUnsolicited: Bool {
    switch kind {
    case .campaignSent: flagB != false
    case .adShown: true
    case .messageSent: flagB == true
    default: false
    }
  }

  /// A case opened, a request for help, or an inbound message.
  var isContact: Bool { kind == .caseOpened || kind == .helpRequested || kind == .messageReceived }

  /// A message, review, mention, feedback, survey answer, note or reply.
  var isUtterance: Bool {
    switch kind {
    case .messageReceived, .messageSent, .reviewPublished, .mentionPublished, .feedbackReceived, .surveyAnswered,
      .noteAdded, .caseReplied:
      true
    default: false
    }
  }

  /// Sentiment above zero, or a score in the top 40 % of its scale: reviews and mentions.
  var isPositive: Bool {
    if marks.contains(.hasNumber2), number2 > 0 { return true }
    return hasNumber && scale > 0 && number > 600_000 * Int64(scale)
  }
}

/// How long a touch or an order keeps a customer active.
let activePeriod = 365 * nanosecondsPerDay

extension History.Event {
  /// The purpose of an outbound message, campaign or ad; 0 if it has none, or is not outbound.
  var purposeSentFor: UInt32 {
    switch kind {
    case .messageSent, .messageReceived, .campaignSent, .adShown: touch == .out ? term2 : 0
    default: 0
    }
  }
}
