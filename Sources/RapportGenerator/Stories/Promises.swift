/// Promises, friction and recovery, and the firm's actions as customers meet them.
///
/// `story` is the promise or the friction; `anchor` is the due time of a promise, or the action that a customer met.
enum PromiseChapter {
  case made, kept, broken
  case experienced, apologised, recoveryOffered, recoveryAccepted, formalityImposed
  case exposed
}

extension Storyteller {
  mutating func tell(_ chapter: PromiseChapter, _ step: Step) {
    switch chapter {
    case .made: promiseMade(step)
    case .kept: promiseEnded("promise.kept", step)
    case .broken: promiseEnded("promise.broken", step)
    case .experienced: frictionExperienced(step)
    case .apologised: apologyMade(step)
    case .recoveryOffered: recovery("recovery.offered", step, .out, by: .employee)
    case .recoveryAccepted: recovery("recovery.accepted", step, .in, by: .customer)
    case .formalityImposed: formalityImposed(step)
    case .exposed: actionExposed(step)
    }
  }

  // MARK: Promises

  private mutating func promiseMade(_ step: Step) {
    let due = step.time + draw.between(1, 14) * .day
    begin("promise.made", step, nil, by: .employee)
    line.attribute("department", draw.pick(Vocabulary.departments))
    line.data()
    line.field("promise", "P", step.story)
    line.field("due", instant: due)
    if draw.percent(60) { line.field("by", "e", draw.below(employees)) }
    if draw.percent(50) { phrase(Vocabulary.replies, Vocabulary.repliesGerman, step) }
    line.close()
    let end = draw.below(100)
    if end < 70 {
      then(.promise(.kept), step, after: draw.between(1 * .hour, due - step.time))
    } else if end < 82 {
      then(.promise(.kept), step, after: due - step.time + draw.between(1 * .hour, 6 * .day))
    } else if end < 92 {
      then(.promise(.broken), step, after: due - step.time)
    }
  }

  private mutating func promiseEnded(_ type: StaticString, _ step: Step) {
    begin(type, step, nil, by: .employee)
    line.data()
    line.field("promise", "P", step.story)
    line.close()
  }

  // MARK: Friction

  private mutating func frictionExperienced(_ step: Step) {
    let severity = 1 + draw.below(5)
    begin("friction.experienced", step, .own, by: .customer)
    if draw.percent(50) { line.attribute("touchpoint", draw.pick(Vocabulary.touchpoints)) }
    line.data()
    line.field("friction", "X", step.story)
    line.field("kind", draw.pick(Vocabulary.frictions))
    line.field("severity", number: severity)
    if draw.percent(60) { line.field("minutes", number: draw.between(2, 90)) }
    line.close()
    if draw.percent(55) {
      then(.promise(.apologised), step, after: atWork(draw.wait(mean: 1 * .day) + 1 * .minute, after: step))
    }
    if severity >= 3 && draw.percent(severity == 5 ? 8 : 3) {
      then(.party(.lost), step, after: draw.between(1 * .day, 60 * .day))
    }
  }

  private mutating func apologyMade(_ step: Step) {
    begin("apology.made", step, .out, by: .employee)
    line.data()
    line.field("friction", "X", step.story)
    line.close()
    if draw.percent(50) { then(.promise(.recoveryOffered), step, after: draw.between(1 * .minute, 2 * .hour)) }
  }

  private mutating func recovery(
    _ type: StaticString, _ step: Step, _ direction: Direction, by actor: Actor
  ) {
    begin(type, step, direction, by: actor)
    line.data()
    line.field("friction", "X", step.story)
    line.field("amount", money: (5 + step.story % 8 * 5) * 100)
    line.field("currency", customer(of: step).country.currency)
    line.close()
    guard direction == .out else { return }
    if draw.percent(65) { then(.promise(.recoveryAccepted), step, after: draw.between(10 * .minute, 4 * .day)) }
    if draw.percent(60) {
      then(.listening(.surveySent), step, after: draw.between(2 * .day, 6 * .day), story: 0)
    }
  }

  private mutating func formalityImposed(_ step: Step) {
    begin("formality.imposed", step)
    if draw.percent(60) { line.attribute("department", draw.pick(Vocabulary.departments)) }
    line.data()
    line.field("what", draw.percent(50) ? "identity-check" : "paper-form")
    line.field("minutes", number: draw.between(2, 40))
    line.close()
  }

  // MARK: Actions of the firm

  private mutating func actionExposed(_ step: Step) {
    begin("action.exposed", step)
    line.data()
    line.field("action", "action-", step.anchor)
    line.close()
    let isFriendly = isFriendly(action: step.anchor)
    if draw.percent(isFriendly ? 1 : 10) {
      then(.party(.lost), step, after: draw.between(1 * .day, 80 * .day), round: 1)
    }
    if !isFriendly && draw.percent(20) {
      then(.promise(.experienced), step, after: draw.between(1 * .minute, 1 * .hour), story: 0)
    }
    if !isFriendly && draw.percent(10) {
      then(.service(.opened), step, after: draw.between(1 * .hour, 2 * .day), story: 0, anchor: 0)
    }
  }

  /// Whether an action of the firm is friendly to customers: a property of the action.
  func isFriendly(action: Int) -> Bool {
    var shared = draw(story: action)
    return shared.percent(45)
  }
}
