/// From the warehouse to the customer, and sometimes back. `story` is the order, `anchor` its due time or 0.
enum DeliveryChapter {
  case shipped, delivered, failed, returned, refunded
}

extension Storyteller {
  mutating func tell(_ chapter: DeliveryChapter, _ step: Step) {
    switch chapter {
    case .shipped: shipped(step)
    case .delivered: delivered(step)
    case .failed: failed(step)
    case .returned: returned(step)
    case .refunded: refunded(step)
    }
  }

  private mutating func shipped(_ step: Step) {
    let order = order(step)
    begin("order.shipped", step, .out, by: .employee)
    line.attribute("department", "logistics")
    if draw.percent(50) { line.attribute("correlationid", "O", step.story) }
    line.data()
    line.field("order", "O", step.story)
    if draw.percent(80) { line.field("parcel", "P", step.story * 10 + 1) }
    line.close()
    if !order.isPrepaid || draw.percent(25) {
      then(.order(.invoiced), step, after: draw.between(1 * .minute, 8 * .hour))
    }
    if draw.percent(70) { then(.order(.goodsBooked), step, after: draw.between(1 * .hour, 2 * .day)) }
    let travel = travel(order, step)
    if order.fate == .failedFirst {
      then(.delivery(.failed), step, after: travel)
    } else {
      then(.delivery(.delivered), step, after: travel)
    }
  }

  /// From shipping to the doorbell: mostly in time, by day.
  private mutating func travel(_ order: Order, _ step: Step) -> Int {
    var arrival: Int
    if step.anchor == 0 {
      arrival = step.time + draw.between(20 * .hour, 90 * .hour)
    } else if order.fate == .late {
      arrival = step.anchor + draw.between(2 * .hour, 6 * .day)
    } else {
      let earliest = step.time + 10 * .hour
      arrival = earliest + draw.below(max(10 * .hour, min(step.anchor - 2 * .hour - earliest, 3 * .day)))
    }
    let ofDay = (arrival - agenda.origin) % .day
    if ofDay < 7 * .hour { arrival += 7 * .hour - ofDay + draw.below(1 * .hour) }
    return max(arrival - step.time, 3 * .hour)
  }

  private mutating func delivered(_ step: Step) {
    let order = order(step)
    let isPartial = order.fate == .partial && order.isDivisible
    let isRest = step.round == 1
    begin("order.delivered", step, .out, by: draw.percent(60) ? .partner : nil)
    line.attribute("touchpoint", "parcel")
    if draw.percent(50) { line.attribute("department", "logistics") }
    if draw.percent(50) { line.attribute("correlationid", "O", step.story) }
    line.data()
    line.field("order", "O", step.story)
    if isPartial || draw.percent(30) { deliveredLines(order, isPartial: isPartial, isRest: isRest) }
    switch order.fate {
    case .damaged: line.field("condition", "damaged")
    case .wrong: line.field("condition", "wrong")
    case .missing: line.field("condition", "missing")
    default: if draw.percent(60) { line.field("condition", "ok") }
    }
    // Not in the vocabulary either, and personal without doubt.
    if draw.percent(35) { line.field("signed_by", draw.pick(Vocabulary.lastNames)) }
    line.close()
    if isPartial && !isRest {
      then(.delivery(.delivered), step, after: draw.between(1 * .day, 4 * .day), round: 1)
    } else {
      afterwards(order, step)
    }
  }

  private mutating func deliveredLines(_ order: Order, isPartial: Bool, isRest: Bool) {
    line.openArray("lines")
    for index in 0..<order.lineCount {
      let first = isPartial ? order.firstQuantity(index) : order.quantity(index)
      let quantity = isRest ? order.quantity(index) - first : first
      guard quantity > 0 else { continue }
      line.openObject()
      line.field("sku", "SKU-", order.product(index).number)
      line.field("quantity", number: quantity)
      line.closeObject()
    }
    line.closeArray()
  }

  /// What a customer does with what has come: sends it back, complains, rates it, or nothing.
  private mutating func afterwards(_ order: Order, _ step: Step) {
    let isFlawed = order.fate != .fine && order.fate != .changedByCustomer && order.fate != .failedFirst
    if draw.percent(isFlawed ? 25 : 5) {
      then(.delivery(.returned), step, after: draw.between(4 * .hour, 12 * .day))
    }
    if draw.percent(isFlawed ? 30 : 4) {
      then(.service(.opened), step, after: draw.between(1 * .hour, 4 * .day), story: 0, anchor: step.story)
    }
    if draw.percent(14) {
      then(.listening(.surveySent), step, after: draw.between(1 * .day, 3 * .day), story: 0)
    }
    if draw.percent(4) {
      then(.listening(.reviewPublished), step, after: draw.between(1 * .day, 14 * .day), story: 0)
    }
    if isFlawed && draw.percent(15) {
      then(.promise(.experienced), step, after: draw.between(1 * .minute, 1 * .day), story: 0)
    }
    if draw.percent(2) { then(.touch(.adShown), step, after: draw.between(1 * .day, 20 * .day), round: 1) }
  }

  private mutating func failed(_ step: Step) {
    begin("order.delivery_failed", step, nil, by: .partner)
    line.attribute("department", "logistics")
    line.data()
    line.field("order", "O", step.story)
    line.field("reason", draw.percent(70) ? "nobody_home" : "address_unknown")
    line.close()
    then(.delivery(.delivered), step, after: draw.between(20 * .hour, 30 * .hour))
  }

  private mutating func returned(_ step: Step) {
    let order = order(step)
    begin("order.returned", step, .in, by: .customer)
    line.attribute("channel", draw.percent(80) ? "web" : "shop")
    line.data()
    line.field("order", "O", step.story)
    line.openArray("lines")
    line.openObject()
    line.field("sku", "SKU-", order.product(0).number)
    line.field("quantity", number: 1)
    line.closeObject()
    line.closeArray()
    switch order.fate {
    case .damaged: line.field("reason", "damaged")
    case .wrong: line.field("reason", "wrong")
    case .late: line.field("reason", "late")
    default: line.field("reason", draw.pick(Vocabulary.returnReasons))
    }
    line.close()
    then(.delivery(.refunded), step, after: atWork(draw.between(1 * .day, 6 * .day), after: step), round: 1)
  }

  /// `round` 0: the whole order, which was cancelled; 1: what came back.
  private mutating func refunded(_ step: Step) {
    let order = order(step)
    begin("order.refunded", step, nil, by: .employee, citing: draw.percent(50))
    line.attribute("department", "billing")
    line.data()
    line.field("order", "O", step.story)
    line.field("amount", money: step.round == 0 ? order.total : order.product(0).price)
    line.field("currency", customer(of: step).country.currency)
    line.close()
  }
}
