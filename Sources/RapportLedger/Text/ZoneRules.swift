/// How far a time zone is ahead of UTC, and from when on: what days, months and hours are counted by.
///
/// Read from the system's compiled zone files (TZif, RFC 9636); without one, UTC and fixed offsets remain.
///
/// ```swift
/// let berlin = try ZoneRules(named: "Europe/Berlin")
/// berlin.day(of: Timestamp(nanoseconds: 0))  // 1970-01-01
/// ```
public struct ZoneRules: Sendable, Equatable {
  /// As it was asked for.
  public let name: String
  /// Seconds since 1970 from which on `offsets[index + 1]` holds; ascending.
  private let transitions: [Int64]
  /// Seconds ahead of UTC; one more than there are transitions.
  private let offsets: [Int32]
  /// What holds after the last transition.
  private let rest: YearlyZoneRule?
  /// Whether it is UTC, for which everything is simpler.
  let isUTC: Bool

  public static let utc = ZoneRules(name: "UTC", transitions: [], offsets: [0], rest: nil)

  init(name: String, transitions: [Int64], offsets: [Int32], rest: YearlyZoneRule?) {
    self.name = name
    self.transitions = transitions
    self.offsets = offsets
    self.rest = rest
    isUTC = transitions.isEmpty && offsets == [0] && rest == nil
  }

  /// Seconds ahead of UTC at a time in seconds since 1970.
  ///
  /// - Complexity: O(log transitions).
  public func offset(at seconds: Int64) -> Int32 {
    guard let last = transitions.last else { return rest?.offset(at: seconds) ?? offsets[0] }
    if seconds >= last { return rest?.offset(at: seconds) ?? offsets[offsets.count - 1] }
    return offsets[transitions.indices.partitioningIndex { transitions[$0] > seconds }]
  }

  /// The day on which an instant falls here.
  public func day(of time: Timestamp) -> CivilDate {
    if isUTC { return CivilDate(time) }
    let seconds = flooredSeconds(time.nanoseconds)
    return CivilDate(days: Int32((seconds + Int64(offset(at: seconds))).flooredQuotient(by: 86_400)))
  }

  /// The hour of the day, 0…23.
  public func hour(of time: Timestamp) -> Int {
    let seconds = flooredSeconds(time.nanoseconds)
    let local = seconds + Int64(offset(at: seconds))
    return Int((local - local.flooredQuotient(by: 86_400) * 86_400) / 3600)
  }

  /// When a day begins here: its midnight, or the end of the gap where the clocks are put forward over it.
  public func start(of day: CivilDate) -> Timestamp {
    let midnight = Int64(day.days) * 86_400
    let guess = midnight - Int64(offset(at: midnight))
    let start = midnight - Int64(offset(at: guess))
    let again = midnight - Int64(offset(at: start))
    return Timestamp(nanoseconds: max(start, again) * 1_000_000_000)
  }
}

extension ZoneRules {
  /// Where systems keep their zone files.
  static let folder = "/usr/share/zoneinfo"

  /// A zone by its name in the tz database (`Europe/Berlin`), `UTC`, or an offset (`+02:00`).
  ///
  /// - Throws: ``LedgerError/invalid(_:)`` where the system has no such zone, or no zones at all.
  public init(named name: String) throws(LedgerError) {
    if name == "UTC" || name == "Z" {
      self = .utc
    } else if let seconds = Self.fixedOffset(name) {
      self.init(name: name, transitions: [], offsets: [seconds], rest: nil)
    } else {
      let isName = name.utf8.allSatisfy {
        ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || [0x2B, 0x2D, 0x2F, 0x5F].contains($0)
      }
      guard isName, !name.isEmpty, !name.hasPrefix("/"), let bytes = readFile(Self.folder + "/" + name),
        let zone = Self(name: name, compiled: bytes)
      else {
        throw .invalid(
          "no time zone “\(name)” in \(Self.folder): write a name such as Europe/Berlin (Debian keeps them in the package tzdata), UTC, or an offset such as +02:00"
        )
      }
      self = zone
    }
  }

  /// `+02:00` in seconds.
  private static func fixedOffset(_ text: String) -> Int32? {
    let bytes = Array(text.utf8)
    guard bytes.count == 6, bytes[0] == 0x2B || bytes[0] == 0x2D, bytes[3] == 0x3A,
      let hours = Int32(String(decoding: bytes[1...2], as: UTF8.self)), hours < 24,
      let minutes = Int32(String(decoding: bytes[4...5], as: UTF8.self)), minutes < 60
    else { return nil }
    return (hours * 3600 + minutes * 60) * (bytes[0] == 0x2D ? -1 : 1)
  }

  /// The content of a TZif file.
  ///
  /// | part | size |
  /// |---|---|
  /// | header: `TZif`, version, 15 zeros, six counts | 44 |
  /// | version 1 body with 32-bit times, passed over | as its counts say |
  /// | header again, body with 64-bit times: transitions, their types, the types | 44 + … |
  /// | line feed, rule for later times (``YearlyZoneRule``), line feed | rest |
  ///
  /// - Returns: nil for anything else, version 1 included.
  init?(name: String, compiled bytes: [UInt8]) {
    guard let first = Header(bytes, at: 0), first.version >= 0x32,
      let header = Header(bytes, at: 44 + first.bodyBytes(timeBytes: 4))
    else { return nil }
    let body = 88 + first.bodyBytes(timeBytes: 4)
    let types = body + header.times * 9
    let end = body + header.bodyBytes(timeBytes: 8)
    guard end <= bytes.count, header.types > 0 else { return nil }
    func offset(_ type: Int) -> Int32? {
      guard type < header.types else { return nil }
      return Int32(truncatingIfNeeded: bytes.bigEndian(at: types + type * 6, count: 4))
    }
    var transitions: [Int64] = []
    var offsets: [Int32] = []
    guard let initial = offset(0) else { return nil }
    offsets.append(initial)
    for index in 0..<header.times {
      transitions.append(bytes.bigEndian(at: body + index * 8, count: 8))
      guard let next = offset(Int(bytes[body + header.times * 8 + index])) else { return nil }
      offsets.append(next)
    }
    let footer = bytes[end...].dropFirst().prefix { $0 != 0x0A }
    self.init(name: name, transitions: transitions, offsets: offsets, rest: YearlyZoneRule(Array(footer)))
  }

  private struct Header {
    let version: UInt8
    let universalFlags, standardFlags, leaps, times, types, characters: Int

    init?(_ bytes: [UInt8], at start: Int) {
      guard bytes.count >= start + 44, Array(bytes[start..<start + 4]) == Array("TZif".utf8) else { return nil }
      version = bytes[start + 4]
      let counts = (0..<6).map { Int(bytes.bigEndian(at: start + 20 + $0 * 4, count: 4)) }
      guard counts.allSatisfy({ $0 >= 0 && $0 < 1 << 20 }) else { return nil }
      universalFlags = counts[0]
      standardFlags = counts[1]
      leaps = counts[2]
      times = counts[3]
      types = counts[4]
      characters = counts[5]
    }

    func bodyBytes(timeBytes: Int) -> Int {
      times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standardFlags + universalFlags
    }
  }
}

extension [UInt8] {
  /// A signed number of 4 or 8 bytes, most significant first.
  fileprivate func bigEndian(at offset: Int, count: Int) -> Int64 {
    let unsigned = self[offset..<offset + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return count == 4 ? Int64(Int32(truncatingIfNeeded: unsigned)) : Int64(bitPattern: unsigned)
  }
}

extension Int64 {
  /// Division that rounds towards minus infinity. `divisor` > 0.
  func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}
