/// What a customer buys again and again, and when it will be due next: `rapport show C --reorder`.
///
/// For every sku in at least two orders: how often it was ordered, when last, the median of the intervals between its
/// orders, and the last order plus that interval. Sorted by the bytes of the sku.
public struct ReorderList: Sendable {
  public static let keys = ["sku", "times", "last", "interval_p50", "expected_next"]
  public let rows: [ViewRow]

  /// - Parameter subject: any of the person's ids.
  /// - Throws: ``LedgerError/noSuchCustomer(_:)``.
  /// - Complexity: O(blocks · log rows + events of the person).
  public init(
    of subject: String, in snapshot: borrowing Snapshot, limits: ReplayLimits = ReplayLimits()
  ) throws(LedgerError) {
    let projection = Purchases()
    let person = try PersonReader(
      of: subject, in: snapshot, columns: projection.columns, readsLines: true, limits: limits)
    var times: [UInt32: [Int64]] = [:]
    for purchase in try person.fold(projection, in: snapshot) { times[purchase.sku, default: []].append(purchase.time) }
    var found: [(sku: String, row: ViewRow)] = []
    for (number, times) in times where times.count > 1 {
      let sku = try snapshot.name(number)
      var intervals = Percentiles()
      for (earlier, later) in zip(times, times.dropFirst()) { intervals.add(elapsed(from: earlier, to: later)) }
      let last = times[times.count - 1]
      let interval = intervals(50) ?? 0
      let (next, isBeyond) = last.addingReportingOverflow(interval)
      found.append(
        (
          sku,
          ViewRow([
            "sku": .text(sku), "times": .count(times.count), "last": .time(last),
            "interval_p50": .seconds(Int(flooredSeconds(interval))),
            "expected_next": isBeyond || next > Timestamp.latest.nanoseconds ? .none : .time(next),
          ])
        ))
    }
    rows = found.sorted { keyPrecedes($0.sku, $1.sku) }.map(\.row)
  }

  public var json: JSONValue { .array(rows.map(\.json)) }
}

/// The skus of a person's orders, each once an order.
private struct Purchases: Projection {
  struct Purchase: BitwiseCopyable, Sendable {
    var sku: UInt32
    var time: Int64
  }

  static let name = "purchases"
  static let version = 1
  let kinds: EventKindSet = [.orderPlaced]
  let columns = ColumnSet(.kind)
  let readsLines = true

  func fold(_ history: borrowing History, scratch: inout Void, into records: inout [Purchase]) {
    for index in history.events.indices {
      let (time, start) = (history.events[index].time, records.count)
      let lines = history.lines(of: index)
      for line in lines.indices {
        let sku = lines[line].sku
        if !records[start...].contains(where: { $0.sku == sku }) { records.append(Purchase(sku: sku, time: time)) }
      }
    }
  }

  func digest(_ purchase: Purchase, into hasher: inout DigestHasher) {
    hasher.add(purchase.time)
    hasher.add(name: purchase.sku)
  }
}
