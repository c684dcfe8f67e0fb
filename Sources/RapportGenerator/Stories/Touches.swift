/// Contacts that stand alone: what the firm sends, what customers write, what is shown to them. Most are one event.
enum TouchChapter {
  case campaignSent, adShown, contentSent, contentRated, subscribed, unsubscribed
  case messageReceived, messageSent, meetingHeld, noteAdded, advertisingBooked
}

extension Storyteller {
  mutating func tell(_ chapter: TouchChapter, _ step: Step) {
    switch chapter {
    case .campaignSent: campaignSent(step)
    case .adShown: adShown(step)
    case .contentSent: contentSent(step)
    case .contentRated: contentRated(step)
    case .subscribed: subscribed(step)
    case .unsubscribed: unsubscribed(step)
    case .messageReceived: messageReceived(step)
    case .messageSent: messageSent(step)
    case .meetingHeld: meetingHeld(step)
    case .noteAdded: noteAdded(step)
    case .advertisingBooked: advertisingBooked(step)
    }
  }

  // MARK: Sent to many

  private mutating func campaignSent(_ step: Step) {
    let kind = draw.below(10)
    begin("campaign.sent", step, .out, by: .system)
    line.attribute("channel", draw.percent(85) ? "email" : "app")
    if draw.percent(40) { line.attribute("touchpoint", "newsletter") }
    line.data()
    line.field("campaign", "campaign-", (step.time - agenda.origin) / (3 * .day))
    line.field("kind", kind < 4 ? "ad" : kind < 7 ? "content" : kind < 9 ? "service" : "relationship")
    line.field("purpose", kind < 8 ? "newsletter" : "service")
    if draw.percent(40) { line.field("unsolicited", flag: draw.percent(60)) }
    if draw.percent(40) { line.field("personalised", flag: draw.percent(40)) }
    if draw.percent(70) { line.field("topic", draw.pick(Vocabulary.groups)) }
    line.close()
    if draw.percent(1) { then(.touch(.unsubscribed), step, after: draw.between(1 * .minute, 1 * .day)) }
    if draw.percent(1) { then(.privacy(.withdrawn), step, after: draw.between(1 * .minute, 1 * .day)) }
    if draw.percent(2) { then(.touch(.advertisingBooked), step, after: 1 * .day) }
  }

  /// Shown by chance, or (as experience teaches) for what the customer has just bought.
  private mutating func adShown(_ step: Step) {
    let isBought = step.round == 1 || draw.percent(25)
    let product = isBought ? customer(of: step).favourite(draw.below(5)) : Product(number: draw.below(Product.count))
    begin("ad.shown", step, .out, by: .system)
    line.data()
    if draw.percent(80) { line.field("sku", "SKU-", product.number) }
    line.field("group", product.group)
    line.field("purpose", "personalised-ads")
    line.field("network", draw.pick(Vocabulary.networks))
    line.close()
  }

  private mutating func contentSent(_ step: Step) {
    begin("content.sent", step, .out, by: .system)
    line.attribute("channel", "email")
    line.data()
    line.field("content", "guide-", step.story % 200)
    line.close()
    if draw.percent(15) { then(.touch(.contentRated), step, after: draw.between(10 * .minute, 3 * .day)) }
  }

  private mutating func contentRated(_ step: Step) {
    begin("content.rated", step, .in, by: .customer)
    line.data()
    line.field("content", "guide-", step.story % 200)
    line.field("helpful", flag: draw.percent(70))
    line.close()
  }

  private mutating func subscribed(_ step: Step) {
    begin("topic.subscribed", step, .in, by: .customer)
    line.data()
    line.field("topic", draw.pick(Vocabulary.groups))
    line.close()
    if draw.percent(20) { then(.touch(.unsubscribed), step, after: draw.between(1 * .day, 60 * .day)) }
  }

  private mutating func unsubscribed(_ step: Step) {
    begin("topic.unsubscribed", step, .in, by: .customer)
    line.data()
    line.field("topic", draw.pick(Vocabulary.groups))
    line.close()
  }

  private mutating func advertisingBooked(_ step: Step) {
    let purpose = draw.below(3)
    begin("cost.booked", step, nil, by: .system)
    line.data()
    line.field("amount", hundredths: draw.between(20, 400))
    line.field("currency", customer(of: step).country.currency)
    line.field("purpose", purpose == 0 ? "advertising" : purpose == 1 ? "acquisition" : "retention")
    line.close()
  }

  // MARK: Written and said to one

  private mutating func messageReceived(_ step: Step) {
    let mood = mood()
    begin("message.received", step, .in, by: .customer)
    channel(step)
    if draw.percent(40) { line.attribute("department", "service") }
    line.data()
    line.field("topic", draw.pick(Vocabulary.topics))
    words(mood: mood, step)
    line.close()
    if draw.percent(75) {
      then(.touch(.messageSent), step, after: atWork(draw.wait(mean: 5 * .hour) + 1 * .minute, after: step), round: 1)
    }
    if mood < -40 && draw.percent(40) {
      then(.listening(.feedbackReceived), step, after: draw.between(1 * .minute, 5 * .hour), story: 0)
    }
  }

  /// `round` 1: an answer; otherwise the firm begins.
  private mutating func messageSent(_ step: Step) {
    let isAnswer = step.round == 1
    let isBot = draw.percent(15)
    begin("message.sent", step, .out, by: isBot ? .bot : .employee)
    channel(step)
    if !isBot { employee(department: 1) }
    line.data()
    line.field("topic", draw.pick(Vocabulary.topics))
    if isAnswer { line.field("in_reply_to", idOf: step.cause) }
    if !isAnswer {
      line.field("purpose", draw.percent(70) ? "service" : "newsletter")
      line.field("personalised", flag: draw.percent(50))
      if draw.percent(30) { line.field("unsolicited", flag: draw.percent(70)) }
    }
    if isBot { line.field("disclosed", flag: draw.percent(80)) }
    phrase(Vocabulary.replies, Vocabulary.repliesGerman, step)
    line.close()
  }

  private mutating func meetingHeld(_ step: Step) {
    begin("meeting.held", step, .out, by: .employee)
    employee(department: 0)
    line.attribute("department", "sales")
    line.data()
    line.field("minutes", number: draw.between(2, 18) * 5)
    line.close()
    if draw.percent(40) { then(.need(.recorded), step, after: draw.between(1 * .minute, 2 * .hour), story: 0) }
    if draw.percent(40) { then(.touch(.noteAdded), step, after: draw.between(5 * .minute, 5 * .hour)) }
  }

  private mutating func noteAdded(_ step: Step) {
    begin("note.added", step, nil, by: .employee)
    employee(department: draw.below(2))
    line.data()
    phrase(Vocabulary.neutral, Vocabulary.neutralGerman, step)
    line.close()
  }
}
