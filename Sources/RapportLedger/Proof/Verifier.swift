import LMDB
import Synchronization

/// One run of `verify`: first what only the list of blocks can tell, then block by block on all threads, then what only
/// the whole can tell; and the keys and the stored views beside the log.
struct Verifier {
  private let ledger: Ledger
  private let wanted: LogDigest?
  private let threads: Int
  private let onStep: @Sendable (VerificationStep) -> Void
  private(set) var result = Verification()
  /// The head over as many events as the digest covers that the log is compared with.
  private var wantedRoot: TreeHash?

  init(
    _ ledger: Ledger, against digest: LogDigest?, threads: Int, onStep: @escaping @Sendable (VerificationStep) -> Void
  ) {
    self.ledger = ledger
    wanted = digest
    self.threads = max(1, threads)
    self.onStep = onStep
  }

  mutating func run() throws {
    try verifyLog()
    if let damage = try ledger.keyRing.verify() { note(damage) }
    if result.sealedEvents > 0, ledger.keyRing.areLost {
      note(
        Damage(
          kind: .keys, position: 0,
          detail: "there are none, and \(result.sealedEvents) events have sealed fields: `rapport keys import` them"))
    }
    if result.isSound { try verifyViews() }
    compareWithWanted()
  }

  private mutating func note(_ damage: Damage) {
    result.note(damage)
    onStep(.found(damage))
  }

  /// The log, as of one moment.
  private mutating func verifyLog() throws(LedgerError) {
    let log = ledger.log
    do throws(LMDBError) { try log.checkPages(of: Ledger.databases) } catch { note(try fileDamage(error, 0)) }
    let transaction: ReadTransaction
    do throws(LMDBError) { transaction = try log.read() } catch { throw LedgerError(error, path: ledger.path) }
    let entries = try listEntries(transaction)
    let blocks = try readHeaders(entries)
    onStep(.listed(position: result.position))
    if result.isSound, let damage = try misplaced(blocks, transaction) { note(damage) }
    var texts = KnownTexts(seed: ledger.meta.seed)
    for block in blocks { texts.learn(block).forEach { note($0) } }
    let findings = inspect(blocks, texts)
    assemble(blocks, findings)
    try findDuplicates(zip(blocks, findings).filter { $1.damage.isEmpty }.map(\.0))
  }

  /// - Throws: what is no damage.
  private func fileDamage(_ error: LMDBError, _ position: UInt64) throws(LedgerError) -> Damage {
    guard error.isDamaged else { throw LedgerError(error, path: ledger.path) }
    return Damage(kind: .file, position: position, detail: error.description)
  }

  // MARK: Blocks in a row

  private typealias Entry = (key: UInt64, bytes: UnsafeRawBufferPointer)

  private mutating func listEntries(_ transaction: borrowing ReadTransaction) throws(LedgerError) -> [Entry] {
    var entries: [Entry] = []
    do throws(LMDBError) {
      var cursor = try transaction.cursor(in: ledger.blocks)
      var entry = try cursor.first()
      while let current = entry {
        // Keys that do not ascend: a damaged tree, which could be walked for ever.
        if let last = entries.last, current.key <= last.key {
          note(
            Damage(
              kind: .file, position: current.key,
              detail: "the block of position \(current.key) follows that of \(last.key)"))
          break
        }
        current.value.withUnsafeBytes { entries.append((current.key, $0)) }
        entry = try cursor.next()
      }
    } catch { note(try fileDamage(error, (entries.last?.key ?? 0) + 1)) }
    return entries
  }

  /// The blocks that have a sound header; positions that are missing or doubled are noted.
  private mutating func readHeaders(_ entries: [Entry]) throws(LedgerError) -> [Block] {
    var blocks: [Block] = []
    var next: UInt64 = 1
    for (index, entry) in entries.enumerated() {
      if entry.key != next {
        let detail =
          entry.key > next
          ? "positions \(next)…\(entry.key - 1) are missing" : "positions \(entry.key)…\(next - 1) are there twice"
        note(Damage(kind: .positions, position: min(next, entry.key), detail: detail))
      }
      do throws(LedgerError) {
        let block = try Block(entry.bytes, at: entry.key)
        blocks.append(block)
        next = entry.key + UInt64(block.count)
      } catch {
        guard case .damaged(let damage) = error else { throw error }
        note(damage)
        // Where it ended only the next one tells.
        next = index + 1 < entries.count ? entries[index + 1].key : entry.key + 1
      }
    }
    result.position = next - 1
    return blocks
  }

  /// The first block that is not found by its key, which is how writers look.
  private func misplaced(_ blocks: [Block], _ transaction: borrowing ReadTransaction) throws(LedgerError) -> Damage? {
    for block in blocks {
      do throws(LMDBError) {
        let found = try transaction.get(block.firstPosition, in: ledger.blocks)
        if let found, found.withUnsafeBytes({ $0.baseAddress == block.start }) { continue }
      } catch { return try fileDamage(error, block.firstPosition) }
      return Damage(kind: .file, position: block.firstPosition, detail: "the block is not found by its key")
    }
    return nil
  }

