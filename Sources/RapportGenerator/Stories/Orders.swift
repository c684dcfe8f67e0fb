/// Finding and buying: a session of searching and looking leads to an order, an order to money.
///
/// The number of the session is the number of the order. `anchor` is the due time from `placed` on, 0 without a promise.
enum OrderChapter {
  case searched, viewed, reordered, placed, changed, cancelled, priceExplained
  case paid, reminded, invoiced, goodsBooked
  case contractStarted, contractRenewed, contractCancelled
}

extension Storyteller {
  mutating func tell(_ chapter: OrderChapter, _ step: Step) {
    switch chapter {
    case .searched: searched(step)
    case .viewed: viewed(step)
    case .reordered: reordered(step)
    case .placed: placed(step)
    case .changed: changed(step)
    case .cancelled: cancelled(step)
    case .priceExplained: priceExplained(step)
    case .paid: paid(step)
    case .reminded: reminded(step)
    case .invoiced: invoiced(step)
    case .goodsBooked: goodsBooked(step)
    case .contractStarted: contractStarted(step)
    case .contractRenewed: contractRenewed(step)
    case .contractCancelled: contractCancelled(step)
    }
  }

  func order(_ step: Step) -> Order {
    Order(number: step.story, customer: customer(of: step), draw: draw(story: step.story))
  }

  // MARK: Finding

  private mutating func searched(_ step: Step) {
    let results = draw.percent(12) ? 0 : draw.between(1, 80)
    begin("search.performed", step, .in, by: .customer)
    line.attribute("channel", draw.percent(70) ? "web" : "app")
    line.attribute("touchpoint", "shop-web")
    line.data()
    line.field("session", "s", step.story)
    line.field("results", number: results)
    if draw.percent(90) { line.field("query", draw.pick(Vocabulary.queries)) }
    line.close()
    if results == 0 && draw.percent(50) {
      then(.order(.searched), step, after: draw.between(10 * .second, 2 * .minute))
    } else if draw.percent(75) {
      then(.order(.viewed), step, after: draw.between(5 * .second, 4 * .minute))
    }
  }

  private mutating func viewed(_ step: Step) {
    // What is looked at first is what will be bought.
    let product = step.round == 0 ? order(step).product(0) : Product(number: draw.below(Product.count))
    begin("product.viewed", step, .in, by: .customer)
    line.attribute("touchpoint", "shop-web")
    line.data()
    line.field("sku", "SKU-", product.number)
    line.field("session", "s", step.story)
    line.close()
    if configuration.identityAndCorrections && draw.percent(2) {
      then(.correction(.viewRetracted), step, after: draw.between(1 * .hour, 2 * .day))
    }
    if step.round < 4 && draw.percent(30) {
      then(.order(.viewed), step, after: draw.between(5 * .second, 6 * .minute), round: Int(step.round) + 1)
    } else if draw.percent(60) {
      then(.order(.placed), step, after: draw.between(1 * .minute, 20 * .minute))
    }
  }

  private mutating func reordered(_ step: Step) {
    begin("reorder.used", step, .in, by: .customer)
    line.attribute("channel", "app")
    line.data()
    line.field("sku", "SKU-", order(step).product(0).number)
    line.close()
    then(.order(.placed), step, after: draw.between(10 * .second, 3 * .minute))
  }

  // MARK: The order

  private mutating func placed(_ step: Step) {
    let order = order(step)
    let due = order.due(placed: step.time)
    begin("order.placed", step, .in, by: .customer)
    channel(step)
    if draw.percent(50) { line.attribute("correlationid", "O", step.story) }
    line.data()
    line.field("order", "O", step.story)
    line.openArray("lines")
    for index in 0..<order.lineCount {
      let product = order.product(index)
      line.openObject()
      line.field("sku", "SKU-", product.number)
      line.field("group", product.group)
      line.field("quantity", number: order.quantity(index))
      line.field("price", money: product.price)
      line.closeObject()
    }
    line.closeArray()
    if draw.percent(95) { line.field("revenue", money: order.revenue) }
    if order.shipping > 0 { line.field("shipping", money: order.shipping) }
    line.field("tax", money: order.tax)
    if order.discount > 0 { line.field("discount", money: order.discount) }
    line.field("currency", customer(of: step).country.currency)
    promise(order, due)
    // A field that the vocabulary does not know, as real shops have: nobody knows what is in it, so it is sealed.
    if draw.percent(15) { line.field("delivery_note", draw.pick(Vocabulary.deliveryNotes)) }
    line.close()
    schedule(order, due, step)
  }

  private mutating func promise(_ order: Order, _ due: Int) {
    switch order.promiseForm {
    case .none: break
    case .date: line.field("promised_at", date: due)
    case .instant: line.field("promised_at", instant: due)
    }
  }

