/// Surveys, feedback, reviews, mentions and referrals. `story` is the survey or the feedback.
enum ListeningChapter {
  case surveySent, surveyAnswered
  case feedbackReceived, feedbackAcknowledged, feedbackActed, feedbackAnswered
  case reviewPublished, mentionPublished, referralMade, referralConverted
}

extension Storyteller {
  mutating func tell(_ chapter: ListeningChapter, _ step: Step) {
    switch chapter {
    case .surveySent: surveySent(step)
    case .surveyAnswered: surveyAnswered(step)
    case .feedbackReceived: feedbackReceived(step)
    case .feedbackAcknowledged: feedbackStep("feedback.acknowledged", step)
    case .feedbackActed: feedbackActed(step)
    case .feedbackAnswered: feedbackStep("feedback.answered", step)
    case .reviewPublished: reviewPublished(step)
    case .mentionPublished: mentionPublished(step)
    case .referralMade: referralMade(step)
    case .referralConverted: referralConverted(step)
    }
  }

  // MARK: Surveys

  /// What is asked: a property of the survey, so that the answer fits the question.
  private enum Survey {
    case nps, csat, ces, perception, open

    init(_ draw: Draw) {
      var draw = draw
      switch draw.below(20) {
      case ..<6: self = .nps
      case ..<12: self = .csat
      case ..<15: self = .ces
      case ..<19: self = .perception
      default: self = .open
      }
    }

    var name: StaticString {
      switch self {
      case .nps: "nps"
      case .csat: "csat"
      case .ces: "ces"
      case .perception: "perception"
      case .open: "open"
      }
    }
  }

  private mutating func surveySent(_ step: Step) {
    begin("survey.sent", step, .out, by: .system)
    line.attribute("channel", "email")
    line.data()
    line.field("survey", "S", step.story)
    line.field("kind", Survey(draw(story: step.story)).name)
    line.close()
    if draw.percent(65) { then(.listening(.surveyAnswered), step, after: draw.wait(mean: 20 * .hour) + 1 * .minute) }
  }

  private mutating func surveyAnswered(_ step: Step) {
    let survey = Survey(draw(story: step.story))
    let mood = mood()
    begin("survey.answered", step, .in, by: .customer)
    if draw.percent(40) { line.attribute("touchpoint", draw.pick(Vocabulary.touchpoints)) }
    line.data()
    line.field("survey", "S", step.story)
    line.field("kind", survey.name)
    switch survey {
    case .nps: score(mood, of: 10, from: 0)
    case .csat: score(mood, of: 5, from: 1)
    case .ces: score(mood, of: 7, from: 1)
    case .perception:
      line.field("question", draw.pick(Vocabulary.questions))
      line.field("yes", flag: draw.percent(20))
    case .open: break
    }
    let sample = draw.below(20)
    if sample < 12 { line.field("sample", sample < 9 ? "existing" : sample < 11 ? "lost" : "noncustomer") }
    if survey == .open || draw.percent(45) { words(mood: mood, step) }
    line.close()
  }

  /// A score that fits the mood, a little better than the mean, with the top of its scale.
  private mutating func score(_ mood: Int, of top: Int, from bottom: Int) {
    let steps = top - bottom + 1
    line.field("score", number: bottom + min(steps - 1, max(0, (mood + 130) * steps / 220)))
    line.field("scale", number: top)
  }

  // MARK: Feedback: the loop that should be closed

  private mutating func feedbackReceived(_ step: Step) {
    let mood = mood()
    begin("feedback.received", step, .in, by: .customer)
    channel(step)
    line.data()
    line.field("feedback", "F", step.story)
    if mood > 25 {
      line.field("kind", "praise")
    } else if mood < -25 {
      line.field("kind", draw.percent(50) ? "criticism" : "complaint")
    } else {
      line.field("kind", "idea")
    }
    if draw.percent(50) { line.field("want", draw.pick(Vocabulary.wants)) }
    words(mood: mood, step)
    line.close()
    if draw.percent(80) {
      then(.listening(.feedbackAcknowledged), step, after: draw.wait(mean: 12 * .hour) + 1 * .minute)
    }
    if draw.percent(45) { then(.listening(.feedbackActed), step, after: draw.between(1 * .day, 25 * .day)) }
  }

  private mutating func feedbackStep(_ type: StaticString, _ step: Step) {
    begin(type, step, .out, by: .employee)
    line.attribute("department", "service")
    line.data()
    line.field("feedback", "F", step.story)
    line.close()
  }

  private mutating func feedbackActed(_ step: Step) {
    begin("feedback.acted", step, nil, by: .employee)
    line.data()
    line.field("feedback", "F", step.story)
    if draw.percent(50) { line.field("action", draw.percent(50) ? "process-changed" : "product-changed") }
    line.close()
    if draw.percent(70) {
      then(.listening(.feedbackAnswered), step, after: atWork(draw.between(1 * .hour, 10 * .day), after: step))
    }
  }

  // MARK: In public

  private mutating func published(_ type: StaticString, _ step: Step) {
    let relation = draw.below(100)
    let mood = mood()
    begin(type, step, .in, by: relation < 3 ? .employee : .customer)
    line.data()
    line.field("where", draw.percent(50) ? "shop" : draw.percent(50) ? "forum" : "social")
    if draw.percent(70) { score(mood, of: 5, from: 1) }
    line.field("sentiment", hundredths: mood)
    if draw.percent(50) { line.field("unsolicited", flag: draw.percent(70)) }
    if relation < 40 { line.field("relation", relation < 3 ? "employee" : relation < 6 ? "paid" : "customer") }
    line.close()
  }

  private mutating func reviewPublished(_ step: Step) { published("review.published", step) }
  private mutating func mentionPublished(_ step: Step) { published("mention.published", step) }

  private mutating func referralMade(_ step: Step) {
    let friend = draw.below(population.count) + 1
    begin("referral.made", step, .in, by: .customer)
    line.data()
    line.field("to", customer: friend)
    line.close()
    guard draw.percent(40), friend != Int(step.customer), population.isRegistered(friend) else { return }
    // The friend's event, so the roles change: the customer becomes the one who is told about in `from`.
    var friends = step
    friends.customer = Int32(friend)
    then(.listening(.referralConverted), friends, after: draw.between(1 * .hour, 20 * .day), anchor: Int(step.customer))
  }

  private mutating func referralConverted(_ step: Step) {
    begin("referral.converted", step)
    line.data()
    line.field("from", customer: step.anchor)
    line.close()
  }
}
