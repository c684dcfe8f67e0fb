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

  /// Sets a key's value, be it new or not.
  mutating func set(_ key: UInt64, _ value: Value) {
    let (index, isNew) = index(of: key) { value }
    if !isNew { values[index] = value }
  }

  /// Changes a key's value; does nothing if it is not there.
  @inline(__always)
  mutating func update(_ key: UInt64, _ body: (inout Value) -> Void) {
    if let index = index(of: key) { body(&values[index]) }
  }

  mutating func removeAll() {
    // Most tables are empty for most people.
    if keys.isEmpty { return }
    if slots.count > 1024, keys.count * 8 < slots.count {
      // One person with a large table must not make every later one pay for it.
      slots = Array(repeating: -1, count: 16)
    } else {
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