  private mutating func schedule(_ order: Order, _ due: Int, _ step: Step) {
    if order.isPrepaid { then(.order(.paid), step, after: draw.between(10 * .second, 10 * .minute)) }
    if draw.percent(3) { then(.order(.priceExplained), step, after: draw.between(1 * .minute, 5 * .hour)) }
    if configuration.identityAndCorrections && draw.percent(3) {
      then(.correction(.orderCorrected), step, after: draw.between(1 * .hour, 2 * .day))
    }
    if order.isCancelled {
      then(.order(.cancelled), step, after: draw.between(30 * .minute, 20 * .hour), anchor: due)
      return
    }
    var toShipping = atWork(draw.between(4 * .hour, 30 * .hour), after: step)
    if order.fate == .changedByCustomer || order.fate == .changedByCompany {
      let toChange = draw.between(1 * .hour, 20 * .hour)
      then(.order(.changed), step, after: toChange, anchor: due)
      toShipping += draw.between(1 * .day, 2 * .day)
    }
    let isMoved = due > 0 && order.fate == .changedByCustomer
    then(.delivery(.shipped), step, after: toShipping, anchor: isMoved ? due + 3 * .day : due)
  }

  private mutating func changed(_ step: Step) {
    let order = order(step)
    let isCustomer = order.fate == .changedByCustomer
    begin("order.changed", step, isCustomer ? .in : .out, by: isCustomer ? .customer : .employee)
    line.data()
    line.field("order", "O", step.story)
    line.field("by", isCustomer ? "customer" : "company")
    if step.anchor > 0 { promise(order, step.anchor + 3 * .day) }
    line.close()
  }

  private mutating func cancelled(_ step: Step) {
    let order = order(step)
    begin("order.cancelled", step)
    line.data()
    line.field("order", "O", step.story)
    switch order.fate {
    case .cancelledByCustomer: line.field("by", "customer")
    case .cancelledByCompany: line.field("by", "company")
    default: line.field("by", "unknown")
    }
    if draw.percent(60) { line.field("reason", order.fate == .cancelledByCompany ? "out_of_stock" : "changed_mind") }
    line.close()
    if order.isPrepaid { then(.delivery(.refunded), step, after: atWork(draw.wait(mean: 2 * .day), after: step)) }
  }

  private mutating func priceExplained(_ step: Step) {
    begin("price.explained", step, .out, by: .employee)
    line.attribute("department", "sales")
    line.data()
    line.field("order", "O", step.story)
    line.close()
  }

  // MARK: Money

  private mutating func amount(_ order: Order, _ step: Step) {
    line.data()
    line.field("amount", money: order.total)
    line.field("currency", customer(of: step).country.currency)
    line.field("order", "O", step.story)
    line.close()
  }

  private mutating func paid(_ step: Step) {
    begin("payment.received", step, nil, by: .system)
    if draw.percent(40) { line.attribute("department", "billing") }
    amount(order(step), step)
  }

  private mutating func reminded(_ step: Step) {
    begin("payment.reminded", step, .out, by: .system)
    line.attribute("channel", "email")
    line.attribute("department", "billing")
    amount(order(step), step)
    then(.order(.paid), step, after: draw.between(1 * .day, 8 * .day))
  }

  private mutating func invoiced(_ step: Step) {
    let order = order(step)
    begin("invoice.issued", step, .out, by: .system)
    line.attribute("department", "billing")
    if draw.percent(50) { line.attribute("touchpoint", "invoice") }
    amount(order, step)
    guard !order.isPrepaid else { return }
    if draw.percent(15) {
      then(.order(.reminded), step, after: 15 * .day)
    } else {
      then(.order(.paid), step, after: draw.between(1 * .day, 14 * .day))
    }
  }

  private mutating func goodsBooked(_ step: Step) {
    let order = order(step)
    begin("cost.booked", step, nil, by: .system)
    line.data()
    let isGoods = draw.percent(75)
    line.field("amount", hundredths: isGoods ? order.revenue * draw.between(40, 70) / 100 : draw.between(290, 790))
    line.field("currency", customer(of: step).country.currency)
    line.field("purpose", isGoods ? "goods" : "shipping")
    line.field("order", "O", step.story)
    line.close()
  }

  // MARK: Contracts: months pass between the events

  private mutating func contractStarted(_ step: Step) {
    begin("contract.started", step)
    line.attribute("department", "sales")
    contract(step)
    let isKept = draw.percent(70)
    let months = isKept ? 365 * .day : draw.between(30 * .day, 300 * .day)
    then(isKept ? .order(.contractRenewed) : .order(.contractCancelled), step, after: months)
  }

  private mutating func contractRenewed(_ step: Step) {
    begin("contract.renewed", step)
    contract(step)
    let isKept = draw.percent(70)
    then(isKept ? .order(.contractRenewed) : .order(.contractCancelled), step, after: 365 * .day)
  }

  private mutating func contract(_ step: Step) {
    line.data()
    line.field("contract", "V", step.story)
    line.field("value_per_year", money: 4900 + step.story % 40 * 1200)
    line.field("currency", customer(of: step).country.currency)
    line.field("ends", date: step.time + 365 * .day)
    line.close()
  }

  private mutating func contractCancelled(_ step: Step) {
    begin("contract.cancelled", step)
    line.data()
    line.field("contract", "V", step.story)
    line.field("value_per_year", money: 4900 + step.story % 40 * 1200)
    line.field("currency", customer(of: step).country.currency)
    line.field("reason", draw.pick(Vocabulary.lossReasons))
    line.close()
    if draw.percent(30) { then(.party(.lost), step, after: draw.between(1 * .hour, 20 * .day)) }
  }
}
