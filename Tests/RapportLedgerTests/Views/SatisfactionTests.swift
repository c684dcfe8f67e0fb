import Testing

@testable import RapportLedger

/// Every clause of the definition of `satisfaction`, as a specification.
@Suite("satisfaction")
struct SatisfactionTests {
  /// One answer a customer, all in March.
  private func answers(_ kind: String, scale: JSON, _ scores: [Int]) -> [Event] {
    scores.enumerated().map { answered(kind, "2025-03-01", score: .number("\($1)"), scale: scale).of("C\($0)") }
  }

  @Test func `nps is promoters less detractors in points`() throws {
    let answer = try given { answers("nps", scale: 10, [10, 9, 9, 8, 7, 6, 0]) }.whenAsked("satisfaction")
    // p = 3/7, d = 2/7: 100/7; ± 196 · √((p + d − (p − d)²) / 7).
    answer.then(["kind": "nps", "n": 7, "value": 14.285714, "plus_minus": 61.708994])
  }

  @Test func `nps without a scale is one of ten`() throws {
    try given { answered("nps", "2025-03-01", score: 9) }.whenAsked("satisfaction")
      .then(["n": 1, "value": 100, "plus_minus": 0])
  }

  @Test func `nps on another scale than ten is left out and counted`() throws {
    let answer = try given { answers("nps", scale: 5, [5]) }.whenAsked("satisfaction")
    answer.then(["kind": "nps", "n": 0, "value": nil, "plus_minus": nil])
    answer.leavesOut(["other_scale": 1])
  }

  @Test func `csat is the share of four and five on a scale of five`() throws {
    try given { answers("csat", scale: 5, [5, 4, 3, 2, 1]) }.whenAsked("satisfaction")
      .then(["kind": "csat", "n": 5, "value": 0.4, "plus_minus": nil, "score_mean": 3])
  }

  @Test(arguments: [(10, [7, 8, 9, 10], [6, 5]), (100, [61, 100], [60, 1]), (7, [5, 6, 7], [4, 3])])
  func `csat on other scales is the top 40 percent`(scale: Int, satisfied: [Int], others: [Int]) throws {
    let share = Double(satisfied.count) / Double(satisfied.count + others.count)
    try given { answers("csat", scale: .number("\(scale)"), satisfied + others) }.whenAsked("satisfaction")
      .then(["value": .string("\(share)").numeric])
  }

  @Test func `ces is the mean on one to seven`() throws {
    try given { answers("ces", scale: 7, [1, 2, 7]) }.whenAsked("satisfaction")
      .then(["kind": "ces", "n": 3, "value": 3.333333, "score_mean": 3.333333])
  }

  @Test(arguments: [("ces", 7, 1), ("csat", 5, 1), ("csat", 4, 2)])
  func `a scale that begins with one has no zero`(kind: String, scale: Int, n: Int) throws {
    let answer = try given { answers(kind, scale: .number("\(scale)"), [0, 1]) }.whenAsked("satisfaction")
    answer.then([["n": .number("\(n)")]])
    answer.leavesOut(n == 1 ? ["out_of_scale": 1] : [:])
  }

  @Test func `ces on another scale is left out and counted`() throws {
    try given { answers("ces", scale: 5, [3]) }.whenAsked("satisfaction").leavesOut(["other_scale": 1])
  }

  @Test func `perception is the share of yes`() throws {
    try given {
      answered("perception", "2025-03-01").saying("yes", true)
      answered("perception", "2025-03-01").saying("yes", false).of("C2")
      answered("perception", "2025-03-01").saying("yes", false).of("C3")
    }.whenAsked("satisfaction").then(["kind": "perception", "n": 3, "value": 0.333333])
  }

  @Test func `an answer without what its kind needs is left out and counted`() throws {
    try given {
      answered("nps", "2025-03-01")
      answered("csat", "2025-03-01")
      answered("perception", "2025-03-01", score: 3)
    }.whenAsked("satisfaction").leavesOut(["no_score": 3])
  }

