/// `seams`: most problems are cross-departmental.
///
/// One history is one case, followed across subjects; what a customer meets of it is ``CustomerSeams``.
public struct Seams: View {
  public static let name = "seams"
  public static let version = 2
  public static let question = "Where do cases change hands between departments, and how long do they wait there?"
  public static let definition = ViewDefinition(
    formula: """
      The events of a case (its case, else its correlationid) in order, across subjects, that have a department – an \
      assignment the one it names –, equal neighbours compressed. handovers = length − 1. ping_pong: a department comes \
      back. stations: distinct departments. --by seam, for each handover from one department to the next: wait = from the \
      event that brought the case there to the next public reply by an employee there. --by customer: customers with at \
      least 3 touches that have a department; silo_index = Σ of the squares of the departments' shares of them; \
      effort_minutes = minutes of formalities imposed + time in which their cases, followed across subjects, waited for us or \
      a third, rounded down.
      """,
    unit: "cases; handovers; seconds; minutes", anchor: "the first event of the case; --by customer: each touch",
    exclusions: "nothing", groupings: ["seam", "customer"],
    keys: ["cases", "handovers", "cases_handed_over", "ping_pong_cases", "stations_p50", "stations_p90"],
    variants: [
      ViewVariant("--by seam", ["from", "to", "n", "wait_p50", "wait_p90"]),
      ViewVariant("--by customer", ["customer", "touches", "silo_index", "effort_minutes"]),
    ])

  /// A station of a case.
  public struct Station: BitwiseCopyable, Sendable {
    /// The first event of the case.
    var began: Int64
    var department: UInt32
    /// Nanoseconds until an employee replied there; -1 never.
    var wait: Int64 = -1
  }

  public init() {}

  public let kinds = EventKindSet.interactions
  public let columns = ColumnSet(
    .object, .related, .correlation, .term, .department, .marks, .direction, .actor)
  public let gathering = Gathering.cases

  public func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Station]) {
    let start = records.count
    let began = history.events[0].time
    for index in history.events.indices {
      let event = history.events[index]
      let department = event.kind == .caseAssigned ? event.term : event.department
      guard department != 0, records.count == start || records[records.count - 1].department != department else {
        continue
      }
      let wait = records.count == start ? -1 : self.wait(history, after: index, department)
      records.append(Station(began: began, department: department, wait: wait))
    }
  }

  private func wait(_ history: borrowing History, after arrival: Int, _ department: UInt32) -> Int64 {
    for index in arrival..<history.events.count {
      let event = history.events[index]
      guard event.kind == .caseReplied, event.department == department, event.actor == .employee,
        event.flagA != false
      else { continue }
      return elapsed(from: history.events[arrival].time, to: event.time)
    }
    return -1
  }

  public func digest(_ station: Station, into hasher: inout DigestHasher) {
    hasher.add(values: station.began, station.wait)
    hasher.add(name: station.department)
  }

  struct Seam: Hashable {
    var from: UInt32
    var to: UInt32
  }

  public struct Tally {
    var cases = 0, handovers = 0, handedOver = 0, pingPong = 0
    var stations = Percentiles()
    var seams: [Seam: (n: Int, wait: Percentiles)] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public func delegate(for query: ViewQuery) -> (any View)? { query.grouping == "customer" ? CustomerSeams() : nil }

  public func add(_ stations: Span<Station>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    guard !stations.isEmpty, query.includes(stations[0].began) else { return }
    let distinct = Self.distinct(stations)
    for index in stations.indices {
      guard query.grouping == "seam", index > 0 else { continue }
      let seam = Seam(from: stations[index - 1].department, to: stations[index].department)
      tally.seams[seam, default: (0, Percentiles())].n += 1
      if stations[index].wait >= 0 { tally.seams[seam]!.wait.add(flooredSeconds(stations[index].wait)) }
    }
    tally.cases += 1
    tally.handovers += stations.count - 1
    if stations.count > 1 { tally.handedOver += 1 }
    if distinct < stations.count { tally.pingPong += 1 }
    tally.stations.add(Int64(distinct))
  }

  /// How many departments there are among the stations of a case.
  private static func distinct(_ stations: Span<Station>) -> Int {
    guard stations.count > 2 else {
      return stations.count == 2 && stations[0].department == stations[1].department ? 1 : stations.count
    }
    var departments: Set<UInt32> = []
    for index in stations.indices { departments.insert(stations[index].department) }
    return departments.count
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    guard query.grouping == "seam" else {
      var stations = tally.stations
      return ViewRows([
        ViewRow([
          "cases": .count(tally.cases), "handovers": .count(tally.handovers),
          "cases_handed_over": .count(tally.handedOver), "ping_pong_cases": .count(tally.pingPong),
          "stations_p50": stations(50).map { .count(Int($0)) } ?? .none,
          "stations_p90": stations(90).map { .count(Int($0)) } ?? .none,
        ])
      ])
    }
    var rows = KeyedRows<ViewRow>()
    for (seam, value) in tally.seams {
      var wait = value.wait
      let (from, to) = (try names.name(seam.from), try names.name(seam.to))
      var row = ViewRow(["from": .text(from), "to": .text(to), "n": .count(value.n)])
      row.set("wait", &wait, 50, 90)
      rows.add(row, by: from, to)
    }
    return ViewRows(rows.sorted)
  }
}
