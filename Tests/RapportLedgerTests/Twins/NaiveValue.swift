extension Twin {
  static let value = Twin(
    view: "value",
    types: [
      "order.placed", "order.refunded", "cost.booked", "feedback.received", "referral.made", "review.published",
      "goal.achieved", "resolution.confirmed",
    ]
  ) { world in
    struct Booking {
      var customer: String
      var currency: String
      var revenue = 0, refunds = 0, cost = 0
    }
    var bookings: [Booking] = []
    var gifts: [String: [String: Int]] = [:]
    var staff = 0
    for person in world.people {
      for event in person.events where world.query.holds(event.time) {
        var booking = Booking(customer: person.name, currency: event.text("currency") ?? "")
        var gift: String?
        switch event.type {
        case "order.placed": booking.revenue = event.money("revenue") ?? Naive.sum(event)
        case "order.refunded": booking.refunds = event.money("amount")!
        case "cost.booked": booking.cost = event.money("amount")!
        case "feedback.received" where event.text("kind") == "idea": gift = "ideas"
        case "referral.made": gift = "referrals"
        case "review.published": gift = "reviews"
        case "goal.achieved": gift = "goals_achieved"
        case "resolution.confirmed": gift = "confirmed_solutions"
        default: continue
        }
        guard let gift else {
          bookings.append(booking)
          continue
        }
        if event.isStaff, ["ideas", "reviews", "confirmed_solutions"].contains(gift) {
          staff += 1
        } else {
          gifts[person.name, default: [:]][gift, default: 0] += 1
        }
      }
    }
    func cells(_ bookings: [Booking]) -> [String: JSON] {
      let people = Dictionary(grouping: bookings, by: \.customer)
      func contribution(_ list: [Booking]) -> Int { list.reduce(0) { $0 + $1.revenue - $1.refunds - $1.cost } }
      return [
        "revenue": money(bookings.reduce(0) { $0 + $1.revenue }),
        "refunds": money(bookings.reduce(0) { $0 + $1.refunds }), "cost": money(bookings.reduce(0) { $0 + $1.cost }),
        "contribution": money(contribution(bookings)), "customers": count(people.count),
        "unprofitable": count(people.values.filter { contribution($0) < 0 }.count),
      ]
    }
    var result = Naive.Result(leftOut: staff > 0 ? ["not_a_customer": staff] : [:])
    guard world.query.grouping == "customer" else {
      let currencies = Dictionary(grouping: bookings, by: \.currency)
      result.rows = currencies.keys.sorted().map {
        .object(cells(currencies[$0]!).merging(["currency": .string($0)]) { $1 })
      }
      return result
    }
    for person in world.people {
      let own = bookings.filter { $0.customer == person.name }
      let given = gifts[person.name] ?? [:]
      guard !own.isEmpty || !given.isEmpty else { continue }
      let currencies = Set(own.map(\.currency)).sorted().map { Optional($0) }
      for currency in currencies.isEmpty ? [nil] : currencies {
        var row = cells(own.filter { $0.currency == currency })
        if currency == nil {
          for key in ["revenue", "refunds", "cost", "contribution"] { row[key] = .null }
          row["customers"] = 1
        }
        row["customer"] = .string(person.name)
        row["currency"] = text(currency)
        for key in ["ideas", "referrals", "reviews", "goals_achieved", "confirmed_solutions"] {
          row[key] = count(given[key] ?? 0)
        }
        result.rows.append(.object(row))
      }
    }
    return result
  }
}

extension Naive {
  /// Revenue that an order does not say: Σ quantity × price − discount, in ten-thousandths.
  static func sum(_ order: Event) -> Int {
    let lines = order.data["lines"]?.elements ?? []
    guard !lines.isEmpty else { return 0 }
    let sum = lines.reduce(0.0) { $0 + $1["quantity"]!.double! * ($1["price"]?.double ?? 0) }
    return Int((sum * 10_000).rounded()) - (order.money("discount") ?? 0)
  }
}