  @Test func `an open answer counts and has no value`() throws {
    try given { answered("open", "2025-03-01").saying("text", "well…") }.whenAsked("satisfaction")
      .then(["kind": "open", "n": 1, "value": nil])
  }

  @Test func `only the latest answer of a person and kind counts`() throws {
    try given {
      answered("csat", "2025-03-02", score: 1, scale: 5)
      answered("csat", "2025-03-01", score: 5, scale: 5)
    }.whenAsked("satisfaction").then(["n": 1, "value": 0, "distribution": ["1": 1]])
  }

  @Test func `kinds are apart, so each has its latest answer`() throws {
    try given {
      answered("nps", "2025-03-01", score: 10)
      answered("csat", "2025-03-02", score: 1)
    }.whenAsked("satisfaction").then([["kind": "csat", "n": 1], ["kind": "nps", "n": 1]])
  }

  @Test func `the latest answer is that of the window`() throws {
    let story = try given {
      answered("csat", "2025-03-01", score: 5)
      answered("csat", "2025-04-01", score: 1)
    }
    try story.whenAsked("satisfaction", to: "2025-04-01").then(["n": 1, "value": 1])
    try story.whenAsked("satisfaction", from: "2025-04-01").then(["n": 1, "value": 0])
  }

  @Test func `the response rate is answered by sent`() throws {
    try given {
      for number in 1...4 { sent("csat", "2025-03-01").of("C\(number)") }
      answered("csat", "2025-03-02", score: 5)
    }.whenAsked("satisfaction").then(["kind": "csat", "n": 1, "response_rate": 0.25])
  }

  @Test func `without surveys sent there is no response rate`() throws {
    try given { answered("csat", "2025-03-02", score: 5) }.whenAsked("satisfaction").then(["response_rate": nil])
  }

  @Test func `surveys that nobody answered have a row`() throws {
    try given { sent("nps", "2025-03-01") }.whenAsked("satisfaction")
      .then(["kind": "nps", "n": 0, "value": nil, "response_rate": 0, "score_mean": nil, "distribution": [:]])
  }

  @Test func `reviews with a score stand apart`() throws {
    try given {
      reviewed("2025-03-01", score: 5)
      reviewed("2025-03-02", score: 2)
      reviewed("2025-03-03")
      answered("csat", "2025-03-01", score: 4)
    }.whenAsked("satisfaction").then([
      ["kind": "csat", "n": 1],
      [
        "kind": "review", "n": 2, "value": nil, "score_mean": 3.5, "score_n": 2, "distribution": ["2": 1, "5": 1],
        "response_rate": nil,
      ],
    ])
  }

  @Test(arguments: ["employee", "bot"])
  func `answers and reviews by employees and bots are not the voice of customers`(actor: String) throws {
    let answer = try given {
      answered("csat", "2025-03-01", score: 5).with("actorkind", .string(actor))
      reviewed("2025-03-01", score: 5).with("actorkind", .string(actor))
      answered("csat", "2025-03-01", score: 1).of("C2").with("actorkind", "customer")
    }.whenAsked("satisfaction")
    answer.then(["kind": "csat", "n": 1, "value": 0])
    answer.leavesOut(["not_a_customer": 2])
  }

  @Test(arguments: ["employee", "paid"])
  func `reviews by employees and for pay are not the voice of customers`(relation: String) throws {
    let answer = try given {
      reviewed("2025-03-01", score: 5, relation: .string(relation))
      reviewed("2025-03-01", score: 1, relation: "customer")
    }.whenAsked("satisfaction")
    answer.then(["kind": "review", "n": 1, "score_mean": 1])
    answer.leavesOut(["not_a_customer": 1])
  }

  @Test func `surveys sent by a system count as sent`() throws {
    try given {
      sent("csat", "2025-03-01").with("actorkind", "bot")
      answered("csat", "2025-03-02", score: 5)
    }.whenAsked("satisfaction").then(["response_rate": 1])
  }

