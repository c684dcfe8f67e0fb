/// The ids of customers as a writer knows them, in bounded memory: a table of the latest, and sorted runs of the others.
///
/// When the table has reached its limit, the numbers of its customers become a run by the hashes of their ids
/// (``FingerprintRuns``), and it begins anew. The ids themselves are in the log, and are read there: who is in a run costs
/// some four cache misses more.
struct CustomerIndex: NumberedTexts {
  /// Its numbers are the ledger's less `base`.
  private var latest: TextTable
  private var base: UInt32
  private var runs: FingerprintRuns
  private let memoryMax: Int
  /// The texts of the log, while they can be read.
  private var recorded: TextDirectory?

  /// - Parameters:
  ///   - last: how many customers the log knows; what is not in runs is going to be appended.
  ///   - memoryMax: bytes that the table may use.
  init(_ runs: FingerprintRuns, seed: UInt64, last: UInt32, memoryMax: Int) {
    self.runs = runs
    self.memoryMax = memoryMax
    base = UInt32(runs.last)
    latest = TextTable(seed: seed, capacity: min(Int(last - base), memoryMax / Self.bytesUsual))
  }

  /// What a customer takes in the table, with an id of some twenty bytes.
  private static let bytesUsual = 60

  /// The number that the next new customer gets.
  var next: UInt32 { base + latest.next }

  /// Some customers are only found as long as the log can be read.
  var needsLog: Bool { !runs.isEmpty }

  /// Lends the texts of the log, until they are taken back with nil.
  mutating func lend(_ texts: TextDirectory?) { recorded = texts }

  /// Adds a customer who is not there.
  mutating func append(_ id: UnsafeBufferPointer<UInt8>) { latest.append(id, hash: latest.hash(id)) }

  /// Makes room when the table has reached its limit.
  ///
  /// - Precondition: the log knows all customers, durably.
  /// - Complexity: O(1); O(n) each time n customers have filled the memory.
  mutating func spillIfFull() throws(LedgerError) {
    guard latest.count > 0, latest.byteCount > memoryMax else { return }
    var table = FingerprintTable(base: UInt64(base), capacity: latest.count)
    for number in 1..<latest.next {
      table.insert(latest.withText(number, latest.hash), position: UInt64(base + number))
    }
    try runs.append(table, through: UInt64(base) + UInt64(latest.count))
    base += UInt32(latest.count)
    latest = TextTable(seed: latest.seed)
  }

  /// Looks up customers whose ledger's numbers are not known yet, in their order.
  ///
  /// They come in no order, so that looking one up waits for memory: that of some is on its way while others are
  /// compared.
  ///
  /// - Parameters:
  ///   - locals: numbers of the batch.
  ///   - numbers: from a batch's number to the ledger's.
  ///   - texts: the batch's.
  ///   - fresh: gets the ids that are new to the ledger.
  mutating func number(
    _ locals: some Sequence<UInt32>, _ numbers: inout Numbering.Map, _ texts: TextTable, _ fresh: inout TextList
  ) {
    let unknown = numbers.unknown(locals).map { ($0, texts.withText($0, latest.hash)) }
    for index in unknown.indices {
      if index + Self.ahead < unknown.count { prefetch(hash: unknown[index + Self.ahead].1) }
      if index + Self.ahead / 2 < unknown.count { latest.prefetchCandidate(hash: unknown[index + Self.ahead / 2].1) }
      let (local, hash) = unknown[index]
      numbers[local] = texts.withText(local) { id in
        if let number = find(id, hash: hash) { return number }
        fresh.append(id)
        return base + latest.append(id, hash: hash)
      }
    }
  }

  /// How many look-ups ahead memory is asked for.
  private static let ahead = 12

  private func prefetch(hash: UInt64) {
    latest.prefetch(hash: hash)
    runs.prefetch(hash)
  }

  private func find(_ id: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32? {
    let known = latest.find(id, hash: hash)
    if known != 0 { return base + known }
    if runs.isEmpty { return nil }
    var search = FingerprintRuns.Search(hash)
    while let position = runs.next(&search) {
      let number = UInt32(position)
      if withText(number, { $0.elementsEqual(id) }) { return number }
    }
    return nil
  }

  @inline(__always)
  func withText<R>(_ number: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    number > base ? latest.withText(number - base, body) : recorded!.withText(number, body)
  }

  /// Asks for the memory that says where an id ends.
  @inline(__always)
  func prefetchEnd(of number: UInt32) {
    if number > base { latest.prefetchEnd(of: number - base) }
  }

  /// Asks for the memory of an id.
  @inline(__always)
  func prefetchText(of number: UInt32) {
    if number > base { latest.prefetchText(of: number - base) }
  }
}
