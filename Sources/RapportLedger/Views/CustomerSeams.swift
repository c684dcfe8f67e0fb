/// What customers meet of the seams between departments: `seams --by customer`.
///
/// A silo index of 1 is one department for everything; the more departments share the touches, the nearer to zero.
struct CustomerSeams: View {
  static let name = "seams-by-customer"
  static let version = 1
  static let question = Seams.question
  static let definition = Seams.definition

  /// A touch with a department, or time that a customer spent on us.
  struct Touch: BitwiseCopyable, Sendable {
    var time: Int64
    var department: UInt32 = 0
    /// Minutes of a formality.
    var minutes: Int64 = 0
    /// Of a case.
    var waiting = Waiting()
  }

  let kinds = EventKindSet.interactions
  let columns = ColumnSet(.object, .code, .number, .term, .department, .direction)

  struct Scratch { var cases = ScratchTable<Touch>() }

  func makeScratch(firm: Span<Touch>, names: borrowing Snapshot) -> Scratch { Scratch() }

  func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Touch]) {
    scratch.cases.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      if event.department != 0, event.touch != nil {
        records.append(Touch(time: event.time, department: event.department))
      }
      switch event.kind {
      case .formalityImposed: records.append(Touch(time: event.time, minutes: event.number / 1_000_000))
      case .caseOpened:
        let (place, _) = scratch.cases.index(of: event.object) { Touch(time: event.time) }
        scratch.cases.values[place].waiting.apply(event)
      case .caseReopened, .caseWaiting, .caseResolved, .caseClosed:
        guard let place = scratch.cases.index(of: event.object) else { continue }
        scratch.cases.values[place].waiting.apply(event)
      default: continue
      }
    }
    records.append(contentsOf: scratch.cases.values)
  }

  func digest(_ touch: Touch, into hasher: inout DigestHasher) {
    hasher.add(values: touch.time, touch.minutes, touch.waiting.waited, touch.waiting.since)
    hasher.add(name: touch.department)
  }

  typealias Tally = [(person: UInt32, touches: Int, squares: Int, minutes: Int)]

  func makeTally() -> Tally { [] }

  func add(_ touches: Span<Touch>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var departments: [UInt32: Int] = [:]
    var waited: Int128 = 0
    var minutes: Int64 = 0
    for index in touches.indices where query.includes(touches[index].time) {
      let touch = touches[index]
      if touch.department != 0 { departments[touch.department, default: 0] += 1 }
      minutes += touch.minutes
      waited += Int128(touch.waiting.total(at: query.asOf))
    }
    let count = departments.values.reduce(0, +)
    guard count >= 3 else { return }
    let squares = departments.values.reduce(0) { $0 + $1 * $1 }
    tally.append((person, count, squares, Int(minutes) + Int(clamping: waited / 60_000_000_000)))
  }

  func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try .byCustomer(tally, names, { $0.person }) { customer, entry in
        let index = Double(entry.squares) / Double(entry.touches * entry.touches)
        return ViewRow([
          "customer": .text(customer), "touches": .count(entry.touches), "silo_index": .number(index),
          "effort_minutes": .count(entry.minutes),
        ])
      })
  }
}
