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
  /// Leaves out what is no interaction: identity, corrections, the ledger's own events.
  public var isOfInteractions = false

  public init() {}
}

/// A filter with its texts resolved to numbers.
struct NumberedFilter {
  let customer: UInt32?
  private let types: Set<UInt32>?
  private let channel: UInt32?
  private let department: UInt32?
  private let from: Int64
  private let to: Int64
  private let kinds: EventKindSet?
  /// What ``accepts(_:)`` reads.
  let columns: ColumnSet
  let columnList: [Column]

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
    kinds = filter.isOfInteractions ? .interactions : nil
    var columns = ColumnSet()
    if kinds != nil { columns.insert(ColumnSet(.kind)) }
    if types != nil { columns.insert(ColumnSet(.type)) }
    if channel != nil { columns.insert(ColumnSet(.channel)) }
    if department != nil { columns.insert(ColumnSet(.department)) }
    if filter.from != nil || filter.to != nil { columns.insert(ColumnSet(.time)) }
    self.columns = columns
    columnList = columns.columns
  }

  /// Whether a block may have such events at all.
  func mayAccept(_ block: BlockHeader) -> Bool { block.latest >= from && block.earliest < to }

  func accepts(_ facts: Facts) -> Bool {
    if let types, !types.contains(facts.type) { return false }
    if let kinds, !kinds.contains(facts.kind) { return false }
    if let channel, facts.channel != channel { return false }
    if let department, facts.department != department { return false }
    return facts.time >= from && facts.time < to
  }
}
