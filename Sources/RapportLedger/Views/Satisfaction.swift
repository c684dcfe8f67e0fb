/// `satisfaction`: what customers say when they are asked, and what they publish unasked.
///
/// One answer per person, kind and window: the latest. NPS = 100 · (promoters 9–10 − detractors 0–6) / n on 0–10, with
/// ± 1.96 · 100 · √((p + d − (p − d)²) / n). CSAT = satisfied / n, satisfied being 4–5 on 1–5 and the top 40 % of other
/// scales. CES = mean on 1–7. Reviews with a score stand apart as `review`.
public struct Satisfaction: View {
  public static let name = "satisfaction"
  public static let version = 1
  public static let question = "How satisfied are customers, by their own answers?"
  public static let definition = ViewDefinition(
    formula: """
      One answer per person, kind and window: the latest. nps: value = 100·(promoters 9–10 − detractors 0–6)/n on 0–10, \
      plus_minus = 1.96·100·√((p + d − (p − d)²)/n). csat: value = share of 4–5 on 1–5, of the top 40 % on other scales. \
      ces: value = mean on 1–7. perception: value = share of yes. open: no value. review: reviews with a score; \
      score_mean, n and distribution only. response_rate = answers / surveys sent in the window.
      """,
    unit: "answers; nps in points, csat and rates as shares, ces in scale points", anchor: "survey.answered",
    exclusions: """
      no_score: answers without the score or yes that their kind needs. other_scale: nps not on 0–10, ces not on 1–7. out_of_scale: scores \
      beyond their scale. \
      Answers and reviews written by employees or bots, and reviews by employees or paid, are not the voice of customers: \
      not_a_customer
      """,
    groupings: ["kind", "sample", "country", "touchpoint", "month"], defaultGrouping: "kind",
    keys: ["kind", "n", "value", "plus_minus", "response_rate", "distribution", "score_mean", "score_n"])

  /// A survey sent, an answer or a review.
  public struct Voice: BitwiseCopyable, Sendable {
    var time: Int64
    /// In millionths.
    var score: Int64
    var country: UInt32
    var touchpoint: UInt32
    var scale: UInt16
    var what: What
    /// 1 + index in `surveyKinds`; 255 another kind.
    var kind: UInt8
    var sample: UInt8
    /// 0 not said, 1 no, 2 yes.
    var yes: UInt8
    var hasScore: Bool
    var isCustomer: Bool

    enum What: UInt8, BitwiseCopyable { case sent, answered, review }
  }

  static let surveyKinds = ["nps", "csat", "ces", "perception", "open"]
  static let samples = ["existing", "lost", "competitor", "noncustomer"]

  public init() {}

