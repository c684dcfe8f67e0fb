import Testing

@testable import RapportLedger

/// A block holds what its draft held, and notices what is not what was written.
@Suite("Blocks")
struct BlockTests {
  /// A draft of generated events: names and customers numbered as a first commit numbers them.
  static func draft(_ events: Int = 120, seed: UInt64 = 1) -> Draft {
    let text = generatedLines(events, seed: seed).joined(separator: "\n") + "\n"
    let batch = BatchBox(parsing: Array(text.utf8), seed: 1)
    var draft = Draft(firstPosition: 1)
    draft.firstNewCustomer = 1
    draft.firstNewName = 1
    draft.commits = [(0, 1_000), (UInt32(events / 2), 2_000)]
    for index in 0..<batch.value.count {
      draft.put(
        batch.value.facts[index], fingerprint: batch.value.fingerprints[index],
        contentHash: batch.value.contentHashes[index], payload: batch.value.payloads[batch.value.payload(index)],
        lines: batch.value.lines[batch.value.lineRange(index)])
    }
    for number in 0..<batch.value.names.count {
      batch.value.names.withText(UInt32(number + 1)) { draft.newNames.append($0) }
    }
    for number in 0..<batch.value.customers.count {
      batch.value.customers.withText(UInt32(number + 1)) { draft.newCustomers.append($0) }
    }
    return draft
  }

  static func build(_ draft: Draft) -> [UInt8] {
    BlockBuilder().build(draft, seed: 1) { $0 == $1 ? nil : $0 < $1 }
  }

  /// Calls `body` with a block of these bytes, aligned as LMDB aligns them.
  static func withBlock<R>(
    _ bytes: [UInt8], at key: UInt64 = 1, _ body: (Block) throws -> R
  ) throws -> R {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return try body(Block(UnsafeRawBufferPointer(memory), at: key))
  }

  /// Everything that a draft says, comparable.
  private static func contents(_ draft: Draft) -> [String] {
    draft.facts.indices.map { index in
      let fact = draft.facts[index]
      let numbers = [
        fact.time, Int64(bitPattern: fact.object), fact.amount, fact.instant, fact.number, Int64(fact.customer),
        Int64(fact.marks.rawValue), Int64(fact.currency), Int64(fact.kindCode), Int64(fact.directionCode),
        Int64(fact.actorCode), Int64(fact.code), Int64(fact.code2), Int64(fact.scale), Int64(fact.term),
        Int64(fact.term2),
        Int64(fact.term3), Int64(bitPattern: fact.related), fact.number2, Int64(bitPattern: fact.cause),
        Int64(bitPattern: fact.correlation), Int64(fact.channel), Int64(fact.touchpoint), Int64(fact.department),
        Int64(fact.country), Int64(fact.employee), Int64(fact.type), Int64(fact.source),
        Int64(bitPattern: fact.sequence),
      ]
      return
        "\(numbers) \(draft.fingerprints[index]) \(draft.contentHashes[index]) \(draft.payloads[draft.payload(index)]) "
        + "\(draft.lines[draft.lineRange(index)])"
    }
  }

  private static func texts(_ list: TextList) -> [String] {
    (0..<list.count).map { index in list.withText(at: index) { String(decoding: $0, as: UTF8.self) } }
  }

  @Test(arguments: [1, 2, 63, 64, 65, 200])
  func `a block gives back the draft that it was made of`(events: Int) throws {
    let draft = Self.draft(events)
    let again = try Self.withBlock(Self.build(draft)) { try Draft($0, coder: FrameCoder()) }
    #expect(Self.contents(again) == Self.contents(draft))
    #expect(Self.texts(again.newNames) == Self.texts(draft.newNames))
    #expect(Self.texts(again.newCustomers) == Self.texts(draft.newCustomers))
    #expect(again.commits.map(\.rank) == draft.commits.map(\.rank))
    #expect(again.commits.map(\.time) == draft.commits.map(\.time))
  }

  @Test func `extreme facts come back`() throws {
    var draft = Draft(firstPosition: 1)
    draft.commits = [(0, .min)]
    for number in 0..<3 {
      var fact = Facts()
      let value: Int64 = [.min, 0, .max][number]
      (fact.time, fact.amount, fact.instant, fact.number, fact.number2) = (value, value, value, value, value)
      (fact.object, fact.related, fact.cause) = (.max, UInt64(bitPattern: value), .max)
      (fact.customer, fact.term, fact.source) = (UInt32.max - UInt32(number), .max, .max)
      (fact.scale, fact.code, fact.kindCode, fact.sequence) = (.max, 255, 255, .max)
      let payload = payloadRecord("e", "")
      draft.put(fact, fingerprint: .max, contentHash: 0, payload: payload[...], lines: [])
    }
    let again = try Self.withBlock(Self.build(draft)) { try Draft($0, coder: FrameCoder()) }
    #expect(Self.contents(again) == Self.contents(draft))
  }

