import Testing

@testable import RapportLedger

/// People are the connected components of the mappings in force.
@Suite("Identity")
struct IdentityTests {
  private func merged(_ customer: String, into other: String, _ time: String, id: String? = nil) -> Event {
    let event = Event("customer.merged", time, ["into": .string(other)]).of(customer)
    return id.map { event.id($0) } ?? event
  }

  private func unmerged(_ customer: String, from other: String, _ time: String) -> Event {
    Event("customer.unmerged", time, ["from": .string(other)]).of(customer)
  }

  private func note(_ customer: String, _ time: String) -> Event { Event("note.added", time).of(customer) }

  private func histories(
    @HistoryBuilder _ events: () -> [Event], limits: ReplayLimits = ReplayLimits()
  ) throws -> [[String]] {
    try given(events).ledger.histories(limits: limits)
  }

  @Test func `an id that is only named is nobody's, unless somebody is merged into it`() throws {
    let ledger = try given {
      note("A", "2025-01-01")
      merged("A", into: "left", "2025-01-02")
      unmerged("A", from: "left", "2025-01-03")
      unmerged("A", from: "never", "2025-01-03")
      merged("A", into: "wrong", "2025-01-04", id: "m")
      Event("event.corrected", "2025-02-01", ["source": "/spec", "id": "m", "set": ["into": "right"]]).of("A")
    }.ledger
    try ledger.ledger.read { snapshot in
      for (id, position, isSomebody) in [
        ("left", 6, false), ("never", 6, false), ("wrong", 6, false), ("elsewhere", 6, false), ("right", 6, true),
        ("wrong", 5, true), ("right", 5, false),
      ] {
        let person = try snapshot.person(id, limits: ReplayLimits(position: UInt64(position)))
        #expect((person != nil) == isSomebody, "\(id) at \(position)")
      }
    }
  }

  @Test func `a merge that was corrected to be later is none before, whatever is stored`() throws {
    let ledger = try given {
      order("o1").placed("2025-01-01").of("A")
      order("o2").placed("2025-01-02").of("B")
      merged("A", into: "B", "2025-01-10", id: "m")
      Event(
        "event.corrected", "2025-02-01",
        ["source": "/spec", "id": "m", "set": ["time": "2025-12-01T00:00:00Z"]]
      ).of("A")
    }.ledger
    func orders(of customer: String, at time: String) throws -> Int {
      try ledger.ledger.read { snapshot in
        let replay = Replay(limits: ReplayLimits(time: instant(time)))
        return try replay.run(PerfectOrders(), over: snapshot, customer: snapshot.customer(customer)).records.count
      }
    }
    for _ in 0..<2 {
      #expect(try orders(of: "B", at: "2025-06-01") == 1)
      #expect(try orders(of: "A", at: "2025-06-01") == 1)
      #expect(try orders(of: "B", at: "2026-01-01") == 2)
      // And now the same with a state that knows both as one.
      _ = try ledger.ledger.replay(threads: 1)
    }
  }

