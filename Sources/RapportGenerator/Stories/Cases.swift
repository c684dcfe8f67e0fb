/// Cases: opened, assigned, answered by a bot first or by a person, sometimes handed over, waiting, resolved, confirmed
/// or not, reopened, escalated, closed.
///
/// `story` is the case, `anchor` the order it is about or 0. `round` counts the waits, from 100 on in the second
/// department.
enum CaseChapter {
  case opened, assigned, botReplied, replied, waiting, customerWrote, handedOver, escalated
  case resolved, confirmed, denied, reopened, closed, goodwillBooked
}

/// What is so about a case from its first event to its last.
struct Case {
  let kind: StaticString
  let isComplaint: Bool
  let topic: StaticString
  /// Places in the vocabulary of departments; the second differs from the first.
  let department: Int
  let otherDepartment: Int
  let isHandedOver: Bool
  let isBotFirst: Bool

  init(draw: Draw, order: Int) {
    var draw = draw
    let number = draw.below(100)
    isComplaint = number < (order > 0 ? 50 : 22)
    kind = isComplaint ? "complaint" : number < 62 ? "enquiry" : "concern"
    topic = draw.pick(Vocabulary.topics)
    department = draw.percent(60) ? 1 : draw.below(4)
    otherDepartment = (department + draw.between(1, 3)) % 4
    isHandedOver = draw.percent(30)
    isBotFirst = draw.percent(20)
  }
}

extension Storyteller {
  mutating func tell(_ chapter: CaseChapter, _ step: Step) {
    switch chapter {
    case .opened: caseOpened(step)
    case .assigned: caseAssigned(step)
    case .botReplied: botReplied(step)
    case .replied: caseReplied(step)
    case .waiting: caseWaiting(step)
    case .customerWrote: customerWrote(step)
    case .handedOver: handedOver(step)
    case .escalated: caseEscalated(step)
    case .resolved: caseResolved(step)
    case .confirmed: resolutionConfirmed(step)
    case .denied: resolutionDenied(step)
    case .reopened: caseReopened(step)
    case .closed: caseClosed(step)
    case .goodwillBooked: goodwillBooked(step)
    }
  }

  private func theCase(_ step: Step) -> Case {
    Case(draw: draw(story: step.story), order: step.anchor)
  }

  /// Everything that belongs to a case says so: in `data`, and often as an attribute.
  private mutating func caseData(_ step: Step) {
    if draw.percent(40) { line.attribute("correlationid", "K", step.story) }
    line.data()
    line.field("case", "K", step.story)
  }

  /// The department that has the case now: `round` 100 and more is after the handover.
  private func currentDepartment(_ step: Step) -> Int {
    let subject = theCase(step)
    return step.round >= 100 ? subject.otherDepartment : subject.department
  }

  private mutating func caseOpened(_ step: Step) {
    let subject = theCase(step)
    begin("case.opened", step, .in, by: .customer)
    channel(step)
    if draw.percent(50) { line.attribute("touchpoint", "helpdesk") }
    caseData(step)
    line.field("kind", subject.kind)
    if draw.percent(60) { line.field("want", draw.pick(Vocabulary.wants)) }
    line.field("topic", subject.topic)
    if step.anchor > 0 { line.field("order", "O", step.anchor) }
    if draw.percent(30) { line.field("priority", subject.isComplaint ? "high" : "normal") }
    if draw.percent(50) { phrase(Vocabulary.blame, Vocabulary.blameGerman, step, field: "summary") }
    line.close()
    if subject.isBotFirst { then(.service(.botReplied), step, after: draw.between(1 * .second, 40 * .second)) }
    then(.service(.assigned), step, after: draw.between(1 * .minute, 2 * .hour))
  }

  private mutating func caseAssigned(_ step: Step) {
    let department = currentDepartment(step)
    begin("case.assigned", step, nil, by: .system)
    line.attribute("department", Vocabulary.departments[department])
    caseData(step)
    line.field("department", Vocabulary.departments[department])
    if draw.percent(50) { line.field("employee", "e", department + 4 * draw.below(employees / 4)) }
    line.close()
    let wait = draw.wait(mean: step.round >= 100 ? 20 * .hour : 9 * .hour)
    then(.service(.replied), step, after: atWork(max(wait, 1 * .minute), after: step))
  }

  private mutating func botReplied(_ step: Step) {
    begin("case.replied", step, .out, by: .bot)
    line.attribute("touchpoint", "chat")
    caseData(step)
    line.field("public", flag: true)
    line.close()
  }

