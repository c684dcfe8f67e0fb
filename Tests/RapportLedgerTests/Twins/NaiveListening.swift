extension Twin {
  static let listening = Twin(
    view: "listening",
    types: [
      "message.received", "message.sent", "contact.attempted", "survey.answered", "review.published",
      "feedback.received", "feedback.received", "feedback.acknowledged", "feedback.acted", "feedback.answered",
      "campaign.sent", "ad.shown", "offer.made",
    ], options: [["open": ""]]
  ) { world in
    var inbound = 0
    var outbound = 0
    var staff = 0
    var heard: [Bool] = []
    var pieces: [Piece] = []
    for person in world.people {
      let voices = person.events.filter(isVoice)
      for voice in voices where world.query.holds(voice.time) {
        if voice.isStaff { staff += 1 } else { inbound += 1 }
      }
      outbound += person.events.filter { $0.isUnsolicited && world.query.holds($0.time) }.count
      if let place = person.events.firstIndex(where: { $0.type == "offer.made" }),
        world.query.holds(person.events[place].time)
      {
        heard.append(person.events[..<place].contains { isVoice($0) && !$0.isStaff })
      }
      pieces += feedback(of: person).filter { world.query.holds($0.event.time) }
    }
    let leftOut = staff > 0 ? ["not_a_customer": staff] : [:]
    if world.query.has("open") { return Naive.Result(rows: open(pieces, world.query), leftOut: leftOut) }
    let month = 30 * 86_400 * 1_000_000_000
    let old = pieces.filter { world.query.now.nanoseconds(since: $0.event.time) >= month }
    let closed = old.filter { piece in
      [piece.acted, piece.answered].allSatisfy { $0.map { $0.nanoseconds(since: piece.event.time) <= month } ?? false }
    }
    func latency(_ step: (Piece) -> Naive.Time?) -> JSON {
      count(Naive.percentile(pieces.compactMap { piece in step(piece)?.seconds(since: piece.event.time) }, 50))
    }
    return Naive.Result(
      rows: [
        [
          "inbound": count(inbound), "outbound": count(outbound), "ratio": rate(inbound, outbound),
          "feedback": count(pieces.count), "closed_loop_rate": rate(closed.count, old.count),
          "acknowledged_p50": latency(\.acknowledged), "acted_p50": latency(\.acted),
          "answered_p50": latency(\.answered), "heard_first_rate": rate(heard.filter { $0 }.count, heard.count),
        ]
      ], leftOut: leftOut)
  }

  private struct Piece {
    var customer: String
    var event: Naive.Event
    var acknowledged: Naive.Time?
    var acted: Naive.Time?
    var answered: Naive.Time?
  }

  private static func isVoice(_ event: Naive.Event) -> Bool {
    switch event.type {
    case "message.received", "feedback.received", "review.published", "survey.answered": true
    case "contact.attempted": event.text("outcome") == "answered"
    default: false
    }
  }

  private static func feedback(of person: Naive.World.Person) -> [Piece] {
    var pieces: [Piece] = []
    for (index, event) in person.events.enumerated() where event.type == "feedback.received" && !event.isStaff {
      let id = event.text("feedback")
      guard !pieces.contains(where: { $0.event.text("feedback") == id }) else { continue }
      func first(_ type: String) -> Naive.Time? {
        person.events[index...].first { $0.type == type && $0.text("feedback") == id }?.time
      }
      pieces.append(
        Piece(
          customer: person.name, event: event, acknowledged: first("feedback.acknowledged"),
          acted: first("feedback.acted"),
          answered: first("feedback.answered")))
    }
    return pieces
  }

  private static func open(_ pieces: [Piece], _ query: Naive.Query) -> [JSON] {
    let open = pieces.filter { $0.answered == nil }.sorted { a, b in
      if a.event.time != b.event.time { return a.event.time < b.event.time }
      return (a.customer, a.event.text("feedback")!) < (b.customer, b.event.text("feedback")!)
    }
    return open.map { piece in
      let kind = piece.event.text("kind")
      return [
        "feedback": text(piece.event.text("feedback")), "customer": .string(piece.customer),
        "received": .string(piece.event.time.text),
        "kind": text(kind.map { ["praise", "idea", "criticism", "complaint"].contains($0) ? $0 : "other" }),
        "acknowledged": text(piece.acknowledged?.text), "acted": text(piece.acted?.text),
        "days": count(query.now.seconds(since: piece.event.time) / 86_400),
      ]
    }
  }
}
