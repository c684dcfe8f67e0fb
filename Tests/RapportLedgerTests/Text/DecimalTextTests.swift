import Foundation
import Testing

@testable import RapportLedger

@Suite struct DecimalTextTests {
  func parsed(_ text: String, decimals: Int = 4) -> Result<Int64, DecimalError> {
    Result { () throws(DecimalError) in try DecimalText.parse(Array(text.utf8).span, decimals: decimals) }
  }

  func canonical(_ text: String) -> String? {
    var bytes: [UInt8] = []
    do {
      try DecimalText.appendCanonical(Array(text.utf8).span, to: &bytes)
    } catch {
      return bytes.isEmpty ? nil : "appended before it threw"
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    arguments: [
      ("72.89", 728_900), ("0", 0), ("-0", 0), ("-0.0e5", 0), ("-1.5", -15_000), ("1e2", 1_000_000),
      ("1E+2", 1_000_000),
      ("1.230", 12_300), ("0.0001", 1), ("-0.0001", -1), ("1.23450000000000000000000000", 12_345), ("12345e-4", 12_345),
      ("100000000000000000000e-20", 10_000), ("0.00000000000000000000001e23", 10_000), ("0e999999999999999999999", 0),
      ("0.000000000000000000000000", 0), ("1000000000000000000.0e-4", 1_000_000_000_000_000_000),
      ("922337203685477.5807", Int64.max), ("-922337203685477.5808", Int64.min), ("10.01", 100_100), ("100", 1_000_000),
    ] as [(String, Int64)])
  func `amounts are exact`(text: String, amount: Int64) {
    #expect(parsed(text) == .success(amount))
  }

  @Test(
    arguments: [
      "", "-", "+1", ".5", "5.", "-.5", "01", "007.50", "1,50", "1 ", " 1", "1e", "1e+", "1e1.0", "e1", "1.e1", "0x10",
      "NaN",
      "Infinity", "--1", "1.2.3", "1e5x", "١",
    ])
  func `what is no JSON number is no amount`(text: String) {
    #expect(parsed(text) == .failure(.notANumber))
    #expect(canonical(text) == nil)
  }

  @Test(arguments: ["1.23456", "0.00001", "1e-5", "123456789012345678901.23456", "1e-999999999999999999999"])
  func `a fifth decimal is refused, never rounded`(text: String) {
    #expect(parsed(text) == .failure(.tooManyDecimals(max: 4)))
  }

  @Test(
    arguments: [
      "922337203685477.5808", "-922337203685477.5809", "1e15", "1e999999999999999999999", "18446744073709551616",
      "100000000000000000000000000000000000001", "1000000000000000000000001", "-1e15", "99999999999999999999",
    ])
  func `an amount beyond Int64 is refused, never wrapped`(text: String) {
    #expect(parsed(text) == .failure(.outOfRange))
  }

  @Test func `other scales are as exact`() {
    #expect(parsed("5", decimals: 0) == .success(5))
    #expect(parsed("5.0", decimals: 0) == .success(5))
    #expect(parsed("5.5", decimals: 0) == .failure(.tooManyDecimals(max: 0)))
    #expect(parsed("0.123456789", decimals: 9) == .success(123_456_789))
    #expect(parsed("-9.223372036854775808", decimals: 18) == .success(.min))
    #expect(parsed("9.223372036854775808", decimals: 18) == .failure(.outOfRange))
    #expect(parsed("10", decimals: 18) == .failure(.outOfRange))
    #expect(parsed("9223372036854775807", decimals: 0) == .success(.max))
  }

  @Test(
    arguments: [
      (728_900, "72.89"), (50_000, "5.00"), (12_345, "1.2345"), (-5_000, "-0.50"), (0, "0.00"), (1, "0.0001"),
      (-1, "-0.0001"), (10, "0.001"), (12_340, "1.234"), (1_000_000, "100.00"), (Int64.max, "922337203685477.5807"),
      (Int64.min, "-922337203685477.5808"),
    ] as [(Int64, String)])
  func `amounts are written with two to four decimals`(amount: Int64, text: String) {
    #expect(DecimalText.tenThousandths(amount) == text)
  }

  @Test func `every amount survives being written and read`() {
    var generator = SeededGenerator(state: 4)
    for _ in 0..<2000 {
      let amount = Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator)
      let text = DecimalText.tenThousandths(amount)
      #expect(parsed(text) == .success(amount))
      #expect(Foundation.Decimal(string: text).map { $0 * 10_000 } == Foundation.Decimal(amount))
    }
  }

  @Test(
    arguments: [
      ["1", "1.0", "10e-1", "0.1e1", "0.01E+2", "1e0", "1e-0", "100000000000000000000000000000e-29"],
      ["0", "-0", "0.000", "-0e5", "0e99999999999999999999999"],
      ["-1200", "-12e2", "-1.2e3", "-1200.00", "-0.00012e7"],
      ["0.5", "5e-1", "50e-2"], ["1e100000000000000000000", "10e99999999999999999999", "0.1e100000000000000000001"],
      ["1e-99999999999999999999", "0.1e-99999999999999999998", "10e-100000000000000000000"],
      ["1e99999999999999999", "10e99999999999999998", "0.01e100000000000000001"],
      ["1e-100000000000000000", "0.1e-99999999999999999", "1000e-100000000000000003"],
      ["12345678901234567890.1234567890", "1234567890123456789012345.67890e-5"],
    ])
  func `equal numbers have one canonical form`(texts: [String]) {
    let forms = texts.map { canonical($0) }
    #expect(forms[0] != nil)
    #expect(Set(forms).count == 1, "\(forms)")
  }

  @Test func `numbers that differ have other canonical forms`() {
    let texts = [
      "0", "1", "-1", "10", "0.1", "1.01", "101", "1001", "1e100000000000000000000", "1e100000000000000000001",
      "1e-100000000000000000000", "9007199254740993", "9007199254740992", "0.10000000000000000000000000000001",
    ]
    #expect(Set(texts.map { canonical($0) }).count == texts.count)
    #expect(canonical("-1200.0") == "-12e2")
    #expect(canonical("1.5") == "15e-1")
    #expect(canonical("-0.0") == "0")
  }

  @Test func `canonical forms agree with another decimal type`() {
    var generator = SeededGenerator(state: 5)
    for _ in 0..<1000 {
      let digits = String(Int.random(in: 0..<100_000, using: &generator))
      let zeros = String(repeating: "0", count: Int.random(in: 0..<4, using: &generator))
      let exponent = Int.random(in: -9...9, using: &generator)
      let text =
        "\(Bool.random(using: &generator) ? "-" : "")\(digits).\(zeros)\(exponent.magnitude)\(zeros)e\(exponent)"
      let form = canonical(text)
      #expect(Foundation.Decimal(string: text) == form.flatMap { Foundation.Decimal(string: $0) }, "\(text)")
    }
  }
}
