extension Twin {
  static let wants = Twin(
    view: "wants",
    types: [
      "message.received", "message.sent", "help.requested", "help.requested", "handoff.done", "case.opened",
      "case.replied", "case.resolved", "resolution.confirmed", "resolution.denied", "answer.given", "order.placed",
      "order.returned", "order.delivered", "survey.answered", "survey.answered", "contact.attempted",
    ]
  ) { world in
    let query = world.query
    let events = world.people.flatMap(\.events).filter { query.holds($0.time) }
    let resolved = world.people.reduce(0) { total, person in
      let first = Dictionary(grouping: person.events.filter { $0.type == "case.resolved" }) { $0.text("case")! }
      return total + first.values.filter { query.holds($0[0].time) }.count
    }
    var asked = 0
    var helped = 0
    for person in world.people {
      for (index, event) in person.events.enumerated() where event.type == "help.requested" && query.holds(event.time) {
        asked += 1
        let answer = person.events[index...].first { answer in
          ["message.sent", "answer.given", "handoff.done"].contains(answer.type)
            || (answer.type == "case.replied" && answer.flag("public") != false)
        }
        if let answer, answer.time.nanoseconds(since: event.time) <= 3_600_000_000_000 { helped += 1 }
      }
    }
    let ordered = events.filter { $0.type == "order.placed" }.reduce(0) { $0 + ($1.data["lines"]?.elements.count ?? 0) }
    let faults = ["wrong", "damaged", "defective", "not_as_described"]
    let returned = events.filter { $0.type == "order.returned" && faults.contains($0.text("reason")!) }.reduce(0) {
      $0 + max(1, $1.data["lines"]?.elements.count ?? 0)
    }
    let words = events.filter { $0.type.hasPrefix("resolution.") }
    let spoken = words.filter { !$0.isStaff }
    let confirmed = spoken.filter { $0.type == "resolution.confirmed" }.count
    let denied = spoken.count - confirmed
    let complaints = events.filter { $0.type == "case.opened" && $0.text("kind") == "complaint" }
    let wants = ["easy", "access", "solution", "fast", "help", "feeling"]
    let wantless = complaints.filter { !wants.contains($0.text("want") ?? "") }.count
    let leftOut = ["no_want": wantless, "not_a_customer": words.count - spoken.count]
    let attempts = events.filter { $0.type == "contact.attempted" }
    let full = Naive.serviceCases(world).cases.compactMap(\.resolutions.last)
    let perfect = Naive.perfectOrders(world).rows[0]
    let surveys = Naive.satisfaction(world).rows
    func survey(_ kind: String) -> (JSON, JSON) {
      let row = surveys.first { $0["kind"] == .string(kind) }
      return (row?["value"] ?? .null, row?["n"] ?? 0)
    }
    let contacts = events.filter(\.isContact).count
    let answered = attempts.filter { $0.text("outcome") == "answered" }.count
    let measures: [(String, String, (JSON, JSON))] = [
      ("easy", "ces", survey("ces")),
      ("easy", "contacts_per_resolved_case", (rate(contacts, resolved), count(resolved))),
      ("access", "answered_rate", (rate(answered, attempts.count), count(attempts.count))),
      ("solution", "confirmed_rate", (rate(confirmed, confirmed + denied), count(confirmed + denied))),
      ("solution", "not_returned_rate", (rate(ordered - returned, ordered), count(ordered))),
      ("fast", "resolve_full_p50", (count(Naive.percentile(full, 50)), count(full.count))),
      ("fast", "lead_p50", (perfect["lead_p50"] ?? .null, perfect["delivered"]!)),
      ("help", "answered_within_1h_rate", (rate(helped, asked), count(asked))),
      ("feeling", "csat", survey("csat")), ("feeling", "nps", survey("nps")),
    ]
    return Naive.Result(
      rows: measures.map { want, measure, value in
        [
          "want": .string(want), "measure": .string(measure), "value": value.0, "n": value.1,
          "complaints": count(complaints.filter { $0.text("want") == want }.count),
        ]
      }, leftOut: leftOut.filter { $0.value > 0 })
  }

  static let countries = Twin(
    view: "countries",
    types: [
      "order.placed", "order.placed", "order.delivered", "survey.answered", "survey.answered", "case.opened",
      "case.resolved",
    ]
  ) { world in
    var byCountry = world
    byCountry.query.grouping = "country"
    let events = world.people.flatMap(\.events).filter { world.query.holds($0.time) }
    let orders = events.filter { $0.type == "order.placed" }
    let complaints = events.filter { $0.type == "case.opened" && $0.text("kind") == "complaint" }
    let perfect = Naive.perfectOrders(byCountry).rows
    let surveys = Naive.satisfaction(byCountry).rows.filter {
      ["nps", "csat"].contains($0["kind"]?.text) && $0["n"]?.double != 0
    }
    let cases = Dictionary(grouping: Naive.serviceCases(world).cases) { $0.opened.attribute("country") }
    var countries: Set<String?> = Set(cases.keys)
    for event in orders + complaints { countries.insert(event.attribute("country")) }
    for row in perfect + surveys { countries.insert(row["country"]?.text) }
    var rows: [JSON] = []
    for country in Naive.ordered(countries) {
      let sold = orders.filter { $0.attribute("country") == country }
      let complained = complaints.filter { $0.attribute("country") == country }.count
      let due = perfect.first { $0["country"]?.text == country }
      func survey(_ kind: String) -> JSON? {
        surveys.first { $0["country"]?.text == country && $0["kind"]?.text == kind }
      }
      let full = (cases[country] ?? []).compactMap(\.resolutions.last)
      var row: [String: JSON] = [
        "country": text(country), "perfect_rate": due?["perfect_rate"] ?? .null, "perfect_n": due?["due"] ?? 0,
        "resolve_p50": count(Naive.percentile(full, 50)),
        "complaints_per_100_orders": sold.isEmpty ? .null : number(100 * Double(complained) / Double(sold.count)),
        "currency": .null, "revenue": .null,
      ]
      for kind in ["csat", "nps"] {
        row[kind] = survey(kind)?["value"] ?? .null
        row[kind + "_n"] = survey(kind)?["n"] ?? 0
      }
      let currencies = Dictionary(grouping: sold) { $0.text("currency")! }
      if currencies.isEmpty { rows.append(.object(row)) }
      for currency in currencies.keys.sorted() {
        row["currency"] = .string(currency)
        row["revenue"] = money(currencies[currency]!.reduce(0) { $0 + ($1.money("revenue") ?? Naive.sum($1)) })
        rows.append(.object(row))
      }
    }
    return Naive.Result(rows: rows)
  }
}
