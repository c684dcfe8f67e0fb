extension Timestamp: CustomStringConvertible {
  /// Appends the shortest RFC 3339 form in UTC: `2026-01-02T08:00:00Z`, `2026-01-02T08:00:00.5Z`.
  public func append(to bytes: inout [UInt8]) {
    let date = CivilDate(self)
    let ofDay = nanoseconds &- Int64(date.days) &* Timestamp.nanosecondsPerDay
    let second = Int(ofDay / Timestamp.nanosecondsPerSecond)
    var fraction = Int(ofDay % Timestamp.nanosecondsPerSecond)
    date.append(to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    bytes.appendTwoDigits(second / 3600)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendTwoDigits(second / 60 % 60)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendTwoDigits(second % 60)
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      var unit = 100_000_000
      while fraction != 0 {
        bytes.append(UInt8(truncatingIfNeeded: 0x30 + fraction / unit))
        fraction %= unit
        unit /= 10
      }
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension CivilDate: CustomStringConvertible {
  /// Appends `2016-10-20`. For years 0…9999.
  public func append(to bytes: inout [UInt8]) {
    let parts = components
    bytes.appendTwoDigits(parts.year / 100)
    bytes.appendTwoDigits(parts.year % 100)
    bytes.append(UInt8(ascii: "-"))
    bytes.appendTwoDigits(parts.month)
    bytes.append(UInt8(ascii: "-"))
    bytes.appendTwoDigits(parts.day)
  }

  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension CivilMonth: CustomStringConvertible {
  /// Appends `2017-11`. For years 0…9999.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendTwoDigits(year / 100)
    bytes.appendTwoDigits(year % 100)
    bytes.append(UInt8(ascii: "-"))
    bytes.appendTwoDigits(month)
  }

  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
