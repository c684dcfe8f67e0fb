/// `priorities`: the five “before” – the customer before self-interest, advocacy before advertising, useful content
/// before ads, existing customers before new ones, the individual before the standard.
public struct Priorities: View {
  public static let name = "priorities"
  public static let version = 1
  public static let question = "What comes first: the customer or we, advocacy or advertising, old or new customers?"
  public static let definition = ViewDefinition(
    formula: """
      share = front / (front + rear); met if at least 0.5. customer: actions taken for the customer's benefit against the \
      company's; both counts half on each side. advocacy: customers registered by referral against by ad. content: content \
      sent against ads shown and campaigns of kind ad. existing: costs of retention against acquisition and advertising, one \
      row per currency where there are several; where none are booked, touches out to customers with a delivered order \
      before against those to others. individual: messages sent and offers made that are personalised against those that \
      are not. By month months_met: the months of the window in which that priority is met.
      """,
    unit: "events; money for costs", anchor: "each event", exclusions: "nothing", groupings: ["month"],
    keys: ["priority", "front", "rear", "share", "met"],
    variants: [ViewVariant("--by month", ["month", "priority", "front", "rear", "share", "met", "months_met"])])

  static let names = ["customer", "advocacy", "content", "existing", "individual"]

  /// Something that counts for one side of a priority.
  public struct Act: BitwiseCopyable, Sendable {
    var time: Int64
    /// Money in ten-thousandths for costs, halves for all else.
    var front: Int64
    var rear: Int64
    var currency: UInt16 = 0
    /// Index in `names`; 5 is a touch, which stands for `existing` where no costs are booked.
    var priority: UInt8

    static let touch: UInt8 = 5
  }

  public init() {}

  public let kinds = EventKindSet.interactions.union([.actionTaken])
  public let columns = ColumnSet(.code, .code2, .marks, .amount, .currency, .direction)
  public let readsFirm = true

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Act]) {
    var hasDelivery = false
    for index in history.events.indices {
      let event = history.events[index]
      if let act = act(event) { records.append(act) }
      if event.touch == .out { records.append(Self.act(event.time, Act.touch, isFront: hasDelivery)) }
      if event.kind == .orderDelivered { hasDelivery = true }
    }
  }

  private func act(_ event: History.Event) -> Act? {
    let time = event.time
    switch event.kind {
    // Benefit: customer, company, both.
    case .actionTaken where event.code == 3: return Act(time: time, front: 1, rear: 1, priority: 0)
    case .actionTaken where event.code == 1 || event.code == 2: return Self.act(time, 0, isFront: event.code == 1)
    // Acquired: referral, ad.
    case .customerRegistered where event.code2 == 1 || event.code2 == 2:
      return Self.act(time, 1, isFront: event.code2 == 1)
    case .contentSent: return Self.act(time, 2, isFront: true)
    case .adShown: return Self.act(time, 2, isFront: false)
    case .campaignSent where event.code == 1: return Self.act(time, 2, isFront: false)
    // Purpose: acquisition 5, retention 6, advertising 7.
    case .costBooked where (5...7).contains(event.code):
      let isFront = event.code == 6
      return Act(
        time: time, front: isFront ? event.amount : 0, rear: isFront ? 0 : event.amount, currency: event.currency,
        priority: 3)
    case .messageSent, .offerMade: return Self.act(time, 4, isFront: event.flagA == true)
    default: return nil
    }
  }

  private static func act(_ time: Int64, _ priority: UInt8, isFront: Bool) -> Act {
    Act(time: time, front: isFront ? 2 : 0, rear: isFront ? 0 : 2, priority: priority)
  }

  public func digest(_ act: Act, into hasher: inout DigestHasher) {
    hasher.add(values: act.time, act.front, act.rear, act.currency, act.priority)
  }

  struct Balance {
    var front: Int128 = 0, rear: Int128 = 0
    var share: Double? { front + rear == 0 ? nil : Double(front) / Double(front + rear) }
    var isMet: Bool? { share.map { $0 >= 0.5 } }
  }

  public struct Counts {
    var balances: [Balance] = Array(repeating: Balance(), count: 6)
    var costs: [UInt16: Balance] = [:]

    /// Rows of a group: costs by currency if there are any.
    func lines() -> [(priority: String, balance: Balance, unit: Double)] {
      var lines: [(String, Balance, Double)] = []
      for (index, name) in Priorities.names.enumerated() {
        if index == 3, !costs.isEmpty {
          let sorted = costs.map { (Currency.text($0.key), $0.value) }.sorted { $0.0 < $1.0 }
          for (currency, balance) in sorted {
            lines.append((sorted.count == 1 ? name : "\(name) \(currency)", balance, 10_000))
          }
        } else {
          lines.append((name, balances[index == 3 ? Int(Act.touch) : index], 2))
        }
      }
      return lines
    }
  }

  public func makeTally() -> Groups<Counts> { Groups(Counts()) }

  public func add(_ acts: Span<Act>, of person: UInt32, to groups: inout Groups<Counts>, for query: ViewQuery) {
    for index in acts.indices where query.includes(acts[index].time) {
      let act = acts[index]
      let group: Group = query.grouping == "month" ? .month(query.month(of: act.time)) : .all
      if act.priority == 3 {
        groups[group].costs[act.currency, default: Balance()].front += Int128(act.front)
        groups[group].costs[act.currency]!.rear += Int128(act.rear)
      } else {
        groups[group].balances[Int(act.priority)].front += Int128(act.front)
        groups[group].balances[Int(act.priority)].rear += Int128(act.rear)
      }
    }
  }

  public func rows(_ groups: Groups<Counts>, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    guard query.grouping == "month" else { return ViewRows(groups[.all].lines().map { row($0) }) }
    let months = try groups.sorted(names)
    var met: [String: Int] = [:]
    for (_, counts) in months {
      for line in counts.lines() where line.balance.isMet == true { met[line.priority, default: 0] += 1 }
    }
    var rows: [ViewRow] = []
    for (month, counts) in months {
      for line in counts.lines() {
        var row = ViewRow()
        row.set("month", try month.cell(names))
        row.cells += self.row(line).cells
        row.set("months_met", .count(met[line.priority] ?? 0))
        rows.append(row)
      }
    }
    return ViewRows(rows)
  }

  private func row(_ line: (priority: String, balance: Balance, unit: Double)) -> ViewRow {
    ViewRow([
      "priority": .text(line.priority), "front": .number(Double(line.balance.front) / line.unit),
      "rear": .number(Double(line.balance.rear) / line.unit), "share": .number(orNone: line.balance.share),
      "met": line.balance.isMet.map { .bool($0) } ?? .none,
    ])
  }
}
