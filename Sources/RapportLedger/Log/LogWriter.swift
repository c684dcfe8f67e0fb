import LMDB

/// Appends events to the log: the only thing that writes to it.
///
/// It belongs to one thread. Between appends it holds no lock, so writers of several processes take turns: each append
/// first catches up with what others recorded meanwhile.
///
/// **Exactly once.** The fingerprint column of the log is the only durable memory of what was recorded; opening a
/// writer rebuilds a table of it (``FingerprintIndex``). A match is looked up in the log: an equal content hash means a
/// duplicate, anything else is compared exactly.
///
/// **The tail.** A commit appends one block; blocks of the unfinished segment that are not larger than what follows
/// them are merged with it in the same transaction, so that there are never more than 17 and every event is rewritten
/// at most 16 times before its segment is sealed.
final class LogWriter {
  private let ledger: Ledger
  private let patience: Duration
  private let turns: TurnLock
  private var customers: CustomerIndex
  private var names: TextTable
  private var fingerprints: FingerprintIndex?
  private let memoryMax: Int
  /// The last position that the tables know.
  private var known: UInt64 = 0
  private var isBroken = false
  private let builder = BlockBuilder()
  private let coder = FrameCoder()
  private lazy var leaves = LeafHasher()

  /// Blocks of a segment whose payloads exceed this stay apart, so that sealing never needs unbounded memory.
  private static let mergedPayloadBytesMax: UInt64 = 512 << 20

  /// What became of a batch.
  struct Appended {
    var accepted = 0
    var duplicates = 0
    /// Indices of the batch's events that contradict a recorded one, and its position.
    var conflicts: [(index: Int, position: UInt64)] = []
    /// The last position of the log.
    var position: UInt64 = 0
    /// Segments that this append sealed.
    var sealed = 0
  }

  /// - Parameters:
  ///   - patience: how long to wait for another writer before ``LedgerError/busy(pid:waited:)``.
  ///   - memoryMax: bytes for what it knows of the log: three quarters for the fingerprints of events, one for the ids of
  ///     customers. Beyond them they go to files.
  init(_ ledger: Ledger, waitingAtMost patience: Duration = .seconds(10), memoryMax: Int = 1 << 30) {
    self.ledger = ledger
    self.patience = patience
    self.memoryMax = memoryMax
    turns = TurnLock(in: ledger.path)
    customers = Self.customers(of: ledger, last: 0, memoryMax)
    names = TextTable(seed: ledger.meta.seed)
  }

  private static func customers(of ledger: Ledger, last: UInt32, _ memoryMax: Int) -> CustomerIndex {
    CustomerIndex(
      ledger.runs("customers", upTo: UInt64(last)), seed: ledger.meta.seed, last: last,
      memoryMax: memoryMax / 4)
  }

  /// Loads the tables, so that the first append is not slower than the others.
  ///
  /// - Returns: the last position.
  /// - Complexity: O(events): some 15 ns each.
  func prepare() throws(LedgerError) -> UInt64 {
    var nothing = EventBatch(seed: ledger.meta.seed)
    return try append(&nothing).position
  }

  /// Records the events of a batch that are not there yet: durable when it returns, all or none.
  ///
  /// - Parameter batch: lends its memory while its events are written. Its events are of no use then, but for where they
  ///   stood in the input.
  func append(_ batch: inout EventBatch) throws(LedgerError) -> Appended {
    precondition(!isBroken, "a writer that failed to commit is not used again")
    let turn = try acquireTurn()
    let log = ledger.log
    // Else the turn would be that of another ledger, and a removed one would take what nobody finds again.
    guard log.isInPlace else { throw .gone(ledger.path) }
    var transaction: WriteTransaction
    do throws(LMDBError) { transaction = try log.write() } catch { throw LedgerError(error, path: ledger.path) }
    isBroken = true
    let blocks = try ledger.listBlocks(transaction, from: known == 0 ? 0 : firstPositionOfSegment(of: known))
    let last = blocks.last?.header.lastPosition ?? 0
    try catchUp(blocks, to: last)
    if customers.needsLog { customers.lend(.customers(ofChecked: try ledger.listBlocks(transaction))) }
    defer { customers.lend(nil) }
    let (result, chosen) = try chooseNew(batch, transaction, last)
    if chosen.isEmpty {
      isBroken = false
      turn.release()
      return result
    }
    let tail = blocks.filter { $0.firstPosition >= firstPositionOfSegment(of: last + 1) }
    let plan = try makeBlocks(&batch, chosen, tail: tail, after: last, lastTime: blocks.last.map(Self.lastTime) ?? .min)
    do throws(LMDBError) {
      for key in plan.replaced { _ = try transaction.delete(key, in: ledger.blocks) }
      for block in plan.blocks {
        try transaction.put(block.key, block.bytes.span.bytes, in: ledger.blocks, append: true)
      }
      try transaction.commit()
    } catch { throw LedgerError(error, path: ledger.path) }
    known = last + UInt64(chosen.count)
    try fingerprints?.spillIfFull(through: known)
    try customers.spillIfFull()
    isBroken = false
    turn.release()
    var appended = result
    appended.accepted = chosen.count
    appended.position = known
    appended.sealed = plan.sealed
    return appended
  }

