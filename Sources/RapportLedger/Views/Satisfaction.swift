/// `satisfaction`: what customers say when they are asked, and what they publish unasked.
///
/// One answer per person, kind and window: the latest. NPS = 100 · (promoters 9–10 − detractors 0–6) / n on 0–10, with
/// ± 1.96 · 100 · √((p + d − (p − d)²) / n). CSAT = satisfied / n, satisfied being 4–5 on 1–5 and the top 40 % of other
/// scales. CES = mean on 1–7. Reviews with a score stand apart as `review`.
public struct Satisfaction: View {
  public static let name = "satisfaction"
  public static let version = 2
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
      no_score: answers without the score or yes that their kind needs. other_scale: nps not on 0–10, ces not on 1–7. \
      out_of_scale: scores beyond their scale. \
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
    /// ``SurveyKind``; 0 is not said, 255 another one.
    var kind: UInt8
    var sample: UInt8
    /// 0 not said, 1 no, 2 yes.
    var yes: UInt8
    var hasScore: Bool
    var isCustomer: Bool

    enum What: UInt8, BitwiseCopyable { case sent, answered, review }
  }

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
    var sent = 0, answered = 0, n = 0, satisfied = 0, yes = 0, existing = 0
    var scores = Scores()

    /// The answer that stands for a person, or a review.
    mutating func add(_ voice: Voice, scale: Int64) {
      n += 1
      if voice.sample == 1 { existing += 1 }
      if voice.hasScore { scores.add(voice.score) }
      if voice.score > 600_000 * scale { satisfied += 1 }
      if voice.yes == 2 { yes += 1 }
    }
  }

  public struct Tally {
    var groups = KindGroups(Counts(), kinds: SurveyKind.words + ["review"], words: Satisfaction.samples)
    var unscored = 0, otherScale = 0, outOfScale = 0, staff = 0
  }

  private static let review: UInt8 = 6

  public func makeTally() -> Tally { Tally() }

  public func add(_ voices: Span<Voice>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var latest = InlineArray<7, Int>(repeating: -1)
    for index in voices.indices where query.includes(voices[index].time) {
      let voice = voices[index]
      guard voice.isCustomer || voice.what == .sent else {
        tally.staff += 1
        continue
      }
      let kind = SurveyKind(rawValue: voice.kind)?.rawValue ?? .max
      switch voice.what {
      case .sent: tally.groups.update(kind, group(voice, query)) { $0.sent += 1 }
      case .answered:
        tally.groups.update(kind, group(voice, query)) { $0.answered += 1 }
        latest[min(Int(voice.kind), 6)] = index
      case .review:
        guard voice.hasScore else { continue }
        tally.groups.update(Self.review, group(voice, query)) { $0.add(voice, scale: 5) }
      }
    }
    for kind in latest.indices where latest[kind] >= 0 { count(voices[latest[kind]], &tally, query) }
  }

  private func group(_ voice: Voice, _ query: ViewQuery) -> Group {
    query.grouping == "sample"
      ? .word(orAbsent: voice.sample)
      : query.group(country: voice.country, touchpoint: voice.touchpoint, month: voice.time)
  }

  /// Counts the answer that stands for a person.
  private func count(_ voice: Voice, _ tally: inout Tally, _ query: ViewQuery) {
    let kind = SurveyKind(rawValue: voice.kind)
    let scale = voice.scale != 0 ? Int64(voice.scale) : kind?.scale ?? 5
    switch kind {
    case .nps, .csat, .ces:
      guard voice.hasScore else { return tally.unscored += 1 }
      guard voice.score >= 1_000_000 * (kind?.lowest(of: scale) ?? 0), voice.score <= 1_000_000 * scale else {
        return tally.outOfScale += 1
      }
      if let kind, kind.hasOneScale, scale != kind.scale { return tally.otherScale += 1 }
    case .perception: guard voice.yes != 0 else { return tally.unscored += 1 }
    default: break
    }
    tally.groups.update(kind?.rawValue ?? .max, group(voice, query)) { $0.add(voice, scale: scale) }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    var warnings: [String] = []
    let rows = try tally.groups.rows(by: query.grouping, names) { kind, group, counts in
      if kind != "review", kind != "other" {
        warnings += Self.warnings(group.map { "\(kind ?? "") of \($0)" } ?? kind ?? "", counts)
      }
      let (value, plusMinus) = Self.value(kind, counts)
      return ViewRow([
        "n": .count(counts.n), "value": value, "plus_minus": plusMinus,
        "response_rate": kind == "review" ? .none : .rate(part: counts.answered, whole: counts.sent),
        "distribution": counts.scores.distribution, "score_mean": .number(orNone: counts.scores.mean),
        "score_n": .count(counts.scores.count),
      ])
    }
    return ViewRows(
      rows,
      leftOut: [
        "no_score": tally.unscored, "not_a_customer": tally.staff, "other_scale": tally.otherScale,
        "out_of_scale": tally.outOfScale,
      ], warnings: warnings)
  }

  private static func value(_ kind: String?, _ counts: Counts) -> (ViewRow.Cell, ViewRow.Cell) {
    guard counts.n > 0 else { return (.none, .none) }
    let n = Double(counts.n)
    switch kind {
    case "nps":
      let promoters = counts.scores.count { $0 >= 9_000_000 }
      let detractors = counts.scores.count { $0 <= 6_000_000 }
      let (p, d) = (Double(promoters) / n, Double(detractors) / n)
      return (.number(100 * (p - d)), .number(1.96 * 100 * ((p + d - (p - d) * (p - d)) / n).squareRoot()))
    case "csat": return (.rate(part: counts.satisfied, whole: counts.n), .none)
    case "ces": return (.number(orNone: counts.scores.mean), .none)
    case "perception": return (.rate(part: counts.yes, whole: counts.n), .none)
    default: return (.none, .none)
    }
  }

  private static func warnings(_ name: String, _ counts: Counts) -> [String] {
    var warnings: [String] = []
    if counts.n > 0, counts.n < 30 { warnings.append("\(name): n = \(counts.n), too few answers to conclude from") }
    if counts.n > 0, counts.existing * 10 > counts.n * 9 {
      warnings.append(
        "\(name): more than 90 % of the answers come from existing customers; self-referential programmes are dangerous"
      )
    }
    return warnings
  }
}
