/// What customers meet of the seams between departments: `seams --by customer`.
///
/// A silo index of 1 is one department for everything; the more departments share the touches, the nearer to zero. How
/// long cases waited is known to ``ServiceQuality``, which follows them across subjects.
struct CustomerSeams: View {
  static let name = "seams-by-customer"
  static let version = 2
  static let question = Seams.question
  static let definition = Seams.definition

  /// A touch with a department, or minutes of a formality.
  struct Touch: BitwiseCopyable, Sendable {
    var time: Int64
    var department: UInt32 = 0
    var minutes: Int64 = 0
  }

  let kinds = EventKindSet.interactions
  let columns = ColumnSet(.number, .department, .direction)

  func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Touch]) {
    for index in history.events.indices {
      let event = history.events[index]
      if event.department != 0, event.touch != nil {
        records.append(Touch(time: event.time, department: event.department))
      }
      if event.kind == .formalityImposed {
        records.append(Touch(time: event.time, minutes: event.number / 1_000_000))
      }
    }
  }

  func digest(_ touch: Touch, into hasher: inout DigestHasher) {
    hasher.add(values: touch.time, touch.minutes)
    hasher.add(name: touch.department)
  }

  struct Tally {
    var people: [(person: UInt32, touches: Int, squares: Int, minutes: Int)] = []
    /// Seconds that cases waited, by customer.
    var waits: [String: Int] = [:]
  }

  func makeTally() -> Tally { Tally() }

  static func parts(for query: ViewQuery) -> [ViewPart] {
    [ViewPart(ServiceQuality.name, by: ServiceQuality.customers)]
  }

  func add(_ answer: ViewAnswer, to tally: inout Tally) {
    for row in answer.rows.rows {
      if let customer = row.group, case .count(let seconds)? = row["waited"] { tally.waits[customer] = seconds }
    }
  }

  func add(_ touches: Span<Touch>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    var departments: [UInt32: Int] = [:]
    var minutes: Int64 = 0
    for index in touches.indices where query.includes(touches[index].time) {
      let touch = touches[index]
      if touch.department != 0 { departments[touch.department, default: 0] += 1 }
      minutes += touch.minutes
    }
    let count = departments.values.reduce(0, +)
    guard count >= 3 else { return }
    let squares = departments.values.reduce(0) { $0 + $1 * $1 }
    tally.people.append((person, count, squares, Int(minutes)))
  }

  func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    ViewRows(
      try .byCustomer(tally.people, names, { $0.person }) { customer, entry in
        let index = Double(entry.squares) / Double(entry.touches * entry.touches)
        return ViewRow([
          "customer": .text(customer), "touches": .count(entry.touches), "silo_index": .number(index),
          "effort_minutes": .count(entry.minutes + (tally.waits[customer] ?? 0) / 60),
        ])
      })
  }
}
