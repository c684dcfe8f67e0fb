/// Rows to be sorted by keys that they may not even show.
struct KeyedRows {
  /// With the first bytes of the first key, which decide almost always: numbers are compared and moved faster than texts.
  private var rows: [(start: UInt128, keys: [String?], row: ViewRow)] = []

  /// - Parameter keys: the first one that differs from that of another row decides.
  mutating func add(_ row: ViewRow, by keys: String?...) {
    rows.append((Self.start(of: keys.first ?? nil), keys, row))
  }

  /// - Parameter time: comes before the keys.
  mutating func add(_ row: ViewRow, at time: Int64, by keys: String?...) {
    rows.append((UInt128(UInt64(bitPattern: time) ^ 1 << 63), keys, row))
  }

  /// Rows of many things, in their order; made on all processors.
  static func sorted<T>(
    of things: [T], _ names: borrowing Snapshot,
    _ add: @Sendable (T, borrowing Snapshot, inout KeyedRows) throws -> Void
  ) throws -> [ViewRow] {
    nonisolated(unsafe) let things = things
    let parts = try withUnsafePointer(to: names) { names in
      let names = SharedPointer(pointer: names)
      return try mapStretches(of: things.count, atLeast: ViewAnswer.rowsOfThreadMin) { stretch in
        var rows = KeyedRows()
        for thing in things[stretch] { try add(thing, names.pointer.pointee, &rows) }
        return rows
      }
    }
    var all = parts[0]
    for part in parts.dropFirst() { all.rows += part.rows }
    return all.sorted
  }

  /// Bytewise by keys, null last.
  var sorted: [ViewRow] {
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
    for (a, b) in zip(rows[a].keys, rows[b].keys) where a != b { return keyPrecedes(a, b) }
    return a < b
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
