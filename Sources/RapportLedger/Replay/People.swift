/// Which customers are one person: the connected components of the mappings that are in force.
///
/// `customer.merged` maps its subject into another id; each `customer.unmerged` cancels the latest earlier mapping of
/// its pair in canonical order. The canonical id of a component is the one that is merged into no other; where there are
/// several, or none, the bytewise smallest of them.
struct People: Sendable {
  /// A person with more than one id.
  struct Person: Sendable {
    /// Number of the canonical id; behind those of the log if no event has it as its subject.
    var number: UInt32
    /// The numbers of all ids, the canonical one included, in ascending order.
    var members: [UInt32]
  }

  /// In order of their numbers.
  private(set) var persons: [Person] = []
  /// By customer number the index of its person, for those who have one.
  private var indices: [UInt32: Int] = [:]
  /// Of each unmerge that cancels nothing the customer.
  private(set) var withoutMerge: [UInt32] = []

  var isEmpty: Bool { persons.isEmpty }

  init() {}

  /// The number of the canonical id of a customer's person.
  func person(of customer: UInt32) -> UInt32 { indices[customer].map { persons[$0].number } ?? customer }

  /// Every number of a customer's person, in ascending order.
  func members(of customer: UInt32) -> [UInt32] { indices[customer].map { persons[$0].members } ?? [customer] }

  func hasSeveralIds(_ customer: UInt32) -> Bool { indices[customer] != nil }

  /// Bits by customer number: set for those who belong to a person with several ids.
  func bits(customers: Int) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: customers / 64 + 1)
    for customer in indices.keys where Int(customer) <= customers {
      bits[Int(customer) / 64] |= 1 << UInt64(customer % 64)
    }
    return bits
  }

  /// - Parameter customer: only the person of this id is found; nil is everybody.
  /// - Complexity: O(blocks) where nobody was merged; else a pass over the kinds of the blocks with such events, and one
  ///   over all customers' ids if many were merged.
  init(
    _ snapshot: borrowing Snapshot, limits: ReplayLimits, corrections: borrowing Corrections,
    of customer: UInt32? = nil
  ) throws(LedgerError) {
    var all = try Mapping.all(snapshot, limits, corrections)
    if let customer { all = try Mapping.linked(all, to: customer, snapshot, corrections) }
    var mappings = Mapping.inForce(all, withoutMerge: &withoutMerge)
    guard !mappings.isEmpty else { return }
    var graph = Graph()
    for mapping in mappings { graph.join(try snapshot.idHash(of: mapping.customer), mapping.object) }
    if let customer {
      guard let root = graph.root(of: try snapshot.idHash(of: customer)) else { return }
      mappings.removeAll { graph.root(of: $0.object) != root }
    }
    try settle(mappings, &graph, snapshot, corrections)
  }

  /// Makes persons of the components.
  private mutating func settle(
    _ mappings: [Mapping], _ graph: inout Graph, _ snapshot: borrowing Snapshot, _ corrections: borrowing Corrections
  ) throws(LedgerError) {
    let numbers = try Mapping.numbers(mappings, snapshot, corrections)
    var members: [Int: Set<UInt32>] = [:]
    var merged: Set<UInt32> = []
    for mapping in mappings {
      guard let root = graph.root(of: mapping.object), let into = numbers[mapping.object] else { continue }
      members[root, default: []].formUnion([mapping.customer, into])
      if mapping.customer != into { merged.insert(mapping.customer) }
    }
    for ids in members.values where ids.count > 1 {
      let tops = ids.filter { !merged.contains($0) }
      var smallest: (number: UInt32, text: UnsafeBufferPointer<UInt8>)?
      for number in tops.isEmpty ? ids : tops {
        let text = try snapshot.subjectBytes(number)
        if let current = smallest, CanonicalOrder.bytesPrecede(text, current.text) != true { continue }
        smallest = (number, text)
      }
      persons.append(Person(number: smallest!.number, members: ids.sorted()))
    }
    persons.sort { $0.number < $1.number }
    for (index, person) in persons.enumerated() {
      for member in person.members { indices[member] = index }
    }
  }

  /// Components by the hashes of ids.
  private struct Graph {
    private var nodes: [UInt64: Int] = [:]
    private var parents: [Int] = []

    private mutating func node(_ hash: UInt64) -> Int {
      if let known = nodes[hash] { return known }
      nodes[hash] = parents.count
      parents.append(parents.count)
      return parents.count - 1
    }

    private mutating func root(_ node: Int) -> Int {
      var node = node
      while parents[node] != node {
        parents[node] = parents[parents[node]]
        node = parents[node]
      }
      return node
    }

    mutating func join(_ a: UInt64, _ b: UInt64) {
      let (left, right) = (node(a), node(b))
      parents[root(left)] = root(right)
    }

    /// - Returns: nil for an id that no mapping names.
    mutating func root(of hash: UInt64) -> Int? {
      guard let node = nodes[hash] else { return nil }
      return root(node)
    }
  }
}

/// One `customer.merged` or `customer.unmerged`.
private struct Mapping {
  var customer: UInt32
  /// Hash of the id that the customer is merged into, or unmerged from.
  var object: UInt64
  var time: Int64
  var isUnmerge: Bool
  var block: Int
  var row: UInt32

