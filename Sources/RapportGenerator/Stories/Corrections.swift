/// Merged customers and corrected events; only when the configuration asks for them.
enum CorrectionChapter {
  case merged, unmerged, orderCorrected, viewRetracted
}

extension Storyteller {
  mutating func tell(_ chapter: CorrectionChapter, _ step: Step) {
    switch chapter {
    case .merged: merged(step)
    case .unmerged: unmerged(step)
    case .orderCorrected: orderCorrected(step)
    case .viewRetracted: viewRetracted(step)
    }
  }

  /// Two subjects turn out to be one person. `anchor` of the follow-up is the other number.
  private mutating func merged(_ step: Step) {
    let other = population.pick(&draw) % population.count + 1
    let into = other == Int(step.customer) ? other % population.count + 1 : other
    begin("customer.merged", step, nil, by: .system)
    line.data()
    line.field("into", customer: into)
    line.field("reason", "duplicate")
    line.close()
    if draw.percent(30) {
      then(.correction(.unmerged), step, after: draw.between(1 * .day, 30 * .day), anchor: into)
    }
  }

  private mutating func unmerged(_ step: Step) {
    begin("customer.unmerged", step, nil, by: .system)
    line.data()
    line.field("from", customer: step.anchor)
    line.close()
  }

  /// The order that caused this was booked with a wrong shipping price.
  private mutating func orderCorrected(_ step: Step) {
    target("event.corrected", step)
    line.openObject("set")
    line.field("shipping", money: 390)
    line.closeObject()
    line.close()
  }

  /// The look at a product that caused this was counted twice.
  private mutating func viewRetracted(_ step: Step) {
    target("event.retracted", step)
    line.field("reason", "sent twice")
    line.close()
  }

  private mutating func target(_ type: StaticString, _ step: Step) {
    begin(type, step, nil, by: .employee)
    line.data()
    line.fieldSource()
    line.field("id", idOf: step.cause)
  }
}
