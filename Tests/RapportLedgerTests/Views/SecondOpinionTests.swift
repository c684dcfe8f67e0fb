import Testing

@testable import RapportLedger

/// The fast views against the naive ones, over plausible and over wild histories.
@Suite("A second opinion")
struct SecondOpinionTests {
  struct Stream: Sendable, CustomTestStringConvertible {
    var name: String
    var lines: [String]
    var testDescription: String { name }
  }

  static let streams: [Stream] =
    (1...3).map { seed in
      Stream(name: "generated \(seed)", lines: generatedLines(900, customers: 25, seed: UInt64(seed)))
    } + (1...12).map { seed in Stream(name: "soup \(seed)", lines: Soup.lines(seed: UInt64(seed))) }

  /// The whole, a window, and a window seen from within.
  static let frames: [(from: String?, to: String?, asOf: String)] = [
    (nil, nil, "2026-01-01T00:00:00Z"), ("2025-01-20T00:00:00Z", "2025-02-20T00:00:00Z", "2026-01-01T00:00:00Z"),
    (nil, "2025-02-20T00:00:00Z", "2025-02-10T12:00:00Z"),
  ]

  private func answer(
    _ ledger: TestLedger, _ view: String, _ frame: (from: String?, to: String?, asOf: String), by grouping: String?
  ) throws -> JSON {
    let query = ViewQuery(
      from: frame.from.map(instant), to: frame.to.map(instant), asOf: instant(frame.asOf), grouping: grouping)
    return try ledger.ledger.read { snapshot in
      let replay = Replay(limits: ReplayLimits(time: query.asOf), threads: 2)
      return try JSON(reading: Catalogue.answer(view, query, over: snapshot, replay: replay).json.text)
    }
  }

  @Test(arguments: streams)
  func `perfect-orders agrees in every grouping and window`(stream: Stream) throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(stream.lines, commits: [70])
    var judged = 0.0
    for frame in Self.frames {
      for grouping in [nil, "month", "country", "channel"] {
        let wanted = try Naive.perfectOrders(
          stream.lines, window: .init(from: frame.from.map { .init($0) }, to: frame.to.map { .init($0) }),
          asOf: .init(frame.asOf), by: grouping)
        let found = try answer(ledger, PerfectOrders.name, frame, by: grouping)
        let keys = (grouping.map { [$0] } ?? []) + PerfectOrders.definition.keys
        #expect(comparable(found["rows"]!.elements, keys: keys) == comparable(wanted.rows, keys: keys))
        #expect(found["left_out"]?["cancelled_by_customer"]?.double ?? 0 == Double(wanted.cancelled))
        #expect(found["left_out"]?["no_promise"]?.double ?? 0 == Double(wanted.unpromised))
        judged += wanted.rows.reduce(0) { $0 + $1["delivered"]!.double! }
      }
    }
    #expect(judged > 50, "the stream has orders worth comparing")
  }

  @Test(arguments: streams)
  func `satisfaction agrees in every grouping and window`(stream: Stream) throws {
    let ledger = try TestLedger(height: 8)
    try ledger.record(stream.lines, commits: [70])
    var counted = 0.0
    for frame in Self.frames {
      for grouping in [nil, "kind", "sample", "country", "touchpoint", "month"] {
        let wanted = try Naive.satisfaction(
          stream.lines, window: .init(from: frame.from.map { .init($0) }, to: frame.to.map { .init($0) }),
          asOf: .init(frame.asOf), by: grouping)
        let found = try answer(ledger, Satisfaction.name, frame, by: grouping)
        let keys = (grouping.map { $0 == "kind" ? [] : [$0] } ?? []) + Satisfaction.definition.keys
        #expect(comparable(found["rows"]!.elements, keys: keys) == comparable(wanted.rows, keys: keys))
        #expect(found["left_out"]!.members.mapValues { Int($0.double!) } == wanted.leftOut)
        counted += wanted.rows.reduce(0) { $0 + $1["n"]!.double! }
      }
    }
    #expect(counted > 50, "the stream has answers worth comparing")
  }
}
