/// Follows what was collected from one person, what for, and what became of it.
public struct DataBook {
  private typealias Entry = DataUse.Entry

  /// Purposes as the firm declared them.
  private let declarations: [DataUse.Entry]
  private var collected: [(field: UInt32, purpose: UInt32)] = []
  /// By field.
  private var kept = ScratchTable<DataUse.Entry>()

  /// An inference from fewer observations is a guess; in ten-thousandths.
  private static let observationsMin: Int64 = 10 * 10_000

  init(declarations: [DataUse.Entry]) { self.declarations = declarations }

  mutating func removeAll() {
    if !collected.isEmpty { collected.removeAll(keepingCapacity: true) }
    kept.removeAll()
  }

  mutating func apply(_ event: History.Event, lines: Span<OrderLine>, into records: inout [DataUse.Entry]) {
    switch event.kind {
    case .purposeDeclared:
      records.append(
        Entry(
          what: .declared, time: event.time, purpose: event.term, basis: event.code,
          retentionDays: event.hasNumber ? event.number / 1_000_000 : -1))
    case .dataCollected: records.append(collect(event))
    case .dataUsed:
      let (field, purpose) = (event.term, event.term2)
      let isKnown = collected.contains { $0.field == field && $0.purpose == purpose }
      records.append(Entry(what: .used, time: event.time, purpose: purpose, name: field, isHidden: !isKnown))
      read(field, event.time)
    case .dataDisclosed:
      let purpose = event.term2
      let isKnown = collected.contains { $0.purpose == purpose }
      records.append(
        Entry(
          what: .disclosed, time: event.time, purpose: purpose, name: event.term, country: event.term3,
          isHidden: !isKnown))
    case .dataRead: for line in lines.indices { read(lines[line].sku, event.time) }
    case .requestMade where event.term2 == 0: records.append(Entry(what: .asked, time: event.time))
    case .customerUpdated:
      for line in lines.indices where lines[line].quantity < Self.observationsMin {
        records.append(Entry(what: .guessed, time: event.time, name: lines[line].sku))
      }
    case .erasureExecuted: kept.removeAll()
    default: return
    }
  }

  private mutating func collect(_ event: History.Event) -> DataUse.Entry {
    let (time, field, purpose) = (event.time, event.term, event.term2)
    collected.append((field, purpose))
    let declared = declarations.last { $0.purpose == purpose && $0.time <= time }
    let days = declared?.retentionDays ?? -1
    let (place, _) = kept.index(of: UInt64(field)) { Entry(what: .kept, time: time, name: field) }
    if days >= 0 {
      let until = Int64(clamping: Int128(time) + Int128(days) * Int128(nanosecondsPerDay))
      // For several purposes it may be kept as long as the longest says.
      let before = kept.values[place].keptUntil
      kept.values[place].keptUntil = before == .max ? until : max(before, until)
    }
    return Entry(what: .collected, time: time, purpose: purpose, name: field)
  }

  private mutating func read(_ field: UInt32, _ time: Int64) {
    if let place = kept.index(of: UInt64(field)) { kept.values[place].lastRead = time }
  }

  /// What is kept in the end.
  func finish(_ records: inout [DataUse.Entry]) { records.append(contentsOf: kept.values) }
}
