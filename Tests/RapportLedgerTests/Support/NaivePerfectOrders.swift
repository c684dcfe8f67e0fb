extension Naive {
  struct Window {
    var from: Time?
    var to: Time?
    func holds(_ time: Time) -> Bool { !(from.map { time < $0 } ?? false) && !(to.map { time >= $0 } ?? false) }
  }

  /// `perfect-orders` after its definition: rows as text, and what is left out.
  static func perfectOrders(
    _ lines: [String], window: Window = Window(), asOf: Time, by grouping: String?
  ) throws -> (rows: [JSON], cancelled: Int, unpromised: Int) {
    var due: [String?: [Judged]] = grouping == nil ? [nil: []] : [:]
    var received: [String?: Int] = [:]
    var cancelled = 0
    var unpromised = 0
    for history in try histories(lines, upTo: asOf) {
      for order in orders(of: history) {
        func group(_ month: Time) -> String? {
          switch grouping {
          case "month": month.month
          case let name?: order.attributes[name]?.text
          case nil: nil
          }
        }
        if window.holds(order.placed) {
          received[group(order.placed), default: 0] += 1
          due[group(order.placed), default: []] += []
          if order.due == nil { unpromised += 1 }
        }
        guard let promise = order.due, window.holds(promise) else { continue }
        if order.isOffBeforeDue {
          cancelled += 1
        } else {
          due[group(promise), default: []].append(order)
        }
      }
    }
    let rows = ordered(due.keys).map { key in
      row(due[key]!, received: received[key] ?? 0, asOf: asOf, group: grouping.map { ($0, key) })
    }
    return (rows, cancelled, unpromised)
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

  private static func orders(of history: [Event]) -> [Judged] {
    history.filter { $0.type == "order.placed" }.map { placed in
      let name = placed.data["order"]!
      let own = history.filter { $0.data["order"] == name }
      let changes = own.filter { $0.type == "order.changed" }
      var order = Judged(attributes: placed.attributes, placed: placed.time)
      let promises = [placed] + changes.filter { $0.data["by"] == "customer" }
      let promise = promises.last { $0.data["promised_at"] != nil }?.data["promised_at"]?.text
      order.due = promise.map { Time($0) }
      let wanted = quantities(([placed] + changes).last { $0.data["lines"] != nil }?.data["lines"])
      judge(&order, own.filter { $0.type == "order.delivered" }, wanted, promise)
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
    _ order: inout Judged, _ deliveries: [Event], _ wanted: [String: Double], _ promise: String?
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
    order.isOnTime = promise.count == 10 ? delivered < due.plus(days: 1) : delivered <= due
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
