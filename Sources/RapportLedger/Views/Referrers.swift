import CHash

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Who came by whom: the chains in which customers recommend the firm to each other.
struct Referrers {
  /// By person the name number of the referrer's id.
  private var names: [UInt32: UInt32] = [:]
  /// The person of ids that are merged into another.
  private var persons: [UInt32: UInt32] = [:]

  mutating func add(_ person: UInt32, by name: UInt32) { names[person] = name }

  mutating func merge(_ id: UInt32, into person: UInt32) { persons[id] = person }

  /// The length of the longest chain; one that bites its tail ends where it does, and somebody of whom we know nothing
  /// but the id is its last member.
  ///
  /// - Complexity: O(customers + referrers).
  func depth(_ snapshot: borrowing Snapshot) throws(LedgerError) -> Int {
    let customers = try customers(snapshot)
    /// By person who brought them; 0 is somebody unknown.
    var parents: [UInt32: UInt32] = [:]
    for (person, name) in names { parents[person] = customers[name].map { persons[$0] ?? $0 } ?? 0 }
    var depths: [UInt32: Int] = [0: 0]
    var longest = 0
    for person in parents.keys {
      longest = max(longest, Self.depth(person, parents, &depths))
    }
    return longest
  }

  /// Follows a chain to where it is known, and notes the depth of everybody on the way.
  private static func depth(_ person: UInt32, _ parents: [UInt32: UInt32], _ depths: inout [UInt32: Int]) -> Int {
    var path: [UInt32] = []
    var places: [UInt32: Int] = [:]
    var at = person
    while depths[at] == nil, places[at] == nil, let parent = parents[at] {
      places[at] = path.count
      path.append(at)
      at = parent
    }
    var depth = depths[at] ?? 0
    if let start = places[at] {
      // Everybody in a circle comes back to themselves after as many steps as it has members.
      depth = path.count - start
      for member in path[start...] { depths[member] = depth }
      path.removeSubrange(start...)
    } else if depths[at] == nil {
      depths[at] = 0
    }
    for member in path.reversed() {
      depth += 1
      depths[member] = depth
    }
    return depths[person] ?? 0
  }

  /// The customers whose ids the names are: one pass over all ids, for there may be as many names.
  private func customers(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt32: UInt32] {
    var wanted = ScratchTable<[(name: UInt32, text: UnsafeBufferPointer<UInt8>)]>()
    for name in Set(names.values) {
      let text = try snapshot.nameBytes(name)
      let (place, _) = wanted.index(of: rpt_hash64(text.baseAddress, text.count, 0)) { [] }
      wanted.values[place].append((name, text))
    }
    var found: [UInt32: UInt32] = [:]
    try snapshot.forEachSubject { customer, id in
      guard let place = wanted.index(of: rpt_hash64(id.baseAddress, id.count, 0)) else { return }
      for (name, text) in wanted.values[place] where text.count == id.count {
        if id.isEmpty || memcmp(text.baseAddress!, id.baseAddress!, id.count) == 0 { found[name] = customer }
      }
    }
    return found
  }
}