  private func acquireTurn() throws(LedgerError) -> TurnLock.Turn {
    do throws(LMDBError) { return try turns.acquire(waitingAtMost: patience) } catch {
      if case .lockTimedOut(let holder) = error.code { throw .busy(pid: holder, waited: patience) }
      throw LedgerError(error, path: ledger.path)
    }
  }

  private func firstPositionOfSegment(of position: UInt64) -> UInt64 {
    let size = UInt64(ledger.segmentEvents)
    return (position - 1) / size * size + 1
  }

  private static func lastTime(_ block: Block) -> Int64 { block.ledgerTime(ofRank: block.count - 1) }

  // MARK: What is known

  /// Adds what others recorded since to the tables.
  private func catchUp(_ blocks: [Block], to last: UInt64) throws(LedgerError) {
    var index =
      fingerprints.take()
      ?? FingerprintIndex(ledger.runs("fingerprints", upTo: last), last: last, memoryMax: memoryMax / 4 * 3)
    if known == 0, let header = blocks.last?.header {
      let next = max(header.firstNewCustomer + header.newCustomers, 1)
      customers = Self.customers(of: ledger, last: next - 1, memoryMax)
      names = TextTable(seed: ledger.meta.seed, capacity: Int(header.firstNewName) + Int(header.newNames))
    }
    let known = self.known
    let new = blocks.filter { $0.header.lastPosition > known }
    // Safe: one thread has the one, the other the other.
    nonisolated(unsafe) let writer = self
    try withUnsafeMutablePointer(to: &index) { index throws(LedgerError) in
      nonisolated(unsafe) let index = index
      _ = try mapInParallel(2, threads: new.count > 1 ? 2 : 1) { half throws(LedgerError) in
        if half == 0 { try index.pointee.insert(new, after: known) } else { try writer.learnTexts(new) }
      }
    }
    self.known = new.last?.header.lastPosition ?? known
    fingerprints = consume index
  }

  /// Adds the customers and names of blocks that are new.
  private func learnTexts(_ blocks: [Block]) throws(LedgerError) {
    for block in blocks {
      let slots = [BlockSection.customerEnd, BlockSection.customerText, BlockSection.nameEnd, BlockSection.nameText]
      if let slot = slots.first(where: { !block.isIntact($0) }) { throw .damaged(block.damage(ofSlot: slot)) }
      learn(block.newCustomers, first: block.header.firstNewCustomer, next: customers.next) { customers.append($0) }
      learn(block.newNames, first: block.header.firstNewName, next: names.next) { _ = names.intern($0) }
      try customers.spillIfFull()
    }
  }

  /// Hands over the texts of a block that are new.
  private func learn(
    _ texts: BlockTexts, first: UInt32, next: UInt32, _ learn: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    let begin = first == 0 ? 0 : max(Int(next) - Int(first), 0)
    for index in begin..<max(texts.count, begin) { learn(texts[index]) }
  }