  /// What maps and what unmaps, as it was corrected.
  static func all(
    _ snapshot: borrowing Snapshot, _ limits: ReplayLimits, _ corrections: borrowing Corrections
  ) throws(LedgerError) -> [Mapping] {
    var all: [Mapping] = []
    try snapshot.forEachRow(of: EventKindSet.mappings, customers: nil, upTo: limits.position ?? .max) {
      index, row throws(LedgerError) in
      try snapshot.check(index, ColumnSet(.time, .object).rawValue, rows: row..<row + 1)
      let block = snapshot.blocks[index]
      var mapping = Mapping(
        customer: UInt32(truncatingIfNeeded: block.column(.customer)[row]),
        object: UInt64(bitPattern: block.column(.object)[row]), time: block.column(.time)[row],
        isUnmerge: block.column(.kind)[row] == Int64(EventKind.customerUnmerged.rawValue), block: index,
        row: UInt32(row))
      for correction in corrections.ofBlock(index) where corrections.targets[correction].row == mapping.row {
        if corrections.targets[correction].isRetracted { return }
        mapping.time = corrections.corrected(correction).facts.time
        mapping.object = corrections.corrected(correction).facts.object
      }
      if mapping.time <= limits.time ?? .max { all.append(mapping) }
    }
    return all
  }

  /// Those that link a customer to others, be it through others, as if nothing had been unmerged.
  ///
  /// - Complexity: a pass over all for each step from the customer.
  static func linked(
    _ all: [Mapping], to customer: UInt32, _ snapshot: borrowing Snapshot, _ corrections: borrowing Corrections
  ) throws(LedgerError) -> [Mapping] {
    var ids = [try snapshot.idHash(of: customer): customer]
    var linked: [Mapping] = []
    var others = all
    while true {
      let customers = Set(ids.values)
      let end = others.partition { customers.contains($0.customer) || ids[$0.object] != nil }
      if end == others.count { return linked }
      ids.merge(try numbers(Array(others[end...]), snapshot, corrections)) { known, _ in known }
      linked += others[end...]
      others.removeSubrange(end...)
    }
  }

  /// The mappings that are in force, one for each that is not cancelled.
  ///
  /// - Parameter withoutMerge: gets the customers of unmerges that cancel nothing.
  static func inForce(_ mappings: [Mapping], withoutMerge: inout [UInt32]) -> [Mapping] {
    let all = mappings.sorted { ($0.customer, $0.object, $0.time) < ($1.customer, $1.object, $1.time) }
    var inForce: [Mapping] = []
    var start = 0
    while start < all.count {
      var end = start + 1
      while end < all.count, all[end].customer == all[start].customer, all[end].object == all[start].object { end += 1 }
      // At equal times a merge stands before an unmerge; which of two merges is cancelled makes no difference.
      let pair = all[start..<end].sorted { ($0.time, $0.isUnmerge ? 1 : 0) < ($1.time, $1.isUnmerge ? 1 : 0) }
      var stack: [Mapping] = []
      for mapping in pair {
        if !mapping.isUnmerge {
          stack.append(mapping)
        } else if stack.popLast() == nil {
          withoutMerge.append(mapping.customer)
        }
      }
      if let mapping = stack.last { inForce.append(mapping) }
      start = end
    }
    return inForce
  }

  /// So many ids are looked up one by one; more of them in a pass over all.
  private static let lookupsMax = 16

  /// The customer numbers of the ids that mappings name, by hash; ids that no event has as its subject get new ones.
  static func numbers(
    _ mappings: [Mapping], _ snapshot: borrowing Snapshot, _ corrections: borrowing Corrections
  ) throws(LedgerError) -> [UInt64: UInt32] {
    var numbers: [UInt64: UInt32] = [:]
    for mapping in mappings { numbers[try snapshot.idHash(of: mapping.customer)] = mapping.customer }
    let missing = Set(mappings.map(\.object)).subtracting(numbers.keys)
    if missing.count > lookupsMax {
      try snapshot.forEachSubject { number, text in
        let hash = References.hash(text, seed: snapshot.seed)
        if missing.contains(hash) { numbers[hash] = number }
      }
    }
    var reader = EventReader()
    for mapping in mappings where numbers[mapping.object] == nil {
      var text = corrections.target(block: mapping.block, row: mapping.row)?.text ?? []
      if text.isEmpty {
        try reader.withEvent(row: Int(mapping.row), in: mapping.block, of: snapshot) {
          facts, record, snapshot throws(LedgerError) in
          try EventText.append(facts, record, in: snapshot, ledgerTime: nil, to: &text)
        }
      }
      let id = EventText.withDocument(text) { document in
        document.member("data", of: 0).flatMap { data in
          (document.member("into", of: data) ?? document.member("from", of: data)).map { document.string($0) }
        }
      }
      numbers[mapping.object] = try snapshot.number(ofCustomer: Array((id ?? "").utf8))
    }
    return numbers
  }
}

extension Snapshot {
  /// What events that name a customer by its id have as their object.
  fileprivate func idHash(of customer: UInt32) throws(LedgerError) -> UInt64 {
    References.hash(try subjectBytes(customer), seed: seed)
  }
}
