/// Nanoseconds from one instant to another; the ends of the range of times are further apart than 64 bits tell, which
/// then is the greatest or the least number.
@inline(__always)
func elapsed(from start: Int64, to end: Int64) -> Int64 {
  let (difference, overflow) = end.subtractingReportingOverflow(start)
  return overflow ? (end > start ? .max : .min) : difference
}

/// A sum that stays at the greatest number instead of going beyond it. Neither is negative.
@inline(__always)
func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}

/// Whole seconds, rounded down.
func flooredSeconds(_ nanoseconds: Int64) -> Int64 {
  let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  return rest < 0 ? seconds - 1 : seconds
}

/// A quotient rounded to the nearest whole, halves away from zero. `divisor` > 0.
func rounded(_ sum: Int128, over divisor: Int128) -> Int128 {
  sum < 0 ? -((-sum + divisor / 2) / divisor) : (sum + divisor / 2) / divisor
}

let nanosecondsPerDay: Int64 = 86_400_000_000_000

/// The word of an enumeration's code: nil for 0, `other` for a word that the vocabulary does not know.
func word(_ code: UInt8, _ words: [String]) -> String? {
  code == 0 ? nil : Int(code) <= words.count ? words[Int(code) - 1] : "other"
}

extension EventReader {
  /// What a field of an event's `data` says as text; nil if it is not there. For the few rows that name a thing by an id
  /// that replay only knows as a hash.
  mutating func field(_ name: String, at position: UInt64, in snapshot: borrowing Snapshot) throws(LedgerError)
    -> String?
  {
    let members = try withEvent(at: position, in: snapshot) { facts, record, snapshot throws(LedgerError) in
      [UInt8(ascii: "{")] + (try EventText.members(facts, record, in: snapshot)) + [UInt8(ascii: "}")]
    }
    return EventText.withDocument(members) { document in
      document.member("data", of: 0).flatMap { document.member(name, of: $0) }.map { document.string($0) }
    }
  }
}
