/// `requests`: the customers' rights, and whether they are granted in time.
public struct Requests: View {
  public static let name = "requests"
  public static let version = 2
  public static let question = "Do customers get their rights, and in time?"
  public static let definition = ViewDefinition(
    formula: """
      A request is due one calendar month after it was received – on the same day number, else at the month's end – and two \
      months later if it was extended; an objection is due at once. open: neither fulfilled nor refused. overdue: open, \
      and its due day has passed. fulfilled: was fulfilled, also after a refusal. days: from \
      receipt to fulfilment.
      """,
    unit: "requests; days, rounded down", anchor: "request.received",
    exclusions: "not_received: fulfilled, refused or extended without having been received", groupings: ["right"],
    defaultGrouping: "right", keys: ["right", "open", "overdue", "fulfilled", "days_p50"])

  public struct Request: BitwiseCopyable, Sendable {
    /// `Int64.max`: never.
    var received = Int64.max
    /// For the first time; `Int64.max`: never.
    var fulfilled = Int64.max
    var right: UInt8 = 0
    var isRefused = false
    var isExtended = false

    var isOpen: Bool { fulfilled == .max && !isRefused }
  }

  static let rights = ["access", "rectification", "erasure", "restriction", "portability", "objection"]

  public init() {}

  public let kinds: EventKindSet = [.requestReceived, .requestExtended, .requestFulfilled, .requestRefused]
  public let columns = ColumnSet(.object, .code)

  public struct Scratch { var requests = ScratchTable<Request>() }

  public func makeScratch(firm: Span<Request>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Request]) {
    scratch.requests.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      let (place, _) = scratch.requests.index(of: event.object) { Request() }
      switch event.kind {
      case .requestReceived:
        guard scratch.requests.values[place].received == .max else { continue }
        scratch.requests.values[place].received = event.time
        scratch.requests.values[place].right = event.code
      case .requestExtended: scratch.requests.values[place].isExtended = true
      case .requestRefused: scratch.requests.values[place].isRefused = true
      case .requestFulfilled:
        scratch.requests.values[place].fulfilled = min(scratch.requests.values[place].fulfilled, event.time)
      default: continue
      }
    }
    records.append(contentsOf: scratch.requests.values)
  }

  public func digest(_ request: Request, into hasher: inout DigestHasher) {
    hasher.add(values: request.received, request.fulfilled, request.right)
    hasher.add(request.isRefused)
    hasher.add(request.isExtended)
  }

  public struct Counts {
    var open = 0, overdue = 0, fulfilled = 0
    var days = Percentiles()
  }

  public struct Tally {
    var groups = Groups(Counts(), words: Requests.rights)
    var unreceived = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ requests: Span<Request>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in requests.indices {
      let request = requests[index]
      guard request.received != .max else {
        tally.unreceived += 1
        continue
      }
      guard query.includes(request.received) else { continue }
      count(request, &tally.groups[.word(request.right == 0 ? .max : request.right)], query)
    }
  }

  private func count(_ request: Request, _ counts: inout Counts, _ query: ViewQuery) {
    if request.isOpen {
      counts.open += 1
      if isOverdue(request, query) { counts.overdue += 1 }
    } else if request.fulfilled != .max {
      counts.fulfilled += 1
      counts.days.add(max(0, elapsed(from: request.received, to: request.fulfilled)) / nanosecondsPerDay)
    }
  }

  private func isOverdue(_ request: Request, _ query: ViewQuery) -> Bool {
    // Right 6 is objection.
    if request.right == 6 { return query.asOf > request.received }
    return query.day(of: query.asOf) > query.day(of: request.received).adding(months: request.isExtended ? 3 : 1)
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows = try tally.groups.rows(by: "right", names) { counts in
      [
        "open": .count(counts.open), "overdue": .count(counts.overdue), "fulfilled": .count(counts.fulfilled),
        "days_p50": counts.days(50).map { .count(Int($0)) } ?? .none,
      ]
    }
    return ViewRows(rows, leftOut: ["not_received": tally.unreceived])
  }
}

extension CivilDate {
  /// The same day number so many months later, else the last day of that month.
  func adding(months: Int) -> CivilDate {
    let parts = components
    let month = CivilMonth(index: self.month.index + Int32(months))
    let last = CivilDate.daysInMonth(year: month.year, month: month.month)
    return CivilDate(year: month.year, month: month.month, day: min(parts.day, last))
  }
}
