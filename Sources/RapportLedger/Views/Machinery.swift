/// Nearest-rank percentiles: sorted[⌈p/100·n⌉], 1-based; nil for n = 0.
struct Percentiles {
  private var values: [Int64] = []
  private var isSorted = true

  var count: Int { values.count }

  mutating func add(_ value: Int64) {
    values.append(value)
    isSorted = false
  }

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

/// What a row is about: the whole, a month, a name or an enumeration's word.
enum Group: Hashable {
  case all
  case month(Int32)
  case name(UInt32)
  case word(String)
  case absent

  static func name(orAbsent number: UInt32) -> Group { number == 0 ? .absent : .name(number) }
  static func month(of time: Int64) -> Group {
    .month(CivilDate(Timestamp(nanoseconds: time)).month.index)
  }

  func text(_ snapshot: borrowing Snapshot) throws -> String? {
    switch self {
    case .all, .absent: nil
    case .month(let index): CivilMonth(index: index).description
    case .name(let number): try snapshot.name(number)
    case .word(let word): word
    }
  }

  func cell(_ snapshot: borrowing Snapshot) throws -> ViewRow.Cell {
    try text(snapshot).map { .text($0) } ?? .none
  }
}

/// Accumulators by group.
struct Groups<Value> {
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
    keyed.sort { a, b in
      guard let left = a.key else { return false }
      guard let right = b.key else { return true }
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
    return keyed.map { ($0.group, $0.value) }
  }
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

/// Whole seconds, rounded down.
func flooredSeconds(_ nanoseconds: Int64) -> Int64 {
  let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  return rest < 0 ? seconds - 1 : seconds
}

let nanosecondsPerDay: Int64 = 86_400_000_000_000
