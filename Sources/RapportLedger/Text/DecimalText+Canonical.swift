extension DecimalText {
  /// Appends the canonical form of a number of any length: equal numbers, and only they, give equal bytes.
  ///
  /// The form is sign, digits without zeros at either end, `e`, exponent: 1.0, 1 and 10e-1 are `1e0`, -1200 is
  /// `-12e2`, all zeros are `0`. Exact for any number of digits, in the exponent too; O(n).
  /// Throws `DecimalError.notANumber`, and then has appended nothing.
  public static func appendCanonical(_ text: Span<UInt8>, to bytes: inout [UInt8]) throws(DecimalError) {
    let count = text.count
    var offset = 0
    let negative = count > 0 && text[0] == UInt8(ascii: "-")
    if negative { offset = 1 }
    let whole = offset
    while offset < count, digitValue(text[offset]) < 10 { offset += 1 }
    let wholeEnd = offset
    guard wholeEnd > whole, wholeEnd == whole + 1 || text[whole] != 0x30 else { throw .notANumber }
    if offset < count, text[offset] == UInt8(ascii: ".") {
      offset += 1
      let fraction = offset
      while offset < count, digitValue(text[offset]) < 10 { offset += 1 }
      guard offset > fraction else { throw .notANumber }
    }
    let digitsEnd = offset
    if offset < count { _ = try parseExponent(text, from: offset) }

    // First and last digit other than 0; the point may lie between them.
    var first = whole
    while first < digitsEnd, isZeroOrPoint(text[first]) { first += 1 }
    if first == digitsEnd { return bytes.append(0x30) }
    var last = digitsEnd - 1
    while isZeroOrPoint(text[last]) { last -= 1 }

    if negative { bytes.append(UInt8(ascii: "-")) }
    for index in first...last where text[index] != UInt8(ascii: ".") { bytes.append(text[index]) }
    bytes.append(UInt8(ascii: "e"))
    // The power of ten of the last digit: of the units it is 0, of the first decimal -1.
    let power = last < wholeEnd ? wholeEnd - 1 - last : wholeEnd - last
    appendSum(exponent: text.extracting(min(digitsEnd + 1, count)..<count), power, to: &bytes)
  }

  private static func isZeroOrPoint(_ byte: UInt8) -> Bool { byte == 0x30 || byte == UInt8(ascii: ".") }

  /// Appends the sum of an exponent as written, empty or `±digits`, and a small number.
  private static func appendSum(exponent: Span<UInt8>, _ small: Int, to bytes: inout [UInt8]) {
    let negative = !exponent.isEmpty && exponent[0] == UInt8(ascii: "-")
    var start = 0
    while start < exponent.count, !(1...9 ~= digitValue(exponent[start])) { start += 1 }
    let digits = exponent.extracting(start..<exponent.count)
    if digits.count <= 17 {
      var value = 0
      for index in digits.indices { value = value * 10 + Int(digitValue(digits[index])) }
      let sum = (negative ? -value : value) + small
      if sum < 0 { bytes.append(UInt8(ascii: "-")) }
      return bytes.appendDecimal(UInt64(sum.magnitude))
    }
    // Beyond 10^17 the small number, at most the length of a line, cannot change the sign. Add it digit by digit.
    if negative { bytes.append(UInt8(ascii: "-")) }
    let written = bytes.count
    bytes.append(digits)
    var carry = negative ? -small : small
    var index = bytes.count - 1
    while carry != 0, index >= written {
      let sum = Int(digitValue(bytes[index])) + carry
      // Rounds down, so that the digit is 0…9 for a negative sum too.
      carry = (sum >= 0 ? sum : sum - 9) / 10
      bytes[index] = UInt8(0x30 + sum - carry * 10)
      index -= 1
    }
    if carry > 0 {
      bytes.insert(UInt8(0x30 + carry), at: written)
    } else if bytes[written] == 0x30 {
      bytes.remove(at: written)
    }
  }
}
