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
  /// Each person once, with the name number of the referrer's id.
  private var brought: [(person: UInt32, name: UInt32)] = []
  /// The person of ids that are merged into another.
  private var persons: [UInt32: UInt32] = [:]

  /// - Precondition: the person was not added before.
  mutating func add(_ person: UInt32, by name: UInt32) { brought.append((person, name)) }

  mutating func merge(_ id: UInt32, into person: UInt32) { persons[id] = person }

  /// The length of the longest chain; one that bites its tail ends where it does, and somebody of whom we know nothing
  /// but the id is its last member.
  ///
  /// - Complexity: O(customers + referrers · log referrers).
  func depth(_ snapshot: borrowing Snapshot) throws(LedgerError) -> Int {
    let parents = try parents(snapshot)
    /// By person; nil is not known yet. Nobody brought somebody unknown.
    var depths = [Int32?](repeating: nil, count: parents.count)
    depths[0] = 0
    /// By person the place on the path on which they were met.
    var places = [Int32](repeating: 0, count: parents.count)
    var path: [Int] = []
    var longest: Int32 = 0
    for (person, _) in brought {
      // Follows the chain to where it is known, to its end, or to where it bites its tail.
      path.removeAll(keepingCapacity: true)
      var at = Int(person)
      while depths[at] == nil, let parent = parents[at] {
        if places[at] > 0 { break }
        path.append(at)
        places[at] = Int32(path.count)
        at = Int(parent)
      }
      var depth = depths[at] ?? 0
      var members = path[...]
      if depths[at] == nil, places[at] > 0 {
        // Everybody in a circle comes back to themselves after as many steps as it has members.
        let circle = members[(Int(places[at]) - 1)...]
        depth = Int32(circle.count)
        for member in circle { depths[member] = depth }
        members = members[..<circle.startIndex]
      }
      for member in members.reversed() {
        depth += 1
        depths[member] = depth
      }
      longest = max(longest, depth)
    }
    return Int(longest)
  }

  /// By person who brought them; 0 is somebody unknown, nil nobody.
  private func parents(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt32?] {
    let customers = try customers(snapshot)
    let last = max(brought.lazy.map(\.person).max() ?? 0, persons.values.max() ?? 0, customers.max() ?? 0)
    var parents = [UInt32?](repeating: nil, count: Int(last) + 1)
    for (index, entry) in brought.enumerated() {
      parents[Int(entry.person)] = persons[customers[index]] ?? customers[index]
    }
    return parents
  }

  /// For each who was brought the customer whose id the name is, 0 if there is none: one pass over all ids, for there may
  /// be as many names.
  private func customers(_ snapshot: borrowing Snapshot) throws(LedgerError) -> [UInt32] {
    let byName = brought.indices.sorted { brought[$0].name < brought[$1].name }
    /// By hash of its text where in this order a name begins, and by that place where another of this hash does.
    var firsts = ScratchTable<Int>()
    var others = [Int?](repeating: nil, count: brought.count)
    var texts: [UnsafeBufferPointer<UInt8>] = []
    for (place, index) in byName.enumerated() {
      let name = brought[index].name
      if place > 0, brought[byName[place - 1]].name == name {
        texts.append(texts[place - 1])
        continue
      }
      texts.append(try snapshot.nameBytes(name))
      let (entry, isNew) = firsts.index(of: rpt_hash64(texts[place].baseAddress, texts[place].count, 0)) { place }
      if !isNew {
        others[place] = firsts.values[entry]
        firsts.values[entry] = place
      }
    }
    var found = [UInt32](repeating: 0, count: brought.count)
    try snapshot.forEachSubject { customer, id in
      guard let entry = firsts.index(of: rpt_hash64(id.baseAddress, id.count, 0)) else { return }
      var next: Int? = firsts.values[entry]
      while let first = next {
        next = others[first]
        guard texts[first].count == id.count,
          id.isEmpty || memcmp(texts[first].baseAddress!, id.baseAddress!, id.count) == 0
        else { continue }
        let name = brought[byName[first]].name
        for index in byName[first...].prefix(while: { brought[$0].name == name }) { found[index] = customer }
      }
    }
    return found
  }
}