  @Test func `rows stand by customer and canonical order, texts are found by bytes`() throws {
    let draft = Self.draft()
    try Self.withBlock(Self.build(draft)) { block in
      let facts = block.facts(0..<block.count)
      for (a, b) in zip(facts, facts.dropFirst()) {
        #expect(a.customer < b.customer || (a.customer == b.customer && CanonicalOrder.precedes(a, b) ?? true))
      }
      for customer in 0...block.header.greatestCustomer + 1 {
        #expect(Array(block.intactRows(of: customer)) == facts.indices.filter { facts[$0].customer == customer })
      }
      for (index, text) in Self.texts(draft.newNames).enumerated() {
        #expect(block.newNames.place(of: Array(text.utf8), seed: 1) == index)
      }
      #expect(block.newNames.place(of: Array("no such name".utf8), seed: 1) == nil)
    }
  }

  // MARK: Damage

  /// Whether reading all of a block finds that something is wrong.
  private static func notices(_ bytes: [UInt8]) -> Bool {
    do {
      return try withBlock(bytes) { block in
        if (0..<BlockSection.slots).contains(where: { !block.isIntact($0) }) { return true }
        var records = UnpackedRecords()
        for frame in 0..<block.section(BlockSection.frameRow).count {
          try block.unpack(frame: frame, with: FrameCoder(), into: &records)
        }
        return false
      }
    } catch { return true }
  }

  /// Offsets of bytes that belong to no section: what aligns the next one.
  private static func padding(_ bytes: [UInt8]) throws -> Set<Int> {
    try withBlock(bytes) { block in
      var used = Set(0..<BlockHeader.bytes + BlockHeader.directoryBytes)
      for slot in 0..<BlockSection.slots {
        let section = block.section(slot).section
        used.formUnion(Int(section.offset)..<Int(section.offset) + Int(section.byteCount))
        if section.sumCount > 0 { used.formUnion(section.sumsOffset..<section.end) }
      }
      return Set(bytes.indices).subtracting(used)
    }
  }

  @Test(arguments: 1...4)
  func `a flipped bit anywhere but in padding is noticed`(seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed))
    let bytes = Self.build(Self.draft(60, seed: UInt64(seed)))
    #expect(!Self.notices(bytes), "an intact block is intact")
    let padding = try Self.padding(bytes)
    #expect(padding.count < 14 * BlockSection.slots)
    var missed: [Int] = []
    for _ in 0..<250 {
      let offset = Int.random(in: bytes.indices, using: &random)
      var broken = bytes
      broken[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      if Self.notices(broken) == padding.contains(offset) { missed.append(offset) }
    }
    #expect(missed.isEmpty)
  }

  @Test func `every byte of the header is guarded`() {
    let bytes = Self.build(Self.draft(5))
    for offset in 0..<BlockHeader.bytes {
      var broken = bytes
      broken[offset] ^= 0x10
      #expect(Self.notices(broken), "byte \(offset)")
    }
  }

  @Test(arguments: [0, 255, 256, 2815, 2816, -1, -8])
  func `a block that is too short is noticed`(count: Int) throws {
    let bytes = Self.build(Self.draft(20))
    let short = Array(bytes.prefix(count < 0 ? bytes.count + count : count))
    #expect(throws: LedgerError.self) { try Self.withBlock(short) { _ in } }
  }

  @Test func `a block at another key is noticed`() throws {
    let bytes = Self.build(Self.draft(5))
    #expect(throws: LedgerError.self) { try Self.withBlock(bytes, at: 2) { _ in } }
  }

  @Test func `a newer format is refused as such, whatever else is different`() throws {
    var bytes = Self.build(Self.draft(5))
    bytes[8] = 9
    bytes[200] = 1
    bytes.withUnsafeMutableBytes { block in
      let checksum = BlockHeader.checksum(block.baseAddress!)
      block.storeBytes(of: checksum, toByteOffset: 248, as: UInt64.self)
    }
    let error = #expect(throws: LedgerError.self) { try Self.withBlock(bytes) { _ in } }
    guard case .newerFormat(found: 9, known: Int(BlockHeader.formatVersion)) = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
  }
}

extension Draft {
  /// Appends one event, array by array.
  fileprivate mutating func put(
    _ event: Facts, fingerprint: UInt64, contentHash: UInt64, payload: ArraySlice<UInt8>, lines: ArraySlice<OrderLine>
  ) {
    facts.append(event)
    fingerprints.append(fingerprint)
    contentHashes.append(contentHash)
    payloads += payload
    payloadEnds.append(payloads.count)
    self.lines += lines
    lineEnds.append(UInt32(self.lines.count))
  }
}
