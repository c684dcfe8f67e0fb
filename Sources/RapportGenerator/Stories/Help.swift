/// Access, help, self-service and answers. `story` is the run, the answer or the attempt.
enum HelpChapter {
  case attempted, accessFailed, requested, handoffRequested, handoffDone
  case started, completed, abandoned, answerGiven, answerRated
}

extension Storyteller {
  mutating func tell(_ chapter: HelpChapter, _ step: Step) {
    switch chapter {
    case .attempted: contactAttempted(step)
    case .accessFailed: accessFailed(step)
    case .requested: helpRequested(step)
    case .handoffRequested: handoffRequested(step)
    case .handoffDone: handoffDone(step)
    case .started: selfServiceStarted(step)
    case .completed: selfServiceCompleted(step)
    case .abandoned: selfServiceAbandoned(step)
    case .answerGiven: answerGiven(step)
    case .answerRated: answerRated(step)
    }
  }

  private mutating func contactAttempted(_ step: Step) {
    let outcome = draw.below(100)
    begin("contact.attempted", step, .in, by: .customer)
    line.attribute("channel", "phone")
    if draw.percent(60) { line.attribute("touchpoint", "hotline") }
    line.data()
    switch outcome {
    case ..<72: line.field("outcome", "answered")
    case ..<84: line.field("outcome", "abandoned")
    case ..<93: line.field("outcome", "missed")
    case ..<98: line.field("outcome", "closed")
    default: line.field("outcome", "failed")
    }
    if draw.percent(90) { line.field("waited", number: draw.wait(mean: 120)) }
    line.close()
    if outcome < 72 {
      if draw.percent(15) { then(.service(.opened), step, after: draw.between(2 * .minute, 10 * .minute), anchor: 0) }
      if draw.percent(20) { then(.touch(.noteAdded), step, after: draw.between(3 * .minute, 20 * .minute)) }
    } else if draw.percent(50) {
      then(.help(.attempted), step, after: draw.between(5 * .minute, 1 * .day))
    }
  }

  private mutating func accessFailed(_ step: Step) {
    let reason = draw.below(4)
    begin("access.failed", step, nil, by: .customer)
    line.attribute("channel", draw.percent(60) ? "web" : "app")
    line.data()
    line.field("reason", reason == 0 ? "outage" : reason == 1 ? "login" : reason == 2 ? "not_accessible" : "not_found")
    if draw.percent(50) { line.field("need", draw.pick(Vocabulary.topics)) }
    if draw.percent(50) { line.field("device", draw.percent(50) ? "phone" : "screen-reader") }
    line.close()
    if draw.percent(30) { then(.help(.requested), step, after: draw.between(1 * .minute, 2 * .hour)) }
  }

  private mutating func helpRequested(_ step: Step) {
    begin("help.requested", step, .in, by: .customer)
    channel(step)
    line.data()
    line.field("topic", draw.pick(Vocabulary.topics))
    line.close()
    if draw.percent(30) {
      then(.help(.answerGiven), step, after: draw.between(2 * .second, 1 * .minute))
      if draw.percent(50) { then(.help(.handoffRequested), step, after: draw.between(1 * .minute, 5 * .minute)) }
    } else if draw.percent(85) {
      then(.touch(.messageSent), step, after: draw.wait(mean: 1 * .hour) + 1 * .minute, round: 1)
    }
  }

  private mutating func handoffRequested(_ step: Step) {
    begin("handoff.requested", step, .in, by: .customer)
    line.attribute("touchpoint", "chat")
    line.data()
    line.close()
    if draw.percent(85) { then(.help(.handoffDone), step, after: draw.wait(mean: 10 * .minute) + 5 * .second) }
  }

  private mutating func handoffDone(_ step: Step) {
    begin("handoff.done", step, .out, by: .employee)
    line.attribute("touchpoint", "chat")
    line.data()
    line.field("to", "e", draw.below(employees))
    line.close()
  }

  // MARK: Self-service

  private mutating func run(_ step: Step) {
    var shared = draw(story: step.story)
    line.data()
    line.field("process", shared.pick(Vocabulary.processes))
    line.field("run", "r", step.story)
    line.field("topic", shared.pick(Vocabulary.topics))
    line.close()
  }

  private mutating func selfServiceStarted(_ step: Step) {
    begin("selfservice.started", step, .own, by: .customer)
    line.attribute("channel", "web")
    run(step)
    let isDone = draw.percent(75)
    then(isDone ? .help(.completed) : .help(.abandoned), step, after: draw.between(20 * .second, 15 * .minute))
  }

  private mutating func selfServiceCompleted(_ step: Step) {
    begin("selfservice.completed", step, .own, by: .customer)
    run(step)
  }

  private mutating func selfServiceAbandoned(_ step: Step) {
    begin("selfservice.abandoned", step, .own, by: .customer)
    run(step)
    if draw.percent(40) {
      then(.service(.opened), step, after: draw.between(1 * .minute, 3 * .day), anchor: 0)
    }
  }

  // MARK: Answers

  private mutating func answerGiven(_ step: Step) {
    let by = draw.below(3)
    begin("answer.given", step, .out, by: by == 1 ? .bot : by == 2 ? .system : .employee)
    line.data()
    line.field("answer", "a", step.story)
    line.field("by", by == 0 ? "human" : by == 1 ? "bot" : "article")
    line.close()
    if draw.percent(35) { then(.help(.answerRated), step, after: draw.between(20 * .second, 1 * .hour)) }
  }

  private mutating func answerRated(_ step: Step) {
    begin("answer.rated", step, .in, by: .customer)
    line.data()
    line.field("answer", "a", step.story)
    line.field("helpful", flag: draw.percent(65))
    line.close()
  }
}
