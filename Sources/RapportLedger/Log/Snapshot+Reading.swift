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
  /// The whole event as one JSON object, `ledgerposition` and `ledgertime` last.
  public var json: [UInt8]

  /// The `data` of the event as JSON text; nil if it has none.
  ///
  /// - Complexity: O(length): it is looked up in ``json``.
  public var data: String? {
    EventText.withDocument(json) { document in document.member("data", of: 0).map { document.rawText($0) } }
  }
}

/// Which events are shown; what is not set does not restrict.
public struct EventFilter: Sendable {
  /// Types with or without their prefix: `order.placed` finds `com.example.order.placed` too.
  public var types: [String] = []
  public var channel: String?
  public var department: String?
  /// Valid time, [from, to).
  public var from: Int64?
  public var to: Int64?
  public var customer: String?

  public init() {}
}

extension Snapshot {
  /// Showing so many events of a block is cheaper with all of its payloads unpacked.
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
      let block = blocks[index]
      let lowest = reverse ? 1 : max(from, 1)
      let highest = reverse && from > 1 ? min(from, position) : position
      guard block.firstPosition <= highest, block.header.lastPosition >= lowest else { continue }
      try check(index, ColumnSet.all.rawValue | Self.frameSlots | Self.commitSlots)
      let rows = test.customer.map { block.rows(of: $0) } ?? 0..<block.count
      var facts = block.facts(rows)
      facts.removeAll { $0.position < lowest || $0.position > highest || !test.accepts($0) }
      facts.sort { reverse ? $0.position > $1.position : $0.position < $1.position }
      // In order of arrival nearly every event is in another frame than the one before.
      if facts.count > Self.unpackedRowsMin { try reader.unpackAll(index, of: self) }
      for fact in facts {
        guard try body(event(fact, index, &reader)) else { return }
        left -= 1
        if left == 0 { return }
      }
    }
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
    if let cursor {
      guard let after = UInt64(cursor), let index = items.firstIndex(where: { $0.position == after }) else {
        throw LedgerError.invalid("the cursor “\(cursor)” is not one of this timeline")
      }
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
      let facts = corrected ?? blocks[item.block].facts(item.row..<item.row + 1)[0]
      guard test.accepts(facts) else { continue }
      if let limit, shown == limit { return shown == 0 ? nil : "\(last)" }
      guard try body(event(item, &reader)) else { return nil }
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
    var sent = block.facts(item.row..<item.row + 1)[0]
    guard let target = item.target else { return try event(sent, item.block, &reader) }
    let by = target.by.text(besides: try nameBytes(sent.source))
    if target.isRetracted {
      var event = try event(sent, item.block, &reader)
      event.retractedBy = by
      event.json = Self.adding([.init(key: "retractedby", value: .string(by))], to: event.json)
      return event
    }
    sent = target.facts
    let ledgerTime = block.ledgerTime(ofRank: Int(item.position - block.firstPosition))
    var event = try describe(sent, item.position, ledgerTime)
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
    _ facts: Facts, _ index: Int, _ reader: inout EventReader
  ) throws(LedgerError) -> RecordedEvent {
    let block = blocks[index]
    let ledgerTime = block.ledgerTime(ofRank: Int(facts.position - block.firstPosition))
    return try reader.withEvent(row: Int(facts.row), in: index, of: self) {
      facts, record, snapshot throws(LedgerError) in
      var event = try snapshot.describe(facts, facts.position, ledgerTime)
      try EventText.append(facts, record, in: snapshot, ledgerTime: ledgerTime, to: &event.json)
      return event
    }
  }
}

/// A filter with its texts resolved to numbers.
private struct NumberedFilter {
  let customer: UInt32?
  private let types: Set<UInt32>?
  private let channel: UInt32?
  private let department: UInt32?
  private let from: Int64
  private let to: Int64

  init(_ filter: EventFilter, in snapshot: borrowing Snapshot) throws {
    if let subject = filter.customer {
      guard let number = try snapshot.customer(subject) else { throw LedgerError.noSuchCustomer(subject) }
      customer = number
    } else {
      customer = nil
    }
    channel = try filter.channel.map { try snapshot.number(ofName: $0) }
    department = try filter.department.map { try snapshot.number(ofName: $0) }
    if filter.types.isEmpty {
      types = nil
    } else {
      var wanted: Set<UInt32> = []
      for number in 0..<UInt32(snapshot.nameCount) {
        let name = try snapshot.name(number + 1)
        if filter.types.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) { wanted.insert(number + 1) }
      }
      types = wanted
    }
    from = filter.from ?? .min
    to = filter.to ?? .max
  }

  func accepts(_ facts: Facts) -> Bool {
    if let types, !types.contains(facts.type) { return false }
    if let channel, facts.channel != channel { return false }
    if let department, facts.department != department { return false }
    return facts.time >= from && facts.time < to
  }
}