  /// Separates the new events of a batch from duplicates and conflicts.
  ///
  /// - Returns: the outcome so far, and the indices of the new events.
  private func chooseNew(
    _ batch: borrowing EventBatch, _ transaction: borrowing WriteTransaction, _ last: UInt64
  ) throws(LedgerError) -> (Appended, [Int]) {
    var result = Appended()
    result.position = last
    var chosen: [Int] = []
    chosen.reserveCapacity(batch.count)
    var recorded: RecordedEvents?
    // Taken out of the class for the time of the loop. If it throws, the writer is not used again.
    var table = fingerprints.take()!
    let arriving = batch.fingerprints
    for index in arriving.indices {
      if index + 16 < arriving.count { table.prefetch(arriving[index + 16]) }
      var search = table.search(arriving[index])
      var match: (position: UInt64, isSame: Bool)?
      while match == nil, let position = table.next(&search) {
        let isSame: Bool?
        if position > last {
          isSame = Self.compare(batch, index, with: chosen[Int(position - last) - 1])
        } else {
          if recorded == nil {
            recorded = try RecordedEvents(
              ledger.listBlocks(transaction), keyRing: ledger.keyRing, seed: ledger.meta.seed, coder)
          }
          isSame = try recorded!.compare(batch, index, with: position)
        }
        if let isSame { match = (position, isSame) }
      }
      if let match {
        if match.isSame { result.duplicates += 1 } else { result.conflicts.append((index, match.position)) }
      } else {
        chosen.append(index)
        table.insert(arriving[index], position: last + UInt64(chosen.count))
      }
    }
    fingerprints = consume table
    return (result, chosen)
  }

  /// Compares two events of one batch.
  ///
  /// - Returns: nil if they are different events, else whether their contents are equal.
  private static func compare(_ batch: borrowing EventBatch, _ index: Int, with other: Int) -> Bool? {
    guard batch.fingerprints[index] == batch.fingerprints[other] else { return nil }
    if batch.contentHashes[index] == batch.contentHashes[other] { return true }
    let isSameEvent = batch.payloads.withUnsafeBufferPointer { payloads in
      let left = PayloadRecord.parse(payloads, at: batch.payload(index).lowerBound)!.record
      let right = PayloadRecord.parse(payloads, at: batch.payload(other).lowerBound)!.record
      return left.id.elementsEqual(right.id) && batch.facts[index].source == batch.facts[other].source
    }
    return isSameEvent ? EventText.haveSameContent(batch.text(index), batch.text(other)) : nil
  }

  // MARK: Blocks

  private struct Plan {
    var blocks: [(key: UInt64, bytes: [UInt8])] = []
    var replaced: [UInt64] = []
    var sealed = 0
  }

  /// Numbers the new events and packs them, with the blocks of the tail that they are merged with.
  private func makeBlocks(
    _ batch: inout EventBatch, _ chosen: [Int], tail: [Block], after last: UInt64, lastTime: Int64
  ) throws(LedgerError) -> Plan {
    var plan = Plan()
    var tail = tail
    var numbering = Numbering(batch)
    var mentions = batch.mentions[...]
    let time = max(Clock.now, lastTime)
    var next = 0
    // Events at the front of the batch that have been taken out of it.
    var taken = 0
    // The largest draft that was made of them: its memory goes back to the batch.
    var lender: Draft?
    while next < chosen.count {
      let first = last + UInt64(next) + 1
      let end = firstPositionOfSegment(of: first) + UInt64(ledger.segmentEvents) - 1
      let count = min(chosen.count - next, Int(end - first) + 1)
      var draft = Draft(firstPosition: first)
      draft.firstNewCustomer = customers.next
      draft.firstNewName = names.next
      draft.commits = [(0, time)]
      let isPrefix = chosen[next] == taken && chosen[next + count - 1] == taken + count - 1
      if isPrefix {
        draft.takeEvents(count, from: &batch)
        taken += count
      } else {
        for events in Self.runs(chosen[next..<next + count]) {
          draft.append(batch, events.lowerBound - taken..<events.upperBound - taken)
        }
      }
      number(&draft, batch, &numbering, time: time)
      learn(&mentions, of: chosen[next..<next + count], batch, &numbering, &draft)
      next += count
      let isFull = draft.firstPosition + UInt64(count) - 1 == end
      let merged = mergeable(tail, with: draft, sealing: isFull)
      if !merged.isEmpty {
        var whole = try Draft(merged[0], coder: coder)
        for block in merged.dropFirst() { whole.append(try Draft(block, coder: coder)) }
        whole.append(draft)
        draft = whole
        plan.replaced += merged.map(\.firstPosition)
      }
      tail = []
      if isFull { plan.sealed += 1 }
      // Else the segment stays in several blocks, none of which is a subtree of its height.
      if draft.count == ledger.segmentEvents {
        draft.root = leaves.root(of: draft, customers: customers, names: names).words
      }
      plan.blocks.append((draft.firstPosition, builder.build(draft, seed: ledger.meta.seed, sources: sourcePrecedes)))
      if isPrefix, merged.isEmpty, draft.count > lender?.count ?? 0 { lender = draft }
    }
    lender?.giveMemory(to: &batch)
    return plan
  }

