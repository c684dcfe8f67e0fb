import ArgumentParser
import RapportLedger

/// A time as people write it: RFC 3339, or a date alone, whose meaning depends on the option.
struct TimeArgument {
  private let value: Timestamp.TimeOrDate

  /// - Throws: `TimestampError`, whose text the parser adds to its own.
  init(_ argument: String) throws {
    let text = Array(argument.utf8)
    value = try Timestamp.parseTimeOrDate(text.span)
  }

  /// The time, or the beginning of the day; nanoseconds since 1970.
  func start(in zone: ZoneRules = .utc) -> Int64 {
    switch value {
    case .time(let time): time.nanoseconds
    case .date(let date): zone.start(of: date).nanoseconds
    }
  }

  /// The time, or the last nanosecond of the day.
  func end(in zone: ZoneRules = .utc) -> Int64 {
    switch value {
    case .time(let time): time.nanoseconds
    case .date(let date): zone.start(of: CivilDate(days: date.days + 1)).nanoseconds - 1
    }
  }

  /// The day that it falls on.
  var date: CivilDate { CivilDate(Timestamp(nanoseconds: start())) }
}

/// A position of the log, or a ledger time.
enum KnownAt {
  case position(UInt64)
  case time(TimeArgument)

  init(_ argument: String) throws {
    if let position = UInt64(argument) { self = .position(position) } else { self = .time(try TimeArgument(argument)) }
  }
}

/// A duration such as `20ms`, `10s`, `1.5s`, `2m`; a number alone is seconds.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [(suffix: String, seconds: Double)] = [("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
    let unit = units.first { argument.hasSuffix($0.suffix) } ?? ("", 1)
    guard
      let number = Double(argument.dropLast(unit.suffix.count)), number.isFinite, number >= 0,
      number * unit.seconds <= 1e6
    else { return nil }
    duration = .nanoseconds(Int64(number * unit.seconds * 1e9))
  }

  private init(_ duration: Duration) { self.duration = duration }

  static func milliseconds(_ count: Int) -> DurationArgument { DurationArgument(.milliseconds(count)) }
  static func seconds(_ count: Int) -> DurationArgument { DurationArgument(.seconds(count)) }

  var defaultValueDescription: String {
    let milliseconds = duration / .milliseconds(1)
    return milliseconds < 1000 ? "\(Int(milliseconds))ms" : "\(Int(milliseconds / 1000))s"
  }
}

/// A number of bytes such as `65536`, `64KiB`, `1MiB`.
struct BytesArgument: ExpressibleByArgument {
  let count: Int

  init?(argument: String) {
    let units: [(suffix: String, bytes: Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]
    let unit = units.first { argument.hasSuffix($0.suffix) } ?? ("", 1)
    guard let number = Int(argument.dropLast(unit.suffix.count)), number >= 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
    guard !overflow else { return nil }
    count = bytes
  }

  private init(_ count: Int) { self.count = count }

  static func mebibytes(_ count: Int) -> BytesArgument { BytesArgument(count << 20) }

  var defaultValueDescription: String { count.isMultiple(of: 1 << 20) ? "\(count >> 20)MiB" : "\(count)" }
}
