import Foundation
import RapportLedger
import Testing

@testable import OwnProjections

@Suite("Projections of one's own")
struct OwnProjectionsTests {
  private let folder = NSTemporaryDirectory() + "own-projections-\(UUID().uuidString)"

  /// A ledger of some events: type, day of March 2026, customer, and `data`.
  private func recorded(_ events: [(String, Int, String, String)]) throws -> Ledger {
    let ledger = try Ledger(at: folder + "-\(UUID().uuidString)", for: .writing, mapBytes: 1 << 28)
    for (type, day, customer, data) in events {
      let line = """
        {"specversion":"1.0","id":"\(type) \(day) \(customer)","source":"/test","type":"\(type)","subject":"\(customer)",\
        "time":"2026-03-\(day < 10 ? "0" : "")\(day)T00:00:00Z","data":\(data)}
        """
      _ = try ledger.record(Array(line.utf8))
    }
    return ledger
  }

  private static let complaint = #"{"case":"k","kind":"complaint"}"#
  private static let order = #"{"order":"o","currency":"EUR"}"#

  private static let story = [
    ("order.placed", 1, "C1", order), ("case.opened", 2, "C1", complaint), ("case.opened", 3, "C1", complaint),
    ("order.placed", 5, "C1", order), ("case.opened", 7, "C1", complaint), ("case.opened", 2, "C2", complaint),
    ("case.opened", 3, "C3", #"{"case":"q","kind":"enquiry"}"#), ("message.received", 4, "C1", "{}"),
    ("message.received", 6, "C1", "{}"), ("message.sent", 5, "C1", "{}"), ("message.received", 3, "C2", "{}"),
  ]

  private func day(_ day: Int) throws -> Int64 {
    let text = Array("2026-03-\(day < 10 ? "0" : "")\(day)T00:00:00Z".utf8)
    return try Timestamp.parse(text.span).nanoseconds
  }

  @Test func `an order follows every complaint before it, and none after it`() throws {
    let ledger = try recorded(Self.story)
    defer { try? FileManager.default.removeItem(atPath: ledger.path) }
    try ledger.read { snapshot in
      let number = try snapshot.customer("C1")
      let chances = try Replay().run(SecondChance(), over: snapshot, customer: number).records
      let wanted: [SecondChance.Chance] = [
        .init(complained: try day(2), orderedAgain: try day(5)),
        .init(complained: try day(3), orderedAgain: try day(5)),
        .init(complained: try day(7)),
      ]
      #expect(chances == wanted)
    }
  }

  @Test func `the stream and the histories say the same`() throws {
    let ledger = try recorded(Self.story)
    defer { try? FileManager.default.removeItem(atPath: ledger.path) }
    func byHistories<P: Projection>(_ projection: P, _ snapshot: borrowing Snapshot) throws -> Outcomes<P.Record> {
      try Replay().run(projection, over: snapshot)
    }
    try ledger.read { snapshot in
      let streamed = try Replay().run(Correspondence(), over: snapshot).records
      let folded = try byHistories(Correspondence(), snapshot).records
      #expect(streamed == folded)
      #expect(streamed.first == Correspondence.Letters(received: 2, sent: 1, lastReceived: try day(6)))
    }
  }

  @Test func `a view answers with rows, in its window and its groups`() throws {
    let ledger = try recorded(Self.story)
    defer { try? FileManager.default.removeItem(atPath: ledger.path) }
    try ledger.read { snapshot in
      var query = ViewQuery(to: try day(7), asOf: try day(31))
      let all = try SecondChance().answer(query, over: snapshot)
      #expect(
        Array(all.rows.rows) == [
          ViewRow([
            "complaints": .count(3), "ordered_again": .count(2), "ordered_again_rate": .rate(part: 2, whole: 3),
            "days_p50": .count(2),
          ])
        ])
      query.options["within"] = "2"
      #expect(try SecondChance().answer(query, over: snapshot).rows.rows[0]["ordered_again"] == .count(1))
      query.grouping = "month"
      #expect(try SecondChance().answer(query, over: snapshot).rows.rows[0]["month"] == .text("2026-03"))
    }
  }

  @Test func `a view refuses what its definition does not name`() throws {
    let ledger = try recorded(Self.story)
    defer { try? FileManager.default.removeItem(atPath: ledger.path) }
    try ledger.read { snapshot in
      #expect(throws: LedgerError.self) {
        try SecondChance().answer(ViewQuery(grouping: "weekday"), over: snapshot)
      }
      var query = ViewQuery()
      query.options["until"] = "2"
      #expect(throws: LedgerError.self) { try SecondChance().answer(query, over: snapshot) }
    }
    #expect(ViewInfo(of: SecondChance.self).definition.groupings == ["month"])
  }

  @Test func `the order in which events arrive makes no difference`() throws {
    let digests = try [Self.story, Self.story.reversed()].map { story in
      let ledger = try recorded(story)
      defer { try? FileManager.default.removeItem(atPath: ledger.path) }
      return try ledger.read { snapshot in
        let replay = Replay()
        return [
          try replay.digest(SecondChance(), over: snapshot), try replay.digest(Correspondence(), over: snapshot),
        ]
      }
    }
    #expect(digests[0] == digests[1])
    #expect(digests[0][0] != digests[0][1])
  }
}