  private mutating func caseReplied(_ step: Step) {
    let department = currentDepartment(step)
    begin("case.replied", step, .out, by: .employee)
    line.attribute("department", Vocabulary.departments[department])
    employee(department: department)
    caseData(step)
    if draw.percent(30) { line.field("public", flag: draw.percent(90)) }
    if draw.percent(35) { phrase(Vocabulary.replies, Vocabulary.repliesGerman, step, field: "body") }
    line.close()

    if step.round < 100 && theCase(step).isHandedOver {
      then(.service(.handedOver), step, after: draw.between(5 * .minute, 5 * .hour), round: 100)
    } else if step.round % 100 < 3 && draw.percent(35) {
      then(.service(.waiting), step, after: draw.between(1 * .minute, 10 * .minute), round: Int(step.round) + 1)
    } else {
      then(.service(.resolved), step, after: atWork(draw.wait(mean: 12 * .hour) + 1 * .minute, after: step))
    }
    if draw.percent(2) { then(.service(.escalated), step, after: draw.between(1 * .hour, 2 * .day)) }
  }

  private mutating func caseWaiting(_ step: Step) {
    let isCustomer = draw.percent(70)
    begin("case.waiting", step, nil, by: .system)
    caseData(step)
    line.field("on", isCustomer ? "customer" : draw.percent(50) ? "third" : "us")
    line.close()
    if isCustomer {
      then(.service(.customerWrote), step, after: draw.wait(mean: 18 * .hour) + 5 * .minute)
    } else {
      then(.service(.replied), step, after: atWork(draw.wait(mean: 30 * .hour) + 1 * .hour, after: step))
    }
  }

  private mutating func customerWrote(_ step: Step) {
    let mood = max(-100, mood() - 20)
    begin("message.received", step, .in, by: .customer)
    line.attribute("channel", "email")
    line.attribute("correlationid", "K", step.story)
    line.data()
    line.field("topic", theCase(step).topic)
    words(mood: mood, step)
    line.close()
    then(.service(.replied), step, after: atWork(draw.wait(mean: 8 * .hour) + 2 * .minute, after: step))
  }

  /// A handover is an assignment to the other department.
  private mutating func handedOver(_ step: Step) {
    caseAssigned(step)
  }

  private mutating func caseEscalated(_ step: Step) {
    let levels: Int = draw.below(10)
    begin("case.escalated", step)
    caseData(step)
    line.field("level", levels < 6 ? "lead" : levels < 8 ? "manager" : levels < 9 ? "executive" : "public")
    line.close()
    if levels == 9 { then(.listening(.mentionPublished), step, after: draw.between(1 * .hour, 9 * .day)) }
  }

  private mutating func caseResolved(_ step: Step) {
    begin("case.resolved", step, nil, by: .employee)
    line.attribute("department", Vocabulary.departments[currentDepartment(step)])
    caseData(step)
    line.field("by", draw.percent(85) ? "human" : draw.percent(60) ? "bot" : "self")
    line.close()
    let word = draw.below(100)
    if word < 35 {
      then(.service(.confirmed), step, after: draw.between(10 * .minute, 2 * .day))
    } else if word < 45 {
      then(.service(.denied), step, after: draw.between(10 * .minute, 2 * .day))
    } else {
      then(.service(.closed), step, after: 3 * .day)
    }
    if draw.percent(20) {
      then(.listening(.surveySent), step, after: draw.between(1 * .hour, 2 * .day), story: 0)
    }
    if theCase(step).isComplaint && draw.percent(15) {
      then(.service(.goodwillBooked), step, after: draw.between(1 * .minute, 1 * .day))
    }
  }

  private mutating func resolutionConfirmed(_ step: Step) {
    begin("resolution.confirmed", step, .in, by: .customer)
    caseData(step)
    line.close()
    then(.service(.closed), step, after: draw.between(1 * .minute, 1 * .day))
  }

  private mutating func resolutionDenied(_ step: Step) {
    begin("resolution.denied", step, .in, by: .customer)
    caseData(step)
    line.close()
    if draw.percent(70) {
      then(.service(.reopened), step, after: draw.between(1 * .minute, 1 * .hour))
    }
  }

  private mutating func caseReopened(_ step: Step) {
    begin("case.reopened", step, .in, by: .customer)
    caseData(step)
    line.close()
    if step.round >= 100 && draw.percent(50) {
      // Back to the department that had it first: the ping-pong that customers know.
      then(.service(.assigned), step, after: draw.between(1 * .minute, 2 * .hour), round: 0)
    } else {
      then(.service(.replied), step, after: atWork(draw.wait(mean: 12 * .hour) + 5 * .minute, after: step))
    }
  }

  private mutating func caseClosed(_ step: Step) {
    begin("case.closed", step, nil, by: .system)
    caseData(step)
    line.close()
  }

  private mutating func goodwillBooked(_ step: Step) {
    begin("cost.booked", step)
    line.data()
    line.field("amount", hundredths: draw.between(5, 50) * 100)
    line.field("currency", customer(of: step).country.currency)
    line.field("purpose", draw.percent(70) ? "goodwill" : "service")
    line.field("case", "K", step.story)
    line.close()
  }
}
