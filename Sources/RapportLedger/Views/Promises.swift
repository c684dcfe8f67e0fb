/// `promises`: mighty words are rarely followed by deeds.
public struct Promises: View {
  public static let name = "promises"
  public static let version = 1
  public static let question = "Do we keep what we promise, and in time?"
  public static let definition = ViewDefinition(
    formula: """
      due: promises that fall due in the window; the first promise.made of an id says when, a later one cannot move it. \
      kept: kept in time; a promise for a date is kept until the end of that day. kept_rate = kept / due. broken: not kept \
      in time, and either said so or the due time has passed. late: of promises kept after they were due, how much later; \
      for a date from its end.
      """,
    unit: "promises; lateness in seconds", anchor: "due",
    exclusions: "not_made: kept or broken without having been made", groupings: ["department", "customer"],
    keys: ["due", "kept", "kept_rate", "broken", "late_p50", "late_p90"])

  public struct Promise: BitwiseCopyable, Sendable {
    var due: Int64 = 0
    /// `Int64.max`: never.
    var kept = Int64.max
    var department: UInt32 = 0
    var isMade = false
    var isDate = false
    /// Somebody said that it is broken.
    var isBroken = false
  }

  public init() {}

  public let kinds: EventKindSet = [.promiseMade, .promiseKept, .promiseBroken]
  public let columns = ColumnSet(.object, .instant, .marks, .department)

  public struct Scratch { var promises = ScratchTable<Promise>() }

  public func makeScratch(firm: Span<Promise>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Promise]) {
    scratch.promises.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      let (place, _) = scratch.promises.index(of: event.object) { Promise() }
      switch event.kind {
      case .promiseMade:
        guard !scratch.promises.values[place].isMade else { continue }
        scratch.promises.values[place].isMade = true
        scratch.promises.values[place].due = event.instant
        scratch.promises.values[place].isDate = event.marks.contains(.instantIsDate)
        scratch.promises.values[place].department = event.department
      case .promiseKept: scratch.promises.values[place].kept = min(scratch.promises.values[place].kept, event.time)
      default: scratch.promises.values[place].isBroken = true
      }
    }
    records.append(contentsOf: scratch.promises.values)
  }

  public func digest(_ promise: Promise, into hasher: inout DigestHasher) {
    hasher.add(values: promise.due, promise.kept)
    hasher.add(name: promise.department)
    hasher.add(promise.isMade)
    hasher.add(promise.isDate)
    hasher.add(promise.isBroken)
  }

  public struct Counts {
    var due = 0, kept = 0, broken = 0
    var late = Percentiles()
  }

  public struct Tally {
    var groups = Groups(Counts())
    var unmade = 0
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ promises: Span<Promise>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in promises.indices {
      let promise = promises[index]
      guard promise.isMade else {
        tally.unmade += 1
        continue
      }
      guard query.includes(query.due(promise.due, isDate: promise.isDate)) else { continue }
      let group: Group =
        switch query.grouping {
        case "department": .name(orAbsent: promise.department)
        case "customer": .customer(person)
        default: .all
        }
      count(promise, &tally.groups[group], query)
    }
  }

  private func count(_ promise: Promise, _ counts: inout Counts, _ query: ViewQuery) {
    counts.due += 1
    let isKept = promise.kept != .max
    if isKept, query.isInTime(promise.kept, due: promise.due, isDate: promise.isDate) {
      counts.kept += 1
      return
    }
    if promise.isBroken || !query.isInTime(query.asOf, due: promise.due, isDate: promise.isDate) { counts.broken += 1 }
    guard isKept else { return }
    let day = CivilDate(Timestamp(nanoseconds: promise.due))
    let end = promise.isDate ? query.start(of: CivilDate(days: day.days + 1)) : promise.due
    counts.late.add(flooredSeconds(elapsed(from: end, to: promise.kept)))
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    let rows = try tally.groups.rows(by: query.grouping, names) { counts in
      [
        "due": .count(counts.due), "kept": .count(counts.kept),
        "kept_rate": .rate(part: counts.kept, whole: counts.due), "broken": .count(counts.broken),
        "late_p50": counts.late.seconds(50), "late_p90": counts.late.seconds(90),
      ]
    }
    return ViewRows(rows, leftOut: ["not_made": tally.unmade])
  }
}
