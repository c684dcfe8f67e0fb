/// What became of one order, free of windows and of the clock.
public struct OrderOutcome: BitwiseCopyable, Sendable {
  public var placed: Int64 = 0
  /// When it was promised for; a date is its first nanosecond.
  public var due: Int64 = 0
  /// The delivery that completed it, or the last so far.
  public var delivered: Int64 = 0
  /// The first complaint or product-fault return at or after `delivered`.
  public var complaint: Int64 = 0
  /// When the customer cancelled it.
  public var cancelled: Int64 = 0
  public var channel: UInt32 = 0
  public var country: UInt32 = 0
  public var marks: Marks = []

  public struct Marks: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let isPlaced = Marks(rawValue: 1 << 0)
    public static let hasDue = Marks(rawValue: 1 << 1)
    public static let dueIsDate = Marks(rawValue: 1 << 2)
    public static let hasDelivery = Marks(rawValue: 1 << 3)
    /// Delivered quantities cover all lines.
    public static let isComplete = Marks(rawValue: 1 << 4)
    public static let isDamaged = Marks(rawValue: 1 << 5)
    public static let hasComplaint = Marks(rawValue: 1 << 6)
    public static let cancelledByCompany = Marks(rawValue: 1 << 7)
    public static let cancelledByCustomer = Marks(rawValue: 1 << 8)
  }

  public var isPlaced: Bool { marks.contains(.isPlaced) }
  public var hasDue: Bool { marks.contains(.hasDue) }
  public var isDelivered: Bool { marks.contains(.hasDelivery) }
  public var isInFull: Bool { marks.contains(.isComplete) }
  public var isUndamaged: Bool { !marks.contains(.isDamaged) }

  /// When it is due; a date begins at its midnight.
  func due(_ query: ViewQuery) -> Int64 { query.due(due, isDate: marks.contains(.dueIsDate)) }

  /// The completing delivery is not after the promise; a promise for a date compares dates.
  public func isOnTime(_ query: ViewQuery) -> Bool {
    hasDue && isInFull && query.isInTime(delivered, due: due, isDate: marks.contains(.dueIsDate))
  }

  /// How long a customer has to find a fault: 14 days.
  static let complaintPeriod = 14 * nanosecondsPerDay

  public var isComplaintFree: Bool {
    !marks.contains(.hasComplaint) || elapsed(from: delivered, to: complaint) > Self.complaintPeriod
  }

  /// perfect = on time ∧ in full ∧ undamaged ∧ complaint-free ∧ not cancelled by the company.
  public func isPerfect(_ query: ViewQuery) -> Bool {
    isOnTime(query) && isInFull && isUndamaged && isComplaintFree && !marks.contains(.cancelledByCompany)
  }

  /// The customer cancelled before it was due, so nothing was owed.
  func isOffBeforeDue(_ query: ViewQuery) -> Bool {
    marks.contains(.cancelledByCustomer) && hasDue && cancelled < due(query)
  }
}
