/// `pressure`: the cap on sending.
///
/// For each customer the largest number of unsolicited messages in any rolling 7 and 30 days.
public struct Pressure: View {
  public static let name = "pressure"
  public static let version = 1
  public static let question = "Whom do we send more than is good for them?"
  public static let definition = ViewDefinition(
    formula: """
      Unsolicited: campaigns unless they say they are not, ads, messages that say they are. For each customer the largest \
      number of them in any rolling 7 days and 30 days that end with one in the window. over_cap: customers with strictly \
      more than the cap in either. max: the largest of all customers. in_subscribed_topics_rate: of the unsolicited, those \
      whose topic the customer was subscribed to. unsubscribed_per_1000: topics unsubscribed per 1,000 unsolicited.
      """,
    unit: "customers; messages", anchor: "each unsolicited message, each topic.unsubscribed", exclusions: "nothing",
    groupings: [],
    keys: [
      "customers", "over_cap", "over_cap_rate", "max_7d", "max_30d", "in_subscribed_topics_rate",
      "unsubscribed_per_1000",
    ],
    options: [
      ViewOption("cap-7d", .number(default: 2), "Unsolicited messages in 7 days that are enough."),
      ViewOption("cap-30d", .number(default: 6), "Unsolicited messages in 30 days that are enough."),
    ])

  /// An unsolicited message, or a topic given up.
  public struct Sent: BitwiseCopyable, Sendable {
    var time: Int64
    var isUnsubscribed: Bool
    var isSubscribed: Bool
  }

  public init() {}

  public let kinds: EventKindSet = [.campaignSent, .adShown, .messageSent, .topicSubscribed, .topicUnsubscribed]
  public let columns = ColumnSet(.marks, .term)

  public struct Scratch { var topics = ScratchTable<Bool>() }

  public func makeScratch(firm: Span<Sent>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Sent]) {
    scratch.topics.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      switch event.kind {
      case .topicSubscribed, .topicUnsubscribed:
        let isOn = event.kind == .topicSubscribed
        let (place, _) = scratch.topics.index(of: UInt64(event.term)) { isOn }
        scratch.topics.values[place] = isOn
        if !isOn { records.append(Sent(time: event.time, isUnsubscribed: true, isSubscribed: false)) }
      case .campaignSent, .adShown, .messageSent:
        guard event.isUnsolicited else { continue }
        let hasTopic = event.kind != .adShown && event.term != 0
        let place = hasTopic ? scratch.topics.index(of: UInt64(event.term)) : nil
        let isSubscribed = place.map { scratch.topics.values[$0] } ?? false
        records.append(Sent(time: event.time, isUnsubscribed: false, isSubscribed: isSubscribed))
      default: continue
      }
    }
  }

  public func digest(_ sent: Sent, into hasher: inout DigestHasher) {
    hasher.add(sent.time)
    hasher.add(sent.isUnsubscribed)
    hasher.add(sent.isSubscribed)
  }

  public struct Tally {
    var customers = 0, over = 0, max7 = 0, max30 = 0, sent = 0, subscribed = 0, unsubscribed = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ messages: Span<Sent>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var times: [Int64] = []
    var start7 = 0
    var start30 = 0
    var most7 = 0
    var most30 = 0
    for index in messages.indices {
      let message = messages[index]
      let counts = query.includes(message.time)
      if message.isUnsubscribed {
        if counts { tally.unsubscribed += 1 }
        continue
      }
      times.append(message.time)
      while elapsed(from: times[start7], to: message.time) >= 7 * nanosecondsPerDay { start7 += 1 }
      while elapsed(from: times[start30], to: message.time) >= 30 * nanosecondsPerDay { start30 += 1 }
      guard counts else { continue }
      tally.sent += 1
      if message.isSubscribed { tally.subscribed += 1 }
      most7 = max(most7, times.count - start7)
      most30 = max(most30, times.count - start30)
    }
    guard most7 > 0 else { return }
    tally.customers += 1
    if Double(most7) > query.number("cap-7d", default: 2) || Double(most30) > query.number("cap-30d", default: 6) {
      tally.over += 1
    }
    tally.max7 = max(tally.max7, most7)
    tally.max30 = max(tally.max30, most30)
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows([
      ViewRow([
        "customers": .count(tally.customers), "over_cap": .count(tally.over),
        "over_cap_rate": .rate(part: tally.over, whole: tally.customers), "max_7d": .count(tally.max7),
        "max_30d": .count(tally.max30),
        "in_subscribed_topics_rate": .rate(part: tally.subscribed, whole: tally.sent),
        "unsubscribed_per_1000": .per(1000, part: tally.unsubscribed, whole: tally.sent),
      ])
    ])
  }
}
