/// An event as it is shown: what was sent and what the ledger noted.
public struct RecordedEvent: Sendable {
  public var position: UInt64
  /// Valid time, nanoseconds since 1970.
  public var time: Int64
  /// When it was recorded, nanoseconds since 1970.
  public var ledgerTime: Int64
  /// No `time` was sent: `time` is that of recording.
  public var timeIsAssumed: Bool
  public var type: String
  public var subject: String?
  public var channel: String?
  public var touchpoint: String?
  public var department: String?
  /// The id of the last event that corrected this one, `SOURCE#ID` if its source is another; nil if none did. Only of
  /// timelines: the log shows what was sent.
  public var correctedBy: String?
  /// The id of the event that retracted this one.
  public var retractedBy: String?
  /// Valid time of the event that a timeline shows before this one, be it on the page before.
  public var previousTime: Int64?
  /// The whole event as one JSON object, `ledgerposition` and `ledgertime` last.
  public var json: [UInt8]

  /// What it is called as a step of a journey: its touchpoint or, lacking it, its type, without a prefix where the
  /// vocabulary has it.
  public var step: String {
    let kind = Vocabulary.kind(ofType: type)
    return touchpoint ?? (kind == .other ? type : kind.name)
  }

  /// The `data` of the event as JSON text; nil if it has none.
  ///
  /// - Complexity: O(length): it is looked up in ``json``.
  public var data: String? {
    EventText.withDocument(json) { document in document.member("data", of: 0).map { document.rawText($0) } }
  }
}

extension Snapshot {
  /// Showing more events of a block than these is cheaper with all of it checked and unpacked.
  private static let unpackedRowsMin = 256

  /// The events in order of position.
  ///
  /// - Parameters:
  ///   - from: the first position; with `reverse` the last one, where 1 means the end of the log.
  ///   - body: returns false to stop.
  /// - Complexity: O(events shown + events passed over); with a customer O(blocks · log rows + that customer's events).
  public func log(
    from: UInt64 = 1, limit: Int? = nil, reverse: Bool = false, filter: EventFilter = EventFilter(),
    _ body: (RecordedEvent) throws -> Bool
  ) throws {
    var left = limit ?? .max
    guard left > 0, position > 0 else { return }
    let test = try NumberedFilter(filter, in: self)
    var reader = EventReader()
    let order = reverse ? Array(blocks.indices.reversed()) : Array(blocks.indices)
    for index in order {
      let header = blocks[index].header
      let lowest = reverse ? 1 : max(from, 1)
      let highest = reverse && from > 1 ? min(from, position) : position
      guard header.firstPosition <= highest, header.lastPosition >= lowest, test.mayAccept(header) else { continue }
      var rows = try rows(of: index, positions: lowest...highest, test)
      if reverse { rows.reverse() }
      if min(rows.count, left) > Self.unpackedRowsMin {
        // In order of arrival nearly every event is in another frame, and among other rows, than the one before.
        try check(index, ColumnSet.all.rawValue)
        try reader.unpackAll(index, of: self)
      }
      for row in rows {
        guard try body(event(row, index, &reader)) else { return }
        left -= 1
        if left == 0 { return }
      }
    }
  }

  /// The rows of a block whose events pass a filter, in order of position.
  private func rows(
    of index: Int, positions: ClosedRange<UInt64>, _ test: NumberedFilter
  ) throws(LedgerError) -> [Int] {
    let block = blocks[index]
    let rows =
      try test.customer.map { customer throws(LedgerError) in try self.rows(of: customer, in: index) }
      ?? 0..<block.count
    let columns = test.columns.union(ColumnSet(.rank))
    try check(index, columns.rawValue, rows: rows)
    let ranks = block.column(.rank)
    var found: [UInt64] = []
    for row in rows {
      let rank = UInt64(bitPattern: ranks[row])
      guard positions.contains(block.firstPosition &+ rank) else { continue }
      if !test.columns.isEmpty {
        guard test.accepts(block.facts(ofRow: row, columns: test.columnList)) else { continue }
      }
      found.append(rank << 32 | UInt64(row))
    }
    found.sort()
    return found.map { Int($0 & 0xFFFF_FFFF) }
  }

