/// `service`: speed and quality of help. Enquiries, concerns and complaints are never lumped.
///
/// One history is one case, followed across subjects.
public struct ServiceQuality: View {
  public static let name = "service"
  public static let version = 1
  public static let question = "How fast and how well do we help, with enquiries, concerns and complaints?"
  public static let definition = ViewDefinition(
    formula: """
      An opening is case.opened or case.reopened. first_reply: from an opening to the next public reply by an employee; a \
      bot's reply does not stop the clock and is shown as bot_first_reply; openings with direction out are left out. \
      waiting: openings without a reply. resolve_first, resolve_full: from the first opening to the first and the last \
      case.resolved, calendar time. customer_wait: time of a case in which it waited for us or a third, from each opening \
      (then for us) to resolved or closed, up to as_of. reopened_rate: cases reopened / cases resolved. one_touch_rate: \
      cases with exactly one public reply by an employee before their last resolution / cases resolved. \
      complaints_per_100_orders: on the complaint row, complaints per 100 orders placed in the window.
      """,
    unit: "cases; openings; durations in seconds", anchor: "case.opened",
    exclusions: "not_opened: cases whose opening is not known",
    groupings: ["kind", "channel", "department", "country", "month"], defaultGrouping: "kind",
    keys: [
      "kind", "cases", "waiting", "first_reply_n", "first_reply_p50", "first_reply_p90", "resolve_first_n",
      "resolve_first_p50", "resolve_first_p90", "resolve_full_n", "resolve_full_p50", "resolve_full_p90",
      "bot_first_reply_n", "bot_first_reply_p50", "customer_wait_p50", "customer_wait_p90", "reopened",
      "reopened_rate", "one_touch_rate", "complaints_per_100_orders",
    ])

  /// A case, or before it each of its openings.
  public struct Case: BitwiseCopyable, Sendable {
    /// First opening; `Int64.max` for a case that was never opened.
    var opened = Int64.max
    /// Nanoseconds from the opening; -1 never. Of an opening: to the first reply by an employee and by a bot. Of a case:
    /// to the first and the last resolution.
    var first: Int64 = -1
    var last: Int64 = -1
    var waiting = Waiting()
    var channel: UInt32 = 0
    var department: UInt32 = 0
    var country: UInt32 = 0
    var kind: UInt8 = 0
    var isOpening = false
    var isReopened = false
    var isOneTouch = false
  }

  static let caseKinds = ["enquiry", "concern", "complaint"]

  public init() {}

  public let kinds: EventKindSet = [
    .caseOpened, .caseReplied, .caseWaiting, .caseResolved, .caseReopened, .caseClosed,
  ]
  public let columns = ColumnSet(
    .object, .related, .correlation, .code, .marks, .channel, .department, .country, .direction, .actor)
  public let gathering = Gathering.cases

  public struct Scratch { var openings = Openings() }

