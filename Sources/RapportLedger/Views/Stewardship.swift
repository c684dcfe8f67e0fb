/// `stewardship`: at the very top, and with everyone.
///
/// Whether somebody owns what customers meet, whether initiatives start from the customer's benefit, and whether those
/// who lead walk the customer's path themselves.
public struct Stewardship: View {
  public static let name = "stewardship"
  public static let version = 2
  public static let question = "Does everybody in the firm, from the top down, look after the customer?"
  public static let definition = ViewDefinition(
    formula: """
      As of as_of, n of so many, and who or what the n are. touchpoints_without_owner: touchpoints registered and not \
      retired, without an owner. initiatives_without_benefit: initiatives launched without a proposal that states the \
      customer's benefit. initiatives_over_objection: initiatives launched after an advocate objected to them. \
      initiatives_on_target: initiatives whose last measured value reaches the target of their proposal, of those that have \
      both. leaders_walked: present employees with the role lead, manager or executive who walked a journey in the last 365 \
      days. employees_in_touch: present employees, executives apart, who had a touch with a customer in the last 90 days. \
      targets_with_owner: metrics whose last target has an owner.
      """,
    unit: "touchpoints, initiatives, employees, metrics", anchor: "as_of; --from and --to do not matter",
    exclusions: "nothing", groupings: [], keys: ["kind", "n", "of", "rate", "list"])

  /// One event of the firm, or when an employee was last in touch with a customer.
  public struct Note: BitwiseCopyable, Sendable {
    var time: Int64
    var kind: UInt8
    /// Touchpoint, initiative, employee, metric.
    var name: UInt32
    var name2: UInt32 = 0
    var name3: UInt32 = 0
    var number: Int64 = 0
    var hasNumber = false

    static let touch = EventKind.other.rawValue
  }

  private static let firmKinds: EventKindSet = [
    .touchpointRegistered, .touchpointRetired, .journeyWalked, .employeeJoined, .employeeLeft, .initiativeProposed,
    .initiativeLaunched, .initiativeMeasured, .advocateObjected, .targetSet,
  ]
  public init() {}

  public let kinds = EventKindSet.interactions.union(Stewardship.firmKinds)
  public let columns = ColumnSet(.term, .term2, .term3, .number, .marks, .employee, .direction)
  public let readsFirm = true

  public struct Scratch { var touched = ScratchTable<Int64>() }

  public func makeScratch(firm: Span<Note>, names: borrowing Snapshot) -> Scratch { Scratch() }

  public func fold(_ history: borrowing History, scratch: inout Scratch, into records: inout [Note]) {
    scratch.touched.removeAll()
    for index in history.events.indices {
      let event = history.events[index]
      if history.customer == 0 {
        guard Self.firmKinds.contains(event.kind) else { continue }
        records.append(
          Note(
            time: event.time, kind: event.kind.rawValue, name: event.term, name2: event.term2, name3: event.term3,
            number: event.number, hasNumber: event.hasNumber))
      } else if event.employee != 0, event.touch != nil {
        let (place, _) = scratch.touched.index(of: UInt64(event.employee)) { event.time }
        scratch.touched.values[place] = event.time
      }
    }
    for index in scratch.touched.values.indices {
      records.append(
        Note(time: scratch.touched.values[index], kind: Note.touch, name: UInt32(scratch.touched.keys[index])))
    }
  }

  public func digest(_ note: Note, into hasher: inout DigestHasher) {
    hasher.add(values: note.time, note.kind, note.number)
    hasher.add(names: note.name, note.name2, note.name3)
    hasher.add(note.hasNumber)
  }

  struct Initiative {
    var hasBenefit = false, isLaunched = false, hasObjection = false, isOverObjection = false
    var target: Int64?
    var measured: Int64?
  }

  public struct Tally {
    /// Touchpoint to owner, for those that are registered.
    var touchpoints: [UInt32: UInt32] = [:]
    var initiatives: [UInt32: Initiative] = [:]
    /// Present employees and their roles.
    var employees: [UInt32: UInt32] = [:]
    var walked: [UInt32: Int64] = [:]
    var touched: [UInt32: Int64] = [:]
    /// Metric to owner.
    var targets: [UInt32: UInt32] = [:]
  }

  public func makeTally() -> Tally { Tally() }

  public func add(_ notes: Span<Note>, of person: UInt32, to tally: inout Tally, for query: ViewQuery) {
    for index in notes.indices {
      let note = notes[index]
      switch EventKind(rawValue: note.kind) {
      case .touchpointRegistered: tally.touchpoints[note.name] = note.name3
      case .touchpointRetired: tally.touchpoints[note.name] = nil
      case .employeeJoined: tally.employees[note.name] = note.name2
      case .employeeLeft: tally.employees[note.name] = nil
      case .journeyWalked: tally.walked[note.name] = note.time
      case .initiativeProposed:
        tally.initiatives[note.name, default: Initiative()].hasBenefit = note.name3 != 0
        if note.hasNumber { tally.initiatives[note.name]!.target = note.number }
      case .initiativeLaunched:
        let isObjected = tally.initiatives[note.name]?.hasObjection ?? false
        tally.initiatives[note.name, default: Initiative()].isLaunched = true
        if isObjected { tally.initiatives[note.name]!.isOverObjection = true }
      case .initiativeMeasured:
        if note.hasNumber { tally.initiatives[note.name, default: Initiative()].measured = note.number }
      case .advocateObjected:
        if note.name != 0 { tally.initiatives[note.name, default: Initiative()].hasObjection = true }
      case .targetSet: tally.targets[note.name] = note.name2
      default: tally.touched[note.name] = max(tally.touched[note.name] ?? .min, note.time)
      }
    }
  }

  public func rows(_ tally: Tally, for query: ViewQuery, names: borrowing Snapshot) throws -> ViewRows {
    func isRecent(_ time: Int64?, days: Int64) -> Bool {
      time.map { elapsed(from: $0, to: query.asOf) <= days * nanosecondsPerDay } ?? false
    }
    let leading = try ["lead", "manager", "executive"].map { try names.number(ofName: $0) }
    let leaders = tally.employees.filter { leading.contains($0.value) }.map(\.key)
    let staff = tally.employees.filter { $0.value != leading[2] }.map(\.key)
    let launched = tally.initiatives.filter(\.value.isLaunched)
    let measured = tally.initiatives.filter { $0.value.target != nil && $0.value.measured != nil }
    let counted: [(String, [UInt32], Int)] = [
      ("touchpoints_without_owner", tally.touchpoints.filter { $0.value == 0 }.map(\.key), tally.touchpoints.count),
      ("initiatives_without_benefit", launched.filter { !$0.value.hasBenefit }.map(\.key), launched.count),
      ("initiatives_over_objection", launched.filter(\.value.isOverObjection).map(\.key), launched.count),
      ("initiatives_on_target", measured.filter { $0.value.measured! >= $0.value.target! }.map(\.key), measured.count),
      ("leaders_walked", leaders.filter { isRecent(tally.walked[$0], days: 365) }, leaders.count),
      ("employees_in_touch", staff.filter { isRecent(tally.touched[$0], days: 90) }, staff.count),
      ("targets_with_owner", tally.targets.filter { $0.value != 0 }.map(\.key), tally.targets.count),
    ]
    var rows: [ViewRow] = []
    for (kind, members, whole) in counted {
      rows.append(
        ViewRow([
          "kind": .text(kind), "n": .count(members.count), "of": .count(whole),
          "rate": .rate(part: members.count, whole: whole), "list": try names.list(of: members),
        ]))
    }
    return ViewRows(rows)
  }
}
