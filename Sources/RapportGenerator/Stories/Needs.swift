/// Needs, goals, wishes and offers: what customers want, before and after somebody tries to sell it.
///
/// `story` is the need, the goal, the wish or the offer; `anchor` is the need behind an offer, or 0.
enum NeedChapter {
  case recorded, understood, offerMade, accepted, declined
  case goalDeclared, goalProgressed, goalAchieved, goalDropped
  case wishExpressed, wishFulfilled, wishDeclined, valueStated, decisionMade
}

extension Storyteller {
  mutating func tell(_ chapter: NeedChapter, _ step: Step) {
    switch chapter {
    case .recorded: needRecorded(step)
    case .understood: understandingConfirmed(step)
    case .offerMade: offerMade(step)
    case .accepted: offerAccepted(step)
    case .declined: offerDeclined(step)
    case .goalDeclared: goalDeclared(step)
    case .goalProgressed: goalProgressed(step)
    case .goalAchieved: goalEnded("goal.achieved", step)
    case .goalDropped: goalEnded("goal.dropped", step)
    case .wishExpressed: wishExpressed(step)
    case .wishFulfilled: wishEnded("wish.fulfilled", step)
    case .wishDeclined: wishEnded("wish.declined", step)
    case .valueStated: valueStated(step)
    case .decisionMade: decisionMade(step)
    }
  }

  private mutating func needRecorded(_ step: Step) {
    begin("need.recorded", step, .in, by: .customer)
    line.data()
    line.field("need", "N", step.story)
    line.field("in_customers_words", flag: draw.percent(60))
    line.field("pain", draw.pick(Vocabulary.needs))
    line.close()
    if draw.percent(50) { then(.need(.understood), step, after: draw.between(1 * .hour, 3 * .day)) }
    if draw.percent(60) {
      then(.need(.offerMade), step, after: draw.between(2 * .hour, 6 * .day), story: 0, anchor: step.story)
    }
  }

  private mutating func understandingConfirmed(_ step: Step) {
    begin("understanding.confirmed", step, .in, by: .customer)
    line.data()
    line.field("need", "N", step.story)
    line.close()
  }

  // MARK: Offers

  private mutating func offerMade(_ step: Step) {
    let product = order(step).product(0)
    begin("offer.made", step, .out, by: .employee)
    employee(department: 0)
    line.attribute("department", "sales")
    line.data()
    line.field("offer", "A", step.story)
    if step.anchor > 0 { line.field("need", "N", step.anchor) }
    line.field("sku", "SKU-", product.number)
    line.field("price", money: product.price)
    line.field("currency", customer(of: step).country.currency)
    if draw.percent(50) { line.field("personalised", flag: step.anchor > 0 || draw.percent(30)) }
    if draw.percent(30) { line.field("sponsored", flag: draw.percent(40)) }
    line.close()
    let isAccepted = draw.percent(step.anchor > 0 ? 50 : 15)
    then(isAccepted ? .need(.accepted) : .need(.declined), step, after: draw.between(1 * .hour, 10 * .day))
  }

  private mutating func offerAccepted(_ step: Step) {
    begin("offer.accepted", step, .in, by: .customer)
    line.data()
    line.field("offer", "A", step.story)
    line.close()
    then(.order(.placed), step, after: draw.between(1 * .minute, 1 * .day), anchor: 0)
  }

  private mutating func offerDeclined(_ step: Step) {
    begin("offer.declined", step, .in, by: .customer)
    line.data()
    line.field("offer", "A", step.story)
    line.field("reason", draw.pick(Vocabulary.lossReasons))
    line.close()
  }

  // MARK: Goals

  private mutating func goalDeclared(_ step: Step) {
    begin("goal.declared", step, .in, by: .customer)
    line.data()
    line.field("goal", "G", step.story)
    line.field("due", date: step.time + draw.between(20, 90) * .day)
    line.field("target", number: 100)
    if draw.percent(60) { line.field("text", draw.pick(Vocabulary.needs)) }
    line.close()
    then(.need(.goalProgressed), step, after: draw.between(2 * .day, 12 * .day), round: 1)
  }

  private mutating func goalProgressed(_ step: Step) {
    begin("goal.progressed", step)
    line.data()
    line.field("goal", "G", step.story)
    line.field("value", number: min(100, Int(step.round) * 30))
    line.close()
    let delay = draw.between(2 * .day, 12 * .day)
    if step.round < 3 && draw.percent(70) {
      then(.need(.goalProgressed), step, after: delay, round: Int(step.round) + 1)
    } else {
      then(draw.percent(65) ? .need(.goalAchieved) : .need(.goalDropped), step, after: delay)
    }
  }

  private mutating func goalEnded(_ type: StaticString, _ step: Step) {
    begin(type, step)
    line.data()
    line.field("goal", "G", step.story)
    line.close()
  }

  // MARK: Wishes: many people have the same

  private mutating func wish(_ type: StaticString, _ step: Step, by actor: Actor, _ direction: Direction?) {
    var shared = draw(story: step.story)
    begin(type, step, direction, by: actor)
    line.data()
    line.field("wish", shared.pick(Vocabulary.wishes))
  }

  private mutating func wishExpressed(_ step: Step) {
    wish("wish.expressed", step, by: .customer, .in)
    if draw.percent(30) { line.field("sku", "SKU-", order(step).product(0).number) }
    line.field("topic", draw.pick(Vocabulary.groups))
    line.close()
    let end = draw.below(100)
    if end < 30 {
      then(.need(.wishFulfilled), step, after: draw.between(5 * .day, 60 * .day))
    } else if end < 50 {
      then(.need(.wishDeclined), step, after: draw.between(1 * .day, 20 * .day))
    }
  }

  private mutating func wishEnded(_ type: StaticString, _ step: Step) {
    wish(type, step, by: .employee, .out)
    if draw.percent(40) { line.field("reason", "range-planning") }
    line.close()
  }

  // MARK: Worth and decisions

  private mutating func valueStated(_ step: Step) {
    begin("value.stated", step, .in, by: .customer)
    line.data()
    line.field("amount", money: draw.between(10, 900) * 100)
    line.field("currency", customer(of: step).country.currency)
    if draw.percent(40) { phrase(Vocabulary.praise, Vocabulary.praiseGerman, step) }
    line.close()
  }

  private mutating func decisionMade(_ step: Step) {
    let isBot = draw.percent(60)
    begin("decision.made", step, .out, by: isBot ? .bot : .employee)
    line.data()
    line.field("about", draw.percent(50) ? "credit-limit" : "return-accepted")
    line.field("by", isBot ? "bot" : "human")
    line.field("explained", flag: draw.percent(60))
    line.close()
  }
}
