/// Exact decimal numbers from text. Nothing here goes through floating point.
///
/// The grammar is that of a JSON number, for text in strings as well: `72.89`, `-0.5`, `1e2`, `1.2300`; not `+1`,
/// `.5`, `5.`, `007`, `1,50`.

/// Why text is not the number that a field wants.
public enum DecimalError: Error, Hashable, Sendable, CustomStringConvertible {
  case notANumber
  /// A digit other than 0 beyond this many decimals.
  case tooManyDecimals(max: Int)
  case outOfRange

  public var description: String {
    switch self {
    case .notANumber: "This is not a decimal number such as 72.89."
    case .tooManyDecimals(0): "This must be a whole number."
    case .tooManyDecimals(let max): "The number has more than \(max) decimals."
    case .outOfRange: "The number is too large or too small."
    }
  }
}

public enum DecimalText {
  /// Money has this many decimals: amounts are ten-thousandths of the major unit.
  public static let moneyDecimals = 4

  /// The number times 10 to the power of `decimals` (0…18), exact; `decimals: 0` is for whole numbers.
  ///
  /// Trailing zeros do not count: with four decimals `1.230000` is 12,300. `1e2`, `100` and `100.0` are the same. Throws `DecimalError`. O(n), without allocation.
  @inlinable
  public static func parse(_ text: Span<UInt8>, decimals: Int) throws(DecimalError) -> Int64 {
    precondition(decimals >= 0 && decimals <= 18, "a power of ten that Int64 can hold")
    let count = text.count
    var offset = 0
    let negative = count > 0 && text[0] == UInt8(ascii: "-")
    if negative { offset = 1 }
    guard offset < count, digitValue(text[offset]) < 10 else { throw .notANumber }

    // The number is `significand × 10^(zeros - fraction)`, where zeros after the last other digit are only counted,
    // so that they neither overflow nor count as decimals.
    var significand: UInt64 = 0
    var overflows = false
    var zeros = 0
    var fraction = 0
    if text[offset] == 0x30 {
      offset += 1
    } else {
      while offset < count, digitValue(text[offset]) < 10 {
        take(digitValue(text[offset]), &significand, &zeros, &overflows)
        offset += 1
      }
    }
    if offset < count, text[offset] == UInt8(ascii: ".") {
      offset += 1
      let start = offset
      while offset < count, digitValue(text[offset]) < 10 {
        take(digitValue(text[offset]), &significand, &zeros, &overflows)
        offset += 1
      }
      fraction = offset - start
      if fraction == 0 { throw .notANumber }
    }
    var exponent = zeros - fraction + decimals
    if offset < count { exponent += try parseExponent(text, from: offset) }

    if significand == 0 { return 0 }
    if exponent < 0 { throw .tooManyDecimals(max: decimals) }
    if overflows || exponent > 18 { throw .outOfRange }
    let (magnitude, overflow) = significand.multipliedReportingOverflow(by: powersOfTen[exponent])
    if overflow || magnitude > (negative ? 1 << 63 : 1 << 63 - 1) { throw .outOfRange }
    return negative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
  }

  /// Adds a digit to the significand; zeros wait until another digit follows them.
  @inlinable
  @inline(__always)
  static func take(_ digit: UInt8, _ significand: inout UInt64, _ zeros: inout Int, _ overflows: inout Bool) {
    if digit == 0 {
      zeros += 1
      return
    }
    if significand == 0 {
      significand = UInt64(digit)
    } else if zeros >= 18 {
      overflows = true
    } else {
      let (product, overflow) = significand.multipliedReportingOverflow(by: powersOfTen[zeros + 1])
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      // The value is lost, but it must not become 0.
      significand = overflow || carry ? .max : sum
      overflows = overflows || overflow || carry
    }
    zeros = 0
  }

  /// The value of `e±digits` up to the end of the text. Beyond ±10^12 it is out of everyone's range, and saturates.
  @usableFromInline
  static func parseExponent(_ text: Span<UInt8>, from start: Int) throws(DecimalError) -> Int {
    var offset = start
    guard text[offset] | 0x20 == UInt8(ascii: "e") else { throw .notANumber }
    offset += 1
    var negative = false
    if offset < text.count, text[offset] == UInt8(ascii: "-") || text[offset] == UInt8(ascii: "+") {
      negative = text[offset] == UInt8(ascii: "-")
      offset += 1
    }
    guard offset < text.count else { throw .notANumber }
    var value = 0
    while offset < text.count {
      guard digitValue(text[offset]) < 10 else { throw .notANumber }
      value = min(value * 10 + Int(digitValue(text[offset])), 1_000_000_000_000)
      offset += 1
    }
    return negative ? -value : value
  }

  @usableFromInline
  static let powersOfTen: [UInt64] = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
  ]
}

extension DecimalText {
  /// Appends an amount in ten-thousandths with two to four decimals: `72.89`, `5.00`, `1.2345`, `-0.50`.
  public static func appendTenThousandths(_ amount: Int64, to bytes: inout [UInt8]) {
    if amount < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, part) = amount.magnitude.quotientAndRemainder(dividingBy: 10_000)
    bytes.appendDecimal(whole)
    bytes.append(UInt8(ascii: "."))
    bytes.appendTwoDigits(Int(part / 100))
    let last = Int(part % 100)
    if last % 10 != 0 {
      bytes.appendTwoDigits(last)
    } else if last != 0 {
      bytes.append(UInt8(truncatingIfNeeded: 0x30 + last / 10))
    }
  }

  /// The same as a `String`, for people.
  public static func tenThousandths(_ amount: Int64) -> String {
    var bytes: [UInt8] = []
    appendTenThousandths(amount, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
