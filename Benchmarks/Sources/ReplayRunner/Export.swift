import RapportLedger

/// The events of a ledger as rows of numbers for other engines, in the order in which they were recorded.
///
/// They get what the log's columns say: ids as dense numbers and hashes, money in ten-thousandths, times in nanoseconds,
/// every direction resolved, and of every customer the person. So they are spared texts, merges and corrections.
/// `events` has the customers' interactions, `lines` the lines of orders and deliveries, `kinds` the numbers of types.
struct Export {
  private let ledger: Ledger
  private let folder: String

  init(_ ledger: Ledger, to folder: String) {
    self.ledger = ledger
    self.folder = folder
  }

  func run() throws {
    let position = try ledger.read { Int($0.position) }
    let events = try ledger.read { try Replay().run(EventRows(), over: $0) }.records
    var places = [UInt32](repeating: .max, count: position + 1)
    for (index, row) in events.enumerated() { places[Int(row.position)] = UInt32(index) }
    let file = RowFile(folder + "/events")
    for place in places where place != .max { file.append(events[Int(place)]) }
    file.close()
    let lines = try ledger.read { try Replay().run(LineRows(), over: $0) }.records
    let lineFile = RowFile(folder + "/lines")
    for line in lines.sorted(by: { $0.position < $1.position }) { lineFile.append(line) }
    lineFile.close()
    for kind in EventKind.allCases { print("\(kind.name) \(kind.rawValue)") }
    print("log \(position)")
  }
}

private struct EventRow: BitwiseCopyable {
  var (position, object, related): (UInt64, UInt64, UInt64)
  var (time, amount, instant, number): (Int64, Int64, Int64, Int64)
  var customer: UInt32
  var (kind, direction, code): (UInt8, UInt8, UInt8)
  /// Bits: 1 the event has a number, 2 an instant, 4 that is a date, 8 lines, 16 a currency.
  var has: UInt8
}

private struct EventRows: Projection {
  static let name = "event-rows"
  static let version = 1
  let kinds = EventKindSet.interactions
  let columns = ColumnSet(.rank, .object, .related, .amount, .instant, .number, .direction, .code, .marks, .currency)

  func fold(_ history: borrowing History, scratch: inout Void, into rows: inout [EventRow]) {
    for index in history.events.indices {
      let event = history.events[index]
      let has: [Bool] = [
        event.hasNumber, event.hasInstant, event.marks.contains(.instantIsDate), event.marks.contains(.hasLines),
        event.currency != 0,
      ]
      rows.append(
        EventRow(
          position: event.position, object: event.object, related: event.related, time: event.time,
          amount: event.amount, instant: event.instant, number: event.number, customer: history.customer,
          kind: event.kind.rawValue, direction: event.directionCode, code: event.code,
          has: has.reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) }))
    }
  }

  func digest(_ row: EventRow, into hasher: inout DigestHasher) { hasher.add(row.position) }
}

private struct LineRow: BitwiseCopyable {
  var position: UInt64
  var quantity: Int64
  var sku: UInt32
  /// The row has no bytes without a value.
  var nothing: UInt32 = 0
}

private struct LineRows: Projection {
  static let name = "line-rows"
  static let version = 1
  let kinds: EventKindSet = [.orderPlaced, .orderChanged, .orderDelivered]
  let columns = ColumnSet(.rank)
  let readsLines = true

  func fold(_ history: borrowing History, scratch: inout Void, into rows: inout [LineRow]) {
    for index in history.events.indices {
      let lines = history.lines(of: index)
      for line in lines.indices {
        rows.append(
          LineRow(position: history.events[index].position, quantity: lines[line].quantity, sku: lines[line].sku))
      }
    }
  }

  func digest(_ row: LineRow, into hasher: inout DigestHasher) { hasher.add(row.position) }
}
