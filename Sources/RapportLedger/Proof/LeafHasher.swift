/// Hashes events into leaves, and the leaves of a full segment into its root.
///
/// A writer keeps one: every event is hashed once, when its segment is sealed.
final class LeafHasher {
  let tree = TreeHasher()
  private var encoder = LeafEncoder()

  /// The leaf hash of one event; its bytes are then ``lastLeaf``.
  func hash(
    _ facts: Facts, ledgerTime: Int64, contentHash: UInt64, lines: UnsafeBufferPointer<OrderLine>,
    payload: UnsafeBufferPointer<UInt8>, customers: some NumberedTexts, names: some NumberedTexts
  ) -> TreeHash {
    encoder.encode(
      facts, ledgerTime: ledgerTime, contentHash: contentHash, lines: lines, payload: payload, customers: customers,
      names: names)
    return tree.hash(encoder.prefixed)
  }

  /// The bytes of the leaf that was hashed last.
  var lastLeaf: [UInt8] { [UInt8](encoder.prefixed.dropFirst()) }

  /// The root over all events of a draft.
  ///
  /// - Complexity: O(bytes), about 0.5 µs an event.
  func root(of draft: Draft, customers: CustomerIndex, names: TextTable) -> TreeHash {
    var head = TreeHead()
    var commit = 0
    let facts = draft.facts
    draft.payloads.withUnsafeBufferPointer { payloads in
      draft.lines.withUnsafeBufferPointer { lines in
        for index in facts.indices {
          // Customers come in no order, so that each of their texts would be waited for.
          if index + 16 < facts.count { customers.prefetchEnd(of: facts[index + 16].customer) }
          if index + 8 < facts.count { customers.prefetchText(of: facts[index + 8].customer) }
          while commit + 1 < draft.commits.count, Int(draft.commits[commit + 1].rank) <= index { commit += 1 }
          let leaf = hash(
            facts[index], ledgerTime: draft.commits[commit].time, contentHash: draft.contentHashes[index],
            lines: UnsafeBufferPointer(rebasing: lines[draft.lineRange(index)]),
            payload: UnsafeBufferPointer(rebasing: payloads[draft.payload(index)]), customers: customers,
            names: names)
          head.append(leaf, tree)
        }
      }
    }
    return head.root(tree)
  }
}
