/// What a row is about: the whole, a month, a name or an enumeration's word.
public enum Group: Hashable, BitwiseCopyable, Sendable {
  case all
  case month(Int32)
  /// Hour of the day.
  case hour(Int)
  case name(UInt32)
  case customer(UInt32)
  case currency(UInt16)
  /// A word by its code, from 1; which words they are is said to ``Groups/init(_:words:)``.
  case word(UInt8)
  case absent

  /// A name number; 0 is none.
  public static func name(orAbsent number: UInt32) -> Group { number == 0 ? .absent : .name(number) }
  /// A word's code; 0 is none.
  public static func word(orAbsent code: UInt8) -> Group { code == 0 ? .absent : .word(code) }
  public static func month(_ month: CivilMonth) -> Group { .month(month.index) }

  /// - Parameter words: those that codes stand for.
  func text(_ snapshot: borrowing Snapshot, words: [String] = []) throws -> String? {
    switch self {
    case .all, .absent: nil
    case .month(let index): CivilMonth(index: index).description
    case .hour(let hour): (hour < 10 ? "0" : "") + "\(hour)"
    case .name(let number): try snapshot.name(number)
    case .customer(let number): try snapshot.subject(number)
    case .currency(let code): Currency.text(code)
    case .word(let code): RapportLedger.word(code, words)
    }
  }

  func cell(_ snapshot: borrowing Snapshot) throws -> ViewRow.Cell {
    try text(snapshot).map { .text($0) } ?? .none
  }
}

extension Group {
  /// Another number for every group.
  @inline(__always)
  fileprivate var number: UInt64 {
    switch self {
    case .all: 0
    case .absent: 1
    case .month(let index): 2 << 32 | UInt64(UInt32(bitPattern: index))
    case .hour(let hour): 3 << 32 | UInt64(hour)
    case .name(let number): 4 << 32 | UInt64(number)
    case .customer(let number): 5 << 32 | UInt64(number)
    case .currency(let code): 6 << 32 | UInt64(code)
    case .word(let code): 7 << 32 | UInt64(code)
    }
  }
}

/// Accumulators by group.
public struct Groups<Value> {
  /// By the numbers of the groups.
  private var known = ScratchTable<(group: Group, value: Value)>()
  /// The group that was asked for last; no group has the greatest number. Its value is here as long as it is the last:
  /// most facts are of the same group as the one before.
  private var last: (number: UInt64, place: Int) = (.max, -1)
  private var value: Value
  private let initial: Value
  private let words: [String]

  /// - Parameters:
  ///   - initial: what every group begins with.
  ///   - words: those of ``Group/word(_:)``; a code beyond them is “other”.
  public init(_ initial: Value, words: [String] = []) {
    self.initial = initial
    self.words = words
    value = initial
  }

  /// All groups, in the order in which they came.
  var entries: [(group: Group, value: Value)] {
    var entries = known.values
    if last.place >= 0 { entries[last.place].value = value }
    return entries
  }

  public subscript(group: Group) -> Value {
    get {
      guard let place = known.index(of: spelled(group).number) else { return initial }
      return place == last.place ? value : known.values[place].value
    }
    _modify {
      enter(group)
      yield &value
    }
  }

  /// Changes a group's accumulator: what loops over many facts call, for it is compiled into them.
  @inline(__always)
  mutating func update(_ group: Group, _ body: (inout Value) -> Void) {
    enter(group)
    body(&value)
  }

  /// All codes that stand for no word are one group.
  private func spelled(_ group: Group) -> Group {
    if case .word(let code) = group, Int(code) > words.count { .word(.max) } else { group }
  }

  @inline(__always)
  private mutating func enter(_ group: Group) {
    let number = group.number
    if number != last.number { change(to: group, number) }
  }

  @inline(never)
  private mutating func change(to group: Group, _ number: UInt64) {
    if last.place >= 0 { swap(&known.values[last.place].value, &value) }
    let fresh = (group: spelled(group), value: initial)
    let (place, _) = known.index(of: fresh.group.number) { fresh }
    swap(&known.values[place].value, &value)
    last = (number, place)
  }

  /// Groups in the order of rows: bytewise by key, those without one last.
  func sorted(_ snapshot: borrowing Snapshot) throws -> [(group: Group, value: Value)] {
    var keyed: [(key: String?, group: Group, value: Value)] = []
    for (group, value) in entries { keyed.append((try text(of: group, snapshot), group, value)) }
    keyed.sort { keyPrecedes($0.key, $1.key) }
    return keyed.map { ($0.group, $0.value) }
  }

  func text(of group: Group, _ snapshot: borrowing Snapshot) throws -> String? {
    try group.text(snapshot, words: words)
  }

  /// A row for each group in their order; without a grouping exactly one, also where nothing is there.
  ///
  /// - Parameter cells: the row's values; the group's key is put in front of them.
  public func rows(
    by grouping: String?, _ snapshot: borrowing Snapshot,
    _ cells: (inout Value) throws -> KeyValuePairs<String, ViewRow.Cell>
  ) throws -> [ViewRow] {
    guard let grouping else {
      var value = self[.all]
      return [ViewRow(try cells(&value))]
    }
    var rows: [ViewRow] = []
    for (group, value) in try sorted(snapshot) {
      var value = value
      var row = ViewRow()
      row.set(grouping, .text(orNone: try text(of: group, snapshot)))
      row.cells += ViewRow(try cells(&value)).cells
      rows.append(row)
    }
    return rows
  }
}

extension Groups: Mergeable where Value: Mergeable {
  mutating func merge(_ later: Groups) {
    for (group, value) in later.entries { update(group) { $0.merge(value) } }
  }
}

extension Snapshot {
  /// The texts of names, sorted.
  func texts(of numbers: some Sequence<UInt32>) throws(LedgerError) -> [String] {
    var texts: [String] = []
    for number in numbers { texts.append(try name(number)) }
    return texts.sorted { keyPrecedes($0, $1) }
  }

  /// The texts of names as the value of a row.
  func list(of numbers: some Sequence<UInt32>) throws(LedgerError) -> ViewRow.Cell {
    .list(try texts(of: numbers).map { .text($0) })
  }
}
