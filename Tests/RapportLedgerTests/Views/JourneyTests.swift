import Testing

@testable import RapportLedger

@Suite("journey")
struct JourneyTests {
  private func at(_ touchpoint: JSON, _ time: String) -> Event {
    Event("com.example.note.added", "2025-03-01T\(time):00Z").with("touchpoint", touchpoint)
  }

  @Test func `edges join steps that follow directly, the most frequent first`() throws {
    try given {
      at("a", "10:00")
      at("b", "10:01")
      at("b", "10:03")
      at("a", "10:00").of("C2")
      at("b", "10:05").of("C2")
    }.whenAsked("journey").then([
      ["from": "a", "to": "b", "n": 2, "gap_p50": 60, "gap_p90": 300],
      ["from": "b", "to": "b", "n": 1, "gap_p50": 120, "gap_p90": 120],
    ])
  }

  @Test func `without a touchpoint the type is the step, whatever its prefix`() throws {
    try given {
      at(.null, "10:00")
      Event("acme.lamp.lit", "2025-03-01T10:01:00Z")
      order("o").placed("2025-03-01T10:02:00Z")
    }.whenAsked("journey").then([
      ["from": "acme.lamp.lit", "to": "order.placed", "n": 1], ["from": "note.added", "to": "acme.lamp.lit", "n": 1],
    ])
  }

  @Test func `an edge belongs to the window of its second step`() throws {
    let story = try given {
      at("a", "10:00")
      at("b", "11:00")
    }
    try story.whenAsked("journey", from: "2025-03-01T10:30:00Z").then([["from": "a", "to": "b"]])
    try story.whenAsked("journey", to: "2025-03-01T11:00:00Z").then([])
  }

  @Test func `variants are whole paths`() throws {
    try given {
      at("a", "10:00")
      at("b", "10:01")
      at("a", "10:00").of("C2")
      at("b", "10:05").of("C2")
      at("a", "10:00").of("C3")
    }.whenAsked("journey", options: ["variants": ""]).then([
      ["steps": ["a", "b"], "n": 2], ["steps": ["a"], "n": 1],
    ])
  }

  /// More steps than are compared at once, and a path that is the beginning of another.
  @Test func `paths of equal frequency come in the order of their texts, however late they differ`() throws {
    let start = [JSON](repeating: "a", count: 150)
    let ends: [[JSON]] = [["b"], [], ["a", "c"], ["a"]]
    try given {
      for (index, end) in ends.enumerated() {
        for (minute, step) in (start + end).enumerated() {
          at(step, "1\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)").of("C\(index)")
        }
      }
    }.whenAsked("journey", options: ["variants": ""]).then(
      [ends[1], ends[3], ends[2], ends[0]].map { ["steps": .array(start + $0), "n": 1] })
  }

  @Test(arguments: 1...5)
  func `paths are counted once each, wherever they were counted`(seed: Int) {
    var random = SeededGenerator(state: UInt64(seed))
    var halves = [StepPaths(), StepPaths()]
    var counts: [[UInt32]: Int] = [:]
    for index in 0..<400 {
      let path = (0..<Int.random(in: 0...4, using: &random)).map { _ in UInt32.random(in: 1...3, using: &random) }
      for name in path { halves[index % 2].append(Journey.StepName(PackedFact(time: 0, code: 0, name: name))) }
      halves[index % 2].end()
      if !path.isEmpty { counts[path, default: 0] += 1 }
    }
    var all = halves[0]
    all.merge(halves[1])
    var found: [[UInt32]: Int] = [:]
    var start = 0
    for path in all.paths {
      found[all.steps[start..<path.end].map(\.code), default: 0] += path.count
      start = path.end
    }
    #expect(found == counts)
    #expect(all.paths.count == counts.count)
  }

  @Test func `a dead end is the last step before a customer was lost`() throws {
    try given {
      at("a", "10:00")
      at("b", "10:01")
      Event("customer.lost", "2025-03-01T10:02:00Z", ["reason": "price"])
      Event("customer.lost", "2025-03-01T10:02:00Z", ["reason": "price"]).of("C2")
    }.whenAsked("journey", options: ["dead-ends": ""]).then([["step": "b", "n": 1]])
  }

  @Test func `per case it follows the case across subjects`() throws {
    try given {
      at("a", "10:00").with("correlationid", "k")
      at("x", "10:01")
      at("b", "10:02").with("correlationid", "k").of("C2")
    }.whenAsked("journey", options: ["per": "case"]).then([["from": "a", "to": "b", "n": 1, "gap_p50": 120]])
  }

  @Test func `it takes cases only`() throws {
    let story = try given { at("a", "10:00") }
    #expect(throws: LedgerError.self) { try story.whenAsked("journey", options: ["per": "moon"]) }
    #expect(throws: LedgerError.self) { try story.whenAsked("journey", options: ["rfm": ""]) }
  }
}
