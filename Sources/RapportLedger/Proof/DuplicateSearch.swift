import Synchronization

/// Looks for events that were recorded twice: the same source and id under two positions.
///
/// Fingerprints are sorted in parts that fit into memory, whatever the size of the log: the events of one part have the
/// same highest bits. Where two are equal, source and id decide.
///
/// - Precondition: the blocks were inspected and are sound, and so are their fingerprints.
struct DuplicateSearch {
  let blocks: [Block]
  /// Fingerprints of a part, about: 64 MiB of them.
  var partCount = 8 << 20

  /// - Returns: for each event that was there before, its position and that of the first.
  /// - Complexity: O(n log n) for n events, and a pass over all fingerprints for every `partCount` of them.
  func run(threads: Int) throws(LedgerError) -> [(position: UInt64, first: UInt64)] {
    let doubled = doubledFingerprints(threads: threads)
    guard !doubled.isEmpty else { return [] }
    return try compare(positions(of: doubled))
  }

  private func doubledFingerprints(threads: Int) -> Set<UInt64> {
    let events = blocks.reduce(0) { $0 + $1.count }
    let bits = (0..<63).first { events >> $0 <= partCount } ?? 63
    let parts = 1 << bits
    let next = Atomic<Int>(0)
    let found = Mutex<Set<UInt64>>([])
    parallel(min(threads, parts)) { _ in
      var part: [UInt64] = []
      while true {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < parts else { break }
        part.removeAll(keepingCapacity: true)
        for block in blocks {
          let column = block.section(BlockSection.fingerprint)
          for rank in 0..<block.count {
            let fingerprint = UInt64(bitPattern: column[rank])
            // A shift by all 64 bits gives 0: then there is one part.
            if fingerprint >> UInt64(64 - bits) == UInt64(number) { part.append(fingerprint) }
          }
        }
        part.sort()
        for index in part.indices.dropFirst() where part[index] == part[index - 1] {
          found.withLock { _ = $0.insert(part[index]) }
        }
      }
    }
    return found.withLock { $0 }
  }

  /// The events of some fingerprints, in order of position.
  private func positions(of fingerprints: Set<UInt64>) -> [UInt64: [(block: Int, rank: Int)]] {
    var places: [UInt64: [(block: Int, rank: Int)]] = [:]
    for (index, block) in blocks.enumerated() {
      let column = block.section(BlockSection.fingerprint)
      for rank in 0..<block.count {
        let fingerprint = UInt64(bitPattern: column[rank])
        if fingerprints.contains(fingerprint) { places[fingerprint, default: []].append((index, rank)) }
      }
    }
    return places
  }

  private struct Identity: Hashable {
    var source: Int64
    var id: [UInt8]
  }

  private func compare(
    _ places: [UInt64: [(block: Int, rank: Int)]]
  ) throws(LedgerError) -> [(position: UInt64, first: UInt64)] {
    let coder = FrameCoder()
    var found: [(position: UInt64, first: UInt64)] = []
    for list in places.values {
      var firsts: [Identity: UInt64] = [:]
      for (index, rank) in list {
        let block = blocks[index]
        let row = Int(block.rowsByRank()[rank])
        var payloads = PayloadReader(block, coder: coder)
        let id = try payloads.withRecord(ofRow: row) { record, _ throws(LedgerError) in Array(record.id) }
        // Texts have one number each.
        let identity = Identity(source: block.column(.source)[row], id: id)
        let position = block.firstPosition + UInt64(rank)
        if let first = firsts[identity] { found.append((position, first)) } else { firsts[identity] = position }
      }
    }
    return found.sorted { $0.position < $1.position }
  }
}