  public let kinds: EventKindSet = [.surveySent, .surveyAnswered, .reviewPublished]
  public let columns = ColumnSet(.code, .code2, .number, .scale, .marks, .country, .touchpoint, .actor)

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Voice]) {
    for index in history.events.indices {
      let event = history.events[index]
      let what: Voice.What
      switch event.kind {
      case .surveySent: what = .sent
      case .surveyAnswered: what = .answered
      case .reviewPublished: what = .review
      default: continue
      }
      let isReview = what == .review
      records.append(
        Voice(
          time: event.time, score: event.number, country: event.country, touchpoint: event.touchpoint,
          scale: event.scale, what: what, kind: isReview ? 0 : event.code, sample: isReview ? 0 : event.code2,
          yes: event.flagA.map { $0 ? 2 : 1 } ?? 0, hasScore: event.hasNumber,
          isCustomer: !event.isStaff))
    }
  }

  public func digest(_ voice: Voice, into hasher: inout DigestHasher) {
    hasher.add(values: voice.time, voice.score, voice.scale)
    hasher.add(values: voice.what.rawValue, voice.kind, voice.sample, voice.yes)
    hasher.add(names: voice.country, voice.touchpoint)
    hasher.add(voice.hasScore)
    hasher.add(voice.isCustomer)
  }

  public struct Counts {
    var sent = 0, answered = 0, n = 0, promoters = 0, detractors = 0, satisfied = 0, yes = 0, existing = 0
    var scores: [Int64: Int] = [:]

    /// The answer that stands for a person.
    mutating func add(_ voice: Voice, scale: Int64) {
      n += 1
      if voice.sample == 1 { existing += 1 }
      if voice.hasScore { scores[voice.score, default: 0] += 1 }
      if voice.score >= 9_000_000 { promoters += 1 }
      if voice.score <= 6_000_000 { detractors += 1 }
      if voice.score > 600_000 * scale { satisfied += 1 }
      if voice.yes == 2 { yes += 1 }
    }

    mutating func addReview(score: Int64) {
      n += 1
      scores[score, default: 0] += 1
    }

    var scored: Int { scores.values.reduce(0, +) }
    var mean: Double? {
      let sum = scores.reduce(Int128(0)) { $0 + Int128($1.key) * Int128($1.value) }
      return scored == 0 ? nil : Double(sum) / 1_000_000 / Double(scored)
    }
  }

  public struct Tally {
    var groups = KindGroups(Counts())
    var unscored = 0, otherScale = 0, outOfScale = 0, staff = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ voices: Span<Voice>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var latest: [UInt8: Int] = [:]
    for index in voices.indices where query.includes(voices[index].time) {
      let voice = voices[index]
      guard voice.isCustomer || voice.what == .sent else {
        tally.staff += 1
        continue
      }
      switch voice.what {
      case .sent: tally.groups.update(Self.kindName(voice), group(voice, query)) { $0.sent += 1 }
      case .answered:
        tally.groups.update(Self.kindName(voice), group(voice, query)) { $0.answered += 1 }
        latest[voice.kind] = index
      case .review:
        guard voice.hasScore else { continue }
        tally.groups.update("review", group(voice, query)) { $0.addReview(score: voice.score) }
      }
    }
    for index in latest.values { count(voices[index], &tally, query) }
  }

  private static func kindName(_ voice: Voice) -> String {
    word(voice.kind, surveyKinds) ?? "other"
  }

  private func group(_ voice: Voice, _ query: ViewQuery) -> Group {
    switch query.grouping {
    case "sample": word(voice.sample, Self.samples).map { .word($0) } ?? .absent
    case "country": .name(orAbsent: voice.country)
    case "touchpoint": .name(orAbsent: voice.touchpoint)
    case "month": .month(query.month(of: voice.time))
    default: .all
    }
  }

  /// Counts the answer that stands for a person.
  private func count(_ voice: Voice, _ tally: inout Tally, _ query: ViewQuery) {
    let kind = Self.kindName(voice)
    // Without a scale the survey's own: NPS 10, CSAT 5, CES 7.
    let scale = voice.scale != 0 ? Int64(voice.scale) : kind == "nps" ? 10 : kind == "ces" ? 7 : 5
    let score = voice.score
    switch kind {
    case "nps", "csat", "ces":
      guard voice.hasScore else { return tally.unscored += 1 }
      guard score >= 0, score <= 1_000_000 * scale else { return tally.outOfScale += 1 }
      if (kind == "nps" && scale != 10) || (kind == "ces" && scale != 7) { return tally.otherScale += 1 }
    case "perception":
      guard voice.yes != 0 else { return tally.unscored += 1 }
    default: break
    }
    tally.groups.update(kind, group(voice, query)) { $0.add(voice, scale: scale) }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    var warnings: [String] = []
    let rows = try tally.groups.rows(by: query.grouping, names) { kind, group, counts in
      let kind = kind ?? ""
      if kind != "review", kind != "other" { warnings += Self.warnings(kind, group, counts) }
      let (value, plusMinus) = Self.value(kind, counts)
      return ViewRow([
        "n": .count(counts.n), "value": value, "plus_minus": plusMinus,
        "response_rate": kind == "review" ? .none : .rate(part: counts.answered, whole: counts.sent),
        "distribution": .distribution(Self.distribution(counts)), "score_mean": .number(orNone: counts.mean),
        "score_n": .count(counts.scored),
      ])
    }
    return ViewRows(
      rows,
      leftOut: [
        "no_score": tally.unscored, "not_a_customer": tally.staff, "other_scale": tally.otherScale,
        "out_of_scale": tally.outOfScale,
      ], warnings: warnings)
  }

  private static func value(_ kind: String, _ counts: Counts) -> (ViewRow.Cell, ViewRow.Cell) {
    guard counts.n > 0 else { return (.none, .none) }
    let n = Double(counts.n)
    switch kind {
    case "nps":
      let (p, d) = (Double(counts.promoters) / n, Double(counts.detractors) / n)
      return (.number(100 * (p - d)), .number(1.96 * 100 * ((p + d - (p - d) * (p - d)) / n).squareRoot()))
    case "csat": return (.rate(part: counts.satisfied, whole: counts.n), .none)
    case "ces": return (counts.mean.map { .number($0) } ?? .none, .none)
    case "perception": return (.rate(part: counts.yes, whole: counts.n), .none)
    default: return (.none, .none)
    }
  }

  private static func distribution(_ counts: Counts) -> [(key: String, count: Int)] {
    counts.scores.sorted { $0.key < $1.key }.map { (JSONValue.decimals(Double($0.key) / 1_000_000), $0.value) }
  }

  private static func warnings(_ kind: String, _ group: String?, _ counts: Counts) -> [String] {
    var warnings: [String] = []
    let name = group.map { "\(kind) of \($0)" } ?? kind
    if counts.n > 0, counts.n < 30 { warnings.append("\(name): n = \(counts.n), too few answers to conclude from") }
    if counts.n > 0, counts.existing * 10 > counts.n * 9 {
      warnings.append(
        "\(name): more than 90 % of the answers come from existing customers; self-referential programmes are dangerous"
      )
    }
    return warnings
  }
}
