/// Consent, objections, the customers' rights, and what is done with their data.
///
/// `story` is the request, or gives the purpose that a grant and its withdrawal share.
enum PrivacyChapter {
  case consentGiven, consentRefused, withdrawn, expired, objectionRaised, objectionLifted
  case restrictionSet, restrictionLifted
  case requestReceived, requestExtended, requestFulfilled, requestRefused
  case collected, used, read, disclosed, disclosure, requestMade
}

extension Storyteller {
  mutating func tell(_ chapter: PrivacyChapter, _ step: Step) {
    switch chapter {
    case .consentGiven: consent("consent.given", step)
    case .consentRefused: consent("consent.refused", step)
    case .withdrawn: consentEnded("consent.withdrawn", step, .in)
    case .expired: consentEnded("consent.expired", step, nil)
    case .objectionRaised: objection("objection.raised", step)
    case .objectionLifted: objection("objection.lifted", step)
    case .restrictionSet: restrictionSet(step)
    case .restrictionLifted: restrictionLifted(step)
    case .requestReceived: requestReceived(step)
    case .requestExtended: requestExtended(step)
    case .requestFulfilled: requestFulfilled(step)
    case .requestRefused: requestRefused(step)
    case .collected: dataCollected(step)
    case .used: dataUsed(step)
    case .read: dataRead(step)
    case .disclosed: dataDisclosed(step)
    case .disclosure: disclosureMade(step)
    case .requestMade: requestMade(step)
    }
  }

  // MARK: Consent

  private func consentPurpose(_ step: Step) -> StaticString {
    step.story % 3 == 0 ? "personalised-ads" : "newsletter"
  }

  private mutating func consent(_ type: StaticString, _ step: Step) {
    begin(type, step, .in, by: .customer)
    line.data()
    line.field("purpose", consentPurpose(step))
    line.field("notice", "privacy-notice")
    line.field("notice_version", "1")
    line.field("method", draw.percent(80) ? "form" : draw.percent(70) ? "verbal" : "import")
    if draw.percent(20) { line.field("expires", date: step.time + 730 * .day) }
    line.close()
    guard case .privacy(.consentGiven) = step.chapter else { return }
    let end = draw.below(100)
    if end < 10 {
      then(.privacy(.withdrawn), step, after: draw.between(1 * .day, 120 * .day))
    } else if end < 13 {
      then(.privacy(.expired), step, after: 180 * .day)
    }
  }

  private mutating func consentEnded(_ type: StaticString, _ step: Step, _ direction: Direction?) {
    begin(type, step, direction, by: direction == nil ? .system : .customer)
    line.data()
    line.field("purpose", consentPurpose(step))
    line.close()
  }

  private mutating func objection(_ type: StaticString, _ step: Step) {
    begin(type, step, .in, by: .customer)
    line.data()
    line.field("purpose", step.story % 2 == 0 ? "marketing" : "analytics")
    line.close()
    if case .privacy(.objectionRaised) = step.chapter, draw.percent(10) {
      then(.privacy(.objectionLifted), step, after: draw.between(10 * .day, 100 * .day))
    }
  }

  private mutating func restrictionSet(_ step: Step) {
    begin("restriction.set", step)
    line.data()
    line.close()
    then(.privacy(.restrictionLifted), step, after: draw.between(5 * .day, 40 * .day))
  }

  private mutating func restrictionLifted(_ step: Step) {
    begin("restriction.lifted", step)
    line.data()
    line.close()
  }

  // MARK: Rights: a month, or three

  private mutating func requestReceived(_ step: Step) {
    let right = draw.below(20)
    begin("request.received", step, .in, by: .customer)
    line.data()
    line.field("request", "Q", step.story)
    switch right {
    case ..<10: line.field("right", "access")
    case ..<14: line.field("right", "erasure")
    case ..<16: line.field("right", "rectification")
    case ..<18: line.field("right", "objection")
    case ..<19: line.field("right", "portability")
    default: line.field("right", "restriction")
    }
    line.close()
    let end = draw.below(100)
    if end < 10 {
      then(.privacy(.requestExtended), step, after: draw.between(15 * .day, 28 * .day))
    } else if end < 90 {
      then(.privacy(.requestFulfilled), step, after: draw.between(1 * .day, 36 * .day))
    } else if end < 95 {
      then(.privacy(.requestRefused), step, after: draw.between(1 * .day, 20 * .day))
    }
  }

  private mutating func requestExtended(_ step: Step) {
    begin("request.extended", step, .out, by: .employee)
    line.data()
    line.field("request", "Q", step.story)
    line.field("reason", "complexity")
    line.close()
    then(.privacy(.requestFulfilled), step, after: draw.between(5 * .day, 50 * .day))
  }

  private mutating func requestFulfilled(_ step: Step) {
    begin("request.fulfilled", step, .out, by: .employee)
    line.data()
    line.field("request", "Q", step.story)
    line.close()
  }

  private mutating func requestRefused(_ step: Step) {
    begin("request.refused", step, .out, by: .employee)
    line.data()
    line.field("request", "Q", step.story)
    line.field("reason", "identity_not_proven")
    line.close()
  }

  // MARK: Data

  private func sharedField(_ step: Step) -> StaticString {
    Vocabulary.fields[step.story % Vocabulary.fields.count]
  }

  private mutating func dataCollected(_ step: Step) {
    let purpose = draw.below(Vocabulary.purposes.count)
    begin("data.collected", step)
    line.data()
    line.field("field", sharedField(step))
    line.field("purpose", Vocabulary.purposes[purpose])
    line.field("basis", Vocabulary.bases[purpose])
    line.field("origin", draw.percent(80) ? "customer" : "partner")
    line.close()
    if draw.percent(40) { then(.privacy(.used), step, after: draw.between(1 * .day, 60 * .day)) }
    if draw.percent(25) { then(.privacy(.read), step, after: draw.between(1 * .day, 60 * .day)) }
  }

  private mutating func dataUsed(_ step: Step) {
    begin("data.used", step)
    line.data()
    line.field("field", sharedField(step))
    line.field("purpose", draw.pick(Vocabulary.purposes))
    line.close()
  }

  private mutating func dataRead(_ step: Step) {
    begin("data.read", step, nil, by: .employee)
    employee(department: 1)
    line.data()
    line.openArray("fields")
    line.element(sharedField(step))
    line.closeArray()
    line.field("purpose", "service")
    line.close()
  }

  private mutating func dataDisclosed(_ step: Step) {
    begin("data.disclosed", step)
    line.data()
    line.field("recipient", draw.percent(70) ? "parcel-carrier" : "ad-network")
    line.field("country", draw.percent(80) ? "DE" : "US")
    line.field("purpose", draw.percent(70) ? "orders" : "personalised-ads")
    line.close()
  }

  private mutating func disclosureMade(_ step: Step) {
    begin("disclosure.made", step)
    line.data()
    line.field("by", draw.percent(60) ? "customer" : "company")
    line.field("topic", draw.pick(Vocabulary.topics))
    line.close()
  }

  private mutating func requestMade(_ step: Step) {
    begin("request.made", step, .out, by: .employee)
    line.data()
    line.field("what", draw.percent(50) ? "copy-of-id" : "phone-number")
    if draw.percent(60) { line.field("why", "to call back") }
    line.close()
  }
}
