/// What is asked of a view.
public struct ViewQuery: Sendable {
  /// The window [from, to) of the view's anchor, nanoseconds since 1970; nil is open.
  public var from: Int64?
  public var to: Int64?
  /// Facts after this instant do not count; waiting, overdue and provisional are measured at it.
  public var asOf: Int64
  /// Nothing recorded after this position is known; nil is all. Set by whoever answers.
  private(set) var knownAt: UInt64?
  /// `--by`; nil is the view's default.
  public var grouping: String?
  /// A single customer; nil is all.
  public var customer: UInt32?
  /// What days, months and hours are counted by.
  public var zone = ZoneRules.utc
  /// Options of the view by name; flags have an empty value.
  public var options: [String: String] = [:]
  /// What only other views ask for: of all kinds together, where kinds have rows of their own.
  var lumpsKinds = false

  public init(from: Int64? = nil, to: Int64? = nil, asOf: Int64 = Clock.now, grouping: String? = nil) {
    self.from = from
    self.to = to
    self.asOf = asOf
    self.grouping = grouping
  }

  func known(at position: UInt64?) -> ViewQuery {
    var query = self
    query.knownAt = position
    return query
  }

  /// Whether an anchor lies in the window.
  public func includes(_ time: Int64) -> Bool {
    if let from, time < from { return false }
    if let to, time >= to { return false }
    return true
  }

  public func has(_ option: String) -> Bool { !options.isEmpty && options[option] != nil }

  /// An option's number.
  public func number(_ option: String, default value: Double) -> Double {
    options[option].flatMap { Double($0) } ?? value
  }

  // MARK: The calendar

  /// The day on which an instant falls.
  public func day(of time: Int64) -> CivilDate { zone.day(of: Timestamp(nanoseconds: time)) }

  /// The month in which an instant falls.
  public func month(of time: Int64) -> CivilMonth { day(of: time).month }

  /// The first nanosecond of a day.
  func start(of day: CivilDate) -> Int64 { zone.start(of: day).nanoseconds }

  /// When something promised is due: an instant as it is, a date – kept as its first nanosecond in UTC – when it begins
  /// in the zone.
  func due(_ instant: Int64, isDate: Bool) -> Int64 {
    guard isDate, !zone.isUTC else { return instant }
    return start(of: CivilDate(Timestamp(nanoseconds: instant)))
  }

  /// Whether something of `time` is not after what it was promised for; a promise for a date compares dates.
  func isInTime(_ time: Int64, due: Int64, isDate: Bool) -> Bool {
    isDate ? day(of: time) <= CivilDate(Timestamp(nanoseconds: due)) : time <= due
  }
}

extension ViewQuery {
  /// The group of something that has these, if the query groups by one of them; else the whole.
  ///
  /// - Parameter time: by whose month it is grouped.
  @inline(__always)
  func group(
    channel: UInt32 = 0, department: UInt32 = 0, country: UInt32 = 0, touchpoint: UInt32 = 0, month time: Int64
  ) -> Group {
    guard let grouping else { return .all }
    return switch grouping {
    case "channel": .name(orAbsent: channel)
    case "department": .name(orAbsent: department)
    case "country": .name(orAbsent: country)
    case "touchpoint": .name(orAbsent: touchpoint)
    case "month": .month(month(of: time))
    default: .all
    }
  }

  /// The hour of the day, 0…23.
  public func hour(of time: Int64) -> Int { zone.hour(of: Timestamp(nanoseconds: time)) }
}