  @Test func `fewer than 30 answers are warned of`() throws {
    let few = try given { answers("csat", scale: 5, Array(repeating: 5, count: 29)) }.whenAsked("satisfaction")
    let enough = try given { answers("csat", scale: 5, Array(repeating: 5, count: 30)) }.whenAsked("satisfaction")
    #expect(few.warnings.contains { $0.contains("29") })
    #expect(enough.warnings.isEmpty)
  }

  @Test func `more than 90 percent existing customers are warned of`() throws {
    func asked(_ existing: Int) throws -> [String] {
      try given {
        answers("csat", scale: 5, Array(repeating: 5, count: 40)).enumerated().map { number, event in
          event.saying("sample", number < existing ? "existing" : "lost")
        }
      }.whenAsked("satisfaction").warnings
    }
    #expect(try asked(37).contains { $0.contains("self-referential") })
    #expect(try asked(36).isEmpty)
  }

  @Test func `by sample, those who say nothing stand last`() throws {
    try given {
      answered("csat", "2025-03-01", score: 5)
      answered("csat", "2025-03-01", score: 4).of("C2").saying("sample", "lost")
      answered("csat", "2025-03-01", score: 1).of("C3").saying("sample", "existing")
      answered("csat", "2025-03-01", score: 1).of("C4").saying("sample", "a new word")
    }.whenAsked("satisfaction", by: "sample").then([
      ["sample": "existing", "kind": "csat", "value": 0], ["sample": "lost", "value": 1],
      ["sample": "other", "value": 0], ["sample": nil, "value": 1],
    ])
  }

  @Test(arguments: ["country", "touchpoint"])
  func `groups by an attribute of the answer`(grouping: String) throws {
    try given {
      answered("csat", "2025-03-01", score: 5).with(grouping, "FR")
      answered("csat", "2025-03-01", score: 1).with(grouping, "DE").of("C2")
      answered("nps", "2025-03-01", score: 1).with(grouping, "DE").of("C2")
      answered("csat", "2025-03-01", score: 4).of("C3")
    }.whenAsked("satisfaction", by: grouping).then([
      [grouping: "DE", "kind": "csat", "value": 0], [grouping: "DE", "kind": "nps", "value": -100],
      [grouping: "FR", "kind": "csat", "value": 1], [grouping: nil, "kind": "csat", "value": 1],
    ])
  }

  @Test func `by month a person still has one answer a window`() throws {
    try given {
      answered("csat", "2025-03-31T23:59:59Z", score: 5)
      answered("csat", "2025-04-01", score: 1)
    }.whenAsked("satisfaction", by: "month").then([
      ["month": "2025-03", "n": 0], ["month": "2025-04", "n": 1, "value": 0],
    ])
  }

  @Test func `by kind is the default grouping`() throws {
    let story = try given {
      answered("nps", "2025-03-01", score: 10)
      answered("csat", "2025-03-01", score: 1)
    }
    #expect(try story.whenAsked("satisfaction").rows == story.whenAsked("satisfaction", by: "kind").rows)
  }

  @Test func `kinds nobody knows are counted as other`() throws {
    try given { answered("mood", "2025-03-01", score: 3) }.whenAsked("satisfaction")
      .then(["kind": "other", "n": 1, "value": nil])
  }

  @Test func `nobody asked, no rows`() throws {
    try given { Event("message.received", "2025-03-01") }.whenAsked("satisfaction").then([])
  }

  @Test func `an answer after as_of does not count`() throws {
    let story = try given {
      answered("csat", "2025-03-01", score: 5)
      answered("csat", "2025-03-03", score: 1)
    }
    try story.whenAsked("satisfaction", at: "2025-03-02").then(["n": 1, "value": 1])
  }

  @Test func `an absurd score does not stop the view`() async {
    await #expect(processExitsWith: .success) {
      _ = try given { answered("csat", "2025-03-01", score: 1_000_000_000_000) }.whenAsked("satisfaction")
    }
  }
}

extension JSON {
  /// The number that a text says, in the library's form.
  var numeric: JSON {
    guard let value = double else { return self }
    return .number(JSONValue.decimals(value))
  }
}