  @Test func `a customer who was merged is the other one, whole history in order`() throws {
    let found = try histories {
      note("A", "2025-01-03")
      note("B", "2025-01-02")
      note("A", "2025-01-01")
      merged("A", into: "B", "2025-02-01")
      note("C", "2025-01-01")
    }
    #expect(
      found == [
        [
          "B: 2025-01-01T00:00:00Z note.added (A)", "B: 2025-01-02T00:00:00Z note.added",
          "B: 2025-01-03T00:00:00Z note.added (A)",
        ],
        ["C: 2025-01-01T00:00:00Z note.added"],
      ])
  }

  private func canonical(@HistoryBuilder _ events: () -> [Event]) throws -> [String: [String]] {
    let ledger = try given(events).ledger
    var canonical: [String: [String]] = [:]
    try ledger.ledger.read { snapshot in
      let belief = try Belief(snapshot, limits: ReplayLimits())
      for person in belief.people.persons {
        canonical[try snapshot.subject(person.number)] = try person.members.map { try snapshot.subject($0) }.sorted()
      }
    }
    return canonical
  }

  @Test func `a chain ends at the one who is merged into no other`() throws {
    let found = try canonical {
      merged("A", into: "B", "2025-01-01")
      merged("B", into: "C", "2025-01-02")
      note("C", "2025-01-03")
    }
    #expect(found == ["C": ["A", "B", "C"]])
  }

  @Test func `of several ends the bytewise smallest is canonical`() throws {
    let found = try canonical {
      merged("A", into: "Z", "2025-01-01")
      merged("A", into: "Y", "2025-01-02")
    }
    #expect(found == ["Y": ["A", "Y", "Z"]])
  }

  @Test func `of a cycle the bytewise smallest is canonical`() throws {
    let found = try canonical {
      merged("B", into: "C", "2025-01-01")
      merged("C", into: "B", "2025-01-02")
    }
    #expect(found == ["B": ["B", "C"]])
  }

  @Test func `who is merged into themselves stays who they are`() throws {
    #expect(try canonical { merged("A", into: "A", "2025-01-01") } == [:])
  }

  @Test func `an id that no event is about can be the canonical one`() throws {
    let found = try histories {
      note("A", "2025-01-01")
      merged("A", into: "ghost", "2025-02-01")
    }
    #expect(found == [["ghost: 2025-01-01T00:00:00Z note.added (A)"]])
  }

  @Test func `an unmerge cancels the latest earlier mapping of its pair, and only that`() throws {
    #expect(
      try canonical {
        merged("A", into: "B", "2025-01-01")
        unmerged("A", from: "B", "2025-01-02")
        merged("C", into: "B", "2025-01-01")
      } == ["B": ["B", "C"]])
    #expect(
      try canonical {
        merged("A", into: "B", "2025-01-01")
        merged("A", into: "B", "2025-01-02")
        unmerged("A", from: "B", "2025-01-03")
      } == ["B": ["A", "B"]])
    #expect(
      try canonical {
        merged("A", into: "B", "2025-01-01")
        unmerged("B", from: "A", "2025-01-03")
      } == ["B": ["A", "B"]], "the pair has a direction")
  }

  @Test func `an unmerge before the merge cancels nothing and is counted`() throws {
    let ledger = try given {
      unmerged("A", from: "B", "2025-01-01")
      merged("A", into: "B", "2025-01-02")
    }.ledger
    try ledger.ledger.read { snapshot in
      let belief = try Belief(snapshot, limits: ReplayLimits())
      #expect(belief.people.persons.map(\.members.count) == [2])
      #expect(belief.people.withoutMerge == [try snapshot.customer("A")])
    }
  }

  @Test func `people are those of the time and the position that is asked for`() throws {
    let events = [
      note("A", "2025-01-01"), note("B", "2025-01-01"), merged("A", into: "B", "2025-02-01"),
      unmerged("A", from: "B", "2025-03-01"),
    ]
    let ledger = try given { events }.ledger
    let apart = [["A: 2025-01-01T00:00:00Z note.added"], ["B: 2025-01-01T00:00:00Z note.added"]]
    let together = [["B: 2025-01-01T00:00:00Z note.added (A)", "B: 2025-01-01T00:00:00Z note.added"]]
    #expect(try ledger.histories(limits: ReplayLimits(time: instant("2025-01-31"))) == apart)
    #expect(try ledger.histories(limits: ReplayLimits(time: instant("2025-02-01"))) == together)
    #expect(try ledger.histories(limits: ReplayLimits(time: instant("2025-03-01"))) == apart)
    #expect(try ledger.histories(limits: ReplayLimits(position: 2)) == apart)
    #expect(try ledger.histories(limits: ReplayLimits(position: 3)) == together)
    #expect(try ledger.histories() == apart)
  }

  @Test func `a corrected merge maps to the corrected id, a retracted one to none`() throws {
    let found = try canonical {
      merged("A", into: "B", "2025-01-01", id: "m1")
      Event("event.corrected", "2025-01-02", ["source": "/spec", "id": "m1", "set": ["into": "C"]]).of("A")
      merged("D", into: "E", "2025-01-01", id: "m2")
      Event("event.retracted", "2025-01-02", ["source": "/spec", "id": "m2", "reason": "no"]).of("D")
    }
    #expect(found == ["C": ["A", "C"]])
  }

  @Test func `many mappings are resolved like few`() throws {
    let events = (0..<40).flatMap { number in
      [note("P\(number)", "2025-01-01"), merged("A\(number)", into: "P\(number)", "2025-01-02")]
    }
    let found = try canonical { events }
    #expect(found == Dictionary(uniqueKeysWithValues: (0..<40).map { ("P\($0)", ["A\($0)", "P\($0)"]) }))
  }

  @Test func `one person alone is found by any id`() throws {
    let ledger = try given {
      note("A", "2025-01-01")
      note("B", "2025-01-02")
      merged("A", into: "B", "2025-02-01")
      merged("B", into: "ghost", "2025-02-02")
      note("C", "2025-01-01")
    }.ledger
    let wanted = [["ghost: 2025-01-01T00:00:00Z note.added (A)", "ghost: 2025-01-02T00:00:00Z note.added (B)"]]
    for id in ["A", "B", "ghost"] { #expect(try ledger.histories(of: id) == wanted) }
    #expect(try ledger.histories(of: "C") == [["C: 2025-01-01T00:00:00Z note.added"]])
    #expect(try ledger.histories(of: "nobody") == [])
  }

  // MARK: Cards and timelines

  @Test func `the card of a merged id is the person's, and names the others`() throws {
    let given = try given {
      order("o1").placed("2025-01-01").of("A")
      order("o2").placed("2025-01-02").of("B")
      merged("A", into: "B", "2025-02-01")
    }
    let card = try given.whenShown("A")
    #expect(card["customer"] == "B")
    #expect(card["merged"] == ["A"])
    #expect(card["orders"] == 2)
    #expect(card["events"] == 2, "a merge is no event of the customer")
    #expect(try given.whenShown("B") == card)
    #expect(try given.whenShown("A", at: "2025-01-31")["customer"] == "A")
  }

  @Test func `the timeline of a merged id is the person's`() throws {
    let given = try given {
      note("A", "2025-01-01")
      note("B", "2025-01-02")
      merged("A", into: "B", "2025-02-01")
    }
    var subjects: [String?] = []
    _ = try given.ledger.ledger.read { snapshot in
      try snapshot.timeline(of: "A") { event in
        subjects.append(event.subject)
        return true
      }
    }
    #expect(subjects == ["A", "B", "A"])
  }
}
