/// The firm itself: what it declares at the start, and what it does from week to week. No subjects.
///
/// `story` is the initiative or the action. In the opening `round` is the place in the list that is declared.
enum FirmChapter {
  case purposeDeclared, noticePublished, touchpointRegistered, employeeJoined, targetSet
  /// The firm's week: one of several events, and then the next week.
  case week
  case advocateObjected, initiativeApproved, initiativeRejected, advocateOverruled
  case initiativeLaunched, initiativeMeasured
}

extension Storyteller {
  /// Puts the opening on the agenda, in the first minutes of the stream: purposes, notice, touchpoints, employees and
  /// targets, but never more than an eighth of the stream. Then the weeks begin.
  mutating func planFirm() {
    var opening: [(FirmChapter, Int)] = []
    for place in 0..<Vocabulary.purposes.count { opening.append((.purposeDeclared, place)) }
    opening.append((.noticePublished, 0))
    for place in 0..<Vocabulary.touchpoints.count { opening.append((.touchpointRegistered, place)) }
    for place in 0..<employees { opening.append((.employeeJoined, place)) }
    for place in 0..<Vocabulary.metrics.count { opening.append((.targetSet, place)) }
    var step = Step(time: agenda.origin, key: 0, chapter: .start)
    for (chapter, place) in opening.prefix(configuration.events / 8) {
      then(.firm(chapter), step, after: 5 * .second, round: place)
      step.time += 5 * .second
    }
    if configuration.events >= 200 {
      then(.firm(.week), step, after: draw.between(1 * .hour, 1 * .day), story: 0)
    }
  }

  /// A firm's "week" is a day in a dense stream and longer in a thin one: its events stay below some per cent.
  private var weekLength: Int {
    max(configuration.days * .day / max(1, min(configuration.events / 250, configuration.days)), 12 * .hour)
  }

  private func role(employee: Int) -> StaticString {
    switch employee {
    case 0: "executive"
    case 1...3: "manager"
    case 4...7: "lead"
    default: "agent"
    }
  }

  mutating func tell(_ chapter: FirmChapter, _ step: Step) {
    switch chapter {
    case .purposeDeclared: purposeDeclared(step)
    case .noticePublished: noticePublished(step)
    case .touchpointRegistered: touchpoint("touchpoint.registered", step)
    case .employeeJoined: employee("employee.joined", step)
    case .targetSet: targetSet(step)
    case .week: week(step)
    case .advocateObjected: advocate("advocate.objected", step)
    case .advocateOverruled: advocate("advocate.overruled", step)
    case .initiativeApproved: initiative("initiative.approved", step)
    case .initiativeRejected: initiative("initiative.rejected", step)
    case .initiativeLaunched: initiativeLaunched(step)
    case .initiativeMeasured: initiativeMeasured(step)
    }
  }

  /// One event of the firm now, the next in a week.
  private mutating func week(_ step: Step) {
    switch draw.below(20) {
    case ..<6: actionTaken(step)
    case ..<10: journeyWalked(step)
    case ..<14: selfAssessed(step)
    case ..<18: initiativeProposed(step)
    case ..<19: touchpoint("touchpoint.retired", step)
    default: employee("employee.left", step)
    }
    then(.firm(.week), step, after: draw.between(weekLength / 2, weekLength * 3 / 2), story: 0)
  }

  // MARK: The opening

  private mutating func purposeDeclared(_ step: Step) {
    let purpose = Int(step.round)
    beginFirm("purpose.declared", step)
    line.data()
    line.field("purpose", Vocabulary.purposes[purpose])
    line.field("basis", Vocabulary.bases[purpose])
    line.field("version", "1")
    line.field("text", "What we do with data for this purpose, in plain words.")
    line.field("retention_days", number: purpose == 4 ? 3650 : 730)
    if purpose == 1 || purpose == 2 {
      line.openArray("recipients")
      line.element(purpose == 1 ? "ad-network" : "parcel-carrier")
      line.closeArray()
      line.openArray("countries")
      line.element(purpose == 1 ? "US" : "DE")
      line.closeArray()
    }
    line.close()
  }

