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
    /// Waited so far, and since when it is waiting now (`Int64.max`: it is not).
    var waited: Int64 = 0
    var waitingSince = Int64.max
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

  public struct Scratch { var openings: [(time: Int64, human: Int64, bot: Int64)] = [] }

  public func makeScratch(firm: Span<Case>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Case]) {
    scratch.openings.removeAll(keepingCapacity: true)
    var whole = Case()
    var replies = 0
    var isOver = false
    for index in history.events.indices {
      let event = history.events[index]
      guard whole.opened != .max || event.kind == .caseOpened else { continue }
      switch event.kind {
      case .caseOpened, .caseReopened:
        open(event, &whole, &scratch)
        isOver = false
      case .caseReplied:
        guard event.flagA != false else { continue }
        if event.actor == .employee { replies += 1 }
        reply(event, &scratch)
      case .caseWaiting:
        // On us or on a third.
        if !isOver { wait(event.code == 1 || event.code == 3, event.time, &whole) }
      case .caseResolved, .caseClosed:
        wait(false, event.time, &whole)
        isOver = true
        guard event.kind == .caseResolved else { continue }
        whole.last = elapsed(from: whole.opened, to: event.time)
        if whole.first < 0 { whole.first = whole.last }
        whole.isOneTouch = replies == 1
      default: continue
      }
    }
    for opening in scratch.openings {
      var record = whole
      record.isOpening = true
      record.first = opening.human
      record.last = opening.bot
      records.append(record)
    }
    records.append(whole)
  }

  private func open(_ event: History.Event, _ whole: inout Case, _ scratch: inout Scratch) {
    if whole.opened == .max {
      whole.opened = event.time
      whole.kind = event.code
      whole.channel = event.channel
      whole.department = event.department
      whole.country = event.country
    }
    if event.kind == .caseReopened { whole.isReopened = true }
    if event.direction != .out { scratch.openings.append((event.time, -1, -1)) }
    wait(true, event.time, &whole)
  }

  private func reply(_ event: History.Event, _ scratch: inout Scratch) {
    for index in scratch.openings.indices {
      let duration = elapsed(from: scratch.openings[index].time, to: event.time)
      if event.actor == .employee, scratch.openings[index].human < 0 { scratch.openings[index].human = duration }
      if event.actor == .bot, scratch.openings[index].bot < 0 { scratch.openings[index].bot = duration }
    }
  }

  /// Starts or ends the time in which the customer waits.
  private func wait(_ isWaiting: Bool, _ time: Int64, _ whole: inout Case) {
    if isWaiting {
      if whole.waitingSince == .max { whole.waitingSince = time }
    } else if whole.waitingSince != .max {
      whole.waited = saturatingSum(whole.waited, elapsed(from: whole.waitingSince, to: time))
      whole.waitingSince = .max
    }
  }

  public func digest(_ record: Case, into hasher: inout DigestHasher) {
    hasher.add(
      values: record.opened, record.first, record.last, record.waited, record.waitingSince, record.kind)
    hasher.add(names: record.channel, record.department, record.country)
    hasher.add(record.isOpening)
    hasher.add(record.isReopened)
    hasher.add(record.isOneTouch)
  }

  public struct Counts {
    var cases = 0, complaints = 0, waiting = 0, reopened = 0, resolved = 0, oneTouch = 0
    var reply = Percentiles(), botReply = Percentiles()
    var resolveFirst = Percentiles(), resolveFull = Percentiles(), wait = Percentiles()
  }

  public struct Tally {
    /// By kind, then by what else was asked for.
    var kinds: [String?: Groups<Counts>] = [:]
    /// Orders placed in the window by the text of the group.
    var orders: [String?: Int] = [:]
    var unopened = 0
  }

  public func makeTally() -> Tally { Tally() }

  /// The orders that complaints are measured by are those of the same group; a department has no orders, there it is all.
  public static func parts(for query: ViewQuery) -> [ViewPart] {
    let grouping = query.grouping.flatMap { ["channel", "country", "month"].contains($0) ? $0 : nil }
    return [ViewPart(PerfectOrders.name, by: grouping)]
  }

  public func add(_ answer: ViewAnswer, to tally: inout Tally) {
    for row in answer.rows.rows {
      guard case .count(let orders)? = row["received"] else { continue }
      var key: String?
      if case .text(let text)? = row.cells.first?.value { key = text }
      tally.orders[key] = orders
    }
  }

  public func add(_ cases: Span<Case>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in cases.indices {
      let record = cases[index]
      guard record.opened != .max else {
        tally.unopened += 1
        continue
      }
      guard query.includes(record.opened) else { continue }
      // “all” is what other views ask for.
      let kind = query.grouping == "all" || query.grouping == "all-by-country" ? nil : word(record.kind, Self.caseKinds)
      count(record, &tally.kinds[kind, default: Groups(Counts())][group(record, query)], query)
    }
  }

  private func group(_ record: Case, _ query: ViewQuery) -> Group {
    switch query.grouping {
    case "channel": .name(orAbsent: record.channel)
    case "department": .name(orAbsent: record.department)
    case "country", "all-by-country": .name(orAbsent: record.country)
    case "month": .month(query.month(of: record.opened))
    default: .all
    }
  }

  private func count(_ record: Case, _ counts: inout Counts, _ query: ViewQuery) {
    if record.isOpening {
      if record.first >= 0 { counts.reply.add(flooredSeconds(record.first)) } else { counts.waiting += 1 }
      if record.last >= 0 { counts.botReply.add(flooredSeconds(record.last)) }
      return
    }
    counts.cases += 1
    if record.kind == 3 { counts.complaints += 1 }
    if record.isReopened { counts.reopened += 1 }
    let running = record.waitingSince == .max ? 0 : max(0, elapsed(from: record.waitingSince, to: query.asOf))
    counts.wait.add(flooredSeconds(saturatingSum(record.waited, running)))
    guard record.first >= 0 else { return }
    counts.resolved += 1
    counts.resolveFirst.add(flooredSeconds(record.first))
    counts.resolveFull.add(flooredSeconds(record.last))
    if record.isOneTouch { counts.oneTouch += 1 }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let byKind = query.grouping == nil || query.grouping == "kind"
    var rows: [(group: String?, kind: String?, row: ViewRow)] = []
    for (kind, groups) in tally.kinds {
      for (group, counts) in try groups.sorted(names) {
        let text = try group.text(names)
        var row = ViewRow()
        if !byKind, let grouping = query.grouping { row.set(grouping, .text(orNone: text)) }
        row.set("kind", .text(orNone: kind))
        let hasOrdersOfItsOwn = Self.parts(for: query)[0].grouping != nil
        let orders = tally.orders[hasOrdersOfItsOwn ? text : nil] ?? 0
        row.cells += cells(counts, orders: kind == "complaint" ? orders : 0).cells
        rows.append((text, kind, row))
      }
    }
    rows.sort { $0.group == $1.group ? keyPrecedes($0.kind, $1.kind) : keyPrecedes($0.group, $1.group) }
    return ViewRows(rows.map(\.row), leftOut: ["not_opened": tally.unopened])
  }

  private func cells(_ counts: Counts, orders: Int) -> ViewRow {
    var counts = counts
    return ViewRow([
      "cases": .count(counts.cases), "waiting": .count(counts.waiting), "first_reply_n": .count(counts.reply.count),
      "first_reply_p50": counts.reply.seconds(50), "first_reply_p90": counts.reply.seconds(90),
      "resolve_first_n": .count(counts.resolveFirst.count), "resolve_first_p50": counts.resolveFirst.seconds(50),
      "resolve_first_p90": counts.resolveFirst.seconds(90), "resolve_full_n": .count(counts.resolveFull.count),
      "resolve_full_p50": counts.resolveFull.seconds(50), "resolve_full_p90": counts.resolveFull.seconds(90),
      "bot_first_reply_n": .count(counts.botReply.count), "bot_first_reply_p50": counts.botReply.seconds(50),
      "customer_wait_p50": counts.wait.seconds(50), "customer_wait_p90": counts.wait.seconds(90),
      "reopened": .count(counts.reopened), "reopened_rate": .rate(part: counts.reopened, whole: counts.resolved),
      "one_touch_rate": .rate(part: counts.oneTouch, whole: counts.resolved),
      "complaints_per_100_orders": .per(100, part: counts.complaints, whole: orders),
    ])
  }
}