  // MARK: Block by block

  private func inspect(_ blocks: [Block], _ texts: KnownTexts) -> [BlockFinding] {
    let findings = Mutex([BlockFinding](repeating: BlockFinding(), count: blocks.count))
    let next = Atomic<Int>(0)
    let (onStep, wanted, size) = (onStep, wanted, ledger.segmentEvents)
    let seed = ledger.meta.seed
    parallel(min(threads, max(blocks.count, 1))) { _ in
      let inspector = BlockInspector(seed: seed, texts: texts, segmentEvents: size, keptPosition: wanted?.position)
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < blocks.count else { break }
        let (first, last) = (blocks[index].firstPosition, blocks[index].header.lastPosition)
        onStep(.began(first: first, last: last))
        let finding = inspector.inspect(blocks[index], limits: texts.limits[index])
        for damage in finding.damage { onStep(.found(damage)) }
        onStep(.finished(first: first, last: last))
        findings.withLock { $0[index] = finding }
      }
    }
    return findings.withLock { $0 }
  }

  /// Joins what the blocks told: the head of the tree, and times that must not run backwards.
  private mutating func assemble(_ blocks: [Block], _ findings: [BlockFinding]) {
    let hasher = TreeHasher()
    var head = TreeHead()
    if wanted?.position == 0 { wantedRoot = head.root(hasher) }
    var latest = Int64.min
    for (block, finding) in zip(blocks, findings) {
      finding.damage.forEach { result.note($0) }
      result.checkedEvents += finding.checkedEvents
      result.sealedEvents += finding.sealedEvents
      if let times = finding.times {
        if times.lowerBound < latest {
          note(
            Damage(
              kind: .time, position: block.firstPosition, detail: "recorded before position \(block.firstPosition - 1)")
          )
        }
        latest = max(latest, times.upperBound)
      }
      // After a gap there is no tree.
      guard head.count == block.firstPosition - 1 else { continue }
      if let root = finding.root {
        head.append(root, height: block.count.trailingZeroBitCount, hasher)
        if wanted?.position == head.count { wantedRoot = head.root(hasher) }
      } else {
        for leaf in finding.leaves {
          head.append(leaf, hasher)
          if wanted?.position == head.count { wantedRoot = head.root(hasher) }
        }
      }
    }
    if head.count == result.position {
      result.digest = LogDigest(position: head.count, root: head.root(hasher))
    }
  }

  // MARK: The whole

  /// - Parameter blocks: those that were found sound.
  private mutating func findDuplicates(_ blocks: [Block]) throws(LedgerError) {
    for (position, first) in try DuplicateSearch(blocks: blocks).run(threads: threads) {
      note(
        Damage(
          kind: .duplicate, position: position, detail: "the event has the source and id of the one at \(first)"))
    }
  }

  private mutating func compareWithWanted() {
    guard let wanted else { return }
    if wanted.position > result.position {
      note(
        Damage(
          kind: .digest, position: result.position + 1,
          detail:
            "the log ends at position \(result.position), the digest covers \(wanted.position): it is not this log, or events were lost"
        ))
    } else if let root = wantedRoot {
      guard root != wanted.root else { return }
      note(
        Damage(
          kind: .digest, position: wanted.position,
          detail: "the first \(wanted.position) events are not those of the digest: their root is \(root)"))
    } else {
      note(
        Damage(
          kind: .digest, position: wanted.position,
          detail: "damage leaves no root of the first \(wanted.position) events to compare"))
    }
  }

  /// Stored states against a replay of the log at their positions.
  private mutating func verifyViews() throws {
    if let damage = try ledger.stateStore.damage() {
      note(Damage(kind: .view, position: 0, detail: "\(damage); `rapport replay` makes the stored views anew"))
      return
    }
    let stored = ledger.checkpoints()
    var positions: [UInt64: [Checkpoint]] = [:]
    for projection in Catalogue.projections {
      let name = type(of: projection).name
      guard let kept = stored[name], kept.version == type(of: projection).version else { continue }
      guard kept.position <= result.position else {
        note(
          Damage(
            kind: .view, position: result.position + 1,
            detail: "\(name): the stored state is of position \(kept.position), the log ends at \(result.position)"))
        continue
      }
      positions[kept.position, default: []].append(kept)
    }
    for (position, kept) in positions.sorted(by: { $0.key < $1.key }) {
      let report = try ledger.replay(views: kept.map(\.view), threads: threads, upTo: position)
      for (kept, rebuilt) in zip(kept, report.views) where kept.digest != rebuilt.digest {
        note(
          Damage(
            kind: .view, position: position,
            detail: "\(kept.view): stored digest \(kept.digest), rebuilt \(rebuilt.digest); run `rapport replay`"))
      }
    }
  }
}
