/// Rows, or what they are made of, to be sorted by keys that they may not even show.
struct KeyedRows<Row> {
  /// With the first bytes of the first key, which decide almost always: numbers are compared and moved faster than texts.
  private var rows: [(start: UInt128, first: String?, second: String?, row: Row)] = []

  /// - Parameter second: decides where the first key is the same.
  mutating func add(_ row: Row, by first: String?, _ second: String? = nil) {
    rows.append((Self.start(of: first), first, second, row))
  }

  /// - Parameter time: comes before the keys.
  mutating func add(_ row: Row, at time: Int64, by first: String?, _ second: String?) {
    rows.append((UInt128(UInt64(bitPattern: time) ^ 1 << 63), first, second, row))
  }

  /// Rows of many things, in their order; made on all processors.
  static func sorted<T>(
    of things: [T], _ names: borrowing Snapshot,
    _ add: @Sendable (T, borrowing Snapshot, inout KeyedRows) throws -> Void
  ) throws -> [Row] {
    nonisolated(unsafe) let things = things
    let parts = try withUnsafePointer(to: names) { names in
      let names = SharedPointer(pointer: names)
      return try mapStretches(of: things.count, atLeast: ViewRows.Rows.rowsOfThreadMin) { stretch in
        var rows = KeyedRows()
        rows.rows.reserveCapacity(stretch.count)
        for thing in things[stretch] { try add(thing, names.pointer.pointee, &rows) }
        return rows
      }
    }
    var all = parts[0]
    for part in parts.dropFirst() { all.rows += part.rows }
    return all.sorted
  }

  /// Bytewise by keys, null last.
  var sorted: [Row] {
    var order = rows.indices.map { (start: rows[$0].start, index: $0) }
    order.sort { a, b in a.start != b.start ? a.start < b.start : precedes(a.index, b.index) }
    return order.map { rows[$0.index].row }
  }

  /// The first bytes of a key as a number; they are in the order of the keys wherever they differ.
  private static func start(of key: String?) -> UInt128 {
    guard let key else { return .max }
    var start: UInt128 = 0
    var count = 0
    for byte in key.utf8.prefix(16) {
      start = start << 8 | UInt128(byte)
      count += 1
    }
    return start << UInt128(8 * (16 - count))
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    if rows[a].first != rows[b].first { return keyPrecedes(rows[a].first, rows[b].first) }
    if rows[a].second != rows[b].second { return keyPrecedes(rows[a].second, rows[b].second) }
    return a < b
  }
}

extension ViewRows.Rows {
  /// Rows about customers in the order of their ids. What a row says is made when it is asked for.
  ///
  /// - Parameters:
  ///   - customer: the number of the customer that something is about.
  ///   - second: orders what is about the same customer.
  static func byCustomer<T: Sendable>(
    _ things: [T], _ names: borrowing Snapshot, _ customer: @Sendable (T) -> UInt32,
    then second: @Sendable (T) -> String? = { _ in nil }, row: @escaping @Sendable (_ customer: String, T) -> ViewRow
  ) throws -> Self {
    typealias Place = (id: String, index: Int)
    let sorted = try KeyedRows<Place>.sorted(of: Array(things.indices), names) { index, names, rows in
      let id = try names.subject(customer(things[index]))
      rows.add((id, index), by: id, second(things[index]))
    }
    return Self(of: sorted) { row($0.id, things[$0.index]) }
  }
}

/// The order of rows: bytewise by key, null last.
func keyPrecedes(_ a: String?, _ b: String?) -> Bool {
  guard let a else { return false }
  guard let b else { return true }
  let precedes = a.utf8.withContiguousStorageIfAvailable { a in
    b.utf8.withContiguousStorageIfAvailable { b in CanonicalOrder.bytesPrecede(a, b) ?? false }
  }
  if let precedes, let precedes { return precedes }
  return a.utf8.lexicographicallyPrecedes(b.utf8)
}
