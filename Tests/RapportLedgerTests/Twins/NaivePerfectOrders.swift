extension Twin {
  static let perfectOrders = Twin(
    view: "perfect-orders",
    types: [
      "order.placed", "order.changed", "order.cancelled", "order.delivered", "order.delivered", "order.returned",
      "case.opened",
    ], streams: (1...4).map { Soup.lines(seed: $0) }
  ) { Naive.perfectOrders($0) }
}

extension Naive {
  struct Window {
    var from: Time?
    var to: Time?
    func holds(_ time: Time) -> Bool { !(from.map { time < $0 } ?? false) && !(to.map { time >= $0 } ?? false) }
  }

  /// `perfect-orders` after its definition.
  static func perfectOrders(_ world: World) -> Result {
    let query = world.query
    var due: [String?: [Judged]] = query.grouping == nil ? [nil: []] : [:]
    var received: [String?: Int] = [:]
    var leftOut: [String: Int] = [:]
    for person in world.people {
      leftOut["not_placed", default: 0] += unplaced(person.events)
      for order in orders(of: person.events, query) {
        func group(_ month: Time) -> String? {
          switch query.grouping {
          case "month": query.month(month)
          case let name?: order.attributes[name]?.text
          case nil: nil
          }
        }
        if query.holds(order.placed) {
          received[group(order.placed), default: 0] += 1
          due[group(order.placed), default: []] += []
          if order.due == nil { leftOut["no_promise", default: 0] += 1 }
        }
        guard let promise = order.due, query.holds(promise) else { continue }
        if order.isOffBeforeDue {
          leftOut["cancelled_by_customer", default: 0] += 1
        } else {
          due[group(promise), default: []].append(order)
        }
      }
    }
    let rows = ordered(due.keys).map { key in
      row(due[key]!, received: received[key] ?? 0, asOf: query.now, group: query.grouping.map { ($0, key) })
    }
    return Result(rows: rows, leftOut: leftOut.filter { $0.value > 0 })
  }

  /// Orders that something happened to, but that were never placed.
  private static func unplaced(_ history: [Event]) -> Int {
    let placed = Set(history.filter { $0.type == "order.placed" }.map { $0.text("order")! })
    let others = history.filter { event in
      switch event.type {
      case "order.changed", "order.cancelled", "order.delivered": true
      default: isComplaint(event) && event.text("order") != nil
      }
    }
    return Set(others.map { $0.text("order")! }).subtracting(placed).count
  }

  struct Judged {
    var attributes: JSON
    var placed: Time
    var due: Time?
    var delivered: Time?
    var isOnTime = false
    var isInFull = false
    var isUndamaged = true
    var isComplaintFree = true
    var isOffBeforeDue = false
    var cancelledByCompany = false
    var isPerfect: Bool { isOnTime && isInFull && isUndamaged && isComplaintFree && !cancelledByCompany }
  }

  private static func orders(of history: [Event], _ query: Query) -> [Judged] {
    // Of several events that place one order the first does.
    let placements = history.filter { $0.type == "order.placed" }
    let first = Dictionary(grouping: placements, by: { $0.text("order")! }).values.map { $0[0] }
    return first.map { placed in
      let name = placed.data["order"]!
      let own = history.filter { $0.data["order"] == name }
      let changes = own.filter { $0.type == "order.changed" }
      var order = Judged(attributes: placed.attributes, placed: placed.time)
      let promises = [placed] + changes.filter { $0.data["by"] == "customer" }
      let promise = promises.last { $0.data["promised_at"] != nil }?.data["promised_at"]?.text
      order.due = promise.map { query.start($0) }
      let wanted = quantities(([placed] + changes).last { $0.data["lines"] != nil }?.data["lines"])
      judge(&order, own.filter { $0.type == "order.delivered" }, wanted, promise, query)
      if let delivered = order.delivered {
        order.isComplaintFree = !own.contains { event in
          isComplaint(event) && event.time >= delivered && event.time <= delivered.plus(days: 14)
        }
      }
      let cancellations = own.filter { $0.type == "order.cancelled" }
      order.cancelledByCompany = cancellations.contains { $0.data["by"] == "company" }
      order.isOffBeforeDue = cancellations.contains { event in
        event.data["by"] == "customer" && order.due.map { event.time < $0 } ?? false
      }
      return order
    }
  }

  /// The delivery that completes the order: the first after which everything is there.
  private static func judge(
    _ order: inout Judged, _ deliveries: [Event], _ wanted: [String: Double], _ promise: String?, _ query: Query
  ) {
    var arrived: [String: Double] = [:]
    for delivery in deliveries {
      if let condition = delivery.data["condition"], condition != "ok" { order.isUndamaged = false }
      guard !order.isInFull else { continue }
      let brought = quantities(delivery.data["lines"])
      arrived.merge(brought, uniquingKeysWith: +)
      order.delivered = delivery.time
      order.isInFull =
        brought.isEmpty || wanted.isEmpty || wanted.allSatisfy { arrived[$0.key, default: 0] >= $0.value - 1e-9 }
    }
    guard order.isInFull, let promise, let due = order.due, let delivered = order.delivered else { return }
    order.isOnTime = promise.count == 10 ? query.day(delivered) <= promise : delivered <= due
  }

  private static func quantities(_ lines: JSON?) -> [String: Double] {
    Dictionary((lines?.elements ?? []).map { ($0["sku"]!.text!, $0["quantity"]!.double!) }, uniquingKeysWith: +)
  }

  private static func isComplaint(_ event: Event) -> Bool {
    switch event.type {
    case "order.returned":
      ["wrong", "damaged", "defective", "not_as_described"].contains(event.data["reason"]?.text)
    case "case.opened": event.data["kind"] == "complaint"
    default: false
    }
  }

  private static func row(_ orders: [Judged], received: Int, asOf: Time, group: (String, String?)?) -> JSON {
    let delivered = orders.filter { $0.delivered != nil }
    let perfect = delivered.filter(\.isPerfect)
    let leads = delivered.map { $0.delivered!.seconds(since: $0.placed) }
    func count(_ value: Int?) -> JSON { value.map { .number("\($0)") } ?? .null }
    func rate(_ part: Int, _ whole: Int) -> JSON { whole == 0 ? .null : .number("\(Double(part) / Double(whole))") }
    func ofDelivered(_ holds: (Judged) -> Bool) -> JSON { rate(delivered.filter(holds).count, delivered.count) }
    let onTime = delivered.filter(\.isOnTime).count
    var members: [String: JSON] = [
      "due": count(orders.count), "delivered": count(delivered.count), "on_time": count(onTime),
      "perfect": count(perfect.count), "perfect_rate": rate(perfect.count, orders.count),
      "on_time_rate": rate(onTime, orders.count), "on_time_of_delivered_rate": rate(onTime, delivered.count),
      "in_full_rate": ofDelivered(\.isInFull), "undamaged_rate": ofDelivered(\.isUndamaged),
      "complaint_free_rate": ofDelivered(\.isComplaintFree),
      "provisional": count(perfect.filter { asOf < $0.delivered!.plus(days: 14) }.count),
      "lead_p50": count(percentile(leads, 50)), "lead_p90": count(percentile(leads, 90)), "received": count(received),
    ]
    if let (key, value) = group { members[key] = value.map { .string($0) } ?? .null }
    return .object(members)
  }
}
