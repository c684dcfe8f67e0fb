/// What a row is about: the whole, a month, a name or an enumeration's word.
public enum Group: Hashable {
  case all
  case month(Int32)
  /// Hour of the day.
  case hour(Int)
  case name(UInt32)
  case customer(UInt32)
  case currency(UInt16)
  case word(String)
  case absent

  /// A name number; 0 is none.
  public static func name(orAbsent number: UInt32) -> Group { number == 0 ? .absent : .name(number) }
  public static func month(_ month: CivilMonth) -> Group { .month(month.index) }

  func text(_ snapshot: borrowing Snapshot) throws -> String? {
    switch self {
    case .all, .absent: nil
    case .month(let index): CivilMonth(index: index).description
    case .hour(let hour): (hour < 10 ? "0" : "") + "\(hour)"
    case .name(let number): try snapshot.name(number)
    case .customer(let number): try snapshot.subject(number)
    case .currency(let code): Currency.text(code)
    case .word(let word): word
    }
  }

  func cell(_ snapshot: borrowing Snapshot) throws -> ViewRow.Cell {
    try text(snapshot).map { .text($0) } ?? .none
  }
}

extension Group {
  /// Another number for every group but words.
  fileprivate var number: UInt64? {
    switch self {
    case .all: 0
    case .absent: 1
    case .month(let index): 2 << 32 | UInt64(UInt32(bitPattern: index))
    case .hour(let hour): 3 << 32 | UInt64(hour)
    case .name(let number): 4 << 32 | UInt64(number)
    case .customer(let number): 5 << 32 | UInt64(number)
    case .currency(let code): 6 << 32 | UInt64(code)
    case .word: nil
    }
  }
}

/// Accumulators by group.
public struct Groups<Value> {
  private(set) var entries: [(group: Group, value: Value)] = []
  /// Where in the entries groups stand, by their numbers; words by themselves.
  private var places = ScratchTable<Int>()
  private var words: [String: Int] = [:]
  /// The group that was asked for last; no group has the greatest number.
  private var last: (number: UInt64, place: Int) = (.max, 0)
  private let initial: Value

  /// - Parameter initial: what every group begins with.
  public init(_ initial: Value) { self.initial = initial }

  public subscript(group: Group) -> Value {
    get { find(group).map { entries[$0].value } ?? initial }
    _modify {
      let place = place(of: group)
      yield &entries[place].value
    }
  }

  /// Changes a group's accumulator: what loops over many facts call, for it is compiled into them.
  @inline(__always)
  mutating func update(_ group: Group, _ body: (inout Value) -> Void) {
    let place = place(of: group)
    body(&entries[place].value)
  }

  private func find(_ group: Group) -> Int? {
    if case .word(let word) = group { return words[word] }
    return group.number.flatMap { places.index(of: $0) }.map { places.values[$0] }
  }

  private mutating func place(of group: Group) -> Int {
    let next = entries.count
    if let number = group.number {
      // Most facts are of the same group as the one before.
      if number == last.number { return last.place }
      let (index, isNew) = places.index(of: number) { next }
      last = (number, places.values[index])
      if !isNew { return last.place }
    } else if case .word(let word) = group {
      if let known = words[word] { return known }
      words[word] = next
    }
    entries.append((group, initial))
    return next
  }

  /// Groups in the order of rows: bytewise by key, those without one last.
  func sorted(_ snapshot: borrowing Snapshot) throws -> [(group: Group, value: Value)] {
    var keyed: [(key: String?, group: Group, value: Value)] = []
    for (group, value) in entries { keyed.append((try group.text(snapshot), group, value)) }
    keyed.sort { keyPrecedes($0.key, $1.key) }
    return keyed.map { ($0.group, $0.value) }
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
      row.set(grouping, try group.cell(snapshot))
      row.cells += ViewRow(try cells(&value)).cells
      rows.append(row)
    }
    return rows
  }
}

/// Accumulators by kind – of survey, of case – and then by group: kinds are never lumped.
public struct KindGroups<Value> {
  private var kinds: [String?: Groups<Value>] = [:]
  private let initial: Value

  init(_ initial: Value) { self.initial = initial }

  /// See ``Groups/update(_:_:)``.
  @inline(__always)
  mutating func update(_ kind: String?, _ group: Group, _ body: (inout Value) -> Void) {
    let initial = initial
    kinds[kind, default: Groups(initial)].update(group, body)
  }

  /// A row for each kind of each group, by group and then by kind.
  ///
  /// - Parameter cells: the row's values; the keys of the group – unless it groups by kind – and of the kind are put in
  ///   front of them.
  func rows(
    by grouping: String?, _ names: borrowing Snapshot,
    _ cells: (_ kind: String?, _ group: String?, _ value: inout Value) throws -> ViewRow
  ) throws -> [ViewRow] {
    var rows = KeyedRows()
    for (kind, groups) in kinds.sorted(by: { keyPrecedes($0.key, $1.key) }) {
      for (group, value) in try groups.sorted(names) {
        var value = value
        let text = try group.text(names)
        var row = ViewRow()
        if let grouping, grouping != "kind" { row.set(grouping, .text(orNone: text)) }
        row.set("kind", .text(orNone: kind))
        row.cells += try cells(kind, text, &value).cells
        rows.add(row, by: text, kind)
      }
    }
    return rows.sorted
  }
}

/// Rows to be sorted by keys that they may not even show.
struct KeyedRows {
  private var rows: [(keys: [String?], row: ViewRow)] = []

  /// - Parameter keys: the first one that differs from that of another row decides.
  mutating func add(_ row: ViewRow, by keys: String?...) { rows.append((keys, row)) }

  /// Bytewise by keys, null last.
  var sorted: [ViewRow] {
    rows.sorted { a, b in
      for (a, b) in zip(a.keys, b.keys) where a != b { return keyPrecedes(a, b) }
      return false
    }.map(\.row)
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

/// The order of rows: bytewise by key, null last.
func keyPrecedes(_ a: String?, _ b: String?) -> Bool {
  guard let a else { return false }
  guard let b else { return true }
  return a.utf8.lexicographicallyPrecedes(b.utf8)
}