  /// One person's events in canonical order, oldest first, in corrected form.
  ///
  /// - Parameters:
  ///   - customer: any of the person's ids.
  ///   - cursor: where a former call ended.
  ///   - showsAll: retracted events, too.
  ///   - body: returns false to stop.
  /// - Returns: a cursor where more remain.
  /// - Throws: ``LedgerError/noSuchCustomer(_:)``.
  public func timeline(
    of customer: String, filter: EventFilter = EventFilter(), limit: Int? = nil, cursor: String? = nil,
    showsAll: Bool = false, limits: ReplayLimits = ReplayLimits(), _ body: (RecordedEvent) throws -> Bool
  ) throws -> String? {
    var person = try PersonReader(of: customer, in: self, columns: ColumnSet(), readsLines: false, limits: limits)
    var items = person.items()
    var previousTime: Int64?
    if let cursor {
      guard let after = UInt64(cursor), let index = items.firstIndex(where: { $0.position == after }) else {
        throw LedgerError.invalid("the cursor “\(cursor)” is not one of this timeline")
      }
      previousTime = items[index].time
      items.removeFirst(index + 1)
    }
    var filter = filter
    filter.customer = nil
    let test = try NumberedFilter(filter, in: self)
    var reader = EventReader()
    var shown = 0
    var last: UInt64 = 0
    for item in items where showsAll || item.target?.isRetracted != true {
      let corrected = item.target.flatMap { $0.isRetracted ? nil : $0.facts }
      let facts = try corrected ?? self.facts(ofRow: item.row, in: item.block)
      guard test.accepts(facts) else { continue }
      if let limit, shown == limit { return shown == 0 ? nil : "\(last)" }
      var event = try event(item, &reader)
      event.previousTime = previousTime
      guard try body(event) else { return nil }
      previousTime = item.time
      shown += 1
      last = item.position
    }
    return nil
  }

  /// An event of a timeline: as it was sent, or what became of it.
  private func event(
    _ item: PersonReader.Item, _ reader: inout EventReader
  ) throws(LedgerError) -> RecordedEvent {
    let block = blocks[item.block]
    guard let target = item.target else { return try event(item.row, item.block, &reader) }
    let sent = try facts(ofRow: item.row, in: item.block)
    let by = try reader.reference(to: target.by, besides: try nameBytes(sent.source), in: self)
    if target.isRetracted {
      var event = try event(item.row, item.block, &reader)
      event.retractedBy = by
      event.json = Self.adding([.init(key: "retractedby", value: .string(by))], to: event.json)
      return event
    }
    try check(item.block, Self.commitSlots)
    let ledgerTime = block.ledgerTime(ofRank: Int(item.position - block.firstPosition))
    var event = try describe(target.facts, item.position, ledgerTime)
    event.correctedBy = by
    event.json = Self.adding(
      [
        .init(key: "correctedby", value: .string(by)), .init(key: "ledgerposition", value: .int(Int(item.position))),
        .init(key: "ledgertime", value: .string(Timestamp(nanoseconds: ledgerTime).description)),
      ], to: target.text)
    return event
  }

  /// An event's text with members behind the others.
  private static func adding(_ members: [JSONValue.Member], to text: [UInt8]) -> [UInt8] {
    var text = text
    text.removeLast()
    for member in members {
      text.append(UInt8(ascii: ","))
      JSONValue.string(member.key).append(to: &text)
      text.append(UInt8(ascii: ":"))
      member.value.append(to: &text)
    }
    text.append(UInt8(ascii: "}"))
    return text
  }

  private func describe(
    _ facts: Facts, _ position: UInt64, _ ledgerTime: Int64
  ) throws(LedgerError) -> RecordedEvent {
    RecordedEvent(
      position: position, time: facts.time, ledgerTime: ledgerTime,
      timeIsAssumed: facts.marks.contains(.timeAssumed), type: try name(facts.type),
      subject: facts.customer == 0 ? nil : try subject(facts.customer),
      channel: facts.channel == 0 ? nil : try name(facts.channel),
      touchpoint: facts.touchpoint == 0 ? nil : try name(facts.touchpoint),
      department: facts.department == 0 ? nil : try name(facts.department), json: [])
  }

  private func event(
    _ row: Int, _ index: Int, _ reader: inout EventReader
  ) throws(LedgerError) -> RecordedEvent {
    try reader.withEvent(row: row, in: index, of: self) { facts, record, snapshot throws(LedgerError) in
      let block = snapshot.blocks[index]
      let ledgerTime = block.ledgerTime(ofRank: Int(facts.position - block.firstPosition))
      var event = try snapshot.describe(facts, facts.position, ledgerTime)
      try EventText.append(facts, record, in: snapshot, ledgerTime: ledgerTime, to: &event.json)
      return event
    }
  }

  /// The facts of a row.
  private func facts(ofRow row: Int, in index: Int) throws(LedgerError) -> Facts {
    try check(index, ColumnSet.all.rawValue, rows: row..<row + 1)
    return blocks[index].facts(ofRow: row)
  }

  /// The order lines of a row.
  func orderLines(of row: Int, in index: Int) throws(LedgerError) -> [OrderLine] {
    let lines = try lines(of: row...row, in: index)
    try check(index, Self.lineSlots, values: lines)
    return lines.map { blocks[index].line($0) }
  }
}
