/// Who the customers are: they register, change, get a contact person, leave, and sometimes come back.
enum PartyChapter {
  case registered, updated, lost, returned, roleAssumed, roleEnded, identityLinked, identityUnlinked
  case personAssigned, personIntroduced, personEnded
}

extension Storyteller {
  mutating func tell(_ chapter: PartyChapter, _ step: Step) {
    switch chapter {
    case .registered: registered(step)
    case .updated: updated(step)
    case .lost: lost(step)
    case .returned: returned(step)
    case .roleAssumed: role("role.assumed", step)
    case .roleEnded: role("role.ended", step)
    case .identityLinked: identity("identity.linked", step)
    case .identityUnlinked: identity("identity.unlinked", step)
    case .personAssigned: personAssigned(step)
    case .personIntroduced: personIntroduced(step)
    case .personEnded: personEnded(step)
    }
  }

  private mutating func registered(_ step: Step) {
    let customer = customer(of: step)
    let acquired = draw.below(Vocabulary.acquired.count)
    begin("customer.registered", step, .in, by: .customer)
    channel(step)
    line.data()
    line.field("kind", customer.isBusiness ? "b2b" : "b2c")
    line.field("acquired", Vocabulary.acquired[acquired])
    // The fifth word is the referral.
    if acquired == 4 { line.field("referrer", customer: draw.below(population.count) + 1) }
    if draw.percent(75) { name() }
    if draw.percent(60) { email(customer) }
    if draw.percent(25) { line.field("phone", "+49 30 555 ", 10_000 + customer.number % 90_000) }
    if draw.percent(25) {
      line.openText("address")
      line.raw(draw.pick(Vocabulary.streets))
      line.raw(" ")
      line.raw(number: draw.between(1, 120))
      line.closeText()
    }
    line.close()
    if draw.percent(30) { then(.privacy(.consentGiven), step, after: draw.between(2 * .second, 1 * .minute)) }
    if draw.percent(10) { then(.privacy(.consentRefused), step, after: draw.between(2 * .second, 1 * .minute)) }
    if draw.percent(20) { then(.party(.roleAssumed), step, after: draw.between(2 * .second, 1 * .minute)) }
    if draw.percent(10) { then(.privacy(.collected), step, after: draw.between(2 * .second, 1 * .minute)) }
    if draw.percent(customer.isBusiness ? 60 : 5) {
      then(.party(.personAssigned), step, after: draw.between(1 * .hour, 3 * .day))
    }
  }

  private mutating func name() {
    line.openText("name")
    line.raw(draw.pick(Vocabulary.firstNames))
    line.raw(" ")
    line.raw(draw.pick(Vocabulary.lastNames))
    line.closeText()
  }

  private mutating func email(_ customer: Customer) {
    line.openText("email")
    line.raw("kunde.")
    line.raw(number: customer.number * 7 + 13)
    line.raw("@example.org")
    line.closeText()
  }

  private mutating func updated(_ step: Step) {
    let basis = draw.below(10)
    begin("customer.updated", step)
    line.data()
    line.openObject("set")
    line.openObject("language")
    line.field("value", draw.pick(Vocabulary.languages))
    line.field("basis", basis < 5 ? "declared" : basis < 8 ? "observed" : "inferred")
    if basis >= 8 {
      line.field("confidence", hundredths: draw.between(50, 99))
      line.field("n", number: draw.between(2, 40))
    }
    line.closeObject()
    if draw.percent(30) {
      line.openObject("interest")
      line.field("value", draw.pick(Vocabulary.groups))
      line.field("basis", "inferred")
      line.field("confidence", hundredths: draw.between(50, 99))
      line.field("expires", date: step.time + 365 * .day)
      line.closeObject()
    }
    line.closeObject()
    if draw.percent(10) {
      line.openArray("unset")
      line.element("size")
      line.closeArray()
    }
    line.close()
  }

  /// `round` 1: because of an action of the firm, which is cited.
  private mutating func lost(_ step: Step) {
    setLost(step)
    begin("customer.lost", step, citing: step.round == 1)
    line.data()
    line.field("reason", draw.pick(Vocabulary.lossReasons))
    if draw.percent(50) { line.field("to_competitor", draw.pick(Vocabulary.competitors)) }
    if draw.percent(60) { line.field("basis", draw.percent(50) ? "declared" : "inferred") }
    line.close()
  }

  private mutating func returned(_ step: Step) {
    begin("customer.returned", step)
    line.data()
    line.close()
  }

  private mutating func role(_ type: StaticString, _ step: Step) {
    begin(type, step)
    line.data()
    line.field("role", step.story % 3 == 0 ? "reseller" : customer(of: step).isBusiness ? "buyer" : "private")
    line.close()
    if case .party(.roleAssumed) = step.chapter, draw.percent(10) {
      then(.party(.roleEnded), step, after: draw.between(20 * .day, 200 * .day))
    }
  }

  private mutating func identity(_ type: StaticString, _ step: Step) {
    begin(type, step)
    line.data()
    line.field("namespace", step.story % 2 == 0 ? "loyalty-card" : "app-account")
    line.field("id", "", 900_000_000 + step.story)
    if draw.percent(50) { line.field("evidence", "login") }
    line.close()
    if case .party(.identityLinked) = step.chapter, draw.percent(10) {
      then(.party(.identityUnlinked), step, after: draw.between(5 * .day, 100 * .day))
    }
  }

  // MARK: Contact person

  private mutating func personAssigned(_ step: Step) {
    begin("contactperson.assigned", step)
    line.attribute("department", "sales")
    line.data()
    line.field("employee", "e", customer(of: step).contactPerson % employees)
    if draw.percent(50) { line.field("role", "account-manager") }
    line.close()
    if draw.percent(70) {
      then(.party(.personIntroduced), step, after: atWork(draw.between(1 * .hour, 5 * .day), after: step))
    }
    if draw.percent(15) { then(.party(.personEnded), step, after: draw.between(30 * .day, 200 * .day)) }
  }

  private mutating func personIntroduced(_ step: Step) {
    begin("contactperson.introduced", step, .out, by: .employee)
    line.data()
    line.field("channel", draw.percent(50) ? "phone" : "email")
    line.close()
  }

  private mutating func personEnded(_ step: Step) {
    begin("contactperson.ended", step)
    line.data()
    line.field("reason", draw.percent(50) ? "employee_left" : "reorganisation")
    line.close()
    if draw.percent(70) { then(.party(.personAssigned), step, after: draw.between(1 * .hour, 20 * .day)) }
  }
}
