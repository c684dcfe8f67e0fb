extension Twin {
  static let satisfaction = Twin(
    view: "satisfaction", types: ["survey.sent", "survey.answered", "survey.answered", "review.published"],
    streams: (1...4).map { Soup.lines(seed: $0) }
  ) { Naive.satisfaction($0) }
}

extension Naive {
  private struct Key: Hashable {
    var kind: String
    var group: String?
  }

  /// `satisfaction` after its definition.
  static func satisfaction(_ world: World) -> Result {
    let query = world.query
    let grouping = query.grouping
    var sent: [Key: Int] = [:]
    var answers: [Key: Int] = [:]
    var counted: [Key: [JSON]] = [:]
    var leftOut: [String: Int] = [:]
    for person in world.people {
      var latest: [String: Event] = [:]
      for event in person.events where query.holds(event.time) {
        let isReview = event.type == "review.published"
        guard isReview || event.type.hasPrefix("survey.") else { continue }
        let key = Key(kind: isReview ? "review" : kind(event), group: group(event, query))
        if event.type == "survey.sent" {
          sent[key, default: 0] += 1
          counted[key, default: []] += []
          continue
        }
        let actor = event.attributes["actorkind"]?.text
        let relation = isReview ? event.data["relation"]?.text : nil
        if actor == "employee" || actor == "bot" || relation == "employee" || relation == "paid" {
          leftOut["not_a_customer", default: 0] += 1
        } else if isReview {
          if event.data["score"] != nil { counted[key, default: []].append(event.data) }
        } else {
          answers[key, default: 0] += 1
          counted[key, default: []] += []
          latest[key.kind] = event
        }
      }
      for (kind, event) in latest {
        if let reason = exclusion(kind, event.data) {
          leftOut[reason, default: 0] += 1
        } else {
          counted[Key(kind: kind, group: group(event, query)), default: []].append(event.data)
        }
      }
    }
    var rows: [JSON] = []
    for group in ordered(Set(counted.keys.map(\.group))) {
      for key in counted.keys.filter({ $0.group == group }).sorted(by: { $0.kind < $1.kind }) {
        rows.append(row(key, counted[key]!, sent: sent[key] ?? 0, answers: answers[key] ?? 0, grouping))
      }
    }
    return Result(rows: rows, leftOut: leftOut)
  }

  private static func kind(_ event: Event) -> String {
    let kind = event.data["kind"]!.text!
    return ["nps", "csat", "ces", "perception", "open"].contains(kind) ? kind : "other"
  }

  private static func group(_ event: Event, _ query: Query) -> String? {
    switch query.grouping {
    case nil, "kind": return nil
    case "sample":
      guard event.type == "survey.answered", let sample = event.text("sample") else { return nil }
      return ["existing", "lost", "competitor", "noncustomer"].contains(sample) ? sample : "other"
    case "month": return query.month(event.time)
    case let name?: return event.attributes[name]?.text
    }
  }

  private static func exclusion(_ kind: String, _ data: JSON) -> String? {
    switch kind {
    case "nps", "csat", "ces":
      guard data["score"] != nil else { return "no_score" }
      let scale = data["scale"]?.double
      let top = scale ?? (kind == "nps" ? 10 : kind == "ces" ? 7 : 5)
      if let score = data["score"]?.double, score < (kind == "ces" || kind == "csat" && top == 5 ? 1 : 0) || score > top
      {
        return "out_of_scale"
      }
      if kind == "nps", let scale, scale != 10 { return "other_scale" }
      if kind == "ces", let scale, scale != 7 { return "other_scale" }
      return nil
    case "perception": return data["yes"] == nil ? "no_score" : nil
    default: return nil
    }
  }

  private static func row(_ key: Key, _ answers: [JSON], sent: Int, answers all: Int, _ grouping: String?) -> JSON {
    let scores = answers.compactMap { $0["score"]?.double }
    let n = Double(answers.count)
    let mean = scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
    var value: Double?
    var plusMinus: Double?
    switch key.kind {
    case _ where answers.isEmpty: break
    case "nps":
      let p = Double(scores.filter { $0 >= 9 }.count) / n
      let d = Double(scores.filter { $0 <= 6 }.count) / n
      value = 100 * (p - d)
      plusMinus = 1.96 * 100 * ((p + d - (p - d) * (p - d)) / n).squareRoot()
    case "csat":
      // 4 and 5 of 5 are the top 40 % too.
      value = Double(answers.filter { $0["score"]!.double! > 0.6 * ($0["scale"]?.double ?? 5) + 1e-9 }.count) / n
    case "ces": value = mean
    case "perception": value = Double(answers.filter { $0["yes"]?.bool == true }.count) / n
    default: break
    }
    func number(_ value: Double?) -> JSON { value.map { .number("\($0)") } ?? .null }
    var distribution: [String: JSON] = [:]
    for (score, list) in Dictionary(grouping: scores, by: { $0 }) {
      distribution[score == score.rounded() ? "\(Int(score))" : "\(score)"] = .number("\(list.count)")
    }
    var members: [String: JSON] = [
      "kind": .string(key.kind), "n": number(n), "value": number(value), "plus_minus": number(plusMinus),
      "response_rate": key.kind == "review" || sent == 0 ? .null : number(Double(all) / Double(sent)),
      "distribution": .object(distribution), "score_mean": number(mean), "score_n": number(Double(scores.count)),
    ]
    if let grouping, grouping != "kind" { members[grouping] = key.group.map { .string($0) } ?? .null }
    return .object(members)
  }
}
