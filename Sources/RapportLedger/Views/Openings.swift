/// When each opening of a case was first answered, by an employee and by a bot.
struct Openings {
  /// In their order: when, and nanoseconds until the first public reply of each; -1 never.
  private(set) var list: [(time: Int64, human: Int64, bot: Int64)] = []
  /// Public replies by employees so far, whether something was open or not.
  private(set) var humanReplies = 0

  mutating func removeAll() {
    list.removeAll(keepingCapacity: true)
    humanReplies = 0
  }

  /// Takes the next event of the case. An opening that the firm made itself waits for no reply.
  mutating func apply(_ event: History.Event) {
    switch event.kind {
    case .caseOpened, .caseReopened: if event.direction != .out { list.append((event.time, -1, -1)) }
    case .caseReplied where event.flagA != false: reply(event)
    default: return
    }
  }

  private mutating func reply(_ event: History.Event) {
    let actor = event.actor
    if actor == .employee { humanReplies += 1 }
    for index in list.indices {
      let duration = elapsed(from: list[index].time, to: event.time)
      if actor == .employee, list[index].human < 0 { list[index].human = duration }
      if actor == .bot, list[index].bot < 0 { list[index].bot = duration }
    }
  }
}