  public func makeScratch(firm: Span<Case>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Case]) {
    scratch.openings.removeAll()
    var whole = Case()
    for index in history.events.indices {
      let event = history.events[index]
      if whole.opened == .max {
        guard event.kind == .caseOpened else { continue }
        whole.opened = event.time
        whole.kind = event.code
        whole.channel = event.channel
        whole.department = event.department
        whole.country = event.country
      }
      whole.waiting.apply(event)
      scratch.openings.apply(event)
      if event.kind == .caseReopened { whole.isReopened = true }
      guard event.kind == .caseResolved else { continue }
      whole.last = elapsed(from: whole.opened, to: event.time)
      if whole.first < 0 { whole.first = whole.last }
      whole.isOneTouch = scratch.openings.humanReplies == 1
    }
    for opening in scratch.openings.list {
      var record = whole
      record.isOpening = true
      record.first = opening.human
      record.last = opening.bot
      records.append(record)
    }
    records.append(whole)
  }

  public func digest(_ record: Case, into hasher: inout DigestHasher) {
    hasher.add(
      values: record.opened, record.first, record.last, record.waiting.waited, record.waiting.since,
      record.kind)
    hasher.add(names: record.channel, record.department, record.country)
    hasher.add(record.isOpening)
    hasher.add(record.isReopened)
    hasher.add(record.isOneTouch)
  }

  public struct Counts: Mergeable {
    var cases = 0, complaints = 0, waiting = 0, reopened = 0, resolved = 0, oneTouch = 0
    var reply = Percentiles(), botReply = Percentiles()
    var resolveFirst = Percentiles(), resolveFull = Percentiles(), wait = Percentiles()

    mutating func merge(_ later: Counts) {
      merge(later, \.cases, \.complaints, \.waiting, \.reopened, \.resolved, \.oneTouch)
      merge(later, \.reply, \.botReply, \.resolveFirst, \.resolveFull, \.wait)
    }
  }

  public struct Tally: Mergeable {
    var groups = KindGroups(Counts(), kinds: ServiceQuality.caseKinds)
    /// Orders placed in the window by the text of the group.
    var orders: [String?: Int] = [:]
    var unopened = 0
    /// By person the nanoseconds that their cases waited for us or a third; only where those are asked for.
    var waits: [UInt32: Int128] = [:]

    mutating func merge(_ later: Tally) {
      merge(later, \.groups, \.unopened)
      waits.merge(later.waits, uniquingKeysWith: +)
    }
  }

  public func makeTally() -> Tally { Tally() }

  /// The orders that complaints are measured by are those of the same group; a department has no orders, there it is all.
  public static func parts(for query: ViewQuery) -> [ViewPart] {
    if query.lumpsKinds || query.grouping == customers { return [] }
    return [ViewPart(PerfectOrders.name, by: ordersHave(query.grouping) ? query.grouping : nil)]
  }

  /// The grouping that ``CustomerSeams`` asks for: customers and the seconds that their cases waited.
  static let customers = "customer"

  private static func ordersHave(_ grouping: String?) -> Bool {
    grouping.map { ["channel", "country", "month"].contains($0) } ?? false
  }

  public func add(_ answer: ViewAnswer, to tally: inout Tally) {
    for row in answer.rows.rows { if case .count(let orders)? = row["received"] { tally.orders[row.group] = orders } }
  }

  public func add(_ cases: Span<Case>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in cases.indices {
      let record = cases[index]
      guard record.opened != .max else {
        tally.unopened += 1
        continue
      }
      guard query.includes(record.opened) else { continue }
      guard query.grouping != Self.customers else {
        if !record.isOpening { tally.waits[person, default: 0] += Int128(record.waiting.total(at: query.asOf)) }
        continue
      }
      let group = query.group(
        channel: record.channel, department: record.department, country: record.country, month: record.opened)
      tally.groups.update(query.lumpsKinds ? 0 : record.kind, group) { count(record, &$0, query) }
    }
  }

  private func count(_ record: Case, _ counts: inout Counts, _ query: ViewQuery) {
    if record.isOpening {
      if record.first < 0 { counts.waiting += 1 }
      counts.reply.add(nanoseconds: record.first)
      counts.botReply.add(nanoseconds: record.last)
      return
    }
    counts.cases += 1
    if record.kind == 3 { counts.complaints += 1 }
    if record.isReopened { counts.reopened += 1 }
    counts.wait.add(flooredSeconds(record.waiting.total(at: query.asOf)))
    guard record.first >= 0 else { return }
    counts.resolved += 1
    counts.resolveFirst.add(nanoseconds: record.first)
    counts.resolveFull.add(nanoseconds: record.last)
    if record.isOneTouch { counts.oneTouch += 1 }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    guard query.grouping != Self.customers else {
      return ViewRows(
        try .byCustomer(tally.waits.filter { $0.key != 0 }.map { $0 }, names, { $0.key }) { customer, wait in
          ViewRow(["customer": .text(customer), "waited": .count(Int(clamping: wait.value / 1_000_000_000))])
        })
    }
    let rows = try tally.groups.rows(by: query.grouping, names) { kind, group, counts in
      let orders = tally.orders[Self.ordersHave(query.grouping) ? group : nil] ?? 0
      return Self.row(&counts, orders: kind == "complaint" ? orders : 0)
    }
    return ViewRows(rows, leftOut: ["not_opened": tally.unopened])
  }

  private static func row(_ counts: inout Counts, orders: Int) -> ViewRow {
    var row = ViewRow(["cases": .count(counts.cases), "waiting": .count(counts.waiting)])
    row.set("first_reply", &counts.reply, 50, 90, counted: true)
    row.set("resolve_first", &counts.resolveFirst, 50, 90, counted: true)
    row.set("resolve_full", &counts.resolveFull, 50, 90, counted: true)
    row.set("bot_first_reply", &counts.botReply, 50, counted: true)
    row.set("customer_wait", &counts.wait, 50, 90)
    row.set("reopened", .count(counts.reopened))
    row.set("reopened_rate", .rate(part: counts.reopened, whole: counts.resolved))
    row.set("one_touch_rate", .rate(part: counts.oneTouch, whole: counts.resolved))
    row.set("complaints_per_100_orders", .per(100, part: counts.complaints, whole: orders))
    return row
  }
}
