import RapportLedger

/// Numbers, sizes and times for people.
enum Human {
  /// `46,266`
  static func count(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (number < 0 ? "-" : "") + text
  }

  /// `1 event`, `46,266 events`
  static func count(_ number: some BinaryInteger, _ noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// A number with so many decimals, trailing zeros kept: `42.10`.
  static func decimal(_ value: Double, places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "n/a" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((value * scale).rounded())
    let (whole, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return sign + count(whole) }
    let decimals = String(rest)
    return sign + count(whole) + "." + String(repeating: "0", count: places - decimals.count) + decimals
  }

  /// `98.1 %`
  static func percent(_ part: Int, of whole: Int) -> String {
    decimal(100 * Double(part) / Double(whole), places: 1) + " %"
  }

  /// The two greatest units of a duration in seconds: `10 d 8 h`, `4 min`, `12 s`.
  static func duration(_ seconds: Int) -> String {
    let units = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
    let size = Int(seconds.magnitude)
    guard let first = units.firstIndex(where: { size >= $0.1 }) else { return "0 s" }
    var text = "\(seconds < 0 ? "-" : "")\(count(size / units[first].1)) \(units[first].0)"
    if first + 1 < units.count {
      let next = size % units[first].1 / units[first + 1].1
      if next > 0 { text += " \(next) \(units[first + 1].0)" }
    }
    return text
  }

  /// A duration as a person measures it: `340 ms`, `2.4 s`, `3 min 10 s`.
  static func duration(_ seconds: Double) -> String {
    if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 60 { return decimal(seconds, places: 1) + " s" }
    return duration(Int(seconds))
  }

  /// `12.3 MB`
  static func bytes(_ count: some BinaryInteger) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 { return decimal(value, places: unit == "B" || value >= 100 ? 0 : 1) + " " + unit }
      value /= 1000
    }
    return decimal(value, places: 1) + " TB"
  }

  /// Events per second: `1.9 million/s`, `18,400/s`.
  static func rate(_ perSecond: Double) -> String {
    guard perSecond.isFinite else { return "n/a" }
    return perSecond >= 1_000_000
      ? decimal(perSecond / 1_000_000, places: 2) + " million/s" : count(Int(perSecond)) + "/s"
  }

  /// `2026-01-02 08:00`, in UTC.
  static func time(_ nanoseconds: Int64) -> String { time(Timestamp(nanoseconds: nanoseconds).description) }

  /// The same from RFC 3339 text in UTC.
  static func time(_ rfc3339: String) -> String {
    guard rfc3339.utf8.count >= 20 else { return rfc3339 }
    return String(Substring(rfc3339.utf8.prefix(10)) + " " + Substring(rfc3339.utf8.dropFirst(11).prefix(5)))
  }

  /// Whole seconds between two times, which may be further apart than 64 bits of nanoseconds tell.
  static func seconds(from start: Int64, to end: Int64) -> Int {
    Int((Int128(end) - Int128(start)) / 1_000_000_000)
  }

  /// How long before `now` a time was: `3 d ago`; `in 2 h`. Years only from two on: until then days say more.
  static func age(_ time: Int64, at now: Int64) -> String {
    let seconds = seconds(from: time, to: now)
    let units = [("y", 2 * 31_557_600, 31_557_600), ("d", 86_400, 86_400), ("h", 3600, 3600), ("min", 60, 60)]
    let unit = units.first { Int(seconds.magnitude) >= $0.1 }
    guard let unit else { return "just now" }
    let amount = "\(count(Int(seconds.magnitude) / unit.2)) \(unit.0)"
    return seconds > 0 ? amount + " ago" : "in " + amount
  }
}
