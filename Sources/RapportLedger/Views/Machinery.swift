/// Nearest-rank percentiles: sorted[⌈p/100·n⌉], 1-based; nil for n = 0.
struct Percentiles {
  private var values: [Int64] = []
  private var isSorted = true

  var count: Int { values.count }

  mutating func add(_ value: Int64) {
    values.append(value)
    isSorted = false
  }

  mutating func removeAll() { values.removeAll(keepingCapacity: true) }

  /// - Complexity: O(n log n) once.
  mutating func callAsFunction(_ percent: Int) -> Int64? {
    guard !values.isEmpty else { return nil }
    if !isSorted {
      values.sort()
      isSorted = true
    }
    return values[(percent * values.count + 99) / 100 - 1]
  }
}

extension Percentiles {
  mutating func seconds(_ percent: Int) -> ViewRow.Cell { .seconds(self(percent)) }
}

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

  static func name(orAbsent number: UInt32) -> Group { number == 0 ? .absent : .name(number) }
  static func month(_ month: CivilMonth) -> Group { .month(month.index) }

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

/// Accumulators by group.
public struct Groups<Value> {
  private(set) var values: [Group: Value] = [:]
  private let initial: Value

  init(_ initial: Value) { self.initial = initial }

  subscript(group: Group) -> Value {
    get { values[group] ?? initial }
    _modify {
      let initial = initial
      yield &values[group, default: initial]
    }
  }

  /// Groups in the order of rows: bytewise by key, those without one last.
  func sorted(_ snapshot: borrowing Snapshot) throws -> [(group: Group, value: Value)] {
    var keyed: [(key: String?, group: Group, value: Value)] = []
    for (group, value) in values { keyed.append((try group.text(snapshot), group, value)) }
    keyed.sort { keyPrecedes($0.key, $1.key) }
    return keyed.map { ($0.group, $0.value) }
  }

  /// A row for each group in their order; without a grouping exactly one, also where nothing is there.
  ///
  /// - Parameter cells: the row's values; the group's key is put in front of them.
  func rows(
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

/// The order of rows: bytewise by key, null last.
func keyPrecedes(_ a: String?, _ b: String?) -> Bool {
  guard let a else { return false }
  guard let b else { return true }
  return a.utf8.lexicographicallyPrecedes(b.utf8)
}

/// A table from 64-bit ids to values that lives for one person and is emptied for the next.
///
/// Open addressing over dense entries, which keep the order in which they came.
struct ScratchTable<Value> {
  private var slots: [Int32] = Array(repeating: -1, count: 16)
  private(set) var keys: [UInt64] = []
  var values: [Value] = []

  var count: Int { keys.count }

  /// Index of a key's value, made by `initial` if it is new.
  ///
  /// - Complexity: O(1) expected.
  mutating func index(of key: UInt64, initial: () -> Value) -> (index: Int, isNew: Bool) {
    var slot = Self.home(key, slots.count)
    while slots[slot] >= 0 {
      if keys[Int(slots[slot])] == key { return (Int(slots[slot]), false) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(keys.count)
    keys.append(key)
    values.append(initial())
    if keys.count * 2 > slots.count { grow() }
    return (keys.count - 1, true)
  }

  /// Index of a key's value; nil if it is not there.
  func index(of key: UInt64) -> Int? {
    var slot = Self.home(key, slots.count)
    while slots[slot] >= 0 {
      if keys[Int(slots[slot])] == key { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  mutating func removeAll() {
    if slots.count > 1024, keys.count * 8 < slots.count {
      // One person with a large table must not make every later one pay for it.
      slots = Array(repeating: -1, count: 16)
    } else if !keys.isEmpty {
      for slot in slots.indices { slots[slot] = -1 }
    }
    keys.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for index in keys.indices {
      var slot = Self.home(keys[index], slots.count)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(index)
    }
  }

  private static func home(_ key: UInt64, _ count: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (count - 1)
  }
}

/// Nanoseconds from one instant to another; the ends of the range of times are further apart than 64 bits tell, which
/// then is the greatest or the least number.
@inline(__always)
func elapsed(from start: Int64, to end: Int64) -> Int64 {
  let (difference, overflow) = end.subtractingReportingOverflow(start)
  return overflow ? (end > start ? .max : .min) : difference
}

/// A sum that stays at the greatest number instead of going beyond it. Neither is negative.
@inline(__always)
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}

/// Whole seconds, rounded down.
func flooredSeconds(_ nanoseconds: Int64) -> Int64 {
  let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  return rest < 0 ? seconds - 1 : seconds
}

/// A quotient rounded to the nearest whole, halves away from zero. `divisor` > 0.
func rounded(_ sum: Int128, over divisor: Int128) -> Int128 {
  sum < 0 ? -((-sum + divisor / 2) / divisor) : (sum + divisor / 2) / divisor
}

let nanosecondsPerDay: Int64 = 86_400_000_000_000

/// The word of an enumeration's code: nil for 0, `other` for a word that the vocabulary does not know.
func word(_ code: UInt8, _ words: [String]) -> String? {
  code == 0 ? nil : Int(code) <= words.count ? words[Int(code) - 1] : "other"
}

extension EventReader {
  /// What a field of an event's `data` says as text; nil if it is not there. For the few rows that name a thing by an id
  /// that replay only knows as a hash.
  mutating func field(_ name: String, at position: UInt64, in snapshot: borrowing Snapshot) throws(LedgerError)
    -> String?
  {
    let members = try withEvent(at: position, in: snapshot) { facts, record, snapshot throws(LedgerError) in
      [UInt8(ascii: "{")] + (try EventText.members(facts, record, in: snapshot)) + [UInt8(ascii: "}")]
    }
    return EventText.withDocument(members) { document in
      document.member("data", of: 0).flatMap { document.member(name, of: $0) }.map { document.string($0) }
    }
  }
}
