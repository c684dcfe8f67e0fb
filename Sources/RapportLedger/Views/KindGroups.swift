/// Accumulators by kind – of survey, of case – and then by group: kinds are never lumped.
public struct KindGroups<Value> {
  /// By code.
  private var kinds: [Groups<Value>]
  private let words: [String]

  /// - Parameters:
  ///   - kinds: what the codes of kinds stand for, from 1; 0 is none, and a code beyond them “other”.
  ///   - words: see ``Groups/init(_:words:)``.
  init(_ initial: Value, kinds: [String], words: [String] = []) {
    self.kinds = Array(repeating: Groups(initial, words: words), count: kinds.count + 2)
    self.words = kinds
  }

  /// See ``Groups/update(_:_:)``.
  @inline(__always)
  mutating func update(_ kind: UInt8, _ group: Group, _ body: (inout Value) -> Void) {
    kinds[min(Int(kind), kinds.count - 1)].update(group, body)
  }

  /// A row for each kind of each group, by group and then by kind.
  ///
  /// - Parameter cells: the row's values; the keys of the group – unless it groups by kind – and of the kind are put in
  ///   front of them.
  func rows(
    by grouping: String?, _ names: borrowing Snapshot,
    _ cells: (_ kind: String?, _ group: String?, _ value: inout Value) throws -> ViewRow
  ) throws -> [ViewRow] {
    var rows = KeyedRows<ViewRow>()
    let named = kinds.enumerated().map { (kind: word(UInt8($0), words), groups: $1) }
    for (kind, groups) in named.sorted(by: { keyPrecedes($0.kind, $1.kind) }) {
      for (group, value) in try groups.sorted(names) {
        var value = value
        let text = try groups.text(of: group, names)
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

extension KindGroups: Mergeable where Value: Mergeable {
  mutating func merge(_ later: KindGroups) {
    for kind in kinds.indices { kinds[kind].merge(later.kinds[kind]) }
  }
}