  private mutating func noticePublished(_ step: Step) {
    beginFirm("notice.published", step)
    line.data()
    line.field("notice", "privacy-notice")
    line.field("version", "1")
    line.field("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    line.close()
  }

  private mutating func touchpoint(_ type: StaticString, _ step: Step) {
    let place = step.chapter.isWeek ? step.story % Vocabulary.touchpoints.count : Int(step.round)
    beginFirm(type, step)
    line.data()
    line.field("touchpoint", Vocabulary.touchpoints[place])
    line.field("department", Vocabulary.departments[place % 4])
    if place % 5 != 4 { line.field("owner", "e", place) }
    line.close()
  }

  private mutating func employee(_ type: StaticString, _ step: Step) {
    // Those who leave are never the leaders: someone must walk the journeys.
    let number = step.chapter.isWeek ? employees - 1 - step.story % 4 : Int(step.round)
    beginFirm(type, step)
    line.data()
    line.field("employee", "e", number)
    line.field("role", role(employee: number))
    line.field("department", Vocabulary.departments[number % 4])
    line.close()
  }

  private mutating func targetSet(_ step: Step) {
    beginFirm("target.set", step)
    line.data()
    line.field("metric", Vocabulary.metrics[Int(step.round) % Vocabulary.metrics.count])
    line.field("value", number: draw.between(20, 95))
    line.field("owner", "e", draw.below(4))
    line.field("due", date: step.time + 365 * .day)
    line.close()
  }

  // MARK: The week

  private mutating func journeyWalked(_ step: Step) {
    let employee = draw.below(employees)
    let journeys = draw.below(3)
    beginFirm("journey.walked", step)
    line.data()
    line.field("by", "e", employee)
    line.field("role", role(employee: employee))
    line.field("journey", journeys == 0 ? "returns" : journeys == 1 ? "first-order" : "complaint")
    line.close()
  }

  private mutating func selfAssessed(_ step: Step) {
    beginFirm("selfassessment.recorded", step)
    line.data()
    line.field("question", draw.pick(Vocabulary.questions))
    line.field("yes_share", hundredths: draw.between(60, 95))
    line.field("n", number: draw.between(5, 60))
    line.field("role", draw.percent(50) ? "manager" : "agent")
    line.close()
  }

  private mutating func actionTaken(_ step: Step) {
    remember(action: step.story)
    let isFriendly = isFriendly(action: step.story)
    beginFirm("action.taken", step)
    line.data()
    line.field("action", "action-", step.story)
    line.field("friendly", flag: isFriendly)
    line.field("benefit", isFriendly ? draw.percent(50) ? "customer" : "both" : "company")
    line.field("expected_gain", money: draw.between(1, 90) * 100_000)
    line.field("currency", "EUR")
    line.close()
  }

  // MARK: Initiatives

  private mutating func initiativeProposed(_ step: Step) {
    beginFirm("initiative.proposed", step)
    line.data()
    line.field("initiative", "I", step.story)
    // An empty benefit is a fact too: the views look for it.
    line.field("customer_benefit", draw.percent(85) ? "fewer waits, one contact" : "")
    line.field("metric", draw.pick(Vocabulary.metrics))
    line.field("target", number: draw.between(20, 95))
    line.close()
    let isObjected = draw.percent(20)
    if isObjected { then(.firm(.advocateObjected), step, after: draw.between(1 * .hour, 2 * .day)) }
    let decision: FirmChapter = draw.percent(70) ? .initiativeApproved : .initiativeRejected
    then(.firm(decision), step, after: draw.between(3 * .day, 9 * .day), round: isObjected ? 1 : 0)
  }

  private mutating func advocate(_ type: StaticString, _ step: Step) {
    beginFirm(type, step)
    line.data()
    line.field("initiative", "I", step.story)
    line.field("reason", "customers would have to call twice")
    line.close()
  }

  private mutating func initiative(_ type: StaticString, _ step: Step) {
    beginFirm(type, step)
    line.data()
    line.field("initiative", "I", step.story)
    if draw.percent(40) { line.field("reason", "weighed against the journeys walked") }
    line.close()
    guard case .firm(.initiativeApproved) = step.chapter else { return }
    if step.round == 1 { then(.firm(.advocateOverruled), step, after: draw.between(1 * .hour, 1 * .day)) }
    then(.firm(.initiativeLaunched), step, after: draw.between(3 * .day, 20 * .day))
  }

  private mutating func initiativeLaunched(_ step: Step) {
    beginFirm("initiative.launched", step)
    line.data()
    line.field("initiative", "I", step.story)
    line.close()
    then(.firm(.initiativeMeasured), step, after: draw.between(10 * .day, 60 * .day))
  }

  private mutating func initiativeMeasured(_ step: Step) {
    beginFirm("initiative.measured", step)
    line.data()
    line.field("initiative", "I", step.story)
    line.field("value", number: draw.between(20, 95))
    line.close()
  }
}

extension Chapter {
  fileprivate var isWeek: Bool {
    if case .firm(.week) = self { true } else { false }
  }
}