  /// The last blocks of the tail that are merged with what follows them: all if the segment is full, else those not
  /// larger than what is behind them, so that their sizes fall geometrically.
  private func mergeable(_ tail: [Block], with draft: Draft, sealing: Bool) -> [Block] {
    var count = draft.count
    var bytes = UInt64(draft.payloads.count)
    var first = tail.count
    while first > 0 {
      let block = tail[first - 1]
      guard sealing || block.count <= count, bytes + block.header.rawPayloadBytes <= Self.mergedPayloadBytesMax else {
        break
      }
      count += block.count
      bytes += block.header.rawPayloadBytes
      first -= 1
    }
    return Array(tail[first...])
  }

  /// Runs of consecutive indices.
  private static func runs(_ indices: ArraySlice<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in indices {
      if let last = runs.last, last.upperBound == index {
        runs[runs.count - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
    }
    return runs
  }

  /// Gives the events of a draft their positions, and the ledger's numbers for those of the batch.
  private func number(
    _ draft: inout Draft, _ batch: borrowing EventBatch, _ numbering: inout Numbering, time: Int64
  ) {
    customers.number(draft.facts.lazy.map { $0.customer }, &numbering.customers, batch.customers, &draft.newCustomers)
    var line = 0
    for index in 0..<draft.count {
      draft.facts[index].position = draft.firstPosition + UInt64(index)
      if draft.facts[index].time == EventBatch.noTime { draft.facts[index].time = time }
      draft.facts[index].customer = numbering.customers[draft.facts[index].customer]
      draft.facts[index].renumberNames { name in
        numbering.names.number(name) { learn($0, batch.names, &names, &draft.newNames) }
      }
      while line < Int(draft.lineEnds[index]) {
        draft.lines[line].sku = numbering.names.number(draft.lines[line].sku) {
          learn($0, batch.names, &names, &draft.newNames)
        }
        draft.lines[line].group = numbering.names.number(draft.lines[line].group) {
          learn($0, batch.names, &names, &draft.newNames)
        }
        line += 1
      }
    }
  }

  /// Learns what some events mention.
  ///
  /// - Parameter mentions: loses what is of these events, or of those before them.
  private func learn(
    _ mentions: inout ArraySlice<EventBatch.Mention>, of events: ArraySlice<Int>, _ batch: borrowing EventBatch,
    _ numbering: inout Numbering, _ draft: inout Draft
  ) {
    for event in mentions.isEmpty ? [] : events {
      mentions = mentions.drop { $0.event < event }
      while let mention = mentions.first, mention.event == event {
        mentions.removeFirst()
        if mention.isCustomer {
          customers.number(CollectionOfOne(mention.number), &numbering.customers, batch.customers, &draft.newCustomers)
        } else {
          _ = numbering.names.number(mention.number) { learn($0, batch.names, &names, &draft.newNames) }
        }
      }
    }
  }

  /// The ledger's number of a text of the batch.
  @inline(never)
  private func learn(
    _ local: UInt32, _ texts: TextTable, _ table: inout TextTable, _ fresh: inout TextList
  ) -> UInt32 {
    texts.withText(local) { text in
      let (number, isNew) = table.intern(text)
      if isNew { fresh.append(text) }
      return number
    }
  }

  private func sourcePrecedes(_ a: UInt32, _ b: UInt32) -> Bool? {
    names.withText(a) { a in names.withText(b) { b in CanonicalOrder.bytesPrecede(a, b) } }
  }
}
